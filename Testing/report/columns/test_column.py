"""The text of a value, and tables of texts."""

import csv

import pytest
from VertebralFracturesLib.report.columns.column import Column, csv_text, no_formula

LENGTH = Column("height_mm", "Height", "mm", "a height", 2)


@pytest.mark.parametrize(
    ("value", "shown", "stored"),
    [
        (18.0, "18.00", "18.00"),
        (-0.001, "0.00", "0.00"),
        (-1.5, "-1.50", "-1.50"),
        (True, "yes", "true"),
        (False, "no", "false"),
        (3, "3", "3"),
        (None, "", ""),
        ("wedge", "wedge", "wedge"),
    ],
)
def test_a_value_is_shown_and_stored(value: object, shown: str, stored: str) -> None:
    assert (LENGTH.text(value), LENGTH.stored_text(value)) == (shown, stored)


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_a_table_can_be_read_again(delimiter: str) -> None:
    rows = [["1,5", "two\twords"], ['"quoted"', ""]]
    text = csv_text(["first", "second"], rows, delimiter)
    assert list(csv.reader(text.splitlines(), delimiter=delimiter)) == [["first", "second"], *rows]
    assert text.count("\r\n") == 3


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\tb", "\rc"])
def test_a_formula_is_made_text(text: str) -> None:
    assert no_formula(text) == f"'{text}"
    assert no_formula(f"a{text}") == f"a{text}"


def test_in_a_cell_text_is_no_formula_and_a_number_stays_one() -> None:
    assert LENGTH.cell("-1+1") == "'-1+1"
    assert (LENGTH.cell(-1.5), LENGTH.cell(-2), LENGTH.cell(None), LENGTH.cell(True)) == ("-1.50", "-2", "", "true")
