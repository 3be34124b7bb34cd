"""What one reader did to one case, as a file that is written whole after every change."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from ..core.report import NOT_REVIEWED, SpineReport, parse_status
from ..errors import UnusableInput
from ..files import write_text
from ..report.document import read_report, report_json
from .cases import file_name

LAYOUT = 1
"""Version of the layout of a reading."""

NEW, ANALYZED, IN_REVIEW, DONE = STATES = ("new", "analyzed", "in review", "done")
"""How far a case has come."""

SUFFIX = ".json"

_OfReader = TypeVar("_OfReader", "Reading", "Progress")


@dataclass(frozen=True, eq=False)
class Reading:
    """One reader's state of one case.

    :param reader: name of the reader.
    :param report: with the reader's corrections.
    :param automatic: as the networks found it.
    :param places: (n,) for each vertebra of the report its place in the automatic one, or a higher number where the
        reader added it.
    :param saved: date and time of the last change, ISO 8601.
    """

    reader: str
    report: SpineReport
    automatic: SpineReport
    places: tuple[int, ...]
    saved: str = ""

    def __post_init__(self) -> None:
        if len(self.places) != len(self.report.vertebrae) or len(set(self.places)) != len(self.places):
            raise ValueError("a reading needs a place of its own for every vertebra")

    @property
    def state(self) -> str:
        """One of :data:`STATES`."""
        return state_of(self.report)


@dataclass(frozen=True)
class Progress:
    """What a list shows of a case.

    :param state: one of :data:`STATES`.
    :param headline: the conclusion for the patient in one line.
    :param reader: name of the reader; empty for the automatic report.
    """

    state: str
    headline: str
    reader: str = ""


def state_of(report: SpineReport | None) -> str:
    """How far a case has come: it is done once every vertebra is verified or not evaluable.

    :param report: with a reader's corrections, the automatic one, or None where there is neither.
    """
    if report is None:
        return NEW
    is_touched = bool(report.notes) or any(one.source != "model" for one in report.vertebrae)
    return _state([vertebra.status for vertebra in report.vertebrae], is_touched)


def _state(statuses: Sequence[str], is_touched: bool) -> str:
    """How far a case with results has come.

    :param statuses: of its vertebrae.
    :param is_touched: whether there are notes, or points that a reader moved or added.
    """
    reviewed = [status != NOT_REVIEWED for status in statuses]
    if reviewed and all(reviewed):
        return DONE
    return IN_REVIEW if is_touched or any(reviewed) else ANALYZED


def read_progress(file: Path) -> Progress:
    """How far a case has come by its reading or its automatic report, which is not measured anew.

    :param file: a reading, or a measurements.json.
    :raises UnusableInput: the file cannot be read, or is neither.
    """
    try:
        document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        report = document.get("report", document)
        vertebrae = report["vertebrae"]
        notes = [report.get("note"), *(one.get("note") for one in vertebrae)]
        is_touched = any(note is not None for note in notes) or any(one["source"] != "model" for one in vertebrae)
        statuses = [parse_status(one["status"]) for one in vertebrae]
        headline = str(report["patient"]["headline"])
        return Progress(_state(statuses, is_touched), headline, str(document.get("reader", "")))
    except OSError as error:
        raise UnusableInput(f"{file} cannot be read: {error.strerror or error}") from error
    except (KeyError, TypeError, ValueError, RecursionError, AttributeError) as error:
        raise UnusableInput(f"{file} cannot be used: {error}") from error


def reading_file(readings: Path, case: str, reader: str) -> Path:
    """Where a reader's state of a case is kept; every reader has a file of his or her own.

    :param readings: folder of the readings of a list.
    :param case: name of the case.
    :param reader: name of the reader.
    """
    return readings / file_name(case) / f"{file_name(reader)}{SUFFIX}"


def write_reading(file: Path, reading: Reading) -> None:
    """Write a reading; the one before is replaced only once the new one is complete.

    :raises UnusableInput: the file cannot be written.
    """
    document = {
        "layout": LAYOUT,
        "reader": reading.reader,
        "saved": datetime.now().astimezone().isoformat(timespec="seconds"),
        "state": reading.state,
        "places": reading.places,
        "report": json.loads(report_json(reading.report)),
        "automatic": json.loads(report_json(reading.automatic)),
    }
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, json.dumps(document, indent=1) + "\n")
    except OSError as error:
        raise UnusableInput(f"the reading cannot be saved as {file}: {error.strerror or error}") from error


def read_reading(file: Path) -> Reading:
    """Read what :func:`write_reading` wrote.

    :raises UnusableInput: the file cannot be read, or is no reading.
    """
    try:
        document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if document["layout"] != LAYOUT:
            raise ValueError(f"layout {document['layout']} is not supported")
        return Reading(
            str(document["reader"]),
            read_report(json.dumps(document["report"])),
            read_report(json.dumps(document["automatic"])),
            tuple(int(place) for place in document["places"]),
            str(document["saved"]),
        )
    except OSError as error:
        raise UnusableInput(f"the reading {file} cannot be read: {error.strerror or error}") from error
    except (KeyError, TypeError, ValueError, RecursionError, AttributeError) as error:
        raise UnusableInput(f"{file} is not a reading of this program: {error}") from error


def readings_of(readings: Path, case: str) -> list[Reading]:
    """The readings of a case, by the names of the readers; files that cannot be read are left out.

    :param readings: folder of the readings of a list.
    """
    return _of_readers(readings, case, read_reading)


def progress_of(readings: Path, case: str) -> list[Progress]:
    """How far each reader has come with a case, by their names; files that cannot be read are left out.

    :param readings: folder of the readings of a list.
    """
    return _of_readers(readings, case, read_progress)


def _of_readers(readings: Path, case: str, read: Callable[[Path], _OfReader]) -> list[_OfReader]:
    found = []
    for file in (readings / file_name(case)).glob(f"*{SUFFIX}"):
        try:
            found.append(read(file))
        except UnusableInput:
            continue
    return sorted(found, key=lambda one: one.reader)
