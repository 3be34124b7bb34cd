"""The page for looking through a cohort: a thumbnail of every spine, those first that need a look."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ...files import write_text
from ...report.page import INTENDED_USE
from ...report.rendering import render
from ..results import FORMATS
from .store import DONE, NO_SPINE
from .worker import THUMBNAIL_FILE

INDEX_FILE = "index.html"

KINDS = ("fracture", "disagreement", "uncertain levels", "failed", "no spine", "no finding")
"""What a case is shown as, in the order in which cases need a look; one case can be several of the first three."""

_TEMPLATES = Path(__file__).parent / "templates"

Record = dict[str, Any]


def write_index(folder: Path, records: Iterable[Record], cohort: str) -> None:
    """Write the page; an older one is replaced once the new one is complete.

    :param folder: the folder of results, to which the page's links lead.
    :param records: of the cases that ended.
    :param cohort: number of the cohort, by which the browser keeps its verdicts.
    """
    write_text(folder / INDEX_FILE, index_page(records, cohort, folder.name))


def index_page(records: Iterable[Record], cohort: str, title: str) -> str:
    """The page as HTML text.

    :param records: of the cases that ended.
    :param cohort: number of the cohort.
    :param title: what it is called.
    """
    lean = [{name: value for name, value in record.items() if name != "vertebrae"} for record in records]
    entries = [entry(record) for record in sorted(lean, key=urgency)]
    counts = {kind: sum(kind in one["kinds"] for one in entries) for kind in KINDS}
    return render(
        "index.html",
        folder=_TEMPLATES,
        title=title,
        facts={"cases": str(len(entries)), "with results": str(sum(one["status"] == DONE for one in entries))},
        entries=entries,
        counts=counts,
        cohort=cohort,
        intended_use=INTENDED_USE,
    )


def kinds(record: Record) -> list[str]:
    """Those of :data:`KINDS` that a case is, the most urgent one first."""
    if record["status"] != DONE:
        return [NO_SPINE if record["status"] == NO_SPINE else "failed"]
    patient = record["patient"]
    found = [
        kind
        for kind, is_so in zip(
            KINDS, (patient["worst_grade"], record["discordant_levels"], patient["levels_are_uncertain"]), strict=False
        )
        if is_so
    ]
    return found or ["no finding"]


def urgency(record: Record) -> tuple:
    """By which cases are sorted: most urgent kind, then highest grade, greatest height loss and name."""
    patient = record.get("patient", {})
    grade, loss = patient.get("worst_grade") or 0, patient.get("greatest_height_loss_percent") or 0.0
    return KINDS.index(kinds(record)[0]), -grade, -loss, record["name"]


def entry(record: Record) -> dict[str, Any]:
    """What the page takes of a case."""
    is_done, folder = record["status"] == DONE, f"cases/{record['name']}"
    patient = record.get("patient", {})
    has_report = is_done and "html" in record["settings"]["write"]
    return {
        "name": record["name"],
        "id": record["case_id"],
        "status": record["status"],
        "kinds": kinds(record),
        "grade": patient.get("worst_grade"),
        "text": patient.get("headline") or record["reason"],
        "disagreement": record.get("discordant_levels"),
        "warnings": patient.get("warnings"),
        "thumbnail": f"{folder}/{THUMBNAIL_FILE}" if is_done else None,
        "report": f"{folder}/{FORMATS['html'][0]}" if has_report else None,
    }
