"""A vertebra as a point list of its six named keypoints, coloured by grade."""

import json
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import slicer
import vtk
from numpy.typing import ArrayLike, NDArray

from ...core.attenuation.record import Attenuation
from ...core.heights.genant import GRADE_COLORS, NOT_EVALUABLE_COLOR
from ...core.keypoints import KEYPOINT_NAMES
from ...core.report import Vertebra, parse_status
from ...errors import UnusableInput
from .curve import points_from_node
from .note import note_from_node, write_note
from .views import ViewGroup, add_markups_display, new_markups_display

LEVEL, LEVEL_CONFIDENCE, SCORE, UNCERTAINTY, SOURCE, STATUS, ATTENUATION = (
    f"VertebralFractures.{name}"
    for name in ("Level", "LevelConfidence", "Score", "UncertaintyMm", "Source", "Status", "Attenuation")
)
"""Attributes of a keypoint node: what a vertebra has beside its points."""

MOVED_MM = 1e-6
"""Below this a point was not moved: saving and loading a scene rounds by less (Testing/mrml/test_saved_studies.py)."""

_SAGITTAL_DISPLAY, _OTHER_DISPLAY = 0, 1
"""Indices of the display nodes of a point list."""

_OFF_PLANE_OPACITY = 0.7
"""Of points beside the shown slice; chosen, so that they are told from those in it and still seen."""

_GLYPH_SCALE, _HIGHLIGHTED_GLYPH_SCALE = 1.6, 2.4
"""Size of points, in percent of the view; chosen, so that the six of a thoracic body do not touch."""


def add_keypoints_node(
    scene: slicer.vtkMRMLScene, vertebra: Vertebra, name: str, views: ViewGroup
) -> slicer.vtkMRMLMarkupsFiducialNode:
    """Add a vertebra to a scene as a list of exactly six points.

    In the sagittal views points beside the slice are projected on it, as they could not be dragged there otherwise; in
    axial and coronal views only points close to the slice are drawn.

    :param vertebra: keypoints in RAS mm.
    :param name: name of the list and beginning of the points' names, usually the level.
    :param views: where the list is drawn.
    """
    node = slicer.vtkMRMLMarkupsFiducialNode()
    for point in vertebra.keypoints_ras:
        node.AddControlPoint(vtk.vtkVector3d(*point))
    node.SetFixedNumberOfControlPoints(True)
    set_vertebra_attributes(node, vertebra)
    name_keypoints(node, name)
    _add_displays(scene, node, views, NOT_EVALUABLE_COLOR, _OFF_PLANE_OPACITY)
    scene.AddNode(node)
    return node


def add_keypoints_proxy(
    keypoints_node: slicer.vtkMRMLMarkupsFiducialNode,
    straightening_node: slicer.vtkMRMLTransformNode,
    views: ViewGroup,
) -> slicer.vtkMRMLMarkupsFiducialNode:
    """Add the list that shows a vertebra in straightened space: the points of the patient under the straightening.

    The proxy is locked: without the link to its original a drag would move it alone.

    :param keypoints_node: from :func:`add_keypoints_node`.
    :param views: the views of the straightened space.
    """
    node = slicer.vtkMRMLMarkupsFiducialNode()
    node.SetName(f"{keypoints_node.GetName()} straightened")
    for index in range(keypoints_node.GetNumberOfControlPoints()):
        label = keypoints_node.GetNthControlPointLabel(index)
        node.AddControlPoint(vtk.vtkVector3d(*keypoints_node.GetNthControlPointPositionWorld(index)), label)
    node.SetFixedNumberOfControlPoints(True)
    node.SetLocked(True)
    node.SetAndObserveTransformNodeID(straightening_node.GetID())
    scene = keypoints_node.GetScene()
    _add_displays(scene, node, views, keypoints_node.GetDisplayNode().GetSelectedColor(), off_plane_opacity=1.0)
    scene.AddNode(node)
    return node


def _add_displays(
    scene: slicer.vtkMRMLScene,
    node: slicer.vtkMRMLMarkupsFiducialNode,
    views: ViewGroup,
    rgb: Sequence[float],
    off_plane_opacity: float,
) -> None:
    """Give a list that is not in the scene yet its two display nodes."""
    for index, view_ids in enumerate((views.sagittal_ids, views.other_ids)):
        display = new_markups_display(scene, node)
        display.SetPointLabelsVisibility(False)
        display.SetGlyphScale(_GLYPH_SCALE)
        display.SetSliceProjection(index == _SAGITTAL_DISPLAY)
        display.SetSliceProjectionOpacity(off_plane_opacity)
        display.SetViewNodeIDs(view_ids)
        _set_display_color(display, rgb)
        add_markups_display(scene, node, display)


def limit_keypoints_to(node: slicer.vtkMRMLMarkupsFiducialNode, views: ViewGroup) -> None:
    """Draw a list in the views of one space only."""
    node.GetNthDisplayNode(_SAGITTAL_DISPLAY).SetViewNodeIDs(views.sagittal_ids)
    node.GetNthDisplayNode(_OTHER_DISPLAY).SetViewNodeIDs(views.other_ids)


def name_keypoints(node: slicer.vtkMRMLMarkupsFiducialNode, name: str, suffix: str = "") -> None:
    """Name the list and its points: "L1", "L1 anterior superior", ...; the suffix is for the list alone."""
    node.SetName(name + suffix)
    for index, keypoint_name in enumerate(KEYPOINT_NAMES):
        label = f"{name} {keypoint_name}"
        if node.GetNthControlPointLabel(index) != label:
            node.SetNthControlPointLabel(index, label)


def set_grade_color(node: slicer.vtkMRMLMarkupsFiducialNode, grade: int | None) -> None:
    """Colour a list by grade 0 to 3; None for a vertebra that carries no grade."""
    set_color(node, NOT_EVALUABLE_COLOR if grade is None else GRADE_COLORS[grade])


def set_color(node: slicer.vtkMRMLMarkupsFiducialNode, rgb: Sequence[float]) -> None:
    """Colour the points of a list, RGB in 0..1."""
    for index in range(node.GetNumberOfDisplayNodes()):
        _set_display_color(node.GetNthDisplayNode(index), rgb)


def _set_display_color(display: slicer.vtkMRMLMarkupsDisplayNode, rgb: Sequence[float]) -> None:
    for setter in (display.SetColor, display.SetSelectedColor, display.SetActiveColor):
        setter(*rgb)


def highlight(node: slicer.vtkMRMLMarkupsFiducialNode, is_highlighted: bool) -> None:
    """Draw the points of a list larger than those of the others, or as large."""
    for index in range(node.GetNumberOfDisplayNodes()):
        node.GetNthDisplayNode(index).SetGlyphScale(_HIGHLIGHTED_GLYPH_SCALE if is_highlighted else _GLYPH_SCALE)


def copy_locks(source: slicer.vtkMRMLMarkupsNode, target: slicer.vtkMRMLMarkupsNode) -> None:
    """Lock a list, or single points of it, where another one is locked."""
    target.SetLocked(source.GetLocked())
    for index in range(min(source.GetNumberOfControlPoints(), target.GetNumberOfControlPoints())):
        is_locked = source.GetNthControlPointLocked(index)
        if target.GetNthControlPointLocked(index) != is_locked:
            target.SetNthControlPointLocked(index, is_locked)


def set_saved(node: slicer.vtkMRMLMarkupsNode, is_saved: bool) -> None:
    """Save a list with the scene, or leave it out."""
    displays = [node.GetNthDisplayNode(index) for index in range(node.GetNumberOfDisplayNodes())]
    for saved in (node, node.GetStorageNode(), *displays):
        if saved is not None:
            saved.SetSaveWithScene(is_saved)


def keypoints_from_node(node: slicer.vtkMRMLMarkupsFiducialNode) -> NDArray[np.float64]:
    """World positions (6, 3) of the keypoints in RAS mm, in the order of :data:`~...core.keypoints.KEYPOINT_NAMES`.

    :raises UnusableInput: a list that has not exactly six placed points.
    """
    points_ras = points_from_node(node)
    if len(points_ras) != len(KEYPOINT_NAMES) or node.GetNumberOfControlPoints() != len(KEYPOINT_NAMES):
        raise UnusableInput(
            f"the point list {node.GetName()!r} has {len(points_ras)} placed points where a vertebra has "
            f"{len(KEYPOINT_NAMES)}; undo the deletion or place the missing points"
        )
    return points_ras


def set_keypoints(node: slicer.vtkMRMLMarkupsFiducialNode, keypoints_ras: ArrayLike) -> None:
    """Move the six points of a list to world positions (6, 3)."""
    for index, point in enumerate(np.asarray(keypoints_ras, dtype=np.float64)):
        node.SetNthControlPointPositionWorld(index, vtk.vtkVector3d(*point))


def copy_to_proxy(keypoints_node: slicer.vtkMRMLMarkupsNode, proxy: slicer.vtkMRMLMarkupsNode) -> None:
    """Give the list in straightened space the points of the patient, wherever a transform puts them.

    Under the straightening, local coordinates of the proxy are those of the patient's world.
    """
    for index in range(min(keypoints_node.GetNumberOfControlPoints(), proxy.GetNumberOfControlPoints())):
        position_ras = tuple(keypoints_node.GetNthControlPointPositionWorld(index))  # a vector equals no tuple
        if proxy.GetNthControlPointPosition(index) != position_ras:
            proxy.SetNthControlPointPosition(index, position_ras)


def copy_from_proxy(proxy: slicer.vtkMRMLMarkupsNode, keypoints_node: slicer.vtkMRMLMarkupsNode) -> None:
    """Give the list in the patient the points of the one in straightened space, see :func:`copy_to_proxy`."""
    for index in range(min(keypoints_node.GetNumberOfControlPoints(), proxy.GetNumberOfControlPoints())):
        position_ras = proxy.GetNthControlPointPosition(index)
        if tuple(keypoints_node.GetNthControlPointPositionWorld(index)) != position_ras:
            keypoints_node.SetNthControlPointPositionWorld(index, vtk.vtkVector3d(*position_ras))


def set_vertebra_attributes(node: slicer.vtkMRMLMarkupsFiducialNode, vertebra: Vertebra) -> None:
    """Write what a vertebra has beside its points as attributes of the list, saved with the scene."""
    node.SetAttribute(LEVEL, vertebra.level)
    node.SetAttribute(LEVEL_CONFIDENCE, repr(float(vertebra.level_confidence)))
    node.SetAttribute(SCORE, repr(float(vertebra.score)))
    node.SetAttribute(UNCERTAINTY, json.dumps([float(value) for value in vertebra.uncertainty_mm]))
    node.SetAttribute(SOURCE, vertebra.source)
    node.SetAttribute(STATUS, vertebra.status)
    node.SetAttribute(ATTENUATION, None if vertebra.attenuation is None else _attenuation_text(vertebra))
    write_note(node, vertebra.note)


def _attenuation_text(vertebra: Vertebra) -> str:
    """The attenuation of a vertebra with the points at which it was measured."""
    values = {} if vertebra.attenuation is None else asdict(vertebra.attenuation)
    return json.dumps({"keypoints_ras": vertebra.keypoints_ras.tolist(), **values})


def _attenuation(node: slicer.vtkMRMLMarkupsFiducialNode, keypoints_ras: NDArray[np.float64]) -> Attenuation | None:
    """The attenuation that was measured at these points; None where the points were moved since, or it was not."""
    text = node.GetAttribute(ATTENUATION)
    if text is None:
        return None
    values = json.loads(text)
    is_moved = np.abs(np.array(values.pop("keypoints_ras")) - keypoints_ras).max() >= MOVED_MM
    return None if is_moved else Attenuation(**values)


def vertebra_from_node(node: slicer.vtkMRMLMarkupsFiducialNode) -> Vertebra:
    """The vertebra as it is in the scene, edits included.

    :raises UnusableInput: as :func:`keypoints_from_node`, or attributes that are missing or broken.
    """
    keypoints_ras = keypoints_from_node(node)
    try:
        return Vertebra(
            keypoints_ras=keypoints_ras,
            score=float(node.GetAttribute(SCORE)),
            uncertainty_mm=np.array(json.loads(node.GetAttribute(UNCERTAINTY)), dtype=np.float64),
            level=node.GetAttribute(LEVEL),
            level_confidence=float(node.GetAttribute(LEVEL_CONFIDENCE)),
            source=node.GetAttribute(SOURCE),
            status=parse_status(node.GetAttribute(STATUS)),
            attenuation=_attenuation(node, keypoints_ras),
            note=note_from_node(node),
        )
    except (TypeError, ValueError, KeyError) as error:
        raise UnusableInput(f"the point list {node.GetName()!r} is not a vertebra of a study: {error}") from error
