"""The cases of a cohort and their names, which are those of their folders of results."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ...files import with_digest

_SEPARATOR = "__"
"""Stands in a name for the slashes of a path."""

_UNSAFE = re.compile(r"[^\w.-]", re.ASCII)
"""What not every file system and web address takes in a name."""

_LONGEST_NAME = 120
"""Characters of a name. Chosen: file systems take 255 bytes, Windows 260 characters for a whole path."""


@dataclass(frozen=True)
class Case:
    """One CT of a cohort.

    :param name: name of its folder of results, unique in the cohort and the same in every run.
    :param path: absolute path of an image file or a DICOM folder.
    :param series: Series Instance UID in a DICOM folder; empty for an image file.
    :param case_id: what the user calls it; the name unless a CSV file has another one.
    """

    name: str
    path: str
    series: str = ""
    case_id: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "case_id", self.case_id or self.name)


@dataclass(frozen=True)
class LeftOut:
    """A series that is no case.

    :param path: absolute path of its folder.
    :param series: Series Instance UID; empty where it is not known.
    :param reason: why it is left out, as a sentence without full stop.
    """

    path: str
    series: str
    reason: str


def safe_name(parts: Sequence[str]) -> str:
    """A file name made of the parts of a relative path.

    Different paths have different names: where characters had to be replaced or the name had to be shortened, a digest
    of the path is added.
    """
    joined = _SEPARATOR.join(parts)
    name = _UNSAFE.sub("_", joined)
    name = f"_{name[1:]}" if name.startswith(".") else name
    is_ambiguous = name != joined or any(_SEPARATOR in part or part.endswith("_") for part in parts)
    if not is_ambiguous and len(name) <= _LONGEST_NAME:
        return name
    return with_digest(name, "/".join(parts), _LONGEST_NAME)


def unique_cases(cases: Iterable[Case]) -> tuple[Case, ...]:
    """Each case once, and no two of one name; a digest of the path is added to names that several cases have.

    Names that differ in capitals only count as one name, since some file systems do not tell them apart.
    """
    found = list({(case.path, case.series): case for case in cases}.values())
    counts = Counter(case.name.casefold() for case in found)
    return tuple(case if counts[case.name.casefold()] == 1 else _told_apart(case) for case in found)


def _told_apart(case: Case) -> Case:
    name = with_digest(case.name, f"{case.path}\n{case.series}", _LONGEST_NAME)
    return replace(case, name=name, case_id=name if case.case_id == case.name else case.case_id)
