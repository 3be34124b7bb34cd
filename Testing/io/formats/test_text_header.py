"""Lines, numbers, units and names of headers that are text."""

from pathlib import Path

import pytest
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.io.formats.text_header import numbered_files, numbers, printable, text_lines, unit_mm


def test_lines_end_at_an_empty_one_or_at_a_word() -> None:
    assert text_lines(b"a\r\nb\n\nrest\n", stops_at="") == (["a", "b"], 6)
    assert text_lines(b"a\n\nlast = 1\nrest", stops_at="last") == (["a", "", "last = 1"], 12)
    assert text_lines(b"a\nb", stops_at="") == (["a", "b"], 3)


def test_numbers() -> None:
    assert numbers("1 2.5 -3e2", "wrong") == (1.0, 2.5, -300.0)
    with pytest.raises(UnusableInput, match="wrong"):
        numbers("1 two", "wrong")


def test_units_have_to_be_one_and_known() -> None:
    assert (unit_mm([]), unit_mm(["mm", "MM"]), unit_mm(["cm"])) == (1.0, 1.0, 10.0)
    for words in (["mm", "cm"], ["parsec"]):
        with pytest.raises(UnusableInput, match="units that are not supported"):
            unit_mm(words)


def test_names_by_number() -> None:
    folder = Path("folder")
    assert numbered_files(folder, "one file.raw", "wrong") == [folder / "one file.raw"]
    assert numbered_files(folder, "s%03d.raw 2 6 2", "wrong") == [folder / f"s{n:03d}.raw" for n in (2, 4, 6)]
    assert numbered_files(folder, "s%d.raw 3 1 -1", "wrong") == [folder / f"s{n}.raw" for n in (3, 2, 1)]
    for text in ("%s%n 1 2 1", "%d%d 1 2 1", "%x 1 2 1", "s%d.raw 1 2", "s%d.raw 2 1 1", "s%d.raw 1 20000 1"):
        with pytest.raises(UnusableInput, match="wrong"):
            numbered_files(folder, text, "wrong")


def test_text_of_files_is_safe_to_print() -> None:
    assert printable("CT \x1b[31mred\nline\x00") == "CT  [31mred line"
    assert printable("x" * 100, 10) == "x" * 10 + "..."
    assert printable("Wirbelsäule") == "Wirbelsäule"
