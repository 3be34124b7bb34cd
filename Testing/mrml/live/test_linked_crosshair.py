"""Shift and the mouse in one space: its own views follow as in Slicer, those of the other space show the same place."""

import numpy as np
import pytest
import slicer
from helpers.desk import TOLERANCE_MM
from helpers.slice_view import SliceView
from VertebralFracturesLib.core import spine_curve
from VertebralFracturesLib.mrml.live.study import LiveStudy
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node, array_from_matrix
from VertebralFracturesLib.mrml.study.creation import create_study


@pytest.fixture
def live(desk, study) -> LiveStudy:
    live = desk.link(study)
    desk.show(study)
    live.select(0)
    return live


def _hover_with_shift(view: SliceView, pixel) -> np.ndarray:
    """The world point under the mouse."""
    x, y = (int(value) for value in pixel)
    view.render()
    view.hover((x - 3, y))
    view.interactor.SetEventInformation(x, y, 0, 1, chr(0), 0, "Shift_L")
    view.interactor.KeyPressEvent()
    view.interactor.MouseMoveEvent()
    view.interactor.SetEventInformation(x, y, 0, 0, chr(0), 0, "Shift_L")
    view.interactor.KeyReleaseEvent()
    return view.world_of((x, y))


def _depth(node, point) -> float:
    """How far a point lies from a slice plane in mm."""
    to_ras = array_from_matrix(node.GetSliceToRAS())
    return float((np.asarray(point) - to_ras[:3, 3]) @ to_ras[:3, 2])


def _planes(*views: SliceView) -> list[np.ndarray]:
    return [array_from_matrix(view.node.GetSliceToRAS()) for view in views]


def test_the_patients_views_show_what_is_under_the_mouse_in_the_straightened_view(desk, live, report) -> None:
    straightened, sagittal, axial = (desk.open(name) for name in ("Yellow+", "Yellow", "Red"))
    before = _planes(straightened)
    target = straightened.pixel_of(report.curve.ras_to_straight(report.vertebrae[5].keypoints_ras.mean(0)))
    point_straight = _hover_with_shift(straightened, np.rint(target))
    point_ras = report.curve.straight_to_ras(point_straight)
    assert np.abs(point_ras - point_straight).max() > 20
    for view in (sagittal, axial):
        assert _depth(view.node, point_ras) == pytest.approx(0, abs=TOLERANCE_MM)
        assert abs(_depth(view.node, point_straight)) > 1
    np.testing.assert_array_equal(_planes(straightened), before)


def test_the_straightened_view_shows_what_is_under_the_mouse_in_the_patient(desk, live, report) -> None:
    straightened, sagittal, axial = (desk.open(name) for name in ("Yellow+", "Yellow", "Red"))
    point_ras = _hover_with_shift(axial, (150, 330))
    assert _depth(sagittal.node, point_ras) == pytest.approx(0, abs=TOLERANCE_MM)
    point_straight = report.curve.ras_to_straight(point_ras)
    assert abs(point_straight[0] - point_ras[0]) > 1
    assert _depth(straightened.node, point_straight) == pytest.approx(0, abs=TOLERANCE_MM)


def test_slicer_itself_keeps_jumps_within_a_space(desk, live) -> None:
    """What holds without our link, in a scene that is opened without the module."""
    live.close()
    straightened, sagittal, axial = (desk.open(name) for name in ("Yellow+", "Yellow", "Red"))
    assert [view.node.GetViewGroup() for view in (straightened, sagittal, axial)] == [1, 0, 0]
    before = _planes(sagittal, axial)
    point = _hover_with_shift(straightened, (200, 100))
    crosshair = slicer.vtkMRMLCrosshairDisplayableManager.FindCrosshairNode(live.study.scene)
    np.testing.assert_allclose(crosshair.GetCrosshairRAS(), point, atol=1e-6)
    np.testing.assert_array_equal(_planes(sagittal, axial), before)
    before = _planes(straightened)
    _hover_with_shift(axial, (150, 330))
    np.testing.assert_array_equal(_planes(straightened), before)


def test_only_the_study_that_is_shown_moves_views(desk, live, scene, oblique, report) -> None:
    other = desk.link(create_study(scene, add_volume_node(scene, oblique, "other"), report))
    desk.show(other.study)
    straightened, axial = desk.open("Yellow+"), desk.open("Red")
    point_straight = _hover_with_shift(straightened, (200, 100))
    assert _depth(axial.node, report.curve.straight_to_ras(point_straight)) == pytest.approx(0, abs=TOLERANCE_MM)
    other.close()
    before = _planes(axial)
    _hover_with_shift(straightened, (200, 300))
    np.testing.assert_array_equal(_planes(axial), before)


def test_a_crosshair_that_is_to_move_nothing_moves_nothing(desk, live, scene) -> None:
    crosshair = slicer.vtkMRMLCrosshairDisplayableManager.FindCrosshairNode(scene)
    crosshair.SetCrosshairBehavior(crosshair.NoAction)
    straightened, axial = desk.open("Yellow+"), desk.open("Red")
    before = _planes(axial)
    _hover_with_shift(straightened, (200, 100))
    np.testing.assert_array_equal(_planes(axial), before)


def test_a_point_without_a_place_in_straightened_space_moves_nothing(desk, live, scene, monkeypatch, capfd) -> None:
    monkeypatch.setattr(spine_curve, "_NEWTON_STEPS", 0)
    straightened = desk.open("Yellow+")
    before = _planes(straightened)
    crosshair = slicer.vtkMRMLCrosshairDisplayableManager.FindCrosshairNode(scene)
    crosshair.SetCrosshairRAS([11.3, -47.0, 5.3])
    np.testing.assert_array_equal(_planes(straightened), before)
    assert "Traceback" not in capfd.readouterr().err
