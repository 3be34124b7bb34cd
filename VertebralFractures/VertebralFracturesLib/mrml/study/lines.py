"""The lines of a study: endplates, the heights of the selected vertebra, and automatic landmarks that were moved."""

from collections.abc import Mapping, Sequence

import slicer

from ...core.report import SpineReport
from ...report.table import has_lengths
from ..nodes.outlines import (
    add_color_node,
    add_lengths_node,
    add_lines_node,
    endplate_lines,
    height_lines,
    update_lengths_node,
    update_lines_nodes,
)
from ..nodes.views import PATIENT_VIEWS, STRAIGHTENED_VIEWS, ViewGroup
from .report import model_report, model_vertebra
from .study import (
    ENDPLATES,
    HEIGHTS,
    LENGTHS,
    LINE_COLORS,
    LINES,
    PATIENT_LINES,
    STRAIGHTENED_LINES,
    Study,
    selected_node,
)

_AXIAL = "vtkMRMLSliceNodeRed"
"""Node ID of the patient's axial view, in which the heights of the selected vertebra are drawn too."""


def add_lines(study: Study, name: str, is_straightened: bool) -> list[slicer.vtkMRMLNode]:
    """Add the lines of one space that a study lacks; :func:`update_lines` draws them.

    :param name: beginning of the names of the nodes.
    :param is_straightened: for the straightened space, whose straightening is there, instead of the patient's.
    :return: the new nodes.
    """
    roles, views = (STRAIGHTENED_LINES, STRAIGHTENED_VIEWS) if is_straightened else (PATIENT_LINES, PATIENT_VIEWS)
    straightening, present, added = study.straightening_node if is_straightened else None, study.line_nodes, []
    for kind, role in zip(PATIENT_LINES, roles, strict=True):
        if role not in present:
            added.append(study.link(role, _added(study, f"{name} {kind}", kind, _view_ids(kind, views), straightening)))
    return added


def _added(
    study: Study, name: str, kind: str, view_ids: list[str], straightening: slicer.vtkMRMLTransformNode | None
) -> slicer.vtkMRMLNode:
    if kind == LENGTHS:
        return add_lengths_node(study.scene, name, view_ids, straightening)
    colors = study.line_colors_node or study.link(LINE_COLORS, add_color_node(study.scene, f"{name} colors"))
    return add_lines_node(study.scene, name, view_ids, colors, straightening)


def limit_lines_to_views(study: Study) -> None:
    """Draw the lines in the views of their own space only."""
    for role, node in study.line_nodes.items():
        view_ids = _view_ids(_kind(role), PATIENT_VIEWS if role in PATIENT_LINES else STRAIGHTENED_VIEWS)
        if list(node.GetDisplayNode().GetViewNodeIDs()) != view_ids:
            node.GetDisplayNode().SetViewNodeIDs(view_ids)


def _view_ids(kind: str, views: ViewGroup) -> list[str]:
    """Endplates are for the sagittal views; heights for the axial one, too, where they cross its slice."""
    if kind == ENDPLATES:
        return [*views.sagittal_ids, *views.three_d_ids]
    return [*views.sagittal_ids, *([_AXIAL] if views is PATIENT_VIEWS else [])]


def update_lines(study: Study, report: SpineReport, nodes: Sequence[slicer.vtkMRMLMarkupsFiducialNode]) -> None:
    """Draw the lines as the keypoints are now.

    :param report: what :func:`~.report.read_study` reads.
    :param nodes: what it reads, too.
    """
    present = study.line_nodes
    if not present:
        return
    model, selected = model_report(study), selected_node(study)
    originals = [
        getattr(model_vertebra(model, node), "keypoints_ras", None) if vertebra.source == "edited" else None
        for node, vertebra in zip(nodes, report.vertebrae, strict=True)
    ]
    place = list(nodes).index(selected) if selected in nodes else None
    measures = None if place is None else report.measures[place]
    keypoints_ras = None if place is None or measures is None else report.vertebrae[place].keypoints_ras
    texts = ["", "", ""] if measures is None or not has_lengths(report) else _texts(measures.heights_mm)
    endplates = endplate_lines(report, originals)
    heights = [] if keypoints_ras is None else height_lines(keypoints_ras)
    for kind, lines in ((ENDPLATES, endplates), (HEIGHTS, heights)):
        update_lines_nodes(_of_kind(present, kind), lines)
    for node in _of_kind(present, LENGTHS):
        update_lengths_node(node, keypoints_ras, texts)


def _of_kind(present: Mapping[str, slicer.vtkMRMLNode], kind: str) -> list[slicer.vtkMRMLNode]:
    """The nodes of one kind in both spaces."""
    return [node for role, node in present.items() if _kind(role) == kind]


def _kind(role: str) -> str:
    return PATIENT_LINES[LINES.index(role) % len(PATIENT_LINES)]


def _texts(heights_mm: Sequence[float]) -> list[str]:
    """The lengths of the heights, as precise as they are measured."""
    return [f"{height:.1f} mm" for height in heights_mm]
