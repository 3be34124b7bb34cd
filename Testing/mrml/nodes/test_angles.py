"""The table of the angles in a radiograph."""

from dataclasses import replace

import pytest
import slicer
from helpers.small_radiograph import report
from VertebralFracturesLib.mrml.nodes.angles import add_angles_node, update_angles_node
from VertebralFracturesLib.report.columns.patient import ANGLE_COLUMNS


def rows(node: slicer.vtkMRMLTableNode) -> list[tuple[str, ...]]:
    return [tuple(node.GetCellText(row, column) for column in range(3)) for row in range(node.GetNumberOfRows())]


@pytest.fixture
def node(scene) -> slicer.vtkMRMLTableNode:
    return add_angles_node(scene, report(), "lateral angles")


def test_angles_of_the_spine_come_first_then_those_of_the_discs(node) -> None:
    one = report()
    assert node.GetName() == "lateral angles"
    assert node.GetLocked()
    assert [node.GetColumnName(column) for column in range(3)] == ["Angle", "Degrees", "Between"]
    shown = rows(node)
    assert [row[0] for row in shown] == [
        *(angle.title for angle in ANGLE_COLUMNS),
        *(f"Disc {name}" for name in one.disc_angles_deg),
    ]
    for angle, (_title, degrees, between) in zip(ANGLE_COLUMNS, shown, strict=False):
        value = one.angles_deg[angle.name]
        assert degrees == ("" if value is None else f"{value:.1f}")
        assert between == angle.description


def test_angles_follow_another_report_and_observers_see_one_change(node) -> None:
    events: list[int] = []
    node.AddObserver("ModifiedEvent", lambda *_: events.append(1))
    without_sacrum = replace(report(), sacral_endplate_ras=None)
    update_angles_node(node, without_sacrum)
    assert len(events) == 1
    assert dict(row[:2] for row in rows(node))["Sacral slope"] == ""
