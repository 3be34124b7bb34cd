"""Tables as BIDS has them: tab-separated, "n/a" for no value, with a JSON file that describes the columns."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ...files import write_text
from ...report.columns.column import Column, Value
from ..cohort.tables import PATIENTS_COLUMNS, VERTEBRAE_COLUMNS
from .layout import PATIENT, VERTEBRAE

NO_VALUE = "n/a"
"""What stands where there is no value (BIDS, tabular files)."""

IMAGE_COLUMNS = (
    Column("participant_id", "Participant", "", "participant label with the prefix sub-"),
    Column("session_id", "Session", "", "session label with the prefix ses-; n/a where the data set has no sessions"),
    Column("image", "Image", "", "name of the CT without its suffix"),
)
"""What the tables of the group level begin with."""

STATUS_COLUMNS = (
    *IMAGE_COLUMNS,
    Column("status", "Status", "", "done, no spine, failed, or not analyzed"),
    Column("reason", "Reason", "", "why there are no results"),
)
"""The columns of group_images.tsv."""

COLUMNS = {VERTEBRAE: VERTEBRAE_COLUMNS[1:], PATIENT: PATIENTS_COLUMNS[1:]}
"""The columns of the tables of a CT, which are those of a cohort without its name of the case."""


def tsv(columns: Sequence[Column], rows: Iterable[dict[str, Value]]) -> str:
    """A table as the text of a TSV file."""
    lines = [[column.name for column in columns]]
    lines += [[_cell(column.stored_text(row[column.name])) for column in columns] for row in rows]
    return "".join("\t".join(line) + "\n" for line in lines)


def _cell(text: str) -> str:
    """A value without what would end its cell."""
    return " ".join(text.split()) or NO_VALUE


def read_tsv(file: Path) -> list[list[str]]:
    """The lines of a TSV file as they are, the one with the names of the columns first."""
    return [line.split("\t") for line in file.read_text(encoding="utf-8").splitlines()]


def column_descriptions(columns: Sequence[Column]) -> dict[str, Any]:
    """What the columns mean, as the JSON file beside a TSV file says it."""
    described = {}
    for column in columns:
        described[column.name] = {"LongName": column.title, "Description": column.description}
        if column.unit not in ("", "1"):
            described[column.name]["Units"] = column.unit
    return described


def write_descriptions(file: Path, columns: Sequence[Column]) -> None:
    """Write what the columns of a table mean."""
    write_text(file, json.dumps(column_descriptions(columns), indent=1) + "\n")
