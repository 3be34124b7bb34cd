"""The straightening as a grid transform, and the straightened CT.

A node under the straightening transform keeps its coordinates in the patient's RAS and is drawn in straightened space.
The transform is given as "from parent" (straightened to RAS), the direction that is exact; VTK inverts it by iteration,
which :func:`straightening_error_mm` checks.
"""

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from ...core.spine_curve import SpineCurve
from ...core.volume import AIR_HU, Volume
from .volume import add_volume_node

GRID_PLANE_MM = 0.5
"""Chosen: interpolation between planes errs by at most 0.008 mm on a spine bent by 60 mm, as every 1 mm, and where the
curve bends sharply by a quarter of that; planes every 2 mm err by up to 0.035 mm (400 points, ``scoliotic_curve`` of
the tests)."""

GRID_HALF_WIDTH_MM = 100.0
GRID_MARGIN_MM = 100.0
"""How far the grid reaches to the sides and beyond both ends of the curve; chosen, beyond all that is dragged."""

_TUBE_RADII_MM = (12.0, 25.0)
_TUBE_STEP_MM = 4.0
_TUBE_DIRECTIONS = 12
"""Where the inverse is checked around a curve: as far as the half depth of a lumbar body, and every few millimetres of
it. Chosen: of 560 curves with one control point moved by 2 to 20 mm, every one that passed showed the points of all
bodies within 0.02 mm."""


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


def straightening_error_mm(
    curve: SpineCurve, points_ras: NDArray[np.float64], to_straight: vtk.vtkAbstractTransform | None = None
) -> float:
    """How far VTK's inverse of the straightening is from the exact map at worst.

    VTK seeks the inverse step by step. Near a sharp bend it ends somewhere else, and says so in its own log only.

    :param curve: the curve.
    :param points_ras: points (n, 3) in RAS mm at which it is checked.
    :param to_straight: the inverse in use, which is checked at the points only; by default that of a new straightening,
        which is checked in a tube around the curve as well.
    :raises ValueError: no plane across the curve holds a point.
    """
    points_ras, expected = np.asarray(points_ras, dtype=np.float64).reshape(-1, 3), curve.ras_to_straight(points_ras)
    if to_straight is None:
        to_straight = straightening_transform(curve).GetInverse()
        tube = _tube_straight(curve)
        expected = np.concatenate([expected.reshape(-1, 3), tube])
        points_ras = np.concatenate([points_ras, curve.straight_to_ras(tube)])
    shown = vtk.vtkPoints()
    shown.SetDataTypeToDouble()
    given = vtk.vtkPoints()
    given.SetData(numpy_to_vtk(np.ascontiguousarray(points_ras), deep=True))
    is_on = vtk.vtkObject.GetGlobalWarningDisplay()
    vtk.vtkObject.GlobalWarningDisplayOff()  # an inverse that is not found is what is asked for here
    to_straight.TransformPoints(given, shown)
    vtk.vtkObject.SetGlobalWarningDisplay(is_on)
    errors_mm = np.linalg.norm(vtk_to_numpy(shown.GetData()) - expected.reshape(-1, 3), axis=1)
    return float(errors_mm.max(initial=0.0))


def _tube_straight(curve: SpineCurve) -> NDArray[np.float64]:
    """Straightened points (n, 3) around a curve, from end to end."""
    arcs_mm = np.arange(0.0, curve.length_mm, _TUBE_STEP_MM)
    angles = 2 * np.pi * np.arange(_TUBE_DIRECTIONS) / _TUBE_DIRECTIONS
    circles = np.stack([np.cos(angles), np.sin(angles)], -1) * np.array(_TUBE_RADII_MM)[:, None, None]
    across = np.tile(circles.reshape(-1, 2), (len(arcs_mm), 1))
    return np.column_stack([across, -np.repeat(arcs_mm, len(across) // len(arcs_mm))])


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
