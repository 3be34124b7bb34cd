"""What is measured of a spine as a whole: conclusion, alignment and trabecular attenuation, by column name."""

from ..core.report import SpineReport
from .columns.column import Value, csv_text
from .columns.patient import ATTENUATION_COLUMNS, CORONAL_COLUMNS, PATIENT_COLUMNS, SUMMARY_COLUMNS
from .table import note_values, origin_values

SUPINE_NOTE = (
    "Sagittal angles of a CT are measured with the patient supine, between endplates projected onto the patient's "
    "sagittal plane; standing radiographs show more lordosis."
)
"""What readers of a CT's angles have to know."""


def patient_csv(report: SpineReport) -> str:
    """What is reported of the patient as CSV, to be written as :data:`~.columns.column.CSV_ENCODING`.

    A header and one row: the conclusion, what is measured of the spine, what a reader noted, and whose study it is.
    """
    given, origin = patient_values(report), origin_values(report)
    texts = [column.cell(given[column.name]) for column in PATIENT_COLUMNS]
    return csv_text([*(column.name for column in PATIENT_COLUMNS), *origin], [[*texts, *origin.values()]])


def patient_values(report: SpineReport) -> dict[str, Value]:
    """The values of :data:`~.columns.patient.PATIENT_COLUMNS` by name, None where there is none."""
    return {**summary_values(report), **spine_values(report), **note_values(report.note)}


def summary_values(report: SpineReport) -> dict[str, Value]:
    """The values of :data:`~.columns.patient.SUMMARY_COLUMNS` by name, None where there is none."""
    summary, image, loss = report.summary, report.summary.fracture_probability, report.summary.greatest_height_loss
    worst = None if summary.worst_grade is None else summary.worst_vertebra
    values: tuple[Value, ...] = (
        summary.headline,
        summary.statement,
        summary.vertebrae,
        summary.graded,
        *summary.grade_counts,
        summary.borderline,
        summary.physiological,
        summary.unreliable,
        summary.worst_grade,
        None if worst is None else report.shown_levels[worst],
        None if loss is None else 100 * loss,
        summary.least_index,
        summary.deformity_index.total if summary.deformity_index.evaluated else None,
        summary.deformity_index.evaluated,
        ", ".join(report.numbering_basis) or None,
        summary.levels_are_uncertain,
        *((None,) * 3 if image is None else (image.image_based, image.height_based, image.combined)),
    )
    return {column.name: value for column, value in zip(SUMMARY_COLUMNS, values, strict=True)}


def spine_values(report: SpineReport) -> dict[str, Value]:
    """The values of :data:`~.columns.patient.SPINE_COLUMNS` by name, None where there is none."""
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
