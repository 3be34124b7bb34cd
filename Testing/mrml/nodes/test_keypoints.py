import numpy as np
import pytest
import vtk
from VertebralFracturesLib.core.heights.genant import GRADE_COLORS, NOT_EVALUABLE_COLOR
from VertebralFracturesLib.core.keypoints import KEYPOINT_NAMES
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.mrml.nodes.keypoints import (
    add_keypoints_node,
    add_keypoints_proxy,
    copy_from_proxy,
    copy_to_proxy,
    keypoints_from_node,
    set_grade_color,
    set_keypoints,
    vertebra_from_node,
)
from VertebralFracturesLib.mrml.nodes.straightened import add_straightening_node
from VertebralFracturesLib.mrml.nodes.views import PATIENT_VIEWS, STRAIGHTENED_VIEWS


@pytest.fixture
def vertebra(report):
    return report.vertebrae[4]


@pytest.fixture
def node(scene, vertebra):
    return add_keypoints_node(scene, vertebra, "L1", PATIENT_VIEWS)


def test_six_named_points_in_the_order_of_the_paper(node, vertebra) -> None:
    labels = [node.GetNthControlPointLabel(index) for index in range(node.GetNumberOfControlPoints())]
    assert labels == [f"L1 {name}" for name in KEYPOINT_NAMES]
    assert labels[0] == "L1 anterior superior"
    np.testing.assert_array_equal(keypoints_from_node(node), vertebra.keypoints_ras)


def test_a_list_is_complete_when_the_scene_learns_of_it(scene, vertebra) -> None:
    """Each later event would reach every view and every widget that observes the scene."""
    seen, events = [], []

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def added(_scene, _event, node) -> None:
        seen.append((node.GetClassName(), node.GetMTime()))
        node.AddObserver(vtk.vtkCommand.AnyEvent, lambda *_: events.append(node.GetID()))

    scene.AddObserver(scene.NodeAddedEvent, added)
    node = add_keypoints_node(scene, vertebra, "L1", PATIENT_VIEWS)
    assert [name for name, _time in seen][-1] == "vtkMRMLMarkupsFiducialNode"
    assert node.GetNumberOfDisplayNodes() == 2
    assert len(events) < 15


def test_the_vertebra_comes_back(node, vertebra) -> None:
    read = vertebra_from_node(node)
    for name in ("level", "level_confidence", "score", "source", "status"):
        assert getattr(read, name) == getattr(vertebra, name)
    np.testing.assert_array_equal(read.uncertainty_mm, vertebra.uncertainty_mm)
    np.testing.assert_array_equal(read.keypoints_ras, vertebra.keypoints_ras)


@pytest.mark.parametrize("grade", [0, 1, 2, 3, None])
def test_color_tells_the_grade(node, grade: int | None) -> None:
    set_grade_color(node, grade)
    expected = NOT_EVALUABLE_COLOR if grade is None else GRADE_COLORS[grade]
    for index in range(node.GetNumberOfDisplayNodes()):
        display = node.GetNthDisplayNode(index)
        np.testing.assert_allclose(display.GetSelectedColor(), expected)
        np.testing.assert_allclose(display.GetColor(), expected)


def test_points_are_projected_in_sagittal_views_only(node) -> None:
    shown = {node.GetNthDisplayNode(index).GetSliceProjection(): node.GetNthDisplayNode(index) for index in range(2)}
    assert node.GetNumberOfDisplayNodes() == 2
    assert list(shown[True].GetViewNodeIDs()) == ["vtkMRMLSliceNodeYellow"]
    assert "vtkMRMLSliceNodeRed" in shown[False].GetViewNodeIDs()
    assert "vtkMRMLSliceNodeYellow" not in shown[False].GetViewNodeIDs()


def test_the_number_of_points_is_fixed(node) -> None:
    assert node.GetFixedNumberOfControlPoints()


def test_a_missing_point_is_told(node) -> None:
    node.SetFixedNumberOfControlPoints(False)
    node.RemoveNthControlPoint(2)
    with pytest.raises(UnusableInput, match="'L1' has 5 placed points where a vertebra has 6"):
        keypoints_from_node(node)


def test_an_unplaced_point_is_told(node) -> None:
    node.UnsetNthControlPointPosition(3)
    with pytest.raises(UnusableInput, match="5 placed points"):
        keypoints_from_node(node)


def test_a_foreign_list_is_told(scene) -> None:
    foreign = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", "F")
    for index in range(6):
        foreign.AddControlPoint(vtk.vtkVector3d(index, 0, 0))
    with pytest.raises(UnusableInput, match="'F' is not a vertebra of a study"):
        vertebra_from_node(foreign)


def test_the_proxy_lies_in_straightened_space(scene, node, vertebra, curve) -> None:
    proxy = add_keypoints_proxy(node, add_straightening_node(scene, curve, "s"), STRAIGHTENED_VIEWS)
    np.testing.assert_allclose(keypoints_from_node(proxy), curve.ras_to_straight(vertebra.keypoints_ras), atol=0.02)
    for index in range(6):
        assert proxy.GetNthControlPointPosition(index) == node.GetNthControlPointPosition(index)
    assert proxy.GetLocked()


def test_set_keypoints_moves_a_proxy_to_world_positions(scene, node, vertebra, curve) -> None:
    proxy = add_keypoints_proxy(node, add_straightening_node(scene, curve, "s"), STRAIGHTENED_VIEWS)
    target = curve.ras_to_straight(vertebra.keypoints_ras) + [0, 2.0, 1.0]
    set_keypoints(proxy, target)
    local = np.array([proxy.GetNthControlPointPosition(index) for index in range(6)])
    np.testing.assert_allclose(local, curve.straight_to_ras(target), atol=0.02)


def test_copying_points_that_are_the_same_changes_nothing(scene, node, vertebra) -> None:
    """Slicer gives one position as a tuple and another as a vector, which are never equal as they are."""
    twin = add_keypoints_node(scene, vertebra, "L1", PATIENT_VIEWS)
    modified: list[str] = []
    for one in (node, twin):
        one.AddObserver(one.PointModifiedEvent, lambda caller, _event: modified.append(caller.GetID()))
    copy_to_proxy(node, twin)
    copy_from_proxy(twin, node)
    assert modified == []
    node.SetNthControlPointPosition(2, 1.0, 2.0, 3.0)
    modified.clear()
    copy_to_proxy(node, twin)
    assert modified == [twin.GetID()]
    assert twin.GetNthControlPointPosition(2) == (1.0, 2.0, 3.0)
