"""CT volumes as scalar volume nodes."""

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from ...core.volume import Volume
from ...errors import UnusableInput
from ...report.window import Window

BONE_WINDOW_HU = 1050.0
BONE_LEVEL_HU = 275.0
"""Width and centre of the window in which CTs are shown: -250 to 800 HU, from fat to cortical bone; chosen."""

_NODE_TYPES: dict[np.dtype, np.dtype] = {
    np.dtype(np.bool_): np.dtype(np.uint8),
    np.dtype(np.float16): np.dtype(np.float32),
    np.dtype(np.longdouble): np.dtype(np.float64),
    np.dtype(np.int64): np.dtype(np.float64),
    np.dtype(np.uint64): np.dtype(np.float64),
}
"""Voxel types that VTK's image filters do not take, and what the nodes hold instead."""


def volume_from_node(node: slicer.vtkMRMLScalarVolumeNode) -> Volume:
    """Read a volume as it lies in the world; the voxels are shared with the node, not copied.

    :param node: a scalar volume node; a linear parent transform becomes part of the affine.
    :return: the volume, its RAS being the scene's world coordinates.
    :raises UnusableInput: no voxels, several values per voxel, or a parent transform that is not linear.
    """
    ijk_to_ras = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(ijk_to_ras)
    return Volume(voxels_from_node(node), _world_from_node(node) @ array_from_matrix(ijk_to_ras))


def voxels_from_node(node: slicer.vtkMRMLScalarVolumeNode) -> NDArray:
    """The voxels (k, j, i) of a volume node, shared with it.

    :raises UnusableInput: no voxels, or several values per voxel.
    """
    name = node.GetName() or "the volume"
    image = node.GetImageData()
    if image is None or image.GetPointData().GetScalars() is None or image.GetNumberOfPoints() == 0:
        raise UnusableInput(f"the volume {name!r} holds no voxels; load its image first")
    if image.GetNumberOfScalarComponents() != 1:
        raise UnusableInput(
            f"the volume {name!r} has {image.GetNumberOfScalarComponents()} values per voxel; choose a CT with one"
        )
    i, j, k = image.GetDimensions()
    return vtk_to_numpy(image.GetPointData().GetScalars()).reshape(k, j, i)


def _world_from_node(node: slicer.vtkMRMLTransformableNode) -> NDArray[np.float64]:
    """The 4x4 matrix from the node's local RAS to the world."""
    parent = node.GetParentTransformNode()
    if parent is None:
        return np.eye(4)
    if not parent.IsTransformToWorldLinear():
        raise UnusableInput(
            f"the volume {node.GetName()!r} is under the transform {parent.GetName()!r}, which is not linear; "
            "harden the transform (right click in the Data module) and analyze the result"
        )
    to_world = vtk.vtkMatrix4x4()
    parent.GetMatrixTransformToWorld(to_world)
    return array_from_matrix(to_world)


def add_volume_node(
    scene: slicer.vtkMRMLScene, volume: Volume, name: str, share_voxels: bool = False
) -> slicer.vtkMRMLScalarVolumeNode:
    """Add a volume to a scene, displayed in a bone window.

    :param scene: receives the node and its display node.
    :param volume: any orientation, obliquity and real voxel type.
    :param name: the node's name.
    :param share_voxels: let the node use the memory of ``volume.voxels`` (which must then not change) where its type
        and layout permit, instead of copying.
    """
    node = slicer.vtkMRMLScalarVolumeNode()
    node.SetName(name)
    set_volume(node, volume, share_voxels)
    scene.AddNode(node)
    show_in_bone_window(node)
    return node


def set_volume(node: slicer.vtkMRMLScalarVolumeNode, volume: Volume, share_voxels: bool = False) -> None:
    """Put another volume into a node, see :func:`add_volume_node`."""
    modified = node.StartModify()
    node.SetIJKToRASMatrix(matrix_from_array(volume.ijk_to_ras))
    node.SetAndObserveImageData(image_data(volume.voxels, share_voxels))
    node.EndModify(modified)


def image_data(voxels: NDArray, share_memory: bool = False) -> vtk.vtkImageData:
    """Voxels (k, j, i) as VTK image data with unit spacing and no origin, as volume nodes want it."""
    native = _native(voxels)
    scalars = numpy_to_vtk(native.ravel(), deep=not (share_memory and native is voxels))
    image = vtk.vtkImageData()
    image.SetDimensions(*voxels.shape[::-1])
    image.GetPointData().SetScalars(scalars)
    return image


def _native(voxels: NDArray) -> NDArray:
    """The voxels in C order and a type that VTK has; the same object where nothing is to be done."""
    native: np.dtype = voxels.dtype.newbyteorder("=")
    wanted = _NODE_TYPES.get(native, native)
    if wanted == voxels.dtype and voxels.flags.c_contiguous:
        return voxels
    return np.ascontiguousarray(voxels, dtype=wanted)


def show_in_bone_window(node: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Display a CT in gray with a window in which cortex and cancellous bone can be told apart."""
    display = slicer.vtkMRMLScalarVolumeDisplayNode()
    display.SetAutoWindowLevel(False)
    display.SetWindowLevel(BONE_WINDOW_HU, BONE_LEVEL_HU)
    display.SetAndObserveColorNodeID("vtkMRMLColorTableNodeGrey")
    node.GetScene().AddNode(display)
    node.SetAndObserveDisplayNodeID(display.GetID())


def show_in_window(node: slicer.vtkMRMLScalarVolumeNode, window: Window) -> None:
    """Display a volume that has a display node in another window."""
    display = node.GetScalarVolumeDisplayNode()
    display.SetAutoWindowLevel(False)
    display.SetWindowLevel(window.high - window.low, (window.high + window.low) / 2)


def array_from_matrix(matrix: vtk.vtkMatrix4x4) -> NDArray[np.float64]:
    """A VTK matrix as a (4, 4) array."""
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


def matrix_from_array(array: NDArray[np.float64]) -> vtk.vtkMatrix4x4:
    """A (4, 4) array as a VTK matrix."""
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy(np.asarray(array, dtype=np.float64).ravel())
    return matrix
