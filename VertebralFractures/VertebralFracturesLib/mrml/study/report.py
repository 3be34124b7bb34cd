"""What a study says: the report as the model made it, and as the nodes are now."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import slicer
from numpy.typing import NDArray

from ...core.attenuation.measurement import measure_attenuation
from ...core.keypoints import body_centre
from ...core.note import Note
from ...core.report import SpineReport, Vertebra
from ...core.spine_curve import SpineCurve
from ...errors import UnusableInput
from ...radiograph.record import RadiographReport
from ...report.document import read_report
from ..nodes.curve import control_points, curve_from_node, points_from_node
from ..nodes.keypoints import MOVED_MM, vertebra_from_node
from ..nodes.note import note_from_node
from ..nodes.sacrum import Points, sacrum_points
from .study import Study, place_of
from .volume import readable_volume


def model_report(study: Study) -> SpineReport:
    """The report as the model made it, before any edit.

    :raises UnusableInput: the report node's text is not a report.
    """
    try:
        return _parsed(study.report_node.GetText() or "")
    except ValueError as error:
        raise UnusableInput(f"the study {study.report_node.GetName()!r} cannot be read: {error}") from error


@lru_cache(maxsize=8)
def _parsed(text: str) -> SpineReport:
    """A report node's text is read again at every edit, and changes never."""
    return read_report(text)


def model_vertebra(model: SpineReport, node: slicer.vtkMRMLMarkupsFiducialNode) -> Vertebra | None:
    """What the model found where this list is; None for a vertebra that a reader added."""
    place = place_of(node)
    return model.vertebrae[place] if place < len(model.vertebrae) else None


def model_sacrum_points(study: Study) -> Points:
    """The superior endplate of S1 as the model found it; none where it is not in view, or in a CT.

    :raises UnusableInput: the study cannot be read.
    """
    model = model_report(study)
    found = model.sacral_endplate_ras if isinstance(model, RadiographReport) else None
    return () if found is None else tuple(map(tuple, found))


def study_report(study: Study) -> SpineReport:
    """The report as the nodes are now, edits included, vertebrae from cranial to caudal.

    A vertebra of the model whose points were moved counts as edited. Where the curve's control points are unmoved, the
    model's own curve is returned.

    :raises UnusableInput: a node that can no longer be read, such as a point list without six points.
    """
    return read_study(study)[0]


def read_study(study: Study) -> tuple[SpineReport, list[slicer.vtkMRMLMarkupsFiducialNode]]:
    """The report as the nodes are now, see :func:`study_report`, and the keypoint node of each of its vertebrae."""
    model = model_report(study)
    curve = study_curve(study)
    nodes = list(study.keypoint_nodes)
    vertebrae = [_vertebra(node, model) for node in nodes]
    vertebrae = _with_attenuation(study, model, vertebrae)
    order = _cranial_to_caudal(vertebrae, curve)
    ordered = tuple(vertebrae[place] for place in order)
    note = study_note(study)
    report = replace(model, curve=curve, vertebrae=ordered, preset=study.preset, note=note)
    if isinstance(report, RadiographReport):
        report = replace(report, sacral_endplate_ras=_sacral_endplate(study, report))
    return report, [nodes[place] for place in order]


def study_note(study: Study) -> Note | None:
    """What a reader wrote about the patient; None for nothing.

    :raises UnusableInput: a note that cannot be read.
    """
    try:
        return note_from_node(study.report_node)
    except ValueError as error:
        raise UnusableInput(str(error)) from error


def study_curve(study: Study) -> SpineCurve:
    """The curve as its node is now; the model's own where the control points are unmoved or the node was deleted.

    :raises UnusableInput: a node with too few points, or the study cannot be read.
    """
    model_curve = model_report(study).curve
    node = study.curve_node
    if node is None:
        return model_curve
    expected, points_ras = control_points(model_curve)[0], points_from_node(node)
    is_unmoved = expected.shape == points_ras.shape and np.abs(expected - points_ras).max() < MOVED_MM
    return model_curve if is_unmoved else curve_from_node(node)


def _vertebra(node: slicer.vtkMRMLMarkupsFiducialNode, model: SpineReport) -> Vertebra:
    """The vertebra of a list; unmoved points are the model's own, free of the rounding of files."""
    vertebra = vertebra_from_node(node)
    original = model_vertebra(model, node)
    if original is None:
        return vertebra
    if np.abs(vertebra.keypoints_ras - original.keypoints_ras).max() < MOVED_MM:
        return replace(vertebra, keypoints_ras=original.keypoints_ras, attenuation=original.attenuation)
    return replace(vertebra, source="edited") if vertebra.source == "model" else vertebra


def _with_attenuation(study: Study, model: SpineReport, vertebrae: list[Vertebra]) -> list[Vertebra]:
    """Measure the trabecular attenuation of what a user moved or added, with the function of the analysis.

    Nothing is measured where the analysis did not, as in a radiograph, and where the CT is not at hand any more.
    """
    stale = [one.source != "model" and one.attenuation is None for one in vertebrae]
    if not any(stale) or all(one.attenuation is None for one in model.vertebrae):
        return vertebrae
    volume = readable_volume(study)
    if volume is None:
        return vertebrae
    return [
        replace(one, attenuation=measure_attenuation(volume, one.keypoints_ras)) if is_stale else one
        for one, is_stale in zip(vertebrae, stale, strict=True)
    ]


def _cranial_to_caudal(vertebrae: list[Vertebra], curve: SpineCurve) -> list[int]:
    if not vertebrae:
        return []
    centres_ras = body_centre(np.array([vertebra.keypoints_ras for vertebra in vertebrae]))
    try:
        superior_mm = curve.ras_to_straight(centres_ras)[:, 2]
    except ValueError as error:
        raise UnusableInput(f"a vertebra of the study cannot be placed on its spine curve: {error}") from error
    return [int(place) for place in np.argsort(-superior_mm, kind="stable")]


def _sacral_endplate(study: Study, model: RadiographReport) -> NDArray[np.float64] | None:
    """The superior endplate of S1 (3, 3) as its node is now; unmoved points are the model's own."""
    points = sacrum_points(study.sacrum_node)
    if not points:
        return None
    points_ras, found = np.array(points), model.sacral_endplate_ras
    is_unmoved = found is not None and np.abs(points_ras - found).max() < MOVED_MM
    return found if is_unmoved else points_ras


def has_edits(study: Study) -> bool:
    """Whether a study differs from what the model found: points, vertebrae, levels, statuses, notes, curve, sacrum."""
    try:
        model, now = model_report(study), study_report(study)
    except UnusableInput:
        return True
    is_same_curve, is_same_sacrum = now.curve is model.curve, _sacrum(now) is _sacrum(model)
    is_same_said = now.note == model.note and _said_of_vertebrae(now) == _said_of_vertebrae(model)
    return not (is_same_curve and is_same_sacrum and is_same_said)


def _sacrum(report: SpineReport) -> NDArray[np.float64] | None:
    return report.sacral_endplate_ras if isinstance(report, RadiographReport) else None


def _said_of_vertebrae(report: SpineReport) -> list[tuple[str, str, str | None, Note | None]]:
    return [(vertebra.source, vertebra.status, vertebra.level, vertebra.note) for vertebra in report.vertebrae]
