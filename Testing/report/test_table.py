"""The report as a table."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from helpers.small_radiograph import LEVELS, report
from VertebralFracturesLib.core.alignment.discs import Disc
from VertebralFracturesLib.core.attenuation.record import DENSE, Attenuation
from VertebralFracturesLib.core.keypoints import KEYPOINT_NAMES
from VertebralFracturesLib.core.report import SpineReport
from VertebralFracturesLib.report.columns.patient import ORIGIN_COLUMNS
from VertebralFracturesLib.report.columns.vertebra import COLUMNS, POINT_COLUMNS
from VertebralFracturesLib.report.table import (
    attenuation_values,
    column,
    disc_values,
    format_value,
    measured_values,
    probability_values,
    report_csv,
    table_rows,
)


def read(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    assert text.count("\r\n") == text.count("\n")
    return list(csv.DictReader(text.splitlines(), delimiter=delimiter))


def test_a_row_holds_every_column_in_order() -> None:
    rows = table_rows(report())
    assert all(list(row) == [one.name for one in COLUMNS] for row in rows)
    assert [row["number"] for row in rows] == [1, 2, 3, 4, 5]
    assert tuple(row["level"] for row in rows) == LEVELS
    assert (rows[1]["grade"], rows[1]["grade_name"], rows[1]["shape"]) == (2, "moderate", "wedge")
    assert rows[1]["posterior_loss_percent"] == pytest.approx(100 * 9 / 27)
    assert rows[1]["neighbour_references"] == "L1 L3 L4 L5"


def test_a_vertebra_that_is_not_evaluable_has_no_measures() -> None:
    whole = report()
    vertebrae = (replace(whole.vertebrae[0], status="not evaluable"), *whole.vertebrae[1:])
    (first, *_), values = table_rows(replace(whole, vertebrae=vertebrae)), probability_values(None)
    assert set(measured_values(replace(whole, vertebrae=vertebrae))[0].values()) == {None}
    assert set(values.values()) == {None}
    assert (first["grade"], first["level"], first["status"]) == (None, "L1", "not evaluable")


def test_attenuation_and_the_disc_below_stand_at_the_end() -> None:
    given = Attenuation(142.4, 30.6, None, 40.0)
    values = attenuation_values(given) | disc_values(Disc("L1", "L2", (9.0, 8.0, 7.0), 3.25))
    assert list(values) == [one.name for one in COLUMNS][-len(values) :]
    assert [format_value(name, value) for name, value in values.items()] == [
        "142", "31", "", "9.0", "8.0", "7.0", "3.2"
    ]  # fmt: skip
    assert set((attenuation_values(None) | disc_values(None)).values()) == {None}
    assert attenuation_values(Attenuation(None, None, DENSE))["attenuation_note"] == DENSE
    rows = table_rows(report())
    assert [row["disc_height_posterior_mm"] for row in rows] == [*[pytest.approx(9.0)] * 4, None]
    assert {row["attenuation_median_hu"] for row in rows} == {None}


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("height_ratio", 0.66666, "0.667"),
        ("height_anterior_mm", 18.0, "18.00"),
        ("wedge_angle_deg", -0.01, "0.0"),
        ("borderline", True, "yes"),
        ("borderline", False, "no"),
        ("grade", None, ""),
        ("grade", 2, "2"),
    ],
)
def test_values_have_the_decimals_that_mean_something(name: str, value: object, text: str) -> None:
    assert format_value(name, value) == text
    assert column(name).name == name


def test_a_ct_and_a_radiograph_have_the_same_columns() -> None:
    film = report()
    fields = ("software", "input", "detector", "preset", "curve", "vertebrae", "warnings")
    ct = SpineReport(**{name: getattr(film, name) for name in fields})
    assert read(report_csv(ct)) == read(report_csv(film))
    header = report_csv(film).splitlines()[0].split(",")
    assert header == [one.name for one in (*COLUMNS, *POINT_COLUMNS, *ORIGIN_COLUMNS)]


def test_keypoints_and_what_they_came_from_stand_in_every_row() -> None:
    rows = read(report_csv(replace(report(), warnings=("a", "b"))))
    for row, vertebra in zip(rows, report().vertebrae, strict=True):
        names = [f"{name.replace(' ', '_')}_{axis}_mm" for name in KEYPOINT_NAMES for axis in "ras"]
        np.testing.assert_allclose([float(row[name]) for name in names], vertebra.keypoints_ras.ravel(), atol=5e-4)
        assert (row["preset"], row["input"], row["warnings"]) == ("genant", "image.png", "a | b")


def test_a_tab_makes_the_same_table() -> None:
    assert read(report_csv(report(), delimiter="\t"), "\t") == read(report_csv(report()))


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@a", "\tb"])
def test_text_that_came_with_the_input_is_no_formula(name: str) -> None:
    assert {row["input"] for row in read(report_csv(replace(report(), input={"path": name})))} == {f"'{name}"}
