"""The straightening as a grid transform, and the straightened CT.

A node under the straightening transform keeps its coordinates in the patient's RAS and is drawn in straightened space.
The transform is given as "from parent" (straightened to RAS), the direction that is exact; VTK inverts it by iteration.
"""

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import numpy_to_vtk

from ...core.spine_curve import SpineCurve
from ...core.volume import AIR_HU, Volume
from .volume import add_volume_node

GRID_PLANE_MM = 1.0
"""Chosen: interpolation between planes errs by at most 0.008 mm on a spine bent by 60 mm; planes every 2 mm err by up
to 0.035 mm, every 5 mm by 0.21 mm (400 points, ``scoliotic_curve`` of the tests)."""

GRID_HALF_WIDTH_MM = 100.0
GRID_MARGIN_MM = 100.0
"""How far the grid reaches to the sides and beyond both ends of the curve; chosen, beyond all that is dragged."""


def straightening_transform(curve: SpineCurve) -> vtk.vtkGeneralTransform:
    """The map from straightened space to RAS: a translation to the spine, then displacements on a grid.

    In a plane across the curve the map is affine, so that two by two grid points hold it exactly; along the curve a
    plane every :data:`GRID_PLANE_MM` keeps the error of linear interpolation below 0.02 mm. The translation makes the
    middle of the spine a fixed point of the grid: from there its inverse is found for severe scoliosis too, wherever
    the spine is in the scanner.

    :param curve: the curve to straighten.
    """
    middle_straight = np.array([0.0, 0.0, -curve.length_mm / 2])
    translation = curve.straight_to_ras(middle_straight) - middle_straight
    transform = vtk.vtkGeneralTransform()
    transform.PostMultiply()
    transform.Translate(*translation)
    transform.Concatenate(_displacement_grid(curve, translation))
    return transform


def _displacement_grid(curve: SpineCurve, translation: NDArray[np.float64]) -> slicer.vtkOrientedGridTransform:
    """The displacements from translated straightened points to RAS."""
    ends = np.array([-GRID_HALF_WIDTH_MM, GRID_HALF_WIDTH_MM])
    planes = int(np.ceil((curve.length_mm + 2 * GRID_MARGIN_MM) / GRID_PLANE_MM)) + 1
    superior = GRID_MARGIN_MM - GRID_PLANE_MM * np.arange(planes)[::-1]
    grid = np.stack(np.meshgrid(superior, ends, ends, indexing="ij")[::-1], -1)
    displacements = curve.straight_to_ras(grid) - grid - translation
    image = vtk.vtkImageData()
    image.SetDimensions(2, 2, planes)
    image.SetSpacing(2 * GRID_HALF_WIDTH_MM, 2 * GRID_HALF_WIDTH_MM, GRID_PLANE_MM)
    image.SetOrigin(*(grid[0, 0, 0] + translation))
    image.GetPointData().SetScalars(numpy_to_vtk(displacements.reshape(-1, 3), deep=True))
    transform = slicer.vtkOrientedGridTransform()
    transform.SetDisplacementGridData(image)
    transform.SetInterpolationModeToLinear()
    return transform


def add_straightening_node(scene: slicer.vtkMRMLScene, curve: SpineCurve, name: str) -> slicer.vtkMRMLTransformNode:
    """Add the transform under which a node of the patient appears straightened."""
    node = slicer.vtkMRMLTransformNode()
    node.SetName(name)
    scene.AddNode(node)
    update_straightening_node(node, curve)
    return node


def update_straightening_node(node: slicer.vtkMRMLTransformNode, curve: SpineCurve) -> None:
    """Straighten along another curve: the grid is built aside and set at once; observers never see half of it."""
    node.SetAndObserveTransformFromParent(straightening_transform(curve))


def straightened_volume(
    volume: Volume,
    curve: SpineCurve,
    spacing_mm: float = 1.0,
    lateral_mm: float = 80.0,
    depth_mm: float = 96.0,
    margin_mm: float = 20.0,
) -> Volume:
    """Resample a CT into straightened space.

    :param volume: the CT in RAS.
    :param curve: the curve to straighten.
    :param spacing_mm: side of the cubic voxels.
    :param lateral_mm: extent from left to right, centred on the curve.
    :param depth_mm: extent from posterior to anterior, centred on the curve.
    :param margin_mm: how far the volume goes beyond both ends of the curve.
    :return: int16 HU; the affine leads to straightened millimetres (right, anterior, superior) in place of RAS.
    """
    right = _centred(lateral_mm, spacing_mm)
    anterior = _centred(depth_mm, spacing_mm)
    planes = int(np.ceil((curve.length_mm + 2 * margin_mm) / spacing_mm))
    superior = margin_mm - spacing_mm * np.arange(planes)[::-1]
    voxels = np.empty((planes, len(anterior), len(right)), dtype=np.int16)
    for index, height in enumerate(superior):
        voxels[index] = _plane_hu(volume, curve, height, anterior, right)
    matrix = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    matrix[:3, 3] = right[0], anterior[0], superior[0]
    return Volume(voxels, matrix)


def _centred(extent_mm: float, spacing_mm: float) -> NDArray[np.float64]:
    count = max(2, round(extent_mm / spacing_mm))
    half = (count - 1) / 2 * spacing_mm
    return np.linspace(-half, half, count)


def _plane_hu(
    volume: Volume,
    curve: SpineCurve,
    superior_mm: float,
    anterior_mm: NDArray[np.float64],
    right_mm: NDArray[np.float64],
) -> NDArray[np.int16]:
    """One plane (anterior, right) across the curve in HU."""
    frame = curve.frame(-superior_mm)
    points_ras = curve.position(-superior_mm) + anterior_mm[:, None, None] * frame[1] + right_mm[:, None] * frame[0]
    limits = np.iinfo(np.int16)
    hounsfield = np.nan_to_num(volume.sample(points_ras), nan=AIR_HU)
    return np.clip(np.rint(hounsfield), limits.min, limits.max).astype(np.int16)


def add_straightened_volume_node(
    scene: slicer.vtkMRMLScene, volume: Volume, curve: SpineCurve, name: str
) -> slicer.vtkMRMLScalarVolumeNode:
    """Add the CT resampled into straightened space, to be saved with the scene."""
    return add_volume_node(scene, straightened_volume(volume, curve), name)
