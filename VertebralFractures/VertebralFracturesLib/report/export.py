"""Result files that readers ask for one by one."""

from pathlib import Path

from ..core.report import SpineReport
from ..errors import UnusableInput
from ..files import write_text
from ..radiograph.record import Image
from .columns.column import CSV_ENCODING
from .document import report_json
from .patient_values import patient_csv
from .report_text import report_text
from .table import report_csv

FORMATS = {
    ".csv": "table (CSV)",
    ".tsv": "table (TSV)",
    ".json": "measurements (JSON)",
    ".html": "report page",
    ".txt": "text for the radiology report",
}
"""Suffix and meaning of the formats."""


def export_report(path: Path, report: SpineReport, image: Image | None = None) -> None:
    """Write a report in the format of the file's suffix; a file of that name is replaced once the new one is complete.

    :param path: the file.
    :param report: what was found in a CT or a radiograph, edits included.
    :param image: the CT or the radiograph in which it was found; only the report page, with its pictures, needs it.
    :raises UnusableInput: a report page without its image, another suffix than those of :data:`FORMATS`, or a file
        that cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise UnusableInput(f"{path.name} has no known format; possible suffixes are {', '.join(FORMATS)}")
    if suffix == ".html" and image is None:
        raise UnusableInput("the report page shows images of the CT, which is no longer available")
    try:
        write_report(path, report, image)
    except OSError as error:
        raise UnusableInput(f"cannot write {path}: {error.strerror or error}") from error


def write_report(path: Path, report: SpineReport, image: Image | None = None) -> None:
    """Write a report in the format of the file's suffix, one of :data:`FORMATS`.

    :param path: the file.
    :param report: what was found in a CT or a radiograph.
    :param image: the CT or the radiograph; only the report page needs it.
    :raises OSError: the file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix == ".csv":
        write_text(path, report_csv(report), CSV_ENCODING)
    elif suffix == ".tsv":
        write_text(path, report_csv(report, delimiter="\t"), CSV_ENCODING)
    elif suffix == ".json":
        write_text(path, report_json(report))
    elif suffix == ".txt":
        write_text(path, report_text(report))
    elif image is not None:
        from .page import write_report_page

        write_report_page(path, report, image)


def write_patient_table(path: Path, report: SpineReport) -> None:
    """Write what is reported of the patient as CSV, see :func:`~.patient_values.patient_csv`.

    :param path: the file.
    :param report: what was found in a CT or a radiograph.
    :raises OSError: the file cannot be written.
    """
    write_text(path, patient_csv(report), CSV_ENCODING)
