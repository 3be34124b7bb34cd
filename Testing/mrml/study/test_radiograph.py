"""The study of a radiograph, on Slicer's real nodes."""

import numpy as np
import pytest
import slicer
from helpers.small_radiograph import report
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.mrml.live.study import LiveStudy
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node
from VertebralFracturesLib.mrml.scene_file import read_scene, write_scene
from VertebralFracturesLib.mrml.study.radiograph import (
    LiveAngles,
    add_radiograph_node,
    create_radiograph_study,
    is_radiograph_study,
    radiograph_from_node,
    radiograph_report,
)
from VertebralFracturesLib.mrml.study.removal import remove_node, remove_study
from VertebralFracturesLib.radiograph.record import Radiograph
from VertebralFracturesLib.report.document import report_json

SHAPE = (1100, 300)


def image() -> np.ndarray:
    return np.random.default_rng(2).normal(size=SHAPE).astype(np.float32)


@pytest.fixture
def volume_node(scene: slicer.vtkMRMLScene) -> slicer.vtkMRMLScalarVolumeNode:
    return add_radiograph_node(scene, Radiograph(image(), 0.2, "left"), report(), "lateral")


def cells(node: slicer.vtkMRMLTableNode) -> dict[str, str]:
    return {node.GetCellText(row, 0): node.GetCellText(row, 1) for row in range(node.GetNumberOfRows())}


def test_the_study_holds_points_table_and_angles(
    scene: slicer.vtkMRMLScene, volume_node: slicer.vtkMRMLScalarVolumeNode
) -> None:
    study = create_radiograph_study(scene, volume_node, report())
    assert is_radiograph_study(study)
    assert len(study.keypoint_nodes) == 5
    assert study.table_node.GetNumberOfRows() == 5
    angles = cells(study.angles_node)
    assert angles["Sacral slope"] == "31.0"
    assert angles["T4-T12 kyphosis"] == ""
    assert angles["Disc L5-S1"] == "31.0"
    assert report_json(radiograph_report(study)) == report_json(report())


def test_angles_follow_dragged_points(scene: slicer.vtkMRMLScene, volume_node: slicer.vtkMRMLScalarVolumeNode) -> None:
    study = create_radiograph_study(scene, volume_node, report())
    live, angles = LiveStudy(study), LiveAngles(study)
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
    angles.close()
    live.close()


def test_a_deleted_sacral_endplate_comes_back(
    scene: slicer.vtkMRMLScene, volume_node: slicer.vtkMRMLScalarVolumeNode
) -> None:
    study = create_radiograph_study(scene, volume_node, report())
    live, angles = LiveStudy(study), LiveAngles(study)
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
    angles.close()
    live.close()


def test_a_removed_study_leaves_nothing(
    scene: slicer.vtkMRMLScene, volume_node: slicer.vtkMRMLScalarVolumeNode
) -> None:
    before = scene.GetNumberOfNodes()
    study = create_radiograph_study(scene, volume_node, report())
    remove_study(study)
    assert scene.GetNumberOfNodesByClass("vtkMRMLMarkupsFiducialNode") == 0
    assert scene.GetNumberOfNodesByClass("vtkMRMLTableNode") == 0
    create_radiograph_study(scene, volume_node, report())
    assert scene.GetNumberOfNodesByClass("vtkMRMLTableNode") == 2
    assert scene.GetNumberOfNodes() > before


def test_a_saved_scene_brings_the_study_back(scene: slicer.vtkMRMLScene, tmp_path) -> None:
    one = report()
    volume = Radiograph(image(), one.pixel_mm, one.anterior_is).as_volume()
    file = tmp_path / "scene.mrb"
    write_scene(file, volume, one, "lateral", False, lambda own, node, _: create_radiograph_study(own, node, one))
    (study,) = read_scene(scene, file)
    assert radiograph_report(study).angles_deg == pytest.approx(one.angles_deg)
    np.testing.assert_allclose(radiograph_report(study).sacral_endplate_ras, one.sacral_endplate_ras, atol=1e-3)
    again = radiograph_from_node(study.volume_node)
    assert again is not None
    assert (again.pixel_mm, again.anterior_is) == (pytest.approx(0.2), "left")


def test_a_loaded_picture_is_a_radiograph_without_a_scale(scene: slicer.vtkMRMLScene) -> None:
    picture = image()[None]
    node = add_volume_node(scene, Volume(picture, np.diag([-1.0, -1.0, 1.0, 1.0])), "picture")
    found = radiograph_from_node(node)
    assert found is not None
    np.testing.assert_array_equal(found.image, picture[0])
    assert (found.pixel_mm, found.anterior_is) == (None, None)


def test_a_sagittal_slice_has_its_sides_and_scale(scene: slicer.vtkMRMLScene) -> None:
    slice_image = image()
    matrix = np.array([[0, 0, 1.0, 0], [-0.4, 0, 0, 0], [0, -0.4, 0, 0], [0, 0, 0, 1]])
    node = add_volume_node(scene, Volume(slice_image[None], matrix), "sagittal")
    found = radiograph_from_node(node)
    assert found is not None
    assert (found.pixel_mm, found.anterior_is) == (pytest.approx(0.4), "left")
    np.testing.assert_array_equal(found.image, slice_image)
    upside_down = matrix @ np.diag([-1.0, -1.0, 1.0, 1.0])
    turned = radiograph_from_node(add_volume_node(scene, Volume(slice_image[None], upside_down), "turned"))
    assert turned is not None
    assert turned.anterior_is == "right"
    np.testing.assert_array_equal(turned.image, slice_image[::-1])


def test_a_ct_is_no_radiograph(scene: slicer.vtkMRMLScene) -> None:
    node = add_volume_node(scene, Volume(np.zeros((5, 80, 80), np.int16), np.eye(4)), "CT")
    assert radiograph_from_node(node) is None
