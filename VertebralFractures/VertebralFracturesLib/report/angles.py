"""The angles of a radiograph as a page shows them: in a table, and as lines along their endplates."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.alignment.spinal_angles import ANGLES
from ..radiograph.record import RadiographReport
from .columns.patient import ANGLE_COLUMNS

COLORS = ("#56b4e9", "#e69f00", "#f0e442", "#cc79a7", "#009e73")
"""One color an angle: those of Okabe and Ito, which the colour-blind tell apart."""

_BEHIND_MM = 4.0
_IN_FRONT_MM = 34.0
_STEP_MM = 5.0
"""How far lines reach beyond the corners of their endplate. Chosen: lines of angles that share an endplate end apart,
and stay inside a lateral radiograph; nothing is measured on them."""

Points = NDArray[np.float64]


@dataclass(frozen=True)
class AngleRow:
    """One angle in the table.

    :param title: its name.
    :param color: of its lines.
    :param value: in degrees, or that it is not in view.
    :param description: between which endplates it lies.
    """

    title: str
    color: str
    value: str
    description: str


@dataclass(frozen=True)
class EndplateLine:
    """The line along an endplate that spans an angle.

    :param title: name of the angle.
    :param color: its color.
    :param start: (x, y) behind the endplate, in mm on the page's image.
    :param end: (x, y) in front of it.
    """

    title: str
    color: str
    start: tuple[float, float]
    end: tuple[float, float]


def angle_rows(report: RadiographReport) -> list[AngleRow]:
    """The angles of the spine, those that are not in view included."""
    return [
        AngleRow(shown.title, color, _degrees(report.angles_deg[shown.name]), shown.description)
        for color, shown in zip(COLORS, ANGLE_COLUMNS, strict=True)
    ]


def disc_text(report: RadiographReport) -> str:
    """The angles of the discs in one line."""
    return ", ".join(f"{name} {value:.1f}°" for name, value in report.disc_angles_deg.items()) or "none in view"


def endplate_lines(report: RadiographReport, on_page: Callable[[Points], Points]) -> list[EndplateLine]:
    """The endplates that span the angles in view, drawn beyond their corners.

    :param on_page: RAS mm (..., 3) to (..., 2) mm on the page's image.
    """
    lines = []
    for number, (color, angle, shown) in enumerate(zip(COLORS, ANGLES, ANGLE_COLUMNS, strict=True)):
        if report.angles_deg[angle.name] is None:
            continue
        for plate in (angle.upper, angle.lower):
            if plate is not None:
                anterior, posterior = on_page(report.endplates[plate])
                along = (anterior - posterior) / np.maximum(np.linalg.norm(anterior - posterior), 1e-6)
                start = posterior - along * _BEHIND_MM
                end = anterior + along * (_IN_FRONT_MM - _STEP_MM * number)
                lines.append(EndplateLine(shown.title, color, tuple(start), tuple(end)))
    return lines


def _degrees(value: float | None) -> str:
    return "not in view" if value is None else f"{value:.1f}°"
