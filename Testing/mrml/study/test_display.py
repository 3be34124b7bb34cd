"""What a study shows follows its nodes: names, colors, labels, views, table and straightening."""

import numpy as np
import pytest
from helpers.study_nodes import keypoints_of, move_point
from helpers.table_rows import row_of_vertebra
from VertebralFracturesLib.core.heights.genant import GRADE_COLORS, NOT_EVALUABLE_COLOR
from VertebralFracturesLib.mrml.nodes.keypoints import LEVEL, SOURCE, STATUS
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node, volume_from_node
from VertebralFracturesLib.mrml.study.creation import create_study
from VertebralFracturesLib.mrml.study.display import reset_to_model, update_straightening, update_study
from VertebralFracturesLib.mrml.study.removal import remove_study
from VertebralFracturesLib.mrml.study.report import model_report, study_report
from VertebralFracturesLib.mrml.study.study import proxy_of, write_preset
from VertebralFracturesLib.report.document import report_json


def test_colors_and_labels_tell_grade_and_index(study, report) -> None:
    for name, color in (("T12", GRADE_COLORS[3]), ("T10", GRADE_COLORS[0]), ("L4", NOT_EVALUABLE_COLOR)):
        for node in (keypoints_of(study, name), proxy_of(keypoints_of(study, name))):
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
    node = keypoints_of(study, "T10")
    moved = move_point(node, 0, (0, 0, -6.0))
    move_point(node, 0, (0, 0, 0))
    edited = update_study(study)
    assert edited.vertebrae[1].source == "edited"
    assert node.GetAttribute(SOURCE) == "edited"
    np.testing.assert_array_equal(edited.vertebrae[1].keypoints_ras[0], moved)
    assert edited.measures[1].grade > report.measures[1].grade
    np.testing.assert_allclose(node.GetDisplayNode().GetSelectedColor(), GRADE_COLORS[edited.measures[1].grade])
    assert row_of_vertebra(study.table_node, 1)["source"] == "edited"
    assert float(row_of_vertebra(study.table_node, 1)["height_ratio"]) == round(edited.measures[1].genant_index, 3)
    assert [vertebra.source for vertebra in edited.vertebrae].count("edited") == 1


def test_relabelling_renames_the_points_and_the_table(study) -> None:
    node = keypoints_of(study, "L4")
    node.SetAttribute(LEVEL, "L5")
    node.SetAttribute(STATUS, "verified")
    update_study(study)
    assert node.GetName() == "L5"
    assert node.GetNthControlPointLabel(5) == "L5 posterior inferior"
    assert proxy_of(node).GetName() == "L5 straightened"
    assert row_of_vertebra(study.table_node, 7)["level"] == "L5"
    assert row_of_vertebra(study.table_node, 7)["grade"] == "0"


def test_a_deleted_vertebra_is_gone(study, scene) -> None:
    scene.RemoveNode(keypoints_of(study, "T11"))
    report = update_study(study)
    assert report.levels == ["T9", "T10", "T12", "L1", "L2", "L3", "L4"]
    assert study.table_node.GetNumberOfRows() == 7
    assert study.label_nodes[0].GetNumberOfControlPoints() == 7


def test_the_preset_is_switched_live(study) -> None:
    write_preset(study, "pisov")
    assert update_study(study).preset == "pisov"
    assert study_report(study).preset == "pisov"
    with pytest.raises(ValueError, match="unknown grading preset"):
        write_preset(study, "none")


def test_a_dragged_curve_is_followed_and_keypoints_stay(study, report) -> None:
    middle = study.curve_node.GetNumberOfControlPoints() // 2
    move_point(study.curve_node, middle, (8.0, 0, 0))
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
    move_point(study.curve_node, 9, (8.0, 0, 0))
    update_straightening(study)
    after = volume_from_node(study.straightened_node).voxels
    assert before.shape != after.shape or (before != after).any()


def test_a_study_outlives_the_deletion_of_any_other_node(scene, volume, report) -> None:
    for role in ("curve_node", "straightening_node", "straightened_node", "table_node"):
        study = create_study(scene, add_volume_node(scene, volume, "CT"), report)
        scene.RemoveNode(getattr(study, role))
        assert report_json(update_study(study)) == report_json(report)
        update_straightening(study)
        remove_study(study)


def test_the_model_stays_readable_after_edits_and_can_be_restored(study, report) -> None:
    node = keypoints_of(study, "L1")
    move_point(node, 3, (1.0, 2.0, 3.0))
    node.SetAttribute(STATUS, "verified")
    update_study(study)
    assert report_json(model_report(study)) == report_json(report)
    reset_to_model(study, node)
    assert report_json(study_report(study)) == report_json(report)
    proxy = proxy_of(node)
    assert proxy.GetNthControlPointPosition(3) == node.GetNthControlPointPosition(3)
