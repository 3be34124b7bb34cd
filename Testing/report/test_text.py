"""Text for a terminal."""

import pytest
from VertebralFracturesLib.report.text import printable, text_table


def test_numbers_stand_under_their_heads() -> None:
    assert text_table(("Level", "mm"), [("L1", "9.5"), ("T12", "21.0")]) == "Level    mm\nL1      9.5\nT12    21.0"


def test_a_table_without_rows_is_its_head() -> None:
    assert text_table(("Level", "mm"), []) == "Level  mm"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Wirbelsäule, 1 mm", "Wirbelsäule, 1 mm"), ("a\x1b[2Jb\n", "a\\x1b[2Jb\\n"), ("caf\udce9", "caf\\udce9")],
)
def test_control_characters_do_not_reach_the_terminal(text: str, expected: str) -> None:
    assert printable(text) == expected
