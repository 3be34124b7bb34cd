"""Bringing what a study shows up to what its nodes say."""

from collections.abc import Sequence
from dataclasses import replace

import slicer

from ...core.measures import Measures
from ...core.report import SpineReport
from ...core.spine_curve import SpineCurve
from ...radiograph.record import RadiographReport
from ..nodes.angles import update_angles_node
from ..nodes.keypoints import copy_to_proxy, name_keypoints, set_grade_color, set_keypoints, set_vertebra_attributes
from ..nodes.labels import update_labels_node, vertebra_names
from ..nodes.note import note_from_node
from ..nodes.straightened import straightened_volume, update_straightening_node
from ..nodes.table import update_table_node
from ..nodes.views import PATIENT_VIEWS, STRAIGHTENED_VIEWS, limit_to
from ..nodes.volume import set_volume
from .lines import limit_lines_to_views, update_lines
from .removal import remove_node
from .report import model_report, model_vertebra, read_study, study_curve
from .study import Study, proxy_of
from .volume import readable_volume

_PROXY_SUFFIX = " straightened"


def update_study(study: Study) -> SpineReport:
    """Bring names, colours, labels, proxies and table up to the points, levels, status and preset of the nodes.

    :return: the report that they show.
    :raises UnusableInput: as :func:`~.report.study_report`.
    """
    report, nodes = read_study(study)
    show_report(study, report, nodes)
    return report


def show_report(study: Study, report: SpineReport, nodes: Sequence[slicer.vtkMRMLMarkupsFiducialNode]) -> None:
    """Write what :func:`~.report.read_study` read into names, colours, labels, proxies and tables.

    :raises ValueError: a height of a vertebra is 0; nothing is written then.
    """
    names = vertebra_names(report)
    for node, vertebra, measures, name in zip(nodes, report.vertebrae, report.measures, names, strict=True):
        set_vertebra_attributes(node, vertebra)
        _show(node, name, measures)
        proxy = proxy_of(node)
        if proxy is not None:
            copy_to_proxy(node, proxy)
            _show(proxy, name, measures, _PROXY_SUFFIX)
    for labels in study.label_nodes:
        update_labels_node(labels, report)
    update_lines(study, report, nodes)
    if study.table_node is not None:
        update_table_node(study.table_node, report)
    if study.angles_node is not None and isinstance(report, RadiographReport):
        update_angles_node(study.angles_node, report)


def _show(node: slicer.vtkMRMLMarkupsFiducialNode, name: str, measures: Measures | None, suffix: str = "") -> None:
    name_keypoints(node, name, suffix)
    set_grade_color(node, measures.grade if measures else None)


def update_straightening(study: Study) -> SpineCurve:
    """Straighten anew along the curve node as it is now; keypoints stay where they are in the patient.

    A straightened CT that cannot be made anew, as the CT was deleted or replaced, is removed: nothing would fit it.

    :return: the curve.
    :raises UnusableInput: a curve with too few points.
    """
    curve = study_curve(study)
    if study.straightening_node is not None:
        update_straightening_node(study.straightening_node, curve)
    straightened = study.straightened_node
    if straightened is not None:
        volume = readable_volume(study)
        if volume is None:
            remove_node(straightened)
        else:
            set_volume(straightened, straightened_volume(volume, curve))
    return curve


def set_visible(study: Study, is_visible: bool) -> None:
    """Show or hide all that a study draws in views."""
    for node in study.nodes:
        if isinstance(node, slicer.vtkMRMLMarkupsNode | slicer.vtkMRMLModelNode):
            node.SetDisplayVisibility(is_visible)


def limit_to_views(study: Study) -> None:
    """Draw each list and curve of a study in the views of its own space only."""
    straightened = (*study.proxy_nodes, *study.stray_proxy_nodes, study.straightened_labels_node)
    for node in study.nodes:
        if isinstance(node, slicer.vtkMRMLMarkupsNode) and node not in study.line_nodes.values():
            limit_to(node, STRAIGHTENED_VIEWS if node in straightened else PATIENT_VIEWS)
    limit_lines_to_views(study)


def reset_to_model(study: Study, keypoints_node: slicer.vtkMRMLMarkupsFiducialNode) -> None:
    """Undo all edits of one vertebra that the model found; a note stays.

    :raises ValueError: a vertebra that a reader added.
    """
    original = model_vertebra(model_report(study), keypoints_node)
    if original is None:
        raise ValueError(f"{keypoints_node.GetName()} was placed manually; it has no automatic landmarks to restore")
    set_vertebra_attributes(keypoints_node, replace(original, note=note_from_node(keypoints_node)))
    set_keypoints(keypoints_node, original.keypoints_ras)
    update_study(study)
