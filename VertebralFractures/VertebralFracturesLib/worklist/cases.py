"""The cases of a work list: the images of a folder, or those of a cohort with their results."""

import csv
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import UnusableInput
from ..files import with_digest
from ..io.read_image import VOLUME_SUFFIXES

TABLE, REPORT, READINGS = "cases.csv", "measurements.json", "readings"
"""Names of a cohort's table, of the report in a folder of results, and of the folder of readings beside the list."""

_COHORT_RESULTS = "cases"
_DICOM_SUFFIXES = ("", ".dcm", ".ima")
_UNSAFE = re.compile(r"[^\w.-]", re.ASCII)
_LONGEST_NAME = 80
"""Characters of a file name, of one byte each; chosen, within every file system."""


@dataclass(frozen=True)
class WorklistCase:
    """One case.

    :param name: as the list shows it, unlike those of the other cases.
    :param image: a file of the image, or a folder of DICOM files.
    :param series: Series Instance UID of a DICOM folder; empty for the only series.
    :param report: the automatic report, or None where the image has not been analyzed.
    """

    name: str
    image: Path
    series: str = ""
    report: Path | None = None


@dataclass(frozen=True)
class CaseList:
    """The cases and where readers' results are kept.

    :param cases: in the order in which they are read.
    :param readings: folder of the readings, which need not exist.
    """

    cases: tuple[WorklistCase, ...]
    readings: Path


def list_cases(path: Path) -> CaseList:
    """The cases of a folder or of a cohort's table.

    The folder of a cohort is read by its ``cases.csv``. In another folder each image file and each folder of DICOM
    files is a case, subfolders included.

    :param path: a folder, or a ``cases.csv``.
    :raises UnusableInput: neither, or no case in it.
    """
    if path.is_dir() and (path / TABLE).is_file():
        path = path / TABLE
    if path.is_dir():
        cases, folder = sorted(_in_folder(path), key=lambda case: case.name), path
    elif path.is_file() and path.suffix.lower() == ".csv":
        cases, folder = list(_in_table(path)), path.parent
    else:
        raise UnusableInput(f"{path} is neither a folder nor the cases.csv of a cohort")
    if not cases:
        raise UnusableInput(f"no CT in {path}: a NIfTI, NRRD or MetaImage file or a DICOM series is needed")
    return CaseList(tuple(cases), folder / READINGS)


def file_name(name: str) -> str:
    """A name as that of a file or folder; different names stay different, also where capitals do not count."""
    safe = _UNSAFE.sub("_", name).lstrip(".")
    if safe == name == name.lower() and len(name) <= _LONGEST_NAME:
        return name
    return with_digest(safe, name, _LONGEST_NAME)


def _in_table(table: Path) -> Iterator[WorklistCase]:
    """The cases that a cohort has results for, or that failed and can be looked at."""
    try:
        with table.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UnusableInput(f"{table} cannot be read: {error}") from error
    if rows and not {"case", "path"} <= set(rows[0]):
        raise UnusableInput(f"{table} is not the cases.csv of a cohort: it has no columns case and path")
    for row in rows:
        if row.get("status") != "left out":
            image = Path(row["path"])
            report = table.parent / _COHORT_RESULTS / row["case"] / REPORT
            yield WorklistCase(
                row["case"],
                image if image.is_absolute() else table.parent / image,
                row.get("series") or "",
                report if report.is_file() else None,
            )


def _in_folder(folder: Path) -> Iterator[WorklistCase]:
    """Image files and DICOM folders, by name; what this program wrote is no case."""
    for walked, folders, names in os.walk(folder):
        place = Path(walked)
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != READINGS)
        images = sorted(name for name in names if name.lower().endswith(VOLUME_SUFFIXES) and not name.startswith("."))
        for name in images:
            yield _case(folder, place / name)
        if not images and _holds_dicom(place, names):
            yield _case(folder, place)


def _holds_dicom(place: Path, names: Iterable[str]) -> bool:
    """Whether the first file that may be of DICOM has its mark."""
    for name in sorted(names):
        if Path(name).suffix.lower() in _DICOM_SUFFIXES and not name.startswith("."):
            try:
                with (place / name).open("rb") as stream:
                    return stream.read(132)[128:] == b"DICM"
            except OSError:
                return False
    return False


def _case(folder: Path, image: Path) -> WorklistCase:
    name = image.relative_to(folder).as_posix() if image != folder else folder.name
    report = (image if image.is_dir() else image.parent) / REPORT
    return WorklistCase(name, image, report=report if report.is_file() else None)
