"""One vertebra as the report's page shows it: what stands in its row, on the image and in its close-up."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.heights.genant import GRADE_COLORS, NOT_EVALUABLE_COLOR
from ..core.heights.grading import CERVICAL, TRANSITIONAL
from ..core.heights.height_loss import CRUSH_LOSS
from ..core.keypoints import INFERIOR, OUTLINE, SUPERIOR
from ..core.report import Vertebra
from .columns.column import Value
from .images import grey_png
from .spine_image import ShownBody
from .table import column, format_value
from .window import Window

_HEIGHTS = ("height_anterior_mm", "height_middle_mm", "height_posterior_mm")
_FACTS = (
    "height_loss_percent",
    "posterior_loss_percent",
    "neighbour_loss_percent",
    "crush_loss_percent",
    "height_ratio",
    "wedge_angle_deg",
    "z_anterior_posterior",
    "z_middle_posterior",
    "image_probability",
    "height_probability",
    "attenuation_median_hu",
    "largest_uncertainty_mm",
    "status",
)
"""What stands below a large close-up, where there is a value."""

_STRETCH = 0.05
"""A body whose heights the image draws too long or too short by more than this is named; the issue asks for 5 %."""

_IN_PLANE_MM = 0.05
"""Below this a body lies in the plane of its close-up: less than is written with one decimal."""

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
    def is_abnormal(self) -> bool:
        """Whether it has grade 1 or higher."""
        return bool(self.row["grade"])

    @property
    def concerns(self) -> list[str]:
        """Why a reader should look at its image, beside its grade; an uncertain level has its question mark alone."""
        row, crush = self.row, self.row["crush_loss_percent"]
        is_low = row["grade"] == 0 and isinstance(crush, float) and crush >= 100 * CRUSH_LOSS
        is_unreliable = self.vertebra.is_evaluable and row["grade"] is None
        found = {
            "borderline": row["borderline"] and row["grade"] is not None,
            "height- and image-based results disagree": row["discordant"],
            "outside reference range": row["outside_norm"] and row["grade"] == 0,
            "uniformly reduced in height": is_low,
        }
        reasons = [reason for reason, holds in found.items() if holds]
        if is_unreliable and row["grade_name"] not in (CERVICAL, TRANSITIONAL):
            return [str(row["grade_name"]), *reasons]
        return reasons

    @property
    def is_large(self) -> bool:
        """Whether it is shown in a large close-up: abnormal, or with something that a reader should look at."""
        return self.is_abnormal or bool(self.row["physiological"]) or bool(self.concerns)

    @property
    def kind(self) -> str:
        """How loud it is drawn: "abnormal", "doubtful" or "quiet"."""
        if self.is_abnormal:
            return "abnormal"
        return "doubtful" if self.is_large else "quiet"

    @property
    def badge(self) -> str:
        """The grade in number and words, or why there is none."""
        if self.row["grade"] is None:
            return self.cell("grade_name") or "not evaluable"
        if self.row["physiological"]:
            return self.cell("grade_name")
        return f"{self.row['grade']} {self.row['grade_name']}"

    @property
    def short_badge(self) -> str:
        """The grade below a small close-up, which has no room for reasons."""
        if self.row["grade"] is not None:
            return self.badge
        return "not graded" if self.vertebra.is_evaluable else self.badge

    @property
    def index(self) -> str:
        """The height ratio G."""
        return self.cell("height_ratio") or "–"

    @property
    def loss(self) -> str:
        """The height loss in whole percent, with a star where the grade is borderline."""
        loss = self.row["height_loss_percent"]
        if not isinstance(loss, float) or not self.vertebra.is_evaluable:
            return "–"
        return f"{loss:.0f} %{'*' if self.row['borderline'] else ''}"

    @property
    def loss_interval(self) -> str:
        """The 95 % interval of the height loss in whole percent; empty where nothing was measured."""
        low, high = self.row["height_loss_low_percent"], self.row["height_loss_high_percent"]
        return f"{low:.0f}–{high:.0f}" if isinstance(low, float) and isinstance(high, float) else ""

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
    def fact_names(self) -> list[str]:
        """The columns whose values stand below the close-up."""
        return [name for name in _FACTS if self.row[name] is not None]

    @property
    def facts(self) -> list[tuple[str, str, str]]:
        """Description, title and value of what stands below the close-up."""
        measured = [(column(name).description, column(name).title, self._fact(name)) for name in self.fact_names]
        if self.body.close_up.off_plane_mm < _IN_PLANE_MM:
            return measured
        off_plane = f"{self.body.close_up.off_plane_mm:.1f} mm"
        return [*measured, ("largest distance of a landmark from the plane of the close-up", "Off plane", off_plane)]

    def _fact(self, name: str) -> str:
        text = _with_unit(name, self.row[name])
        if name == "height_loss_percent" and self.loss_interval:
            return f"{text} ({self.loss_interval})"
        if name == "neighbour_loss_percent" and self.row["neighbour_references"]:
            return f"{text} ({self.row['neighbour_references']})"
        return self.review if name == "status" else text

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
    return f"{text} {unit}" if text and unit not in ("", "1") else text or "–"
