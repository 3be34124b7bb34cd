"""Tables for a terminal."""

from VertebralFracturesLib.report.text import text_table


def test_numbers_stand_under_their_heads() -> None:
    assert text_table(("Level", "mm"), [("L1", "9.5"), ("T12", "21.0")]) == "Level    mm\nL1      9.5\nT12    21.0"


def test_a_table_without_rows_is_its_head() -> None:
    assert text_table(("Level", "mm"), []) == "Level  mm"
