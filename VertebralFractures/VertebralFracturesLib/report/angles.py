"""Angles and discs as a page shows them: in tables, and on a radiograph as lines along the endplates of its angles."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.alignment.spinal_angles import ANGLES
from ..core.report import SpineReport
from ..radiograph.record import RadiographReport
from .columns.patient import ANGLE_COLUMNS, CORONAL_COLUMNS
from .patient_values import spine_values
from .table import column, format_value, has_lengths, table_rows

COLORS = ("#ffffff", "#a0ffb0", "#ff7f6a", "#1f77b4", "#6a4fd8")
"""One color an angle. Chosen: 17 or more apart from each other and from the colors of the grades (CIE76), also for the
colour-blind (Machado 2009); lines and table name the angles by numbers as well."""

_DISC_COLUMNS = (
    "disc_height_anterior_mm",
    "disc_height_middle_mm",
    "disc_height_posterior_mm",
    "intervertebral_angle_deg",
)

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
    :param color: of its lines on a radiograph; empty for a CT, which has none.
    :param value: in degrees, or that it is not measurable.
    :param description: between which endplates it lies.
    """

    title: str
    color: str
    value: str
    description: str


@dataclass(frozen=True)
class DiscTable:
    """The discs between measured bodies, in columns.

    :param names: of the discs, cranial to caudal.
    :param rows: title, description and one text for each disc.
    """

    names: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class EndplateLine:
    """The line along an endplate that spans an angle.

    :param number: of the angle, 1 for the first of the table.
    :param title: name of the angle.
    :param color: its color.
    :param start: (x, y) behind the endplate, in mm on the page's image.
    :param end: (x, y) in front of it.
    """

    number: int
    title: str
    color: str
    start: tuple[float, float]
    end: tuple[float, float]


def angle_rows(report: SpineReport) -> list[AngleRow]:
    """The sagittal angles of the spine, those that are not measurable included, and the coronal one of a CT."""
    is_radiograph = isinstance(report, RadiographReport)
    rows = [
        AngleRow(
            shown.title, color if is_radiograph else "", _degrees(report.angles_deg[shown.name]), shown.description
        )
        for color, shown in zip(COLORS, ANGLE_COLUMNS, strict=True)
    ]
    return rows if is_radiograph else [*rows, _coronal_row(report)]


def _coronal_row(report: SpineReport) -> AngleRow:
    values, shown = spine_values(report), CORONAL_COLUMNS[0]
    angle = values[shown.name]
    text = _degrees(angle if isinstance(angle, float) else None)
    if isinstance(angle, float) and values["cobb_upper_level"] != values["cobb_lower_level"]:
        text += (
            f" ({values['cobb_upper_level']} to {values['cobb_lower_level']}, convex to the {values['cobb_convex_to']})"
        )
    return AngleRow(shown.title, "", text, shown.description)


def disc_table(report: SpineReport) -> DiscTable:
    """The heights and angles of the discs; no heights where the scale is not known."""
    names = tuple(disc.name for disc in report.discs if disc is not None)
    used = [row for disc, row in zip(report.discs, table_rows(report), strict=True) if disc is not None]
    columns = [column(name) for name in _DISC_COLUMNS if column(name).unit != "mm" or has_lengths(report)]
    texts = [tuple(format_value(one.name, row[one.name]) for row in used) for one in columns]
    headings = [(f"{one.title} ({one.unit})", one.description) for one in columns]
    return DiscTable(names, tuple((*heading, line) for heading, line in zip(headings, texts, strict=True)))


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
                lines.append(EndplateLine(number + 1, shown.title, color, tuple(start), tuple(end)))
    return lines


def _degrees(value: float | None) -> str:
    return "not measurable" if value is None else f"{value:.1f}°"
