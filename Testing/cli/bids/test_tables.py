"""Tables as BIDS has them."""

import json
from pathlib import Path

from VertebralFracturesLib.cli.bids.tables import COLUMNS, column_descriptions, read_tsv, tsv, write_descriptions
from VertebralFracturesLib.report.columns.column import Column

TABLE = (Column("level", "Level", "", "a level"), Column("height_mm", "Height", "mm", "a height", 1))


def test_a_cell_never_ends_early_and_an_empty_one_says_so(tmp_path: Path) -> None:
    text = tsv(TABLE, [{"level": "T12\tor\nL1", "height_mm": 20.04}, {"level": None, "height_mm": None}])
    assert text == "level\theight_mm\nT12 or L1\t20.0\nn/a\tn/a\n"
    (tmp_path / "x.tsv").write_text(text, encoding="utf-8")
    assert read_tsv(tmp_path / "x.tsv") == [["level", "height_mm"], ["T12 or L1", "20.0"], ["n/a", "n/a"]]


def test_every_column_is_described(tmp_path: Path) -> None:
    assert column_descriptions(TABLE) == {
        "level": {"LongName": "Level", "Description": "a level"},
        "height_mm": {"LongName": "Height", "Description": "a height", "Units": "mm"},
    }
    for columns in COLUMNS.values():
        write_descriptions(tmp_path / "x.json", columns)
        assert list(json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))) == [one.name for one in columns]
