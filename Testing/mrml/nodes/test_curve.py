import numpy as np
import pytest
import vtk
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.mrml.nodes.curve import add_curve_node, curve_from_node, update_curve_node
from VertebralFracturesLib.mrml.nodes.views import PATIENT_VIEWS
from VertebralFracturesLib.mrml.nodes.volume import matrix_from_array


def _distance_mm(a: SpineCurve, b: SpineCurve) -> float:
    fractions = np.linspace(0, 1, 300)
    return float(np.abs(a.position(fractions * a.length_mm) - b.position(fractions * b.length_mm)).max())


def test_round_trip(scene, curve) -> None:
    node = add_curve_node(scene, curve, "spine", PATIENT_VIEWS)
    read = curve_from_node(node)
    assert _distance_mm(read, curve) < 0.02
    arcs = np.linspace(1, curve.length_mm - 1, 50)
    np.testing.assert_allclose(read.confidence_at(arcs), curve.confidence_at(arcs), atol=0.01)


def test_slicer_draws_the_curve_where_the_spine_curve_runs(scene, curve) -> None:
    node = add_curve_node(scene, curve, "spine", PATIENT_VIEWS)
    drawn = node.GetCurvePointsWorld()
    points = np.array([drawn.GetPoint(index) for index in range(drawn.GetNumberOfPoints())])
    straight = curve.ras_to_straight(points)
    assert np.abs(straight[:, :2]).max() < 0.1
    assert abs(node.GetCurveLengthWorld() - curve.length_mm) < 0.5


def test_control_points_are_few_enough_to_drag(scene, curve) -> None:
    node = add_curve_node(scene, curve, "spine", PATIENT_VIEWS)
    assert 10 <= node.GetNumberOfControlPoints() <= 40


def test_a_dragged_control_point_bends_the_curve(scene, curve) -> None:
    node = add_curve_node(scene, curve, "spine", PATIENT_VIEWS)
    moved = np.array(node.GetNthControlPointPositionWorld(7)) + [6.0, 0, 0]
    node.SetNthControlPointPositionWorld(7, vtk.vtkVector3d(*moved))
    assert np.abs(curve_from_node(node).ras_to_straight(moved)[:2]).max() < 1e-3


def test_world_coordinates_count_under_a_transform(scene, curve) -> None:
    node = add_curve_node(scene, curve, "spine", PATIENT_VIEWS)
    shift = np.eye(4)
    shift[:3, 3] = 11, -7, 3
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(matrix_from_array(shift))
    node.SetAndObserveTransformNodeID(transform.GetID())
    moved = SpineCurve(curve.points_ras + shift[:3, 3], curve.confidence)
    assert _distance_mm(curve_from_node(node), moved) < 0.02


def test_update_replaces_all_points(scene, curve) -> None:
    node = add_curve_node(scene, curve, "spine", PATIENT_VIEWS)
    half = SpineCurve(curve.points_ras[:45], curve.confidence[:45])
    update_curve_node(node, half)
    assert _distance_mm(curve_from_node(node), half) < 0.02


def test_too_few_points_are_refused(scene, curve) -> None:
    node = add_curve_node(scene, curve, "my curve", PATIENT_VIEWS)
    while node.GetNumberOfControlPoints() > 3:
        node.RemoveNthControlPoint(0)
    with pytest.raises(UnusableInput, match="'my curve' cannot be used: a spine curve needs at least four"):
        curve_from_node(node)


def test_a_point_placed_by_a_reader_counts_as_certain(scene, curve) -> None:
    node = add_curve_node(scene, curve, "spine", PATIENT_VIEWS)
    end = curve.position(curve.length_mm + 20)
    node.AddControlPointWorld(vtk.vtkVector3d(*end))
    assert curve_from_node(node).confidence[-1] == 1.0
