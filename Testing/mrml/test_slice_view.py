"""Nodes in real slice views: what is drawn is where it belongs, and what is dragged goes where the cursor maps."""

import numpy as np
import pytest
import slicer
from helpers.slice_view import SliceView
from VertebralFracturesLib.core.heights.genant import GRADE_COLORS
from VertebralFracturesLib.mrml.nodes.keypoints import copy_from_proxy, keypoints_from_node
from VertebralFracturesLib.mrml.nodes.views import arrange_views
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node, show_in_bone_window
from VertebralFracturesLib.mrml.scene_file import focus
from VertebralFracturesLib.mrml.study.creation import create_study
from VertebralFracturesLib.mrml.study.study import proxy_of

SEVERE = 3


@pytest.fixture
def study(scene, volume, report):
    study = create_study(scene, add_volume_node(scene, volume, "CT"), report)
    arrange_views(scene, study.volume_node, study.straightened_node, *focus(report))
    return study


@pytest.fixture
def open_view(application):
    views = []

    def open_one(layout_name: str, size: tuple[int, int] = (400, 500)) -> SliceView:
        views.append(SliceView(application, layout_name, size))
        return views[-1]

    yield open_one
    for view in views:
        view.close()


def _is_colored(picture: np.ndarray, pixel: np.ndarray, color: tuple[float, float, float], tolerance: float) -> bool:
    """Whether a point of that color is drawn at a display position."""
    column, row = round(pixel[0]), picture.shape[0] - 1 - round(pixel[1])
    patch = picture[row - 1 : row + 2, column - 1 : column + 2].reshape(-1, 3) / 255
    return bool(len(patch)) and bool(np.abs(patch - color).max(1).min() < tolerance)


def _is_gray(picture: np.ndarray) -> np.ndarray:
    return np.ptp(picture.astype(int), axis=-1) < 12


def test_keypoints_are_drawn_at_their_place_in_straightened_space(study, open_view, curve) -> None:
    view = open_view("Yellow+")
    picture = view.picture()
    for node in study.keypoint_nodes[:SEVERE]:
        for point in curve.ras_to_straight(keypoints_from_node(node)):
            assert _is_colored(picture, view.pixel_of(point), GRADE_COLORS[0], 0.1)
    for point in curve.ras_to_straight(keypoints_from_node(study.keypoint_nodes[SEVERE])):
        assert _is_colored(picture, view.pixel_of(point), GRADE_COLORS[3], 0.1)


def test_keypoints_are_drawn_at_their_place_in_the_patient(study, open_view) -> None:
    view = open_view("Yellow")
    view.picture()
    view.node.JumpSliceByCentering(*keypoints_from_node(study.keypoint_nodes[SEVERE])[4])
    picture = view.picture()
    point = keypoints_from_node(study.keypoint_nodes[SEVERE])[4]
    assert _is_colored(picture, view.pixel_of(point), GRADE_COLORS[3], 0.1)


def test_no_point_is_drawn_anywhere_else(study, open_view) -> None:
    """Without the nodes of its own space a view is gray: nothing of the other space leaks into it."""
    for own, name in ((study.proxy_nodes, "Yellow+"), (study.keypoint_nodes, "Yellow")):
        view = open_view(name)
        extra = [study.label_nodes[1]] if name == "Yellow+" else [study.label_nodes[0], study.curve_node]
        for node in (*own, *extra, *study.line_nodes.values()):
            node.SetDisplayVisibility(False)
        assert _is_gray(view.picture()).all()


def test_an_axial_view_shows_only_what_is_near_its_plane(study, open_view) -> None:
    view = open_view("Red")
    study.curve_node.SetDisplayVisibility(False)
    points = keypoints_from_node(study.keypoint_nodes[SEVERE])
    view.node.JumpSliceByCentering(*points[5])
    picture = view.picture()
    assert _is_colored(picture, view.pixel_of(points[5]), GRADE_COLORS[3], 0.1)
    assert not _is_colored(picture, view.pixel_of(points[4]), GRADE_COLORS[3], 0.3)


def test_the_image_under_the_transform_is_the_resampled_one(scene, study, open_view) -> None:
    under_transform = slicer.vtkMRMLScalarVolumeNode()
    under_transform.CopyOrientation(study.volume_node)
    under_transform.SetAndObserveImageData(study.volume_node.GetImageData())
    scene.AddNode(under_transform)
    under_transform.SetAndObserveTransformNodeID(study.straightening_node.GetID())
    for shown in (under_transform, study.straightened_node):
        show_in_bone_window(shown)
    for node in (*study.proxy_nodes, study.straightened_labels_node):
        node.SetDisplayVisibility(False)
    view = open_view("Yellow+")
    resampled = view.picture().astype(float)
    view.show(under_transform)
    straightened_live = view.picture().astype(float)
    inside = (resampled > 0).all(-1) & (straightened_live > 0).all(-1)
    assert inside.mean() > 0.15
    assert np.median(np.abs(resampled - straightened_live)[inside]) <= 2
    assert np.corrcoef(resampled[inside].ravel(), straightened_live[inside].ravel())[0, 1] > 0.97


def test_a_drag_moves_the_keypoint_to_the_cursor_and_keeps_its_depth(study, open_view) -> None:
    view = open_view("Yellow")
    node = study.keypoint_nodes[SEVERE]
    before = keypoints_from_node(node)
    view.node.JumpSliceByCentering(*(before[0] + [6.0, 0.0, 0.0]))
    start = np.rint(view.pixel_of(before[0]))
    end = start + [24, -17]
    expected = view.dropped(before[0], start, end)
    view.drag(start, end)
    after = keypoints_from_node(node)
    np.testing.assert_allclose(after[0], expected, atol=0.01)
    assert after[0, 0] == pytest.approx(before[0, 0], abs=1e-6)
    assert np.linalg.norm(after[0] - before[0]) > 5
    np.testing.assert_array_equal(after[1:], before[1:])


def test_a_locked_proxy_does_not_move(study, open_view) -> None:
    view = open_view("Yellow+")
    proxy = study.proxy_nodes[SEVERE]
    before = keypoints_from_node(proxy)
    start = view.pixel_of(before[0])
    view.drag(start, start + [20, 10])
    np.testing.assert_array_equal(keypoints_from_node(proxy), before)


def test_a_drag_in_straightened_space_maps_into_the_patient(study, open_view, curve) -> None:
    view = open_view("Yellow+")
    node = study.keypoint_nodes[SEVERE]
    proxy = proxy_of(node)
    proxy.SetLocked(False)
    proxy.AddObserver(proxy.PointModifiedEvent, lambda *_: copy_from_proxy(proxy, node))
    before = keypoints_from_node(proxy)
    start = np.rint(view.pixel_of(before[0]))
    end = start + [13, -9]
    target_straight = view.dropped(before[0], start, end)
    view.drag(start, end)
    np.testing.assert_allclose(keypoints_from_node(proxy)[0], target_straight, atol=0.03)
    np.testing.assert_allclose(keypoints_from_node(node)[0], curve.straight_to_ras(target_straight), atol=0.03)
    assert np.linalg.norm(target_straight - before[0]) > 5
