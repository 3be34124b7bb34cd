"""The tables of an evaluation."""

import pytest
from helpers.marked_bodies import case, false_find, found, missed
from VertebralFracturesLib.core.heights.genant import PRESETS
from VertebralFracturesLib.evaluation.evaluate import summarized
from VertebralFracturesLib.evaluation.metrics import METRICS
from VertebralFracturesLib.evaluation.pages.tables import (
    NO_VALUE,
    agreement_table,
    all_tables,
    case_table,
    classification_table,
    decimal,
    evaluation_text,
    grades_table,
    measure_table,
    missed_levels,
    titled,
)

CASES = [
    case("one", [found(0.9, 0.88), found(0.7, 0.65)], [missed(0.9, "T10"), missed(0.9, None)], [false_find(0.9)]),
    case("two", [found(0.95, 0.9, level="T9")]),
    case("three", failure="no spine", missed=[missed(0.9)]),
]


@pytest.fixture(scope="module")
def evaluation():
    return summarized(CASES, {})


def test_every_row_has_a_cell_for_every_heading(evaluation) -> None:
    for table in all_tables(evaluation):
        assert table.rows
        assert {len(row) for row in table.rows} == {len(table.header)}


def test_cases_stand_alone_and_together(evaluation) -> None:
    table = case_table(evaluation)
    rows = {row[0]: dict(zip(table.header, row, strict=True)) for row in table.rows}
    assert list(rows) == ["one", "two", "three", "all"]
    assert [rows["one"][name] for name in ("bodies", "false", "outside", "recall")] == ["4", "1", "1", "0.500"]
    assert rows["three"]["height mm"] == NO_VALUE
    assert rows["all"]["recall"] == "0.500"


def test_grades_by_reference_stand_against_those_measured(evaluation) -> None:
    rows = grades_table(evaluation, PRESETS["genant"]).rows
    assert [row[0] for row in rows] == ["normal", "mild", "moderate", "severe"]
    assert [row[1:] for row in rows] == [("2", "0", "0", "0"), ("0", "0", "0", "0"), ("0", "0", "1", "0"), ("0",) * 4]


def test_agreement_is_bias_and_limits(evaluation) -> None:
    (name, error, bias, limits), *_ = agreement_table(evaluation).rows
    assert name == "anterior height, mm"
    assert error.startswith("0.80 (")
    assert bias.startswith("-0.80 (")
    assert limits == "-1.48 to -0.12"


def test_what_was_published_stands_below_or_beside(evaluation) -> None:
    assert "  Pisov 2020" in [row[0] for row in classification_table(evaluation).rows]
    assert measure_table(evaluation, "detection").header[-2:] == ("Pisov 2020", "its inter-reader agreement")
    assert "Pisov 2020" not in measure_table(evaluation, "levels").header


def test_values_have_the_decimals_of_their_measure() -> None:
    metric = next(metric for metric in METRICS if metric.name == "centre_error_mm")
    assert titled(metric).endswith(", mm")
    assert decimal(1.23456, metric) == f"{1.23456:.{metric.decimals}f}"
    assert decimal(-0.0001, metric) == f"{0.0:.{metric.decimals}f}"
    assert decimal(None, metric) == NO_VALUE


def test_what_was_missed_is_named(evaluation) -> None:
    assert list(missed_levels(evaluation)) == [("one", "T10, ?"), ("three", "T9")]
    text = evaluation_text(evaluation)
    for part in ("Missed\n  one: T10, ?", "Without a result\n  three: no spine", "Greatest height errors"):
        assert part in text
