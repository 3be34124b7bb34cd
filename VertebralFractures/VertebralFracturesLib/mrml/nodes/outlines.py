"""Lines that Slicer draws between keypoints: endplates, heights, and where the model had put points that were moved."""

from collections.abc import Sequence

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray

from ...core.heights.genant import GRADE_COLORS, NOT_EVALUABLE_COLOR
from ...core.keypoints import INFERIOR, KEYPOINT_NAMES, SUPERIOR
from ...core.measures import Measures
from ...core.report import SpineReport
from .views import add_drawn_model, markups_display, show_text_only

ORIGINAL_COLOR = (0.85, 0.85, 0.85)
"""RGB in 0..1 of the automatic landmarks of a vertebra that was corrected; unlike those of the grades."""

HEIGHT_COLOR = (1.0, 1.0, 1.0)
"""RGB in 0..1 of the heights of the selected vertebra."""

_COLORS = "VertebralFracturesLines"
_LINE_PIXELS = 2
"""Width of a line in slice views; chosen, so that the endplate below it is still seen."""

_QUIET_OPACITY = 0.8
"""Of the lines; chosen by eye on bone."""

_TEXT_SCALE = 2.6
"""Size of the lengths, in percent of the view; chosen, smaller than the labels of the levels."""

_ALONG_HEIGHTS, _AHEAD = (0.5, 0.5, 0.85), 0.7
"""Where the lengths stand along the anterior, middle and posterior height, and how far the first stands in front of the
body, in depths of it; chosen: they cover neither one another nor the level, in the whole spine and in one body."""

_PALETTE = (*GRADE_COLORS, NOT_EVALUABLE_COLOR, ORIGINAL_COLOR, HEIGHT_COLOR)
_NOT_EVALUABLE, _ORIGINAL, _HEIGHT = range(len(GRADE_COLORS), len(_PALETTE))
"""The colors of lines by number, those of the grades first."""

Line = tuple[NDArray[np.float64], int]
"""Points (k, 3) in RAS mm that are joined, and the number of their color."""


def add_color_node(scene: slicer.vtkMRMLScene, name: str) -> slicer.vtkMRMLColorTableNode:
    """Add the table of the colors of lines; VTK reports an error for colors without one. It is not saved."""
    node = slicer.vtkMRMLColorTableNode()
    node.SetName(name)
    node.SetTypeToUser()
    node.SetHideFromEditors(True)
    node.SetSaveWithScene(False)
    node.SetNumberOfColors(len(_PALETTE))
    for number, color in enumerate(_PALETTE):
        node.SetColor(number, str(number), *color)
    return scene.AddNode(node)


def add_lines_node(
    scene: slicer.vtkMRMLScene,
    name: str,
    view_ids: list[str],
    color_node: slicer.vtkMRMLColorTableNode,
    straightening_node: slicer.vtkMRMLTransformNode | None = None,
) -> slicer.vtkMRMLModelNode:
    """Add an empty model of lines, drawn in some views as if it lay in their slices. It is not saved with the scene.

    :param view_ids: node IDs of the views.
    :param color_node: from :func:`add_color_node`.
    :param straightening_node: the straightening for lines in straightened space; None for the patient's.
    """
    display = slicer.vtkMRMLModelDisplayNode()
    display.SetVisibility2D(True)
    display.SetSliceDisplayModeToProjection()
    display.SetSliceIntersectionThickness(_LINE_PIXELS)
    display.SetSliceIntersectionOpacity(_QUIET_OPACITY)
    display.SetLighting(False)
    display.SetLineWidth(_LINE_PIXELS)
    display.SetActiveScalar(_COLORS, vtk.vtkAssignAttribute.CELL_DATA)
    display.SetScalarRangeFlag(slicer.vtkMRMLDisplayNode.UseManualScalarRange)
    display.SetScalarRange(0, len(_PALETTE) - 1)
    display.SetAndObserveColorNodeID(color_node.GetID())
    display.SetScalarVisibility(True)
    node = add_drawn_model(scene, name, _poly_data([]), display, view_ids)
    if straightening_node is not None:
        node.SetAndObserveTransformNodeID(straightening_node.GetID())
    return node


def add_lengths_node(
    scene: slicer.vtkMRMLScene,
    name: str,
    view_ids: list[str],
    straightening_node: slicer.vtkMRMLTransformNode | None = None,
) -> slicer.vtkMRMLMarkupsFiducialNode:
    """Add an empty, locked list of texts for the lengths of heights. It is not saved with the scene.

    :param view_ids: node IDs of the views.
    :param straightening_node: as in :func:`add_lines_node`.
    """
    node = slicer.vtkMRMLMarkupsFiducialNode()
    node.SetName(name)
    node.SetSaveWithScene(False)
    scene.AddNode(node)
    display = markups_display(node, 0)
    display.SetSaveWithScene(False)
    show_text_only(display, _TEXT_SCALE)
    display.SetSelectedColor(HEIGHT_COLOR)
    display.SetViewNodeIDs(view_ids)
    node.SetLocked(True)
    if straightening_node is not None:
        node.SetAndObserveTransformNodeID(straightening_node.GetID())
    return node


def endplate_lines(report: SpineReport, originals: Sequence[NDArray[np.float64] | None]) -> list[Line]:
    """The endplates of all vertebrae in the colors of their grades, and the automatic ones of those that were moved.

    :param report: what is shown.
    :param originals: keypoints (6, 3) in RAS mm of the model for each vertebra that was moved; None for the others.
    """
    lines: list[Line] = []
    for vertebra, measures, original in zip(report.vertebrae, report.measures, originals, strict=True):
        if original is not None:
            lines += [(original[list(plate)], _ORIGINAL) for plate in (SUPERIOR, INFERIOR)]
        color = _color(measures)
        lines += [(vertebra.keypoints_ras[list(plate)], color) for plate in (SUPERIOR, INFERIOR)]
    return lines


def height_lines(keypoints_ras: NDArray[np.float64]) -> list[Line]:
    """The three heights of a vertebra.

    :param keypoints_ras: (6, 3) in RAS mm.
    """
    pairs = keypoints_ras.reshape(len(KEYPOINT_NAMES) // 2, 2, 3)
    return [(pair, _HEIGHT) for pair in pairs]


def update_lines_nodes(nodes: Sequence[slicer.vtkMRMLModelNode], lines: Sequence[Line]) -> None:
    """Draw other lines in the models of both spaces; observers see one change of each."""
    data = _poly_data(lines)
    for node in nodes:
        node.GetPolyData().ShallowCopy(data)
        node.GetPolyData().Modified()


def update_lengths_node(
    node: slicer.vtkMRMLMarkupsFiducialNode, keypoints_ras: NDArray[np.float64] | None, texts: Sequence[str]
) -> None:
    """Write the lengths of three heights beside them, one below the other; nothing where no vertebra is selected.

    :param keypoints_ras: (6, 3) in RAS mm, or None.
    :param texts: one for each height.
    """
    modified = node.StartModify()
    if keypoints_ras is None:
        node.RemoveAllControlPoints()
    else:
        superior, inferior = keypoints_ras[list(SUPERIOR)], keypoints_ras[list(INFERIOR)]
        places = superior + (inferior - superior) * np.array(_ALONG_HEIGHTS)[:, None]
        places[0] += _AHEAD * (places[0] - places[2])
        for index, (place, text) in enumerate(zip(places.tolist(), texts, strict=True)):
            if index >= node.GetNumberOfControlPoints():
                node.AddControlPoint(vtk.vtkVector3d(*place))
            node.SetNthControlPointPosition(index, vtk.vtkVector3d(*place))
            node.SetNthControlPointLabel(index, text)
    node.EndModify(modified)


def _color(measures: Measures | None) -> int:
    return _NOT_EVALUABLE if measures is None or measures.grade is None else measures.grade


def _poly_data(lines: Sequence[Line]) -> vtk.vtkPolyData:
    """Lines with their colors as cells."""
    points = np.concatenate([points for points, _color in lines]) if lines else np.zeros((0, 3))
    ends = np.cumsum([0, *(len(points) for points, _color in lines)])
    data, cells, places = vtk.vtkPolyData(), vtk.vtkCellArray(), vtk.vtkPoints()
    places.SetData(numpy_to_vtk(points, deep=True))
    cells.SetData(numpy_to_vtkIdTypeArray(ends, deep=True), numpy_to_vtkIdTypeArray(np.arange(len(points)), deep=True))
    data.SetPoints(places)
    data.SetLines(cells)
    scalars = numpy_to_vtk(np.array([color for _points, color in lines], dtype=np.float64), deep=True)
    scalars.SetName(_COLORS)
    data.GetCellData().SetScalars(scalars)
    return data
