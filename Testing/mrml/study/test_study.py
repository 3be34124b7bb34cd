from dataclasses import replace

import numpy as np
import pytest
import vtk
from VertebralFracturesLib.core.genant import GRADE_COLORS, NOT_EVALUABLE_COLOR
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.mrml.nodes.keypoints import LEVEL, SOURCE, STATUS
from VertebralFracturesLib.mrml.nodes.table import row_of_vertebra
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node, volume_from_node
from VertebralFracturesLib.mrml.study import creation as study_creation
from VertebralFracturesLib.mrml.study.creation import create_study
from VertebralFracturesLib.mrml.study.display import reset_to_model, update_straightening, update_study
from VertebralFracturesLib.mrml.study.removal import remove_study
from VertebralFracturesLib.mrml.study.report import model_report, study_report
from VertebralFracturesLib.mrml.study.study import Study, proxy_of, studies, studies_of, subject_hierarchy, write_preset
from VertebralFracturesLib.report.document import report_json
from VertebralFracturesLib.report.table import report_csv


def _by_name(study: Study, name: str):
    return next(node for node in study.keypoint_nodes if node.GetName() == name)


def _move(node, index: int, offset_ras: tuple[float, float, float]) -> np.ndarray:
    moved = np.array(node.GetNthControlPointPositionWorld(index)) + offset_ras
    node.SetNthControlPointPositionWorld(index, vtk.vtkVector3d(*moved))
    return moved


def _node_ids(scene) -> set[str]:
    return {scene.GetNthNode(index).GetID() for index in range(scene.GetNumberOfNodes())}


def _tree(scene, item: int | None = None) -> dict:
    hierarchy = subject_hierarchy(scene)
    item = hierarchy.GetSceneItemID() if item is None else item
    children = vtk.vtkIdList()
    hierarchy.GetItemChildren(item, children)
    ids = [children.GetId(index) for index in range(children.GetNumberOfIds())]
    return {hierarchy.GetItemName(child): _tree(scene, child) for child in ids}


def test_the_report_comes_back_without_loss(study, report) -> None:
    assert report_json(study_report(study)) == report_json(report)


def test_everything_is_grouped_by_volume_and_level(study, scene) -> None:
    tree = _tree(scene)
    assert list(tree) == ["CT", "CT vertebral fractures"]
    folder = tree["CT vertebral fractures"]
    assert list(folder["Vertebrae"]) == ["T9", "T10", "T11", "T12", "L1", "L2", "L3", "L4"]
    assert {"CT vertebrae", "CT spine curve", "CT report", "CT labels"} < set(folder)
    assert {"CT straightened", "CT straightening", "T9 straightened"} < set(folder["Straightened"])
    hierarchy = subject_hierarchy(scene)
    assert all(hierarchy.GetItemByDataNode(node) != hierarchy.GetInvalidItemID() for node in study.nodes)


def test_colors_and_labels_tell_grade_and_index(study, report) -> None:
    for name, color in (("T12", GRADE_COLORS[3]), ("T10", GRADE_COLORS[0]), ("L4", NOT_EVALUABLE_COLOR)):
        for node in (_by_name(study, name), proxy_of(_by_name(study, name))):
            np.testing.assert_allclose(node.GetDisplayNode().GetSelectedColor(), color)
    for labels in study.label_nodes:
        texts = [labels.GetNthControlPointLabel(index) for index in range(labels.GetNumberOfControlPoints())]
        assert texts[3] == f"T12  G {report.measures[3].genant_index:.2f}"
        assert texts[7] == "L4  not evaluable"


def test_every_node_of_the_patient_is_kept_out_of_straightened_views_and_the_reverse(study) -> None:
    straightened = {f"vtkMRMLSliceNode{name}" for name in ("Red+", "Green+", "Yellow+")}
    patient = (*study.keypoint_nodes, study.curve_node, study.label_nodes[0])
    for nodes, is_straightened in ((patient, False), ((*study.proxy_nodes, study.label_nodes[1]), True)):
        for node in nodes:
            for index in range(node.GetNumberOfDisplayNodes()):
                views = set(node.GetNthDisplayNode(index).GetViewNodeIDs())
                assert views
                assert views <= straightened if is_straightened else not views & straightened


def test_a_moved_point_is_an_edit_that_is_measured(study, report) -> None:
    node = _by_name(study, "T10")
    moved = _move(node, 0, (0, 0, -6.0))
    _move(node, 0, (0, 0, 0))
    edited = update_study(study)
    assert edited.vertebrae[1].source == "edited"
    assert node.GetAttribute(SOURCE) == "edited"
    np.testing.assert_array_equal(edited.vertebrae[1].keypoints_ras[0], moved)
    assert edited.measures[1].grade > report.measures[1].grade
    np.testing.assert_allclose(node.GetDisplayNode().GetSelectedColor(), GRADE_COLORS[edited.measures[1].grade])
    assert row_of_vertebra(study.table_node, 1)["source"] == "edited"
    assert row_of_vertebra(study.table_node, 1)["genant_index"] == round(edited.measures[1].genant_index, 3)
    assert [vertebra.source for vertebra in edited.vertebrae].count("edited") == 1


def test_the_model_stays_readable_after_edits_and_can_be_restored(study, report) -> None:
    node = _by_name(study, "L1")
    _move(node, 3, (1.0, 2.0, 3.0))
    node.SetAttribute(STATUS, "verified")
    update_study(study)
    assert report_json(model_report(study)) == report_json(report)
    reset_to_model(study, node)
    assert report_json(study_report(study)) == report_json(report)
    proxy = proxy_of(node)
    assert proxy.GetNthControlPointPosition(3) == node.GetNthControlPointPosition(3)


def test_relabelling_renames_the_points_and_the_table(study) -> None:
    node = _by_name(study, "L4")
    node.SetAttribute(LEVEL, "L5")
    node.SetAttribute(STATUS, "verified")
    update_study(study)
    assert node.GetName() == "L5"
    assert node.GetNthControlPointLabel(5) == "L5 posterior inferior"
    assert proxy_of(node).GetName() == "L5 straightened"
    assert row_of_vertebra(study.table_node, 7)["level"] == "L5"
    assert row_of_vertebra(study.table_node, 7)["grade"] == "0"


def test_a_deleted_vertebra_is_gone(study, scene) -> None:
    scene.RemoveNode(_by_name(study, "T11"))
    report = update_study(study)
    assert report.levels == ["T9", "T10", "T12", "L1", "L2", "L3", "L4"]
    assert study.table_node.GetNumberOfRows() == 7
    assert study.label_nodes[0].GetNumberOfControlPoints() == 7


def test_vertebrae_are_sorted_along_the_curve_whatever_the_order_of_nodes(scene, volume, report) -> None:
    shuffled = replace(report, vertebrae=report.vertebrae[::-1])
    study = create_study(scene, add_volume_node(scene, volume, "CT"), shuffled)
    assert report_csv(study_report(study)) == report_csv(report)


def test_the_preset_is_switched_live(study) -> None:
    write_preset(study, "pisov")
    assert update_study(study).preset == "pisov"
    assert study_report(study).preset == "pisov"
    with pytest.raises(ValueError, match="unknown grading preset"):
        write_preset(study, "none")


def test_a_dragged_curve_is_followed_and_keypoints_stay(study, report) -> None:
    middle = study.curve_node.GetNumberOfControlPoints() // 2
    _move(study.curve_node, middle, (8.0, 0, 0))
    curve = update_straightening(study)
    assert abs(curve.position(curve.length_mm / 2)[0] - report.curve.position(report.curve.length_mm / 2)[0]) > 4
    point = np.array([5.0, 5.0, -120.0])
    mapped = study.straightening_node.GetTransformFromParent().TransformPoint(point)
    np.testing.assert_allclose(mapped, curve.straight_to_ras(point), atol=0.05)
    edited = study_report(study)
    for before, after in zip(report.vertebrae, edited.vertebrae, strict=True):
        np.testing.assert_array_equal(before.keypoints_ras, after.keypoints_ras)


def test_a_resampled_straightened_volume_follows_the_curve(scene, volume, report) -> None:
    study = create_study(scene, add_volume_node(scene, volume, "CT"), report)
    before = volume_from_node(study.straightened_node).voxels.copy()
    _move(study.curve_node, 9, (8.0, 0, 0))
    update_straightening(study)
    after = volume_from_node(study.straightened_node).voxels
    assert before.shape != after.shape or (before != after).any()


def test_removing_leaves_the_scene_as_it_was(scene, volume, report) -> None:
    volume_node = add_volume_node(scene, volume, "CT")
    hierarchy = subject_hierarchy(scene)
    hierarchy.CreateItem(hierarchy.GetSceneItemID(), volume_node)
    before, tree = _node_ids(scene), _tree(scene)
    remove_study(create_study(scene, volume_node, report))
    assert _node_ids(scene) == before
    assert _tree(scene) == tree


def test_what_the_user_put_into_the_folder_stays(study, scene) -> None:
    mine = scene.AddNewNodeByClass("vtkMRMLMarkupsLineNode", "my line")
    subject_hierarchy(scene).CreateItem(study.folder_item, mine)
    remove_study(study)
    assert scene.IsNodePresent(mine)
    assert _tree(scene) == {"CT": {}, "my line": {}}


def test_a_failure_in_the_middle_leaves_the_scene_as_it_was(scene, volume, report, monkeypatch) -> None:
    volume_node = add_volume_node(scene, volume, "CT")
    before, tree = _node_ids(scene), _tree(scene)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(study_creation, "add_table_node", interrupted)
    with pytest.raises(KeyboardInterrupt):
        create_study(scene, volume_node, report)
    assert _node_ids(scene) - before <= {"vtkMRMLSubjectHierarchyNode1"}
    assert _tree(scene) == tree
    assert not studies(scene)


def test_studies_of_two_volumes_do_not_mix(scene, volume, report) -> None:
    nodes = [add_volume_node(scene, volume, name) for name in ("CT", "CT")]
    first, second = (create_study(scene, node, report) for node in nodes)
    assert [study.report_node for study in studies(scene)] == [first.report_node, second.report_node]
    assert studies_of(nodes[1]) == [second]
    _move(_by_name(second, "L1"), 0, (0, 0, 3))
    assert report_json(update_study(first)) == report_json(report)
    remove_study(second)
    assert studies(scene) == [first]
    assert report_json(update_study(first)) == report_json(report)


def test_a_study_outlives_its_volume(study, scene, report) -> None:
    scene.RemoveNode(study.volume_node)
    assert study.volume_node is None
    assert report_json(update_study(study)) == report_json(report)
    remove_study(study)
    assert not studies(scene)


def test_a_study_outlives_the_deletion_of_any_other_node(scene, volume, report) -> None:
    for role in ("curve_node", "straightening_node", "straightened_node", "table_node"):
        study = create_study(scene, add_volume_node(scene, volume, "CT"), report)
        scene.RemoveNode(getattr(study, role))
        assert report_json(update_study(study)) == report_json(report)
        update_straightening(study)
        remove_study(study)


def test_an_empty_report_makes_a_study(scene, volume, report) -> None:
    empty = replace(report, vertebrae=())
    study = create_study(scene, add_volume_node(scene, volume, "CT"), empty)
    assert report_json(study_report(study)) == report_json(empty)
    assert study.table_node.GetNumberOfRows() == 0


def test_unnamed_vertebrae_are_numbered(scene, volume, report) -> None:
    unnamed = tuple(replace(vertebra, level=None) for vertebra in report.vertebrae)
    study = create_study(scene, add_volume_node(scene, volume, "CT"), replace(report, vertebrae=unnamed))
    assert [node.GetName() for node in study.keypoint_nodes][:2] == ["No. 1", "No. 2"]
    assert study_report(study).levels == [None] * 8


def test_a_broken_report_is_told(study) -> None:
    study.report_node.SetText("{}")
    with pytest.raises(UnusableInput, match="the study 'CT report' cannot be read"):
        study_report(study)
