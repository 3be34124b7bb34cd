"""What readers can edit in a study, as a value: for undo, and to put back what can no longer be read."""

from collections.abc import Sequence
from dataclasses import dataclass

import slicer

from ...core.keypoints import KEYPOINT_NAMES
from ...core.note import Note
from ...core.report import SpineReport, Vertebra
from ..nodes.curve import DescribedPoint, described_points, set_described_points
from ..nodes.keypoints import set_keypoints, set_vertebra_attributes
from ..nodes.note import write_note
from ..nodes.sacrum import Points, sacrum_points, set_sacrum_points
from .creation import add_sacrum, add_study_curve, add_vertebra
from .display import update_straightening, update_study
from .removal import remove_node, remove_vertebra
from .report import model_report
from .study import Study, place_of, write_preset


@dataclass(frozen=True, eq=False)
class StudyState:
    """The edits of a study; equal where nothing was edited.

    :param preset: name of the grading preset.
    :param curve_points: control points of the curve; none if its node was deleted.
    :param vertebrae: each with its place, see :func:`~.study.place_of`.
    :param sacrum_points: the superior endplate of S1 in a radiograph; none where it is not in view or was deleted.
    :param note: what a reader wrote about the patient; None for nothing.
    """

    preset: str
    curve_points: tuple[DescribedPoint, ...]
    vertebrae: tuple[tuple[int, Vertebra], ...]
    sacrum_points: Points = ()
    note: Note | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StudyState) and self._values == other._values

    __hash__ = None  # type: ignore[assignment]

    @property
    def _values(self) -> tuple:
        vertebrae = tuple((place, *_values(vertebra)) for place, vertebra in self.vertebrae)
        return self.preset, self.curve_points, vertebrae, self.sacrum_points, self.note


def _values(vertebra: Vertebra) -> tuple:
    arrays = (vertebra.keypoints_ras.tobytes(), vertebra.uncertainty_mm.tobytes())
    said = vertebra.level, vertebra.level_confidence, vertebra.source, vertebra.status, vertebra.note
    return *arrays, vertebra.score, *said


def study_state(study: Study, report: SpineReport, nodes: Sequence[slicer.vtkMRMLMarkupsFiducialNode]) -> StudyState:
    """The state of a study.

    :param report: what :func:`~.report.read_study` reads.
    :param nodes: what it reads, too.
    """
    curve_points = described_points(study.curve_node) if study.curve_node is not None else ()
    vertebrae = tuple((place_of(node), vertebra) for node, vertebra in zip(nodes, report.vertebrae, strict=True))
    return StudyState(report.preset, curve_points, vertebrae, sacrum_points(study.sacrum_node), report.note)


def restore_state(study: Study, state: StudyState) -> None:
    """Bring a study back to a state: vertebrae are moved, added and removed, the view is straightened anew.

    A curve node or an endplate of S1 that was deleted comes back, and goes again.
    """
    write_preset(study, state.preset)
    write_note(study.report_node, state.note)
    _restore_sacrum(study, state.sacrum_points)
    _restore_vertebrae(study, dict(state.vertebrae))
    if _restore_curve(study, state.curve_points):
        update_straightening(study)
    update_study(study)


def _restore_sacrum(study: Study, points: Points) -> None:
    node = study.sacrum_node
    if sacrum_points(node) == points:
        return
    if node is not None and points and node.GetNumberOfControlPoints() == len(points):
        set_sacrum_points(node, points)
        return
    if node is not None:
        remove_node(node)
    if points:
        add_sacrum(study, points)


def _restore_curve(study: Study, points: Sequence[DescribedPoint]) -> bool:
    """Whether the curve was not yet as it has to be."""
    node = study.curve_node
    if (described_points(node) if node is not None else ()) == points:
        return False
    if not points:
        remove_node(node)
    else:
        set_described_points(node or add_study_curve(study, model_report(study).curve), points)
    return True


def _restore_vertebrae(study: Study, vertebrae: dict[int, Vertebra]) -> None:
    nodes = {}
    for node in study.keypoint_nodes:
        if place_of(node) in vertebrae and node.GetNumberOfControlPoints() == len(KEYPOINT_NAMES):
            nodes[place_of(node)] = node
        else:
            remove_vertebra(node)
    for place, vertebra in vertebrae.items():
        if place in nodes:
            set_vertebra_attributes(nodes[place], vertebra)
            set_keypoints(nodes[place], vertebra.keypoints_ras)
        else:
            add_vertebra(study, vertebra, place)
