"""One vertebra as the report's page shows it: what stands in its row, on the image and in its close-up."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.heights.genant import GRADE_COLORS, NOT_EVALUABLE_COLOR
from ..core.keypoints import INFERIOR, OUTLINE, SUPERIOR
from ..core.report import Vertebra
from .columns.column import Value
from .images import grey_png
from .spine_image import ShownBody
from .table import column, format_value
from .window import Window

_HEIGHTS = ("height_anterior_mm", "height_middle_mm", "height_posterior_mm")
_CLOSE_UP_FACTS = (
    "height_loss_percent",
    "shape",
    "wedge_angle_deg",
    "neighbour_loss_percent",
    "largest_uncertainty_mm",
    "status",
)

_STRETCH = 0.05
"""A body whose heights the image draws too long or too short by more than this is named; the issue asks for 5 %."""

_TEXT_GAP_MM = 1.2
"""Distance of a height's text from its line. Chosen: in the smallest bodies the three texts stay apart."""

_TEXT_SIDES = ("front", "middle", "back")
_HEIGHT_NAMES = ("anterior", "middle", "posterior")

_DARK_LUMINANCE = 0.45
"""Colors darker than this take white text. Chosen: the same between 0.39 and 0.61, as the color of grade 3 has 0.387
and every other one 0.62 or more."""

_LUMINANCE_WEIGHTS = (0.299, 0.587, 0.114)
"""Red, green and blue in the luminance of ITU-R BT.601."""


@dataclass(frozen=True)
class HeightLine:
    """A height in a close-up: a line and its length, written where it covers neither wall nor another height.

    :param superior: (x, y) of its superior point in mm of the close-up.
    :param inferior: (x, y) of its inferior point.
    :param text: its length.
    :param beside: "front", "middle" or "back": on which side of the line the text stands.
    """

    superior: tuple[float, float]
    inferior: tuple[float, float]
    text: str
    beside: str

    @property
    def text_mm(self) -> tuple[float, float]:
        """(x, y) of the text's end that is next to the line, at the middle of its height."""
        x, y = np.mean([self.superior, self.inferior], axis=0)
        return float(x + _TEXT_GAP_MM * (_TEXT_SIDES.index(self.beside) - 1)), float(y)


@dataclass(frozen=True, eq=False)
class PageVertebra:
    """One vertebra on the page.

    :param number: 1 is the most cranial.
    :param vertebra: what was found.
    :param row: its row of the table.
    :param body: where it lies on the image, and its close-up.
    """

    number: int
    vertebra: Vertebra
    row: dict[str, Value]
    body: ShownBody

    @property
    def level(self) -> str:
        """Name of the level, with a question mark where it is uncertain."""
        return str(self.row["level_shown"])

    @property
    def colors(self) -> str:
        """The color of its grade and one to write on it, as style."""
        return grade_colors(self.row["grade"])

    @property
    def badge(self) -> str:
        """The grade in number and words."""
        if self.row["grade"] is None:
            return self.cell("grade_name") or "not evaluable"
        return f"{self.row['grade']} {self.row['grade_name']}"

    @property
    def index(self) -> str:
        """The height ratio G, with a star where it is borderline."""
        text = format_value("height_ratio", self.row["height_ratio"])
        return f"{text}*" if self.row["borderline"] else text or "–"

    @property
    def overview_index(self) -> str:
        """The height ratio G beside the vertebra on the image."""
        return self.index if self.vertebra.is_evaluable else "–"

    @property
    def review(self) -> str:
        """What a reader said of it, and who placed its points if not the network."""
        status, source = self.vertebra.status, self.vertebra.source
        return status if source == "model" else f"{status} ({source})"

    @property
    def image_based(self) -> str:
        """The image-based probability, marked where it differs from the height-based one."""
        text = self.cell("image_probability")
        return f"{text} ≠" if self.row["discordant"] else text

    def cell(self, name: str) -> str:
        """The value of a column as text; empty where there is none."""
        return format_value(name, self.row[name])

    @property
    def facts(self) -> list[tuple[str, str, str]]:
        """Description, title and value of what stands below the close-up."""
        measured = [
            (column(name).description, column(name).title, _with_unit(name, self.row[name])) for name in _CLOSE_UP_FACTS
        ]
        off_plane = f"{self.body.close_up.off_plane_mm:.2f} mm"
        return [*measured, ("largest distance of a keypoint from the plane of the close-up", "Off plane", off_plane)]

    @property
    def outline_mm(self) -> NDArray[np.float64]:
        """Corners of the outline through the keypoints on the image."""
        return self.body.points_mm[list(OUTLINE)]

    @property
    def middle_mm(self) -> float:
        """Height on the image of the middle of the vertebra."""
        return float(self.body.points_mm[:, 1].mean())

    @property
    def stretched(self) -> str:
        """Level and height that the image draws most wrongly; empty where all are right within :data:`_STRETCH`."""
        errors = np.nan_to_num(self.body.stretch - 1)
        worst = int(np.abs(errors).argmax())
        if abs(errors[worst]) <= _STRETCH:
            return ""
        return f"{self.level} ({_HEIGHT_NAMES[worst]} height {100 * errors[worst]:+.0f} %)".replace("-", "−")

    @property
    def view_box(self) -> tuple[float, float, float, float]:
        """Left, top, width and height of the close-up in mm of its plane."""
        return self.body.close_up.view_box

    @property
    def close_up_points_mm(self) -> NDArray[np.float64]:
        """The keypoints (6, 2) in mm of the close-up."""
        return self.body.close_up.points_mm

    @property
    def close_up_outline_mm(self) -> NDArray[np.float64]:
        """Corners of the outline through the keypoints in the close-up."""
        return self.close_up_points_mm[list(OUTLINE)]

    def close_up_png(self, window: Window) -> str:
        """The close-up as a data URI."""
        return grey_png(window.grey(self.body.close_up.slice.image))

    @property
    def halos(self) -> list[tuple[float, float, float]]:
        """Column, row and radius of the uncertainty of each keypoint in the close-up."""
        uncertainties = self.vertebra.uncertainty_mm
        return [(x, y, radius) for (x, y), radius in zip(self.close_up_points_mm, uncertainties, strict=True)]

    @property
    def heights(self) -> list[HeightLine]:
        """The anterior, middle and posterior height in the close-up."""
        values = (self.row[name] for name in _HEIGHTS)
        points = self.close_up_points_mm
        return [
            HeightLine(
                tuple(points[superior]),
                tuple(points[inferior]),
                f"{value:.1f}" if isinstance(value, float) else "",
                side,
            )
            for value, superior, inferior, side in zip(values, SUPERIOR, INFERIOR, _TEXT_SIDES, strict=True)
        ]


def grade_colors(grade: Value) -> str:
    """The color of a grade and one to write on it, as style.

    :param grade: 0 to 3; None where there is none.
    """
    color = GRADE_COLORS[grade] if isinstance(grade, int) else NOT_EVALUABLE_COLOR
    text = "#fff" if np.dot(color, _LUMINANCE_WEIGHTS) < _DARK_LUMINANCE else "#10161c"
    return f"--c:#{''.join(f'{round(part * 255):02x}' for part in color)};--t:{text}"


def _with_unit(name: str, value: Value) -> str:
    text, unit = format_value(name, value), column(name).unit
    return f"{text} {unit}" if text and unit else text or "–"
