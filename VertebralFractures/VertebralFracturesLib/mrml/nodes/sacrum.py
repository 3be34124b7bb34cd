"""The superior endplate of S1 in a radiograph as a list of three points that a reader can drag."""

import numpy as np
import slicer
import vtk
from numpy.typing import ArrayLike

from .curve import points_from_node
from .keypoints import limit_keypoints_to
from .views import PATIENT_VIEWS, markups_display

SACRUM_COLOR = (0.93, 0.35, 0.72)
"""RGB in 0..1, unlike those of the grades, and seen where the radiograph is white."""

_POINT_NAMES = ("anterior", "middle", "posterior")
Points = tuple[tuple[float, float, float], ...]


def add_sacrum_node(scene: slicer.vtkMRMLScene, points_ras: ArrayLike) -> slicer.vtkMRMLMarkupsFiducialNode:
    """Add the endplate to a scene.

    :param points_ras: (3, 3) anterior, middle and posterior point, RAS mm.
    """
    node = slicer.vtkMRMLMarkupsFiducialNode()
    node.SetName("S1 endplate")
    scene.AddNode(node)
    for name, point in zip(_POINT_NAMES, np.asarray(points_ras), strict=True):
        node.AddControlPoint(vtk.vtkVector3d(*point), f"S1 {name} superior")
    node.SetFixedNumberOfControlPoints(True)
    for index in range(2):
        display = markups_display(node, index)
        display.SetPointLabelsVisibility(False)
        display.SetGlyphScale(1.6)
        display.SetSliceProjection(index == 0)
        display.SetSelectedColor(*SACRUM_COLOR)
    limit_keypoints_to(node, PATIENT_VIEWS)
    return node


def sacrum_points(node: slicer.vtkMRMLMarkupsFiducialNode | None) -> Points:
    """The points as they are now, RAS mm; none where there is no endplate or one that lost a point."""
    points = points_from_node(node) if node is not None else ()
    return tuple(map(tuple, points)) if len(points) == len(_POINT_NAMES) else ()


def set_sacrum_points(node: slicer.vtkMRMLMarkupsFiducialNode, points_ras: Points) -> None:
    """Move the points; observers see one change."""
    modified = node.StartModify()
    for index, point in enumerate(points_ras):
        node.SetNthControlPointPositionWorld(index, vtk.vtkVector3d(*point))
    node.EndModify(modified)
