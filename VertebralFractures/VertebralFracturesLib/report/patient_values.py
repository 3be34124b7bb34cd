"""What is measured of a spine as a whole: alignment and trabecular attenuation, by column name."""

from ..core.report import SpineReport
from .table import ANGLE_COLUMNS, Column, Value

CORONAL_COLUMNS = (
    Column(
        "cobb_angle_deg",
        "Coronal Cobb angle",
        "deg",
        "curve-based Cobb angle: largest angle between the tangents of the spine curve at two vertebrae in view, in "
        "the patient's coronal plane; the patient lies supine; below 10 degrees is no scoliosis",
        1,
    ),
    Column("cobb_upper_level", "Upper end vertebra", "", "upper end vertebra of the coronal Cobb angle"),
    Column("cobb_lower_level", "Lower end vertebra", "", "lower end vertebra of the coronal Cobb angle"),
    Column("cobb_convex_to", "Convexity", "", "side of the patient to which this curve is convex: right or left"),
)
"""The coronal alignment, which only a CT has."""

ATTENUATION_COLUMNS = (
    Column(
        "attenuation_l1_hu",
        "L1 attenuation",
        "HU",
        "trabecular attenuation of L1; screening values for osteoporosis at 120 kVp without contrast agent: 160 HU or "
        "less is sensitive, 110 HU or less is specific (Pickhardt 2013)",
    ),
    Column(
        "attenuation_mean_hu",
        "T12-L4 attenuation",
        "HU",
        "mean trabecular attenuation of the vertebrae from T12 to L4 that were measured",
    ),
    Column("attenuation_mean_levels", "Levels of the mean", "", "the levels of that mean"),
    Column(
        "contrast_likely",
        "Contrast agent",
        "",
        "an intravenous contrast agent is likely: soft tissue in front of half of the vertebrae has 100 HU or more; it "
        "raises trabecular attenuation, which is not corrected for it",
    ),
)
"""Trabecular attenuation, which only a CT has."""

PATIENT_COLUMNS = (*ANGLE_COLUMNS, *CORONAL_COLUMNS, *ATTENUATION_COLUMNS)
"""The columns of :func:`patient_values`, in order."""

SUPINE_NOTE = (
    "Sagittal angles of a CT are measured with the patient supine, between endplates projected onto the patient's "
    "sagittal plane; standing radiographs show more lordosis."
)
"""What readers of a CT's angles have to know."""


def patient_values(report: SpineReport) -> dict[str, Value]:
    """The values of :data:`PATIENT_COLUMNS` by name, None where there is none."""
    return {**report.angles_deg, **_coronal_values(report), **_attenuation_values(report)}


def _coronal_values(report: SpineReport) -> dict[str, Value]:
    curve = report.coronal_curve
    values: tuple[Value, ...] = (None,) * len(CORONAL_COLUMNS)
    if curve is not None:
        ends = [report.levels[index] or f"No. {index + 1}" for index in (curve.upper, curve.lower)]
        values = (curve.angle_deg, *ends, curve.convex_to)
    return {column.name: value for column, value in zip(CORONAL_COLUMNS, values, strict=True)}


def _attenuation_values(report: SpineReport) -> dict[str, Value]:
    summary = report.attenuation_summary
    values: tuple[Value, ...] = (None,) * len(ATTENUATION_COLUMNS)
    if summary is not None:
        levels = " ".join(summary.mean_levels) or None
        values = (summary.l1_hu, summary.mean_hu, levels, summary.contrast_is_likely)
    return {column.name: value for column, value in zip(ATTENUATION_COLUMNS, values, strict=True)}
