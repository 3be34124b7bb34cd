"""The image classification in a scene: the canal as a curve, both probabilities in the table, and older scenes."""

from dataclasses import replace

import numpy as np
import pytest
import vtk
from helpers.table_rows import row_of_vertebra
from VertebralFracturesLib.core.image_classification import ROWS_PER_POSITION, ImageClassification
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.core.spine_slab import slab_frame
from VertebralFracturesLib.mrml.live.study import LiveStudy
from VertebralFracturesLib.mrml.nodes.curve import CANAL_COLOR, CURVE_COLOR, points_from_node
from VertebralFracturesLib.mrml.nodes.table import update_table_node
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node
from VertebralFracturesLib.mrml.scene_file import read_scene, write_scene
from VertebralFracturesLib.mrml.study.creation import complete_study, create_study
from VertebralFracturesLib.mrml.study.report import study_report
from VertebralFracturesLib.mrml.study.study import Study
from VertebralFracturesLib.report.columns.vertebra import COLUMNS
from VertebralFracturesLib.report.document import report_json

SUSPICIOUS = 1


def second_opinion(report) -> ImageClassification:
    """Sees a severe fracture where the second vertebra is, and normal bodies elsewhere."""
    curve = report.curve
    arcs = np.linspace(0, curve.length_mm, 40)
    canal = SpineCurve(curve.straight_to_ras(np.c_[np.zeros(40), np.full(40, -27.0), -arcs]), np.full(40, 0.9))
    frame = slab_frame(curve, canal)
    shares = np.tile([0.2, 0.7, 0.1, 0.0, 0.0], (-(-frame.shape[2] // ROWS_PER_POSITION), 1))
    rows = frame.ras_to_voxels(report.vertebrae[SUSPICIOUS].keypoints_ras)[:, 2] / ROWS_PER_POSITION
    shares[int(rows.min()) : int(rows.max()) + 1] = [0.05, 0.02, 0.03, 0.2, 0.7]
    return ImageClassification(frame, shares, 1.0, canal)


@pytest.fixture
def second_report(report):
    return replace(report, image_classification=second_opinion(report))


@pytest.fixture
def second_study(scene, volume, second_report) -> Study:
    return create_study(scene, add_volume_node(scene, volume, "CT"), second_report)


def test_the_canal_is_a_curve_to_look_at(second_study, second_report) -> None:
    node = second_study.canal_node
    canal = second_report.image_classification.canal
    assert node.GetName() == "CT spinal canal"
    assert node.GetLocked()
    assert node in second_study.nodes
    np.testing.assert_allclose(points_from_node(node)[[0, -1]], canal.points_ras[[0, -1]], atol=1e-6)
    assert node.GetDisplayNode().GetColor() == pytest.approx(CANAL_COLOR)
    assert second_study.curve_node.GetDisplayNode().GetColor() == pytest.approx(CURVE_COLOR)
    assert not second_study.curve_node.GetLocked()


def test_without_a_second_opinion_there_is_no_canal(study) -> None:
    assert study.canal_node is None


def test_a_deleted_canal_comes_back_with_the_rest(second_study) -> None:
    second_study.scene.RemoveNode(second_study.canal_node)
    assert second_study.canal_node is None
    complete_study(second_study)
    assert second_study.canal_node is not None


def test_both_readings_stand_in_the_table(second_study) -> None:
    rows = [row_of_vertebra(second_study.table_node, row) for row in range(3)]
    assert float(rows[SUSPICIOUS]["image_probability"]) > 0.8
    assert float(rows[SUSPICIOUS]["height_probability"]) < 0.2
    assert rows[SUSPICIOUS]["discordant"] == "true"
    assert rows[0]["discordant"] == "false"


def test_a_dragged_point_changes_what_differs(second_study) -> None:
    live = LiveStudy(second_study)
    assert live.report.fracture_probabilities[SUSPICIOUS].is_discordant
    node = second_study.keypoint_nodes[SUSPICIOUS]
    moved = np.array(node.GetNthControlPointPositionWorld(0)) - [0.0, 0.0, 11.0]
    node.SetNthControlPointPositionWorld(0, vtk.vtkVector3d(*moved))
    now = live.report.fracture_probabilities[SUSPICIOUS]
    assert now.height_based > 0.9
    assert not now.is_discordant
    assert row_of_vertebra(second_study.table_node, SUSPICIOUS)["discordant"] == "false"
    live.close()


def test_a_saved_scene_keeps_both(tmp_path, scene, volume, second_report) -> None:
    write_scene(tmp_path / "scene.mrb", volume, second_report)
    (study,) = read_scene(scene, tmp_path / "scene.mrb")
    assert study.canal_node.GetNumberOfControlPoints() >= 4
    assert report_json(study_report(study)) == report_json(second_report)


def test_a_table_of_an_older_version_gets_the_new_columns(study, second_report) -> None:
    table = study.table_node
    for name in ("image_probability", "discordant"):
        table.RemoveColumn(table.GetColumnIndex(name))
    table.GetTable().GetColumn(0).SetName("place")
    update_table_node(table, second_report)
    assert [table.GetTable().GetColumnName(i) for i in range(table.GetNumberOfColumns())] == [c.name for c in COLUMNS]
    assert row_of_vertebra(table, SUSPICIOUS)["discordant"] == "true"
