"""The spine curve as a markups curve with a handful of control points that a reader can drag."""

import re
from collections.abc import Sequence

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray

from ...core.spine_curve import SpineCurve
from ...errors import UnusableInput
from .views import ViewGroup, markups_display

CONTROL_POINT_SPACING_MM = 15.0
"""Chosen: few enough to drag, and the curve through them is nowhere 0.06 mm off, for a spine bent by 60 mm; every 20 mm
it is 0.13 mm off, every 30 mm up to 0.3 mm (``scoliotic_curve`` of the tests)."""

CURVE_COLOR = (0.0, 0.75, 0.55)
"""RGB in 0..1, unlike those of the grades."""

CANAL_COLOR = (0.72, 0.56, 0.95)
"""RGB in 0..1 of the spinal canal."""

_LEAST_POINTS = 4
"""Control points that a cubic spline needs."""

_SHOWN_BESIDE_SAGITTAL_MM, _SHOWN_BESIDE_OTHERS_MM = 50.0, 1.0
"""How far from a slice the curve is drawn: in the sagittal view across any scoliosis, elsewhere where it passes;
chosen, looked at in rendered views."""

DescribedPoint = tuple[tuple[float, float, float], str]
_CONFIDENCE = re.compile(r"confidence (\d\.\d+)")


def add_curve_node(
    scene: slicer.vtkMRMLScene, curve: SpineCurve, name: str, views: ViewGroup
) -> slicer.vtkMRMLMarkupsCurveNode:
    """Add the curve, cranial to caudal, with control points about every :data:`CONTROL_POINT_SPACING_MM`.

    :param views: where the curve is drawn: projected in the sagittal views, where it is cut in the other ones.
    """
    node = slicer.vtkMRMLMarkupsCurveNode()
    node.SetName(name)
    node.SetCurveTypeToCardinalSpline()
    scene.AddNode(node)
    update_curve_node(node, curve)
    _show(node, views, CURVE_COLOR)
    return node


def add_canal_node(
    scene: slicer.vtkMRMLScene, canal: SpineCurve, name: str, views: ViewGroup
) -> slicer.vtkMRMLMarkupsCurveNode:
    """Add the centre line of the spinal canal, cranial to caudal; it is shown to be seen, not to be dragged."""
    node = add_curve_node(scene, canal, name, views)
    _show(node, views, CANAL_COLOR)
    node.SetLocked(True)
    return node


def _show(node: slicer.vtkMRMLMarkupsCurveNode, views: ViewGroup, color: tuple[float, float, float]) -> None:
    for index, view_ids in enumerate((views.sagittal_ids, views.other_ids)):
        _set_display(markups_display(node, index), view_ids, color, is_projecting=index == 0)


def update_curve_node(node: slicer.vtkMRMLMarkupsCurveNode, curve: SpineCurve) -> None:
    """Replace the control points of a node by those of a curve; observers see one change."""
    points_ras, confidences = control_points(curve)
    texts = [f"confidence {confidence:.4f}" for confidence in confidences]
    set_described_points(node, tuple(zip(map(tuple, points_ras), texts, strict=True)))


def described_points(node: slicer.vtkMRMLMarkupsCurveNode) -> tuple[DescribedPoint, ...]:
    """The defined control points: world position in RAS mm and description, which tells the confidence."""
    return tuple(
        (tuple(node.GetNthControlPointPositionWorld(index)), node.GetNthControlPointDescription(index) or "")
        for index in range(node.GetNumberOfControlPoints())
        if node.GetNthControlPointPositionStatus(index) == node.PositionDefined
    )


def set_described_points(node: slicer.vtkMRMLMarkupsCurveNode, points: Sequence[DescribedPoint]) -> None:
    """Replace the control points of a node; observers see one change."""
    modified = node.StartModify()
    node.RemoveAllControlPoints()
    for index, (position_ras, description) in enumerate(points):
        node.AddControlPointWorld(vtk.vtkVector3d(*position_ras), f"{index + 1}")
        node.SetNthControlPointDescription(index, description)
    node.EndModify(modified)


def control_points(curve: SpineCurve) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Equally spaced points on a curve for a reader to drag.

    :return: (m, 3) in RAS mm, the ends included, and the confidence (m,) at each.
    """
    count = max(_LEAST_POINTS, round(curve.length_mm / CONTROL_POINT_SPACING_MM) + 1)
    arcs_mm = np.linspace(0.0, curve.length_mm, count)
    return curve.position(arcs_mm), curve.confidence_at(arcs_mm)


def curve_from_node(node: slicer.vtkMRMLMarkupsCurveNode) -> SpineCurve:
    """The smooth curve through the control points as they lie in the world.

    :param node: at least four control points, cranial to caudal; a point without a confidence was set by a reader and
        counts as certain.
    :raises UnusableInput: too few control points, or neighbours that coincide.
    """
    points_ras = points_from_node(node)
    descriptions = [node.GetNthControlPointDescription(index) or "" for index in range(len(points_ras))]
    matches = [_CONFIDENCE.search(description) for description in descriptions]
    try:
        return SpineCurve(points_ras, np.array([float(match[1]) if match else 1.0 for match in matches]))
    except ValueError as error:
        raise UnusableInput(f"the spine curve {node.GetName()!r} cannot be used: {error}") from error


def points_from_node(node: slicer.vtkMRMLMarkupsNode) -> NDArray[np.float64]:
    """World positions (n, 3) of all defined control points in RAS mm."""
    points = []
    for index in range(node.GetNumberOfControlPoints()):
        if node.GetNthControlPointPositionStatus(index) == node.PositionDefined:
            points.append(node.GetNthControlPointPositionWorld(index))
    return np.array(points, dtype=np.float64).reshape(-1, 3)


def _set_display(
    display: slicer.vtkMRMLMarkupsDisplayNode,
    view_ids: list[str],
    color: tuple[float, float, float],
    is_projecting: bool,
) -> None:
    for set_color in (display.SetColor, display.SetSelectedColor):
        set_color(*color)
    display.SetPointLabelsVisibility(False)
    display.SetGlyphScale(1.3)
    display.SetLineThickness(0.3 if is_projecting else 0.6)
    reach_mm = _SHOWN_BESIDE_SAGITTAL_MM if is_projecting else _SHOWN_BESIDE_OTHERS_MM
    display.SetLineColorFadingStart(reach_mm)
    display.SetLineColorFadingEnd(2 * reach_mm)
    display.SetSliceProjection(is_projecting)
    display.SetViewNodeIDs(view_ids)
