from pathlib import Path

from VertebralFracturesLib.report.columns.comparison import COMPARISON_COLUMNS

FOLLOW_UP = Path(__file__).parents[3] / "Documentation" / "follow_up.md"


def test_the_document_explains_every_column() -> None:
    lines = FOLLOW_UP.read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| `") and line.count("|") == 4]
    assert rows == [f"| `{one.name}` | {one.unit} | {one.description} |" for one in COMPARISON_COLUMNS]


def test_every_height_has_its_least_detectable_change() -> None:
    names = {one.name for one in COMPARISON_COLUMNS}
    assert len(names) == len(COMPARISON_COLUMNS)
    for height in ("anterior", "middle", "posterior"):
        assert {f"{what}_{height}_mm" for what in ("prior", "current", "change", "least_detectable")} <= names
