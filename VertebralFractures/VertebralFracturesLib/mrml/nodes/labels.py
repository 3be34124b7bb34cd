"""What is written beside each vertebra: its level and height ratio G, as one locked point list per space."""

from collections.abc import Sequence

import numpy as np
import slicer
import vtk
from numpy.typing import ArrayLike, NDArray

from ...core.heights.grading import CERVICAL, TRANSITIONAL
from ...core.keypoints import (
    ANTERIOR_INFERIOR,
    ANTERIOR_SUPERIOR,
    KEYPOINT_NAMES,
    POSTERIOR_INFERIOR,
    POSTERIOR_SUPERIOR,
)
from ...core.measures import Measures
from ...core.report import SpineReport
from .views import ViewGroup, markups_display, show_text_only

LABEL_COLOR, SELECTED_LABEL_COLOR = (0.78, 0.78, 0.78), (1.0, 1.0, 1.0)
"""RGB in 0..1, unlike those of the grades: the selected vertebra stands out, no color suggests a finding."""

_BEHIND_BODY_MM = 4.0
"""Distance of a label from the posterior wall; chosen, so that it covers no keypoint."""

_TEXT_SCALE = 3.0
"""Size of the text in percent of the view; chosen."""


def add_labels_node(
    scene: slicer.vtkMRMLScene,
    report: SpineReport,
    name: str,
    views: ViewGroup,
    straightening_node: slicer.vtkMRMLTransformNode | None = None,
) -> slicer.vtkMRMLMarkupsFiducialNode:
    """Add the labels behind the bodies, drawn in the sagittal and 3D views of one space.

    :param straightening_node: the straightening for labels in straightened space; None for the patient's.
    """
    node = slicer.vtkMRMLMarkupsFiducialNode()
    node.SetName(name)
    scene.AddNode(node)
    _set_display(node, views)
    if straightening_node is not None:
        node.SetAndObserveTransformNodeID(straightening_node.GetID())
    update_labels_node(node, report)
    node.SetLocked(True)
    return node


def _set_display(node: slicer.vtkMRMLMarkupsFiducialNode, views: ViewGroup) -> None:
    display = markups_display(node, 0)
    show_text_only(display, _TEXT_SCALE)
    display.SetColor(LABEL_COLOR)
    display.SetSelectedColor(SELECTED_LABEL_COLOR)
    display.SetOccludedVisibility(True)
    display.SetOccludedOpacity(1.0)
    display.SetViewNodeIDs([*views.sagittal_ids, *views.three_d_ids])


def update_labels_node(node: slicer.vtkMRMLMarkupsFiducialNode, report: SpineReport) -> None:
    """Write and place the labels anew."""
    texts = label_texts(report)
    points = label_positions([vertebra.keypoints_ras for vertebra in report.vertebrae]).tolist()
    modified = node.StartModify()
    while node.GetNumberOfControlPoints() > len(texts):
        node.RemoveNthControlPoint(node.GetNumberOfControlPoints() - 1)
    for index, (text, point) in enumerate(zip(texts, points, strict=True)):
        if index >= node.GetNumberOfControlPoints():
            node.SetNthControlPointSelected(node.AddControlPoint(vtk.vtkVector3d(*point)), False)
        elif node.GetNthControlPointPosition(index) != tuple(point):
            node.SetNthControlPointPosition(index, vtk.vtkVector3d(*point))
        node.SetNthControlPointLabel(index, text)
    node.EndModify(modified)


def highlight_label(node: slicer.vtkMRMLMarkupsFiducialNode, place: int | None) -> None:
    """Write the label of one vertebra, or of none, in :data:`SELECTED_LABEL_COLOR`.

    Labels beside the slice all have one color, because Slicer has one color for those of a list.
    """
    for index in range(node.GetNumberOfControlPoints()):
        if node.GetNthControlPointSelected(index) != (index == place):
            node.SetNthControlPointSelected(index, index == place)


def label_texts(report: SpineReport) -> Sequence[str]:
    """The label of each vertebra: its level, and where it is not normal also why: "L1", "T12?  G 0.58"."""
    return [_text(name, measures) for name, measures in zip(report.shown_levels, report.measures, strict=True)]


def _text(name: str, measures: Measures | None) -> str:
    """A normal body is quiet: the reader looks for those that are not."""
    if measures is None:
        return f"{name}  not evaluable"
    is_normal = measures.grade == 0 and not measures.grading.is_borderline
    is_quiet = is_normal or measures.grading.not_graded in (CERVICAL, TRANSITIONAL)
    return name if is_quiet else f"{name}  G {measures.genant_index:.2f}"


def vertebra_names(report: SpineReport) -> list[str]:
    """The level of each vertebra, or its place where it has none: "L1", "No. 3"."""
    return [vertebra.level or f"No. {place}" for place, vertebra in enumerate(report.vertebrae, start=1)]


def label_positions(keypoints: ArrayLike) -> NDArray[np.float64]:
    """Points (n, 3) behind the posterior walls of keypoints (n, 6, 3), in the same space."""
    points = np.asarray(keypoints, dtype=np.float64).reshape(-1, len(KEYPOINT_NAMES), 3)
    posterior = points[:, [POSTERIOR_SUPERIOR, POSTERIOR_INFERIOR]].mean(1)
    backward = posterior - points[:, [ANTERIOR_SUPERIOR, ANTERIOR_INFERIOR]].mean(1)
    depth_mm = np.maximum(np.linalg.norm(backward, axis=1, keepdims=True), 1e-6)
    position: NDArray[np.float64] = posterior + backward * (_BEHIND_BODY_MM / depth_mm)
    return position
