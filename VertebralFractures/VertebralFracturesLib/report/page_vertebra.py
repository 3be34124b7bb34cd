"""One vertebra as the report's page shows it: what stands in its row, on the image and in its close-up."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.genant import GRADE_COLORS, NOT_EVALUABLE_COLOR
from ..core.keypoints import INFERIOR, OUTLINE, SUPERIOR
from ..core.report import Vertebra
from .table import Value, column, format_value

_CLOSE_UP_MM = (60.0, 45.0)
"""Width and height of a close-up. Chosen: a lumbar body with half of each neighbour."""

_HEIGHTS = ("height_anterior_mm", "height_middle_mm", "height_posterior_mm")
_CLOSE_UP_FACTS = (
    "height_loss_percent",
    "shape",
    "wedge_angle_deg",
    "neighbour_loss_percent",
    "largest_uncertainty_mm",
    "status",
)

_DARK_LUMINANCE = 0.45
"""Colors darker than this take white text. Chosen: the same between 0.39 and 0.61, as the color of grade 3 has 0.387
and every other one 0.62 or more."""

_LUMINANCE_WEIGHTS = (0.299, 0.587, 0.114)
"""Red, green and blue in the luminance of ITU-R BT.601."""


@dataclass(frozen=True)
class HeightLine:
    """A height in a close-up: the line between its two points (x, y) in mm of the image, and its length as text."""

    superior: tuple[float, float]
    inferior: tuple[float, float]
    text: str


@dataclass(frozen=True, eq=False)
class PageVertebra:
    """One vertebra on the page.

    :param number: 1 is the most cranial.
    :param vertebra: what was found.
    :param row: its row of the table.
    :param points_mm: (6, 2) column and row in mm of its keypoints on the image.
    """

    number: int
    vertebra: Vertebra
    row: dict[str, Value]
    points_mm: NDArray[np.float64]

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
        return [
            (column(name).description, column(name).title, _with_unit(name, self.row[name])) for name in _CLOSE_UP_FACTS
        ]

    @property
    def outline_mm(self) -> NDArray[np.float64]:
        """Corners of the outline through the keypoints."""
        return self.points_mm[list(OUTLINE)]

    @property
    def middle_mm(self) -> float:
        """Height on the image of the middle of the vertebra."""
        return float(self.points_mm[:, 1].mean())

    @property
    def close_up(self) -> str:
        """The window of the close-up on the image, as the viewBox of an SVG."""
        width, height = _CLOSE_UP_MM
        left, top = self.points_mm.mean(0) - [width / 2, height / 2]
        return f"{left:.2f} {top:.2f} {width} {height}"

    @property
    def halos(self) -> list[tuple[float, float, float]]:
        """Column, row and radius of the uncertainty of each keypoint."""
        return [(x, y, radius) for (x, y), radius in zip(self.points_mm, self.vertebra.uncertainty_mm, strict=True)]

    @property
    def heights(self) -> list[HeightLine]:
        """The anterior, middle and posterior height."""
        values = (self.row[name] for name in _HEIGHTS)
        return [
            HeightLine(
                tuple(self.points_mm[superior]),
                tuple(self.points_mm[inferior]),
                f"{value:.1f}" if isinstance(value, float) else "",
            )
            for value, superior, inferior in zip(values, SUPERIOR, INFERIOR, strict=True)
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
