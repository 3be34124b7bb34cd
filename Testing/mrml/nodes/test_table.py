import csv
import io
from dataclasses import replace

import pytest
from helpers.table_rows import row_of_vertebra
from VertebralFracturesLib.core.report import SpineReport
from VertebralFracturesLib.mrml.nodes.table import add_table_node, update_table_node
from VertebralFracturesLib.report.columns.vertebra import COLUMNS
from VertebralFracturesLib.report.table import report_csv


@pytest.fixture
def node(scene, report):
    return add_table_node(scene, report, "CT vertebrae")


def _csv_rows(report: SpineReport) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(report_csv(report))))


def _agree(cell: str | float, text: str) -> bool:
    return cell == (text if isinstance(cell, str) else float(text))


def test_the_table_has_the_values_of_the_csv(node, report) -> None:
    rows = _csv_rows(report)
    assert node.GetNumberOfRows() == len(rows) == len(report.vertebrae)
    for index, row in enumerate(rows):
        cells = row_of_vertebra(node, index)
        assert all(_agree(cells[column.name], row[column.name]) for column in COLUMNS), cells


def test_a_vertebra_that_is_not_evaluable_has_no_measures(node) -> None:
    cells = row_of_vertebra(node, 7)
    assert cells["level"] == "L4"
    assert cells["status"] == "not evaluable"
    assert cells["grade"] == ""
    assert cells["height_ratio"] == ""


def test_measures_are_numbers_where_every_vertebra_has_one(node, report) -> None:
    assert row_of_vertebra(node, 0)["height_ratio"] != ""
    reviewed = replace(report, vertebrae=tuple(replace(one, status="verified") for one in report.vertebrae))
    update_table_node(node, reviewed)
    assert isinstance(row_of_vertebra(node, 0)["height_ratio"], float)
    update_table_node(node, report)
    assert row_of_vertebra(node, 7)["height_ratio"] == ""
    assert node.GetColumnTitle("height_ratio") == "Height ratio"


def test_columns_say_what_they_are(node) -> None:
    assert node.GetColumnUnitLabel("height_anterior_mm") == "mm"
    assert node.GetColumnTitle("height_ratio") == "Height ratio"
    assert "Pisov" in node.GetColumnDescription("height_ratio")
    assert node.GetAttribute("VertebralFractures") == "Yes"
    assert node.GetLocked()


def test_update_follows_another_report(node, report) -> None:
    fewer = SpineReport(report.software, {}, report.detector, "pisov", report.curve, report.vertebrae[2:5])
    update_table_node(node, fewer)
    assert node.GetNumberOfRows() == 3
    assert [row_of_vertebra(node, index)["level"] for index in range(3)] == ["T11", "T12", "L1"]


def test_ratios_have_no_unit_in_their_headings(scene, report) -> None:
    """Slicer writes the unit behind the title: "G [1]" would puzzle readers."""
    node = add_table_node(scene, report, "table")
    units = {column.name: node.GetColumnUnitLabel(column.name) for column in COLUMNS}
    assert not any(unit == "1" for unit in units.values())
    assert units["height_anterior_mm"] == "mm"
