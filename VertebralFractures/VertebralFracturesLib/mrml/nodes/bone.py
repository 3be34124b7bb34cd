"""The bone around the spine as a surface for the 3D view."""

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk

from ...core.spine_curve import SpineCurve
from ...core.volume import AIR_HU, Volume
from .views import add_drawn_model

SURFACE_HU = 220.0
"""Attenuation at the surface; chosen between cancellous bone with contrast agent in the vessels and cortical bone."""

_GRID_MM = 1.5
"""Spacing at which the volume is sampled; chosen: processes and ribs are whole, and a trunk takes under a second."""

_LATERAL_MM, _ANTERIOR_MM, _POSTERIOR_MM = 48.0, 32.0, 75.0
"""How far from the curve bone is shown; chosen: to the ends of the transverse and spinous processes."""

_COLOR, _OPACITY = (0.95, 0.90, 0.78), 0.35
"""RGB of bone, and how much hides the keypoints inside; chosen by eye."""


def add_bone_node(
    scene: slicer.vtkMRMLScene, volume: Volume, curve: SpineCurve, name: str, view_ids: list[str]
) -> slicer.vtkMRMLModelNode:
    """Add the surface of the bone around the spine. It is not saved with the scene.

    :param volume: a CT.
    :param curve: the spine curve in the volume's RAS space.
    :param view_ids: node IDs of the 3D views.
    """
    display = slicer.vtkMRMLModelDisplayNode()
    display.SetColor(*_COLOR)
    display.SetOpacity(_OPACITY)
    display.SetVisibility2D(False)
    return add_drawn_model(scene, name, bone_surface(volume, curve), display, view_ids)


def bone_surface(volume: Volume, curve: SpineCurve) -> vtk.vtkPolyData:
    """The surface at :data:`SURFACE_HU` around a spine, in RAS mm.

    :param volume: a CT.
    :param curve: the spine curve in its RAS space.
    """
    around = np.array([_LATERAL_MM, 0.0, 0.0])
    lowest = curve.points_ras.min(0) - around - [0, _POSTERIOR_MM, 0]
    highest = curve.points_ras.max(0) + around + [0, _ANTERIOR_MM, 0]
    axes = [np.arange(low, high + _GRID_MM, _GRID_MM) for low, high in zip(lowest, highest, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1).transpose(2, 1, 0, 3)
    values = volume.sample(grid)
    values[~_is_near(grid, curve)] = AIR_HU
    values[[0, -1]] = values[:, [0, -1]] = values[:, :, [0, -1]] = AIR_HU
    image = vtk.vtkImageData()
    image.SetDimensions(*values.shape[::-1])
    image.SetSpacing(_GRID_MM, _GRID_MM, _GRID_MM)
    image.SetOrigin(*lowest)
    image.GetPointData().SetScalars(numpy_to_vtk(values.ravel(), deep=True))
    contour = vtk.vtkFlyingEdges3D()
    contour.SetInputData(image)
    contour.SetValue(0, SURFACE_HU)
    contour.ComputeScalarsOff()
    contour.Update()
    surface: vtk.vtkPolyData = contour.GetOutput()
    return surface


def _is_near(grid: np.ndarray, curve: SpineCurve) -> np.ndarray:
    """Which points (k, j, i) of a grid lie around the curve, height by height."""
    order = np.argsort(curve.points_ras[:, 2])
    right, anterior, superior = curve.points_ras[order].T
    heights = grid[..., 2]
    aside = np.abs(grid[..., 0] - np.interp(heights, superior, right)) <= _LATERAL_MM
    forward = grid[..., 1] - np.interp(heights, superior, anterior)
    near: np.ndarray = aside & (forward <= _ANTERIOR_MM) & (forward >= -_POSTERIOR_MM)
    return near
