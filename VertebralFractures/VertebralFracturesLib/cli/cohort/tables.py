"""The three tables of a cohort: their columns, and the rows that a report gives."""

from dataclasses import asdict
from typing import Any

import numpy as np

from ...core.keypoints import KEYPOINT_NAMES
from ...core.report import SpineReport
from ...report.patient_values import PATIENT_COLUMNS, patient_values
from ...report.table import COLUMNS, Column, Value, table_rows

CASE_COLUMNS = (
    Column("case", "Case", "", "name of the case, which is that of its folder of results"),
    Column("id", "ID", "", "what the user calls the case; its name unless a CSV file has another one"),
)
"""The columns that every table of a cohort begins with."""

POINT_COLUMNS = tuple(
    Column(
        f"{name.replace(' ', '_')}_{axis}_mm", f"{name}, {axis.upper()}", "mm", f"{name} keypoint, RAS coordinate", 3
    )
    for name in KEYPOINT_NAMES
    for axis in "ras"
)
"""The coordinates of the six keypoints of a vertebra."""

VERTEBRAE_COLUMNS = (*CASE_COLUMNS, *COLUMNS, *POINT_COLUMNS)
"""The columns of vertebrae.csv: one row per vertebra."""

SUMMARY_COLUMNS = (
    Column("headline", "Conclusion", "", "the conclusion in one line"),
    Column("vertebrae", "Vertebrae", "", "number of vertebrae detected"),
    Column("evaluated", "Measured", "", "number of vertebrae measured"),
    Column("graded", "Graded", "", "number of vertebrae graded"),
    Column("worst_level", "Worst level", "", "level of the highest grade and, among those, the greatest height loss"),
    Column("worst_grade", "Highest grade", "", "highest grade, 0 to 3; empty where no vertebra is graded"),
    Column("greatest_height_loss_percent", "Height loss", "%", "height loss of the worst vertebra", 1),
    Column("least_height_ratio", "Least G", "1", "least height ratio G of the graded vertebrae (Pisov 2020)", 3),
    *(Column(f"grade_{grade}", f"Grade {grade}", "", f"number of vertebrae of grade {grade}") for grade in range(4)),
    Column("borderline", "Borderline", "", "number of grades that are close to a threshold"),
    Column("physiological", "Physiological", "", "number of mild height reductions that are probably physiological"),
    Column("unreliable", "Not reliable", "", "number of vertebrae whose measures are not reliable"),
    Column("deformity_index", "SDI", "", "spinal deformity index: sum of the grades of the levels T4 to L4"),
    Column("deformity_index_levels", "SDI levels", "", "number of levels that the spinal deformity index sums over"),
    Column("levels_are_uncertain", "Levels uncertain", "", "no level is certain"),
    Column("height_probability", "P(heights)", "1", "height-based probability of a moderate or severe fracture", 2),
    Column("image_probability", "P(image)", "1", "image-based probability of a moderate or severe fracture", 2),
    Column("combined_probability", "P(combined)", "1", "both probabilities averaged", 2),
    Column("discordant_levels", "Discordant", "", "levels at which height- and image-based probability disagree"),
    Column("warnings", "Warnings", "", "what a reader of the results has to know, separated by |"),
)
"""What is concluded for a patient."""

PATIENTS_COLUMNS = (*CASE_COLUMNS, *SUMMARY_COLUMNS, *PATIENT_COLUMNS)
"""The columns of patients.csv: one row per case with results."""

CASES_COLUMNS = (
    *CASE_COLUMNS,
    Column("status", "Status", "", "done, no spine, failed, or left out: a series that was not analyzed"),
    Column("reason", "Reason", "", "why the case has no results"),
    Column("seconds", "Time", "s", "seconds from reading to writing, without loading the networks", 1),
    Column("memory_mb", "Memory", "MB", "greatest resident memory of the worker during the case", 1),
    Column("finished", "Finished", "", "date and time at which the results were complete (UTC)"),
    Column("path", "Input", "", "image file or DICOM folder"),
    Column("series", "Series", "", "Series Instance UID in a DICOM folder"),
    Column("format", "Format", "", "format of the input"),
    Column("shape", "Shape", "", "voxels of the CT from right to left, front to back, foot to head as stored"),
    Column("spacing_mm", "Spacing", "mm", "distances of the voxels in the same order"),
    Column("files", "Files", "", "number of files of the input"),
    Column("bytes", "Size", "B", "their size in bytes"),
    Column("sha256", "SHA-256", "", "checksum of the file, or of the checksums of several files in order"),
    Column("preset", "Preset", "", "how vertebrae are graded"),
    Column("detector", "Detector", "", "which detection head read the CT"),
    Column("image_classifier", "Image classifier", "", "whether the image classifier looked at the CT as well"),
    Column("device", "Device", "", "where the networks ran: auto, cpu or cuda"),
    Column("software", "Software", "", "version of VertebralFractures"),
    Column("python", "Python", "", "version of Python"),
    Column("torch", "torch", "", "version of torch"),
    Column("numpy", "numpy", "", "version of numpy"),
)
"""The columns of cases.csv: one row per case that ended, and per series that was left out."""

Row = dict[str, Value]


def case_rows(report: SpineReport) -> dict[str, Any]:
    """What the tables take of a report: the row of the patient and those of the vertebrae, without the case's name.

    Values are not rounded, so that text made of them is that of measurements.csv; JSON can hold them.
    """
    vertebrae = []
    for vertebra, row in zip(report.vertebrae, table_rows(report), strict=True):
        points = zip(POINT_COLUMNS, vertebra.keypoints_ras.ravel(), strict=True)
        vertebrae.append(_plain(row) | {column.name: float(value) for column, value in points})
    return {"patient": _plain(_summary_row(report) | patient_values(report)), "vertebrae": vertebrae}


def _summary_row(report: SpineReport) -> Row:
    """The values of :data:`SUMMARY_COLUMNS`."""
    summary, names = report.summary, report.shown_levels
    image, loss = summary.fracture_probability, summary.greatest_height_loss
    copied = {
        name: getattr(summary, name)
        for name in ("headline", "vertebrae", "evaluated", "graded", "worst_grade", "borderline", "physiological")
    }
    discordant = None if image is None else " ".join(names[index] for index in image.discordant_vertebrae) or None
    values: Row = {
        **copied,
        "worst_level": None if summary.worst_vertebra is None else names[summary.worst_vertebra],
        "greatest_height_loss_percent": None if loss is None else 100 * loss,
        "least_height_ratio": summary.least_index,
        **{f"grade_{grade}": count for grade, count in enumerate(summary.grade_counts)},
        "unreliable": summary.unreliable,
        "deformity_index": summary.deformity_index.total if summary.deformity_index.evaluated else None,
        "deformity_index_levels": summary.deformity_index.evaluated,
        "levels_are_uncertain": summary.levels_are_uncertain,
        "height_probability": None if image is None else image.height_based,
        "image_probability": None if image is None else image.image_based,
        "combined_probability": None if image is None else image.combined,
        "discordant_levels": discordant,
        "warnings": " | ".join(report.warnings) or None,
    }
    return {column.name: values[column.name] for column in SUMMARY_COLUMNS}


def _plain(row: Row) -> Row:
    """Values of numpy as those of Python."""
    return {name: value.item() if isinstance(value, np.generic) else value for name, value in row.items()}


def vertebra_rows(record: dict[str, Any]) -> list[Row]:
    """The rows of vertebrae.csv that the record of a case gives; none where it has no results."""
    return [_named(record) | row for row in record.get("vertebrae", ())]


def patient_row(record: dict[str, Any]) -> Row | None:
    """The row of patients.csv that the record of a case gives; None where it has no results."""
    return _named(record) | record["patient"] if "patient" in record else None


def case_row(record: dict[str, Any]) -> Row:
    """The row of cases.csv that the record of a case gives."""
    read = record.get("input", {})
    given = record.get("settings", {}) | record.get("versions", {}) | read | record | {"case": record["name"]}
    row = {column.name: given.get(column.name) for column in CASES_COLUMNS}
    row["series"] = record["series"] or read.get("series", {}).get("uid")
    for name in ("shape", "spacing_mm"):
        row[name] = None if row[name] is None else " ".join(f"{value:g}" for value in row[name])
    return row


def left_out_row(left_out: Any) -> Row:
    """The row of cases.csv for a series that is no case.

    :param left_out: a :class:`~.cases.LeftOut`.
    """
    return {column.name: None for column in CASES_COLUMNS} | asdict(left_out) | {"status": "left out"}


def _named(record: dict[str, Any]) -> Row:
    return {"case": record["name"], "id": record["id"]}
