"""The three tables of a cohort: their columns, and the rows that a report gives."""

from dataclasses import asdict
from typing import Any

import numpy as np

from ...core.report import SpineReport
from ...report.columns.column import Column, Value
from ...report.columns.patient import ORIGIN_COLUMNS, PATIENT_COLUMNS
from ...report.columns.vertebra import COLUMNS, POINT_COLUMNS
from ...report.patient_values import patient_values
from ...report.table import origin_values, table_rows

CASE = Column("case", "Case", "", "name of the case and of its results folder")
"""The column that every table of a cohort begins with."""

VERTEBRAE_COLUMNS = (CASE, *COLUMNS, *POINT_COLUMNS, *ORIGIN_COLUMNS)
"""The columns of vertebrae.csv: the rows of measurements.csv of every case with results."""

PATIENTS_COLUMNS = (CASE, *PATIENT_COLUMNS, *ORIGIN_COLUMNS)
"""The columns of patients.csv: the row of patient.csv of every case with results."""

CASES_COLUMNS = (
    CASE,
    Column(
        "case_id",
        "Case ID",
        "",
        "name of the case in its results: the column id of the CSV file that lists the cases, otherwise the same "
        "as Case",
    ),
    Column("status", "Status", "", "done, no spine, failed, or left out: a series that was not analyzed"),
    Column("reason", "Reason", "", "why the case has no results"),
    Column("seconds", "Time", "s", "processing time of the case, without loading the networks", 1),
    Column("memory_mb", "Memory", "MB", "peak memory of the worker during the case (resident set size)", 1),
    Column("finished", "Finished", "", "date and time at which the results were complete (UTC)"),
    Column("path", "Input", "", "image file or DICOM folder"),
    Column("series", "Series", "", "Series Instance UID in a DICOM folder"),
    Column("format", "Format", "", "format of the input"),
    Column("shape", "Shape", "", "number of voxels along the three axes of the image as stored"),
    Column("spacing_mm", "Spacing", "mm", "voxel spacing along the same axes"),
    Column("files", "Files", "", "number of files of the input"),
    Column("bytes", "Size", "B", "total size of these files in bytes"),
    Column(
        "sha256",
        "SHA-256",
        "",
        "SHA-256 checksum of the input file; for several files, the checksum of their checksums in order",
    ),
    Column("preset", "Grading thresholds", "", "name of the grading thresholds: level-aware, genant or pisov"),
    Column("detector", "Detector", "", "detection network: anchor-free or anchor"),
    Column("image_classifier", "Image classifier", "", "whether the image-based classifier was used"),
    Column("device", "Device", "", "device on which the networks ran: auto, cpu or cuda"),
    Column("software", "Software", "", "version of VertebralFractures"),
    Column("python", "Python", "", "version of Python"),
    Column("torch", "torch", "", "version of PyTorch"),
    Column("numpy", "numpy", "", "version of NumPy"),
)
"""The columns of cases.csv: one row per case that ended, and per series that was left out."""

Row = dict[str, Value]


def case_rows(report: SpineReport) -> dict[str, Any]:
    """What the tables take of a report: the row of the patient and those of the vertebrae, without the case's name.

    Values are not rounded, so that text made of them is that of measurements.csv; JSON can hold them.
    """
    origin: Row = {**origin_values(report)}
    vertebrae = []
    for vertebra, row in zip(report.vertebrae, table_rows(report), strict=True):
        points = {
            column.name: float(value)
            for column, value in zip(POINT_COLUMNS, vertebra.keypoints_ras.ravel(), strict=True)
        }
        vertebrae.append(_plain(row | points | origin))
    image = report.summary.fracture_probability
    discordant = () if image is None else image.discordant_vertebrae
    return {
        "patient": _plain(patient_values(report) | origin),
        "vertebrae": vertebrae,
        "discordant_levels": " ".join(report.shown_levels[index] for index in discordant) or None,
    }


def _plain(row: Row) -> Row:
    """Values of numpy as those of Python."""
    return {name: value.item() if isinstance(value, np.generic) else value for name, value in row.items()}


def vertebra_rows(record: dict[str, Any]) -> list[Row]:
    """The rows of vertebrae.csv that the record of a case gives; none where it has no results."""
    return [{"case": record["name"]} | row for row in record.get("vertebrae", ())]


def patient_row(record: dict[str, Any]) -> Row | None:
    """The row of patients.csv that the record of a case gives; None where it has no results."""
    return {"case": record["name"]} | record["patient"] if "patient" in record else None


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
