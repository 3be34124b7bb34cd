"""Points dragged with the mouse in real slice views, and what the patient's points do."""

from dataclasses import replace

import numpy as np
import pytest
import vtk
from helpers.desk import TOLERANCE_MM, Desk, drag_in_patient_view, drag_in_straightened_view
from VertebralFracturesLib.core.report import SpineReport
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.mrml.live.study import LiveStudy
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node, array_from_matrix, volume_from_node
from VertebralFracturesLib.mrml.study.creation import create_study
from VertebralFracturesLib.mrml.study.study import proxy_of
from VertebralFracturesLib.report.document import report_json

SEVERE = 3


@pytest.fixture
def live(desk: Desk, study) -> LiveStudy:
    live = desk.link(study)
    desk.show(study)
    return live


@pytest.mark.parametrize("index", range(6))
def test_a_drag_in_straightened_space_moves_the_patients_point(desk, live, index) -> None:
    view = desk.open("Yellow+")
    before = live.report.measures[SEVERE].heights_mm
    drag_in_straightened_view(live, view, SEVERE, index)
    assert live.report.measures[SEVERE].heights_mm != before
    assert live.report.vertebrae[SEVERE].source == "edited"
    assert live.selected == SEVERE


@pytest.mark.parametrize("index", range(6))
def test_a_drag_in_the_patient_moves_the_straightened_point(desk, live, index) -> None:
    view = desk.open("Yellow")
    view.node.JumpSliceByCentering(*(live.report.vertebrae[SEVERE].keypoints_ras.mean(0) + [6.0, 0, 0]))
    drag_in_patient_view(live, view, SEVERE, index)


def test_a_drag_across_the_spine_keeps_the_height(desk, live) -> None:
    view = desk.open("Red")
    view.node.JumpSliceByCentering(*live.report.vertebrae[SEVERE].keypoints_ras[5])
    drag_in_patient_view(live, view, SEVERE, 5)


def test_a_drag_is_one_edit_that_is_undone_and_redone(desk, live, report) -> None:
    view = desk.open("Yellow+")
    target = drag_in_straightened_view(live, view, SEVERE, 0)
    live.undo()
    assert report_json(live.report) == report_json(report)
    assert not live.can_undo
    live.redo()
    np.testing.assert_allclose(live.report.vertebrae[SEVERE].keypoints_ras[0], target, atol=TOLERANCE_MM)
    drag_in_straightened_view(live, view, SEVERE, 0, by=(-8, 6))


def test_a_click_selects_and_edits_nothing(desk, live, report) -> None:
    view = desk.open("Yellow+")
    pixel = np.rint(view.pixel_of(report.curve.ras_to_straight(report.vertebrae[SEVERE].keypoints_ras[0])))
    view.drag(pixel, pixel, steps=1)
    assert live.selected == SEVERE
    assert np.abs(live.report.vertebrae[SEVERE].keypoints_ras - report.vertebrae[SEVERE].keypoints_ras).max() < 1


@pytest.mark.parametrize("name", ["Yellow", "Yellow+"])
def test_locked_points_do_not_move(desk, live, report, name) -> None:
    view = desk.open(name)
    node = live.study.keypoint_nodes[SEVERE]
    node.SetLocked(True)
    shown = node if name == "Yellow" else proxy_of(node)
    pixel = np.rint(view.pixel_of(shown.GetNthControlPointPositionWorld(0)))
    view.drag(pixel, pixel + [20, 10])
    assert report_json(live.report) == report_json(report)
    assert not live.can_undo


def test_a_point_dropped_on_its_partner_is_put_back(desk, live, report) -> None:
    node = live.study.keypoint_nodes[SEVERE]
    node.InvokeEvent(node.PointStartInteractionEvent)
    node.SetNthControlPointPosition(0, node.GetNthControlPointPosition(1))
    assert node.GetNthControlPointPosition(0) == node.GetNthControlPointPosition(1)
    node.InvokeEvent(node.PointEndInteractionEvent)
    assert "coincide" in live.problem
    assert report_json(live.report) == report_json(report)


def test_dragging_the_curve_straightens_anew_at_the_end(desk, live, report) -> None:
    view = desk.open("Yellow")
    curve_node = live.study.curve_node
    middle = curve_node.GetNumberOfControlPoints() // 2
    point = np.array(curve_node.GetNthControlPointPositionWorld(middle))
    view.node.JumpSliceByCentering(*point)
    start = np.rint(view.pixel_of(point))
    view.drag(start, start + [18, 0])
    assert np.linalg.norm(curve_node.GetNthControlPointPositionWorld(middle) - point) > 3
    curve = live.report.curve
    assert np.abs(curve.position(curve.length_mm / 2) - report.curve.position(report.curve.length_mm / 2)).max() > 3
    mapped = live.study.straightening_node.GetTransformFromParent().TransformPoint(5, 5, -120)
    np.testing.assert_allclose(mapped, curve.straight_to_ras(np.array([5, 5, -120])), atol=0.05)
    for before, after in zip(report.vertebrae, live.report.vertebrae, strict=True):
        np.testing.assert_array_equal(before.keypoints_ras, after.keypoints_ras)
    assert live.can_undo
    drag_in_straightened_view(live, desk.open("Yellow+"), SEVERE, 0)
    live.undo()
    live.undo()
    assert report_json(live.report) == report_json(report)


def test_an_oblique_volume(desk, scene, oblique, report) -> None:
    study = create_study(scene, add_volume_node(scene, oblique, "oblique"), report)
    live = desk.link(study)
    desk.show(study)
    drag_in_straightened_view(live, desk.open("Yellow+"), SEVERE, 0)
    view = desk.open("Yellow")
    view.node.JumpSliceByCentering(*report.vertebrae[SEVERE].keypoints_ras.mean(0))
    drag_in_patient_view(live, view, SEVERE, 4)


def test_a_volume_under_a_linear_transform(desk, scene, volume, report) -> None:
    """The study lives in the world: the volume as the transform places it."""
    turn = vtk.vtkTransform()
    turn.Translate(30, -10, 45)
    turn.RotateX(9)
    turn.RotateZ(-14)
    matrix = array_from_matrix(turn.GetMatrix())
    volume_node = add_volume_node(scene, volume, "moved")
    transform_node = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform_node.SetMatrixTransformToParent(turn.GetMatrix())
    volume_node.SetAndObserveTransformNodeID(transform_node.GetID())
    moved = _moved_report(report, matrix)
    study = create_study(scene, volume_node, moved)
    live = desk.link(study)
    desk.show(study)
    view = desk.open("Yellow+")
    drag_in_straightened_view(live, view, SEVERE, 0)
    patient = desk.open("Yellow")
    patient.node.JumpSliceByCentering(*moved.vertebrae[SEVERE].keypoints_ras.mean(0))
    drag_in_patient_view(live, patient, SEVERE, 4)
    centres = np.array([vertebra.keypoints_ras.mean(0) for vertebra in moved.vertebrae])
    straightened = volume_from_node(study.straightened_node)
    assert (straightened.sample(moved.curve.ras_to_straight(centres)) > 250).all()


def _moved_report(report: SpineReport, matrix: np.ndarray) -> SpineReport:
    def move(points: np.ndarray) -> np.ndarray:
        return points @ matrix[:3, :3].T + matrix[:3, 3]

    vertebrae = tuple(replace(v, keypoints_ras=move(v.keypoints_ras)) for v in report.vertebrae)
    curve = SpineCurve(move(report.curve.points_ras), report.curve.confidence)
    return replace(report, curve=curve, vertebrae=vertebrae)
