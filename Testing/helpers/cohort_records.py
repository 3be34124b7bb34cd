"""Records of synthetic cases of a cohort, without any analysis behind them."""

from pathlib import Path
from typing import Any

from PIL import Image
from VertebralFracturesLib.cli.cohort.index_page import KINDS
from VertebralFracturesLib.cli.cohort.settings import Settings
from VertebralFracturesLib.cli.cohort.tables import PATIENTS_COLUMNS


def record(name: str, kind: str = "no finding", **patient: Any) -> dict[str, Any]:
    """A case that is one of the kinds of the page."""
    given: dict[str, Any] = {"name": name, "case_id": name, "path": f"/data/{name}.nii.gz", "series": "", "reason": ""}
    if kind in ("failed", "no spine"):
        return given | {"status": kind, "reason": f"{name}: a reason <b>&"}
    columns = {column.name: None for column in PATIENTS_COLUMNS[1:]}
    values = columns | {"headline": f"No fracture in {name}.", "worst_grade": 0, "levels_are_uncertain": False}
    if kind == "fracture":
        values |= {"headline": f"Moderate fracture of L1 in {name}.", "worst_grade": 2}
    values |= {"levels_are_uncertain": True} if kind == "uncertain levels" else {}
    settings = Settings("/out").of_results
    return given | {
        "status": "done",
        "settings": settings,
        "patient": values | patient,
        "vertebrae": [],
        "discordant_levels": "T7" if kind == "disagreement" else None,
    }


def many_records(count: int) -> list[dict[str, Any]]:
    """Cases of every kind in turn."""
    return [record(f"case-{number:03d}", KINDS[number % len(KINDS)]) for number in range(count)]


def write_thumbnails(folder: Path, records: list[dict[str, Any]]) -> None:
    """A small grey image and a report for every case with results."""
    for one in records:
        if one["status"] == "done":
            place = folder / "cases" / one["name"]
            place.mkdir(parents=True)
            Image.new("L", (128, 400), 60).save(place / "thumbnail.jpg")
            (place / "report.html").write_text(f"report of {one['name']}")
