"""Edits of a live study by a program: what follows, what can be undone, what is put back."""

import numpy as np
import pytest
import slicer
import vtk
from helpers.shown_points import assert_shown_where_they_are
from helpers.table_rows import row_of_vertebra
from VertebralFracturesLib.core.heights.genant import GRADE_COLORS
from VertebralFracturesLib.core.levels import ALL_LEVEL_NAMES
from VertebralFracturesLib.core.report import SpineReport
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.mrml.live.study import LiveStudy
from VertebralFracturesLib.mrml.nodes.keypoints import keypoints_from_node
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node, volume_from_node
from VertebralFracturesLib.mrml.study.creation import create_study
from VertebralFracturesLib.mrml.study.display import update_straightening
from VertebralFracturesLib.mrml.study.folder import subject_hierarchy
from VertebralFracturesLib.mrml.study.removal import remove_study
from VertebralFracturesLib.mrml.study.report import study_report
from VertebralFracturesLib.mrml.study.study import Study, proxy_of, studies
from VertebralFracturesLib.report.document import report_json

T10, T12 = 1, 3


class _Count:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> None:
        self.calls += 1


@pytest.fixture
def changes() -> _Count:
    return _Count()


@pytest.fixture
def live(study: Study, changes: _Count):
    live = LiveStudy(study, changes)
    yield live
    live.close()


def _move(node, index: int, offset) -> None:
    moved = np.array(node.GetNthControlPointPosition(index)) + offset
    node.SetNthControlPointPosition(index, vtk.vtkVector3d(*moved))


def _text(live: LiveStudy) -> str:
    """All that a study says, after a check that what is shown is what the nodes hold."""
    text = report_json(live.report)
    assert report_json(study_report(live.study)) == text
    assert live.study.table_node.GetNumberOfRows() == len(live.report.vertebrae)
    for node in live.study.keypoint_nodes:
        proxy = proxy_of(node)
        for index in range(node.GetNumberOfControlPoints()):
            assert proxy.GetNthControlPointPosition(index) == node.GetNthControlPointPosition(index)
            assert proxy.GetNthControlPointLabel(index) == node.GetNthControlPointLabel(index)
    return text


def test_linking_a_study_changes_nothing(live, report, changes) -> None:
    assert _text(live) == report_json(report)
    assert (live.can_undo, live.can_redo, live.selected, live.problem, changes.calls) == (False, False, None, None, 0)


@pytest.mark.parametrize("is_straightened", [False, True])
def test_a_moved_point_is_followed_by_everything(live, report, changes, is_straightened) -> None:
    node = live.study.keypoint_nodes[T10]
    before = keypoints_from_node(node)
    _move(proxy_of(node) if is_straightened else node, 0, (0, 0, -6))
    _text(live)
    np.testing.assert_allclose(keypoints_from_node(node)[0], before[0] + [0, 0, -6], atol=1e-9)
    measures = live.report.measures[T10]
    assert measures.grade > report.measures[T10].grade
    assert live.report.vertebrae[T10].source == "edited"
    for shown in (node, proxy_of(node)):
        np.testing.assert_allclose(shown.GetDisplayNode().GetSelectedColor(), GRADE_COLORS[measures.grade])
    for labels in live.study.label_nodes:
        assert labels.GetNthControlPointLabel(T10) == f"T10  G {measures.genant_index:.2f}"
    row = row_of_vertebra(live.study.table_node, T10)
    assert (row["source"], row["grade"]) == ("edited", str(measures.grade))
    assert changes.calls == 1


def test_every_edit_is_undone_and_redone(live, report) -> None:
    edits = [
        lambda: _move(live.study.keypoint_nodes[T10], 2, (0, 1, -3)),
        lambda: live.set_status(2, "verified"),
        lambda: live.delete_vertebra(T12),
        lambda: live.set_preset("pisov"),
        lambda: live.shift_levels(1),
        lambda: live.relabel(0, "T11", others_follow=False),
        lambda: live.add_vertebra(report.vertebrae[T12].keypoints_ras),
        lambda: _move(live.study.curve_node, 9, (6, 0, 0)),
        lambda: live.reset_to_model(T10),
        lambda: live.reset_to_model(),
    ]
    states = [_text(live)]
    for edit in edits:
        edit()
        states.append(_text(live))
    assert len(set(states)) == len(states)
    for expected in states[-2::-1]:
        assert live.can_undo
        live.undo()
        assert _text(live) == expected
    assert not live.can_undo
    for expected in states[1:]:
        assert live.can_redo
        live.redo()
        assert _text(live) == expected
    assert not live.can_redo
    live.undo()
    live.set_status(0, "verified")
    assert not live.can_redo


def test_undo_and_redo_without_edits_do_nothing(live, report) -> None:
    live.undo()
    live.redo()
    assert _text(live) == report_json(report)


def test_reset_restores_what_the_model_found(live, report) -> None:
    _move(live.study.keypoint_nodes[T10], 2, (0, 1, -3))
    live.set_status(T10, "not evaluable")
    live.reset_to_model(T10)
    assert _text(live) == report_json(report)
    live.delete_vertebra(0)
    live.shift_levels(-1)
    added = live.add_vertebra(report.vertebrae[0].keypoints_ras + [0, 0, 40])
    with pytest.raises(ValueError, match="was placed manually"):
        live.reset_to_model(added)
    live.reset_to_model()
    assert _text(live) == report_json(report)


def test_a_vertebra_is_added_with_the_level_that_is_free(live, report, scene) -> None:
    points = report.vertebrae[T12].keypoints_ras
    live.delete_vertebra(T12)
    assert live.add_vertebra(points) == T12
    added = live.report.vertebrae[T12]
    assert (added.level, added.source, added.level_confidence) == ("T12", "added", 0.95)
    assert live.selected == T12
    node = live.study.keypoint_nodes[-1]
    hierarchy = subject_hierarchy(scene)
    siblings = {hierarchy.GetItemParent(hierarchy.GetItemByDataNode(one)) for one in live.study.keypoint_nodes}
    assert len(siblings) == 1
    _move(proxy_of(node), 0, (0, 0, 2))
    np.testing.assert_allclose(live.report.vertebrae[T12].keypoints_ras[0], points[0] + [0, 0, 2], atol=1e-9)
    assert live.report.vertebrae[T12].source == "added"


def test_a_vertebra_between_neighbours_has_no_name_until_the_reader_gives_one(live, report) -> None:
    between = (report.vertebrae[2].keypoints_ras + report.vertebrae[3].keypoints_ras) / 2
    index = live.add_vertebra(between)
    assert live.report.levels[index] is None
    live.relabel(index, "T12")
    assert live.report.levels == ["T9", "T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5"]
    live.relabel(index, "T13", others_follow=False)
    assert live.report.levels[index : index + 2] == ["T13", "L1"]
    assert live.report.vertebrae[index].level_confidence == 1.0


def test_levels_are_shifted_within_what_there_is(live) -> None:
    live.shift_levels(1)
    assert live.report.levels == ["T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5"]
    live.shift_levels(1)
    assert live.report.levels[-1] == "L6"
    before = _text(live)
    with pytest.raises(ValueError, match="below L6"):
        live.shift_levels(1)
    assert _text(live) == before
    assert live.study.keypoint_nodes[0].GetName() in ALL_LEVEL_NAMES


def test_what_is_no_vertebra_is_refused_and_nothing_changes(live, report, changes) -> None:
    flat = report.vertebrae[T12].keypoints_ras.copy()
    flat[0] = flat[1]
    for wrong in (flat, flat[:5]):
        with pytest.raises(ValueError, match="vertebra"):
            live.add_vertebra(wrong)
    with pytest.raises(ValueError, match="status"):
        live.set_status(0, "broken")
    with pytest.raises(ValueError, match="level"):
        live.relabel(0, "X1")
    with pytest.raises(ValueError, match="preset"):
        live.set_preset("none")
    assert _text(live) == report_json(report)
    assert (live.can_undo, changes.calls) == (False, 0)


def test_a_selected_vertebra_is_highlighted_and_stays_selected(live, scene) -> None:
    live.next_vertebra()
    assert live.selected == 0
    live.select(T12)
    sizes = [node.GetDisplayNode().GetGlyphScale() for node in live.study.keypoint_nodes]
    assert sizes[T12] > sizes[0]
    live.previous_vertebra()
    assert live.selected == T12 - 1
    live.delete_vertebra(0)
    assert live.report.levels[live.selected] == "T11"
    live.delete_vertebra(live.selected)
    assert live.selected is None
    live.select(len(live.report.vertebrae) - 1)
    live.next_vertebra()
    assert live.selected == len(live.report.vertebrae) - 1
    live.select(None)
    assert live.selected is None


def test_a_point_that_is_unset_comes_back(live, report) -> None:
    live.study.keypoint_nodes[T12].UnsetNthControlPointPosition(2)
    assert "has 5 placed points" in live.problem
    assert _text(live) == report_json(report)
    assert not live.can_undo
    live.set_status(0, "verified")
    assert live.problem is None


def test_a_list_that_lost_a_point_comes_back(live, report) -> None:
    node = live.study.keypoint_nodes[T12]
    node.SetFixedNumberOfControlPoints(False)
    node.RemoveNthControlPoint(2)
    assert "has 5 placed points" in live.problem
    assert _text(live) == report_json(report)
    restored = next(node for node in live.study.keypoint_nodes if node.GetName() == "T12")
    _move(restored, 0, (0, 0, 2))
    assert live.report.vertebrae[T12].source == "edited"


def test_points_that_coincide_are_put_back(live, report) -> None:
    node = live.study.keypoint_nodes[T12]
    node.SetNthControlPointPosition(0, node.GetNthControlPointPosition(1))
    assert "coincide" in live.problem
    assert _text(live) == report_json(report)


def test_a_moved_curve_is_straightened_and_keypoints_stay(live, report, changes) -> None:
    before = volume_from_node(live.study.straightened_node).voxels.copy()
    _move(live.study.curve_node, 9, (8, 0, 0))
    assert changes.calls == 1
    curve = live.report.curve
    assert abs(curve.position(curve.length_mm / 2)[0] - report.curve.position(report.curve.length_mm / 2)[0]) > 4
    after = volume_from_node(live.study.straightened_node).voxels
    assert before.shape != after.shape or (before != after).any()
    for old, new in zip(report.vertebrae, live.report.vertebrae, strict=True):
        np.testing.assert_array_equal(old.keypoints_ras, new.keypoints_ras)
    live.undo()
    assert _text(live) == report_json(report)
    mapped = live.study.straightening_node.GetTransformFromParent().TransformPoint(5, 5, -120)
    np.testing.assert_allclose(mapped, report.curve.straight_to_ras(np.array([5, 5, -120])), atol=0.05)


def test_control_points_of_the_curve_are_added_and_removed(live, report) -> None:
    curve_node = live.study.curve_node
    count = curve_node.GetNumberOfControlPoints()
    curve_node.RemoveNthControlPoint(5)
    assert len(live.report.curve.points_ras) == count - 1
    live.undo()
    assert _text(live) == report_json(report)
    while live.problem is None:
        curve_node.RemoveNthControlPoint(0)
    assert "spine curve" in live.problem
    assert 4 <= curve_node.GetNumberOfControlPoints() < count - 3
    while live.can_undo:
        live.undo()
    assert _text(live) == report_json(report)


def test_a_deleted_vertebra_takes_its_twin_along_and_comes_back(live, report, scene) -> None:
    node = live.study.keypoint_nodes[T12]
    proxy = proxy_of(node)
    scene.RemoveNode(node)
    assert not scene.IsNodePresent(proxy)
    assert live.report.levels == ["T9", "T10", "T11", "L1", "L2", "L3", "L4"]
    live.undo()
    assert _text(live) == report_json(report)


@pytest.mark.parametrize(
    "role", ["volume_node", "straightening_node", "straightened_node", "table_node", "curve_node", "proxy", "label"]
)
def test_a_study_lives_on_without_a_node(live, report, scene, role) -> None:
    _move(live.study.curve_node, 9, (8, 0, 0))
    study = live.study
    node = {"proxy": study.proxy_nodes[T10], "label": study.label_nodes[0]}.get(role) or getattr(study, role)
    scene.RemoveNode(node)
    _move(study.keypoint_nodes[T10], 0, (0, 0, -6))
    assert live.report.vertebrae[T10].source == "edited"
    live.select(T10)
    live.delete_vertebra(0)
    live.undo()
    live.undo()
    assert live.report.vertebrae[T10].source == "model"
    if role == "curve_node":
        np.testing.assert_array_equal(live.report.curve.points_ras, report.curve.points_ras)


def test_closing_the_scene_and_removing_the_study_are_survived(scene, volume, report, capfd) -> None:
    first, second = (create_study(scene, add_volume_node(scene, volume, "CT"), report) for _ in range(2))
    count = _Count()
    lives = [LiveStudy(study, count) for study in (first, second)]
    remove_study(first)
    assert studies(scene) == [second]
    scene.Clear(0)
    assert not studies(scene)
    assert count.calls == 0
    assert "Traceback" not in capfd.readouterr().err
    for live in lives:
        live.close()


def test_locks_are_shared(live) -> None:
    node, proxy = live.study.keypoint_nodes[0], live.study.proxy_nodes[0]
    assert not proxy.GetLocked()
    node.SetLocked(True)
    assert proxy.GetLocked()
    proxy.SetLocked(False)
    assert not node.GetLocked()
    node.SetNthControlPointLocked(2, True)
    assert proxy.GetNthControlPointLocked(2)
    live.close()
    assert proxy.GetLocked()


def test_a_closed_study_is_not_followed(live, changes) -> None:
    live.close()
    node = live.study.keypoint_nodes[0]
    before = proxy_of(node).GetNthControlPointPosition(0)
    _move(node, 0, (0, 0, -6))
    assert proxy_of(node).GetNthControlPointPosition(0) == before
    assert changes.calls == 0
    again = LiveStudy(live.study)
    assert again.report.vertebrae[0].source == "edited"
    assert proxy_of(node).GetNthControlPointPosition(0) == node.GetNthControlPointPosition(0)
    again.close()


def test_renaming_nodes_breaks_nothing(live, scene) -> None:
    for node in live.study.nodes:
        node.SetName("renamed")
    _move(live.study.keypoint_nodes[0], 0, (0, 0, -1))
    assert live.report.levels[0] == "T9"
    assert live.study.keypoint_nodes[0].GetName() == "T9"


def test_studies_of_two_volumes_are_edited_apart(scene, volume, report: SpineReport) -> None:
    lives = [LiveStudy(create_study(scene, add_volume_node(scene, volume, "CT"), report)) for _ in range(2)]
    _move(lives[1].study.proxy_nodes[0], 0, (0, 0, -6))
    lives[1].delete_vertebra(3)
    assert _text(lives[0]) == report_json(report)
    assert not lives[0].can_undo
    assert len(lives[1].report.vertebrae) == len(report.vertebrae) - 1
    for live in lives:
        live.close()


def test_a_study_that_cannot_be_read_is_not_linked(study) -> None:
    study.report_node.SetText("{}")
    with pytest.raises(UnusableInput, match="cannot be read"):
        LiveStudy(study)


@pytest.mark.parametrize("offset", [(10, 0, 0), (0, -20, 0)])
def test_a_sharp_bend_of_the_curve_takes_its_neighbours_along(live, report, offset) -> None:
    curve_node = live.study.curve_node
    places = [np.array(curve_node.GetNthControlPointPosition(index)) for index in range(20)]
    _move(curve_node, 9, offset)
    assert "moved as well" in live.problem
    moved = [np.array(curve_node.GetNthControlPointPosition(index)) - places[index] for index in range(20)]
    np.testing.assert_allclose(moved[9], offset, atol=1e-9)
    assert 0 < np.linalg.norm(moved[8]) < np.linalg.norm(offset)
    assert_shown_where_they_are(live)
    assert live.can_undo
    live.undo()
    assert _text(live) == report_json(report)
    live.redo()
    assert_shown_where_they_are(live)


def test_a_curve_that_cannot_be_shown_straightened_is_put_back(live, report) -> None:
    curve_node = live.study.curve_node
    _move(curve_node, 9, (0, 0, 80))
    assert "was undone" in live.problem
    assert _text(live) == report_json(report)


def test_a_point_that_cannot_be_shown_straightened_is_put_back(live, report) -> None:
    _move(live.study.keypoint_nodes[T10], 0, (0, 500, 0))
    assert live.problem is not None
    assert _text(live) == report_json(report)


def test_a_saved_study_whose_view_folds_says_so_and_can_be_mended(study) -> None:
    LiveStudy(study).close()
    point = study.curve_node.GetNthControlPointPosition(9)
    _move(study.curve_node, 9, (12, 0, 0))
    update_straightening(study)
    live = LiveStudy(study)
    assert "bends too sharply" in live.problem
    study.curve_node.SetNthControlPointPosition(9, vtk.vtkVector3d(*point))
    assert live.problem is None
    assert_shown_where_they_are(live)
    live.close()


def test_a_point_list_under_a_transform_is_measured_where_it_lies(live, report, scene) -> None:
    transform = slicer.vtkMRMLLinearTransformNode()
    scene.AddNode(transform)
    matrix = vtk.vtkMatrix4x4()
    for axis in range(3):
        matrix.SetElement(axis, axis, 1.1)
    transform.SetMatrixTransformToParent(matrix)
    node = live.study.keypoint_nodes[T10]
    before = report.measures[T10].heights_mm
    node.SetAndObserveTransformNodeID(transform.GetID())
    np.testing.assert_allclose(live.report.measures[T10].heights_mm, np.array(before) * 1.1)
    assert row_of_vertebra(live.study.table_node, T10)["source"] == "edited"
    assert_shown_where_they_are(live)
    matrix.SetElement(2, 3, 1.0)
    transform.SetMatrixTransformToParent(matrix)
    assert_shown_where_they_are(live)
    _move(proxy_of(node), 0, (0, 0, 1))
    assert_shown_where_they_are(live)
