import gc

import numpy as np
import pytest
import slicer
import vtk
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.mrml.nodes.straightened import add_straightening_node
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node, matrix_from_array, volume_from_node


def _sheared() -> Volume:
    matrix = np.array([[0.7, 0, 0, -20], [0, -0.8, 0.6, 15], [0, 0, 3.0, 1000], [0, 0, 0, 1]])
    return Volume(np.random.default_rng(0).integers(-1000, 2000, (5, 6, 7), dtype=np.int16), matrix)


def test_round_trip_keeps_voxels_and_affine(scene, volume, oblique) -> None:
    for original in (volume, oblique, _sheared()):
        read = volume_from_node(add_volume_node(scene, original, "CT"))
        np.testing.assert_allclose(read.ijk_to_ras, original.ijk_to_ras, atol=1e-9)
        np.testing.assert_array_equal(read.voxels, original.voxels)
        assert read.voxels.dtype == original.voxels.dtype


@pytest.mark.parametrize("dtype", ["bool", "uint8", ">i2", "int32", "int64", "float16", "float32", "float64"])
def test_every_real_voxel_type_keeps_its_values(scene, dtype: str) -> None:
    voxels = (np.arange(60).reshape(3, 4, 5) % 2).astype(dtype)
    read = volume_from_node(add_volume_node(scene, Volume(voxels, np.eye(4)), "CT"))
    np.testing.assert_array_equal(read.voxels.astype(float), voxels.astype(float))


def test_voxels_that_are_not_contiguous(scene) -> None:
    voxels = np.arange(120, dtype=np.int16).reshape(4, 5, 6)[::2, ::-1, 1:5]
    for share in (False, True):
        read = volume_from_node(add_volume_node(scene, Volume(voxels, np.eye(4)), "CT", share))
        np.testing.assert_array_equal(read.voxels, voxels)


def test_shared_voxels_are_not_copied_and_stay_alive(scene) -> None:
    voxels = np.ones((50, 60, 70), dtype=np.int16)
    node = add_volume_node(scene, Volume(voxels, np.eye(4)), "CT", share_voxels=True)
    assert np.shares_memory(volume_from_node(node).voxels, voxels)
    del voxels
    gc.collect()
    assert volume_from_node(node).voxels.sum() == 50 * 60 * 70


def test_a_copy_does_not_follow_the_original(scene) -> None:
    voxels = np.ones((3, 4, 5), dtype=np.int16)
    node = add_volume_node(scene, Volume(voxels, np.eye(4)), "CT")
    voxels[:] = 7
    assert (volume_from_node(node).voxels == 1).all()


def test_a_linear_transform_becomes_part_of_the_affine(scene, volume) -> None:
    cosine, sine = np.cos(0.35), np.sin(0.35)
    turn = np.array([[cosine, -sine, 0, 30], [sine, cosine, 0, -8], [0, 0, 1, 5], [0, 0, 0, 1]])
    shift = np.eye(4)
    shift[:3, 3] = 100, 0, -4
    node = add_volume_node(scene, volume, "CT")
    parent, grandparent = (scene.AddNewNodeByClass("vtkMRMLLinearTransformNode") for _ in range(2))
    parent.SetMatrixTransformToParent(matrix_from_array(turn))
    grandparent.SetMatrixTransformToParent(matrix_from_array(shift))
    parent.SetAndObserveTransformNodeID(grandparent.GetID())
    node.SetAndObserveTransformNodeID(parent.GetID())
    read = volume_from_node(node)
    np.testing.assert_allclose(read.ijk_to_ras, shift @ turn @ volume.ijk_to_ras, atol=1e-9)
    bounds = np.zeros(6)
    node.GetRASBounds(bounds)
    assert (read.corners_ras().min(0) >= bounds[::2] - 1e-6).all()
    assert (read.corners_ras().max(0) <= bounds[1::2] + 1e-6).all()


def test_a_volume_under_a_bending_transform_is_refused(scene, volume, curve) -> None:
    node = add_volume_node(scene, volume, "CT")
    node.SetAndObserveTransformNodeID(add_straightening_node(scene, curve, "bend").GetID())
    with pytest.raises(UnusableInput, match="'CT' is under the transform 'bend', which is not linear"):
        volume_from_node(node)


def test_a_volume_without_voxels_is_refused(scene) -> None:
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    with pytest.raises(UnusableInput, match="'empty' holds no voxels"):
        volume_from_node(node)


def test_a_color_image_is_refused(scene) -> None:
    image = vtk.vtkImageData()
    image.SetDimensions(3, 4, 5)
    image.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 3)
    node = slicer.vtkMRMLVectorVolumeNode()
    node.SetName("photo")
    node.SetAndObserveImageData(image)
    scene.AddNode(node)
    with pytest.raises(UnusableInput, match="'photo' has 3 values per voxel"):
        volume_from_node(node)
