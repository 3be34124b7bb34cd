"""From the inputs of a cohort to its cases: files, folders, patterns, BIDS data sets, DICOM trees and CSV files."""

import csv
import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import UnusableInput
from ...io.read_image import VOLUME_SUFFIXES
from ...report.text import printable
from ..arguments import input_name
from .cases import Case, LeftOut, safe_name, unique_cases
from .dicom_series import DicomTree

_BIDS_FILE = "dataset_description.json"
_BIDS_SUFFIXES = ("_ct.nii.gz", "_ct.nii")
"""How CTs are called in a BIDS data set (BIDS extension proposal 24), in small letters."""

_BIDS_LEFT_OUT = {"derivatives", "sourcedata", "code"}
"""Folders of a BIDS data set that hold no raw images."""


@dataclass(frozen=True)
class Listing:
    """What the inputs of a cohort hold.

    :param cases: in the order in which they were named or found.
    :param left_out: the CT series that are no cases, and why.
    """

    cases: tuple[Case, ...]
    left_out: tuple[LeftOut, ...] = ()


def list_cases(inputs: Sequence[str], output: Path) -> Listing:
    """The cases that inputs name.

    An image file, or one file of a DICOM series, is a case. A folder is searched with its subfolders: each image file
    is a case, and so is each CT series that :mod:`.dicom_series` chooses; in a BIDS data set each raw ``*_ct.nii.gz``
    is. A CSV file has a row per case with a column ``path``, relative to the CSV file, and optionally ``id`` and
    ``series``. A pattern such as ``data/*/ct.nii.gz`` stands for everything that it matches. Whether a file that is a
    case can be read is found out when it is analyzed.

    :param inputs: paths or patterns.
    :param output: folder of results, which is not searched.
    :raises UnusableInput: an input does not exist, or there is no case at all.
    """
    cases: list[Case] = []
    left_out: list[LeftOut] = []
    for path in (path for text in inputs for path in _expanded(text)):
        if path.is_dir():
            found = _in_folder(path, output.absolute())
            cases += found.cases
            left_out += found.left_out
        elif path.suffix.lower() == ".csv":
            cases += _in_csv(path)
        else:
            cases.append(_file_case(path))
    if not cases:
        raise UnusableInput(f"no CT in {', '.join(inputs)}: {_nothing(left_out)}")
    return Listing(unique_cases(cases), tuple(dict.fromkeys(left_out)))


def _nothing(left_out: Sequence[LeftOut]) -> str:
    if not left_out:
        return "a NIfTI, NRRD or MetaImage file or a DICOM series is needed"
    return f"{len(left_out)} series were left out, the first one because: {left_out[0].reason}"


def _expanded(text: str) -> list[Path]:
    """The paths that an input stands for, absolute.

    :raises UnusableInput: there is none.
    """
    path = Path(text)
    if path.exists():
        return [Path(os.path.abspath(path))]
    found = sorted(glob.glob(text, recursive=True)) if glob.has_magic(text) else []
    if not found:
        raise UnusableInput(f"{text}: no such file or folder")
    return [Path(os.path.abspath(one)) for one in found]


def _file_case(path: Path, series: str = "", case_id: str = "") -> Case:
    """A file that was named: its name holds that of its folder, as many folders have one ``ct.nii.gz`` each."""
    name = safe_name([case_id]) if case_id else safe_name([*filter(None, [path.parent.name]), input_name(path)])
    return Case(name, str(path), series, case_id)


def _in_folder(folder: Path, output: Path) -> Listing:
    if (folder / _BIDS_FILE).is_file():
        files = (file for file in _files(folder, output) if _is_bids_ct(file.relative_to(folder)))
        return Listing(tuple(Case(safe_name([folder.name, _bids_name(file)]), str(file)) for file in files))
    cases, unnamed, tree = [], [], DicomTree()
    for file in _files(folder, output):
        if not _is_text(str(file)):
            unnamed.append(LeftOut(printable(str(file)), "", "its name is not valid UTF-8: rename the file or folder"))
        elif file.name.lower().endswith(VOLUME_SUFFIXES):
            parts = file.relative_to(folder).parts[:-1]
            cases.append(Case(safe_name([folder.name, *parts, input_name(file)]), str(file)))
        else:
            tree.add(file)
    chosen, left_out = tree.chosen()
    for one in chosen:
        parts = one.folder.relative_to(folder).parts
        cases.append(Case(safe_name([folder.name, *parts, one.name]), str(one.folder), one.uid))
    return Listing(tuple(cases), (*unnamed, *left_out))


def _is_text(name: str) -> bool:
    """Whether a name can be given to libraries in C and be written into tables."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _files(folder: Path, output: Path) -> Iterator[Path]:
    """The files of a folder and its subfolders in order, without what is hidden and without the results."""
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name[0] != "." and Path(parent, name) != output)
        yield from (Path(parent, name) for name in sorted(files) if name[0] != "." and name.upper() != "DICOMDIR")


def _is_bids_ct(file: Path) -> bool:
    return file.name.lower().endswith(_BIDS_SUFFIXES) and file.parts[0] not in _BIDS_LEFT_OUT


def _bids_name(file: Path) -> str:
    """``sub-01_ses-02`` of ``sub-01_ses-02_ct.nii.gz``."""
    return input_name(file)[: -len("_ct")]


def _in_csv(table: Path) -> list[Case]:
    """The cases of a CSV file.

    :raises UnusableInput: it cannot be read, or has no column ``path``.
    """
    try:
        with table.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, ValueError, csv.Error) as error:
        raise UnusableInput(f"{table}: cannot be read as CSV ({error})") from error
    if rows and "path" not in rows[0]:
        raise UnusableInput(f"{table}: a column path is needed; optional are id and series")
    cases = []
    for row in rows:
        text = (row["path"] or "").strip()
        if text:
            path = Path(os.path.abspath(table.parent / text))
            cases.append(_file_case(path, (row.get("series") or "").strip(), (row.get("id") or "").strip()))
    return cases
