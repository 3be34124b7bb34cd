"""How a study is looked at."""

import numpy as np
import pytest
import slicer
from VertebralFracturesLib.core.keypoints import body_centre
from VertebralFracturesLib.mrml.layout.view_options import set_slab, show_bone, tilt_axial
from VertebralFracturesLib.mrml.nodes.volume import array_from_matrix


def slice_node(scene: slicer.vtkMRMLScene, name: str) -> slicer.vtkMRMLSliceNode:
    return scene.GetSingletonNode(name, "vtkMRMLSliceNode")


def test_a_slab_of_the_straightened_spine(desk, scene, study) -> None:
    desk.show(study)
    set_slab(scene, 12.0)
    node = slice_node(scene, "Yellow+")
    assert node.GetSlabReconstructionEnabled()
    assert node.GetSlabReconstructionThickness() == 12.0
    assert not slice_node(scene, "Yellow").GetSlabReconstructionEnabled()
    set_slab(scene, 0.0)
    assert not node.GetSlabReconstructionEnabled()


def test_the_axial_view_lies_between_the_endplates_and_comes_back(desk, scene, study, report) -> None:
    desk.show(study)
    node, points = slice_node(scene, "Red"), report.vertebrae[1].keypoints_ras
    plain = array_from_matrix(node.GetSliceToRAS())[:3, :3]
    tilt_axial(scene, points)
    matrix = array_from_matrix(node.GetSliceToRAS())
    np.testing.assert_allclose(matrix[:3, 3], body_centre(points))
    np.testing.assert_allclose(matrix[:3, :3].T @ matrix[:3, :3], np.eye(3), atol=1e-9)
    assert np.linalg.det(matrix[:3, :3]) == pytest.approx(np.linalg.det(plain))
    assert (np.diag(plain.T @ matrix[:3, :3]) > 0.8).all(), "right stays right, front stays front"
    depths = (points[:2].mean(0) - points[4:].mean(0)) @ matrix[:3, 2]
    assert depths == pytest.approx(0.0, abs=1e-9)
    tilt_axial(scene, None)
    np.testing.assert_allclose(array_from_matrix(node.GetSliceToRAS())[:3, :3], plain, atol=1e-9)


def test_bone_is_made_once_and_hidden(desk, study) -> None:
    desk.show(study)
    assert study.bone_node is None
    show_bone(study, False)
    assert study.bone_node is None
    show_bone(study, True)
    node = study.bone_node
    assert node.GetPolyData().GetNumberOfCells() > 1000
    show_bone(study, False)
    assert not node.GetDisplayVisibility()
    show_bone(study, True)
    assert study.bone_node is node
    assert node in study.nodes
