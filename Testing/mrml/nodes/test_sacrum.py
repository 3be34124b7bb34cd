"""The superior endplate of S1 as a point list."""

import numpy as np
import pytest
from VertebralFracturesLib.mrml.nodes.sacrum import SACRUM_COLOR, add_sacrum_node, sacrum_points, set_sacrum_points

POINTS = ((0.0, 15.0, -190.0), (0.0, 0.0, -182.0), (0.0, -15.0, -174.0))


@pytest.fixture
def node(scene):
    return add_sacrum_node(scene, np.array(POINTS))


def test_the_three_points_come_back_with_their_names(node) -> None:
    assert sacrum_points(node) == POINTS
    labels = [node.GetNthControlPointLabel(index) for index in range(3)]
    assert labels == ["S1 anterior superior", "S1 middle superior", "S1 posterior superior"]
    assert node.GetFixedNumberOfControlPoints()


def test_it_is_seen_in_the_patients_views_alone(node) -> None:
    displays = [node.GetNthDisplayNode(index) for index in range(node.GetNumberOfDisplayNodes())]
    assert [display.GetSliceProjection() for display in displays] == [True, False]
    views = {view for display in displays for view in display.GetViewNodeIDs()}
    assert views == {"vtkMRMLSliceNodeYellow", "vtkMRMLSliceNodeRed", "vtkMRMLSliceNodeGreen", "vtkMRMLViewNode1"}
    for display in displays:
        assert display.GetSelectedColor() == pytest.approx(SACRUM_COLOR)


def test_points_move_at_once(node) -> None:
    events: list[int] = []
    node.AddObserver(node.PointModifiedEvent, lambda *_: events.append(1))
    moved = tuple((x, y, z - 5) for x, y, z in POINTS)
    set_sacrum_points(node, moved)
    assert sacrum_points(node) == moved
    assert len(events) == 1


def test_an_endplate_without_three_points_is_none(scene, node) -> None:
    assert sacrum_points(None) == ()
    node.UnsetNthControlPointPosition(1)
    assert sacrum_points(node) == ()
