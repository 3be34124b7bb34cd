"""Adding a study of a CT or of a radiograph, and what brings its nodes back."""

import numpy as np
import pytest
import slicer
from helpers.small_radiograph import report
from helpers.study_nodes import folder_tree, node_ids
from VertebralFracturesLib.mrml.live.study import LiveStudy
from VertebralFracturesLib.mrml.nodes.image import add_image_node, radiograph_from_node
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node
from VertebralFracturesLib.mrml.scene_file import read_scene, write_scene
from VertebralFracturesLib.mrml.study import creation as study_creation
from VertebralFracturesLib.mrml.study.creation import create_study
from VertebralFracturesLib.mrml.study.removal import remove_node, remove_study
from VertebralFracturesLib.mrml.study.report import has_edits, study_report
from VertebralFracturesLib.mrml.study.study import studies
from VertebralFracturesLib.radiograph.record import Radiograph, RadiographReport
from VertebralFracturesLib.report.document import report_json

SHAPE = (1100, 300)


def image() -> np.ndarray:
    return np.random.default_rng(2).normal(size=SHAPE).astype(np.float32)


@pytest.fixture
def volume_node(scene: slicer.vtkMRMLScene) -> slicer.vtkMRMLScalarVolumeNode:
    return add_image_node(scene, Radiograph(image(), 0.2, "left"), report(), "lateral")


def cells(node: slicer.vtkMRMLTableNode) -> dict[str, str]:
    return {node.GetCellText(row, 0): node.GetCellText(row, 1) for row in range(node.GetNumberOfRows())}


def test_the_study_holds_points_table_and_angles(
    scene: slicer.vtkMRMLScene, volume_node: slicer.vtkMRMLScalarVolumeNode
) -> None:
    study = create_study(scene, volume_node, report())
    assert isinstance(study_report(study), RadiographReport)
    assert len(study.keypoint_nodes) == 5
    assert study.table_node.GetNumberOfRows() == 5
    angles = cells(study.angles_node)
    assert angles["Sacral slope"] == "31.0"
    assert angles["T4-T12 kyphosis"] == ""
    assert angles["Disc L5-S1"] == "31.0"
    assert report_json(study_report(study)) == report_json(report())


def test_angles_follow_dragged_points(scene: slicer.vtkMRMLScene, volume_node: slicer.vtkMRMLScalarVolumeNode) -> None:
    study = create_study(scene, volume_node, report())
    live = LiveStudy(study)
    first = study.keypoint_nodes[0]
    right, anterior, superior = first.GetNthControlPointPosition(0)
    first.SetNthControlPointPosition(0, right, anterior, superior - 6.0)
    assert float(cells(study.angles_node)["L1-L5 lordosis"]) == pytest.approx(-np.degrees(np.arctan2(6, 34)), abs=0.06)
    study.sacrum_node.SetNthControlPointPosition(0, 0.0, 15.0, -172.0)
    assert float(cells(study.angles_node)["Sacral slope"]) == pytest.approx(0.0)
    live.undo()
    assert cells(study.angles_node)["Sacral slope"] == "31.0"
    assert float(cells(study.angles_node)["L1-L5 lordosis"]) != pytest.approx(0.0)
    live.undo()
    assert float(cells(study.angles_node)["L1-L5 lordosis"]) == pytest.approx(0.0)
    live.close()


def test_a_deleted_sacral_endplate_comes_back(
    scene: slicer.vtkMRMLScene, volume_node: slicer.vtkMRMLScalarVolumeNode
) -> None:
    study = create_study(scene, volume_node, report())
    live = LiveStudy(study)
    remove_node(study.sacrum_node)
    assert cells(study.angles_node)["Sacral slope"] == ""
    live.undo()
    assert cells(study.angles_node)["Sacral slope"] == "31.0"
    assert study.sacrum_node is not None
    study.sacrum_node.SetNthControlPointPosition(0, 0.0, 15.0, -172.0)
    assert float(cells(study.angles_node)["Sacral slope"]) == pytest.approx(0.0)
    live.reset_to_model()
    assert cells(study.angles_node)["Sacral slope"] == "31.0"
    live.undo()
    assert float(cells(study.angles_node)["Sacral slope"]) == pytest.approx(0.0)
    live.close()


def test_a_removed_study_leaves_nothing(
    scene: slicer.vtkMRMLScene, volume_node: slicer.vtkMRMLScalarVolumeNode
) -> None:
    before = scene.GetNumberOfNodes()
    study = create_study(scene, volume_node, report())
    remove_study(study)
    assert scene.GetNumberOfNodesByClass("vtkMRMLMarkupsFiducialNode") == 0
    assert scene.GetNumberOfNodesByClass("vtkMRMLTableNode") == 0
    create_study(scene, volume_node, report())
    assert scene.GetNumberOfNodesByClass("vtkMRMLTableNode") == 2
    assert scene.GetNumberOfNodes() > before


def test_a_saved_scene_brings_the_study_back(scene: slicer.vtkMRMLScene, tmp_path) -> None:
    one = report()
    file = tmp_path / "scene.mrb"
    write_scene(file, Radiograph(image(), 0.2, "left"), one, "lateral", compress=False)
    (study,) = read_scene(scene, file)
    assert study_report(study).angles_deg == pytest.approx(one.angles_deg)
    np.testing.assert_allclose(study_report(study).sacral_endplate_ras, one.sacral_endplate_ras, atol=1e-3)
    again = radiograph_from_node(study.volume_node)
    assert again is not None
    assert (again.pixel_mm, again.anterior_is) == (pytest.approx(0.2), "left")


def test_a_moved_sacral_endplate_is_an_edit(
    scene: slicer.vtkMRMLScene, volume_node: slicer.vtkMRMLScalarVolumeNode
) -> None:
    study = create_study(scene, volume_node, report())
    assert not has_edits(study)
    study.sacrum_node.SetNthControlPointPosition(0, 0.0, 15.0, -172.0)
    assert has_edits(study)


def test_a_deleted_table_of_the_angles_is_made_anew(
    scene: slicer.vtkMRMLScene, volume_node: slicer.vtkMRMLScalarVolumeNode
) -> None:
    study = create_study(scene, volume_node, report())
    remove_node(study.angles_node)
    LiveStudy(study).close()
    assert cells(study.angles_node)["Sacral slope"] == "31.0"


def test_a_study_that_cannot_be_made_leaves_the_scene_as_it_was(
    scene: slicer.vtkMRMLScene, volume_node: slicer.vtkMRMLScalarVolumeNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    from VertebralFracturesLib.mrml.study import creation

    def fail(*_: object) -> None:
        raise RuntimeError("no sacrum today")

    before = scene.GetNumberOfNodes()
    monkeypatch.setattr(creation, "add_sacrum_node", fail)
    with pytest.raises(RuntimeError, match="no sacrum today"):
        create_study(scene, volume_node, report())
    assert scene.GetNumberOfNodesByClass("vtkMRMLTableNode") == 0
    assert scene.GetNumberOfNodesByClass("vtkMRMLMarkupsFiducialNode") == 0
    assert scene.GetNumberOfNodes() - before <= 1, "but for the subject hierarchy"


def test_a_failure_in_the_middle_leaves_the_scene_as_it_was(scene, volume, report, monkeypatch) -> None:
    volume_node = add_volume_node(scene, volume, "CT")
    before, tree = node_ids(scene), folder_tree(scene)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(study_creation, "add_table_node", interrupted)
    with pytest.raises(KeyboardInterrupt):
        create_study(scene, volume_node, report)
    assert node_ids(scene) - before <= {"vtkMRMLSubjectHierarchyNode1"}
    assert folder_tree(scene) == tree
    assert not studies(scene)
