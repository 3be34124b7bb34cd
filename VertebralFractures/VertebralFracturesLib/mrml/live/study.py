"""A study that readers work on: what they drag in one view follows everywhere, and every edit can be undone."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import slicer
import vtk
from numpy.typing import ArrayLike

from ...core.keypoints import KEYPOINT_NAMES
from ...core.levels import level_between, parse_level, rename_sequence, shift_sequence
from ...core.note import Note
from ...core.report import SpineReport, Vertebra
from ..nodes.keypoints import highlight, set_vertebra_attributes
from ..nodes.labels import highlight_label
from ..nodes.note import write_note
from ..nodes.views import PATIENT_VIEWS, STRAIGHTENED_VIEWS, centre_views, focus
from ..study.creation import add_vertebra, complete_study
from ..study.display import reset_to_model, show_report, update_straightening
from ..study.lines import update_lines
from ..study.removal import remove_node, remove_straightened_points, remove_vertebra
from ..study.report import model_report, model_sacrum_points, read_study
from ..study.state import StudyState, restore_state, study_state
from ..study.study import Study, proxy_of, selected_node, set_selected_node, write_preset
from ..study.unfolding import MOVED_ALONG, check_shown, folding_problem, unfold_curve
from ..study.volume import volume_problem
from .kept_out import KeptOut
from .linked_crosshair import LinkedCrosshair
from .linked_points import LinkedPoints
from .observers import Observers
from .undo import UndoHistory

_CERTAIN = 1.0
"""Confidence of a level that a reader gave."""

_NO_UNCERTAINTY = (0.0,) * len(KEYPOINT_NAMES)
"""Uncertainty of points that a reader placed: none is known."""


class LiveStudy:
    """Links the nodes of one study until it is closed.

    A keypoint that is dragged, in the patient or in straightened space, moves in both, and measures, colours, labels
    and table follow at every step. The curve re-straightens at the end of a drag. Vertebrae are counted as in the
    report, from cranial to caudal. An edit that cannot be read, such as a list that lost a point, is put back. Nodes
    that the study lost before are made anew.

    :param study: a new one, or one that was found in a scene.
    :param changed: called once after every change, by the reader's mouse or by a method.
    :raises UnusableInput: the study cannot be read.
    """

    def __init__(self, study: Study, changed: Callable[[], None] | None = None) -> None:
        self.study = study
        self._changed = changed or (lambda: None)
        self._problem: str | None = None
        complete_study(study)
        self._volume_problem = volume_problem(study)
        self._report, self._nodes = read_study(study)
        show_report(study, self._report, self._nodes)
        self._history: UndoHistory[StudyState] = UndoHistory(self._state())
        self._points = LinkedPoints(study, self._on_grabbed, self._on_moved)
        self._crosshair = LinkedCrosshair(study, lambda: self._report.curve)
        self._kept_out = KeptOut(study.scene, self._crosshair.is_shown)
        self._observers = Observers()
        self._problem = folding_problem(study)
        self._observe()
        self._highlight()

    def _observe(self) -> None:
        """Watch the scene, and the CT, which the user may move or replace."""
        scene, volume_node = self.study.scene, self.study.volume_node
        self._observers.add(scene, scene.NodeRemovedEvent, self._on_node_removed)
        self._observers.add(scene, scene.StartCloseEvent, lambda *_: self.close())
        if volume_node is not None:
            for event in (vtk.vtkCommand.ModifiedEvent, volume_node.TransformModifiedEvent):
                self._observers.add(volume_node, event, self._on_volume_changed)

    def close(self) -> None:
        """Remove all observers; the nodes stay."""
        self._observers.leave_all()
        self._kept_out.close()
        self._crosshair.close()
        self._points.close()

    @property
    def report(self) -> SpineReport:
        """The report as the nodes are now."""
        return self._report

    @property
    def problem(self) -> str | None:
        """Why the last edit was put back or changed, or the CT does not fit the study any more; None if all is well."""
        return "; ".join(filter(None, (self._problem, self._volume_problem))) or None

    @property
    def selected(self) -> int | None:
        """The selected vertebra."""
        node = selected_node(self.study)
        return self._nodes.index(node) if node in self._nodes else None

    def select(self, index: int | None) -> None:
        """Highlight a vertebra and centre all views on it; None for no vertebra."""
        set_selected_node(self.study, None if index is None else self._nodes[index])
        self._highlight()
        if index is not None:
            focus_ras, focus_straight = focus(self._report, index)
            centre_views(self.study.scene, PATIENT_VIEWS, focus_ras)
            centre_views(self.study.scene, STRAIGHTENED_VIEWS, focus_straight)
        self._changed()

    def _highlight(self) -> None:
        selected = selected_node(self.study)
        for node in self._nodes:
            for shown in (node, proxy_of(node)):
                if shown is not None:
                    highlight(shown, node is selected)
        for labels in self.study.label_nodes:
            highlight_label(labels, self.selected)
        update_lines(self.study, self._report, self._nodes)

    def next_vertebra(self) -> None:
        """Select the vertebra below; the first where none is selected."""
        self._step(1)

    def previous_vertebra(self) -> None:
        """Select the vertebra above; the first where none is selected."""
        self._step(-1)

    def _step(self, by: int) -> None:
        if self._nodes:
            present = self.selected
            self.select(0 if present is None else min(max(present + by, 0), len(self._nodes) - 1))

    def add_vertebra(
        self,
        keypoints_ras: ArrayLike,
        level: str | None = None,
        score: float = 1.0,
        uncertainty_mm: ArrayLike = _NO_UNCERTAINTY,
    ) -> int:
        """Add a vertebra that the model missed, and select it.

        :param keypoints_ras: (6, 3) in RAS mm, in the order of :data:`~...core.keypoints.KEYPOINT_NAMES`.
        :param level: its level; by default what its neighbours leave free.
        :param score: of the network's proposal, if the points are one.
        :param uncertainty_mm: (6,) of the network's proposal, if the points are one.
        :return: its place in the report.
        :raises ValueError: not six points, or not a level.
        """
        points, uncertainty = np.asarray(keypoints_ras, dtype=np.float64), np.asarray(uncertainty_mm, dtype=np.float64)
        vertebra = Vertebra(points, score, uncertainty, level, _CERTAIN if level else 0.0, source="added")
        with self._editing():
            node = add_vertebra(self.study, vertebra)
            if level is None:
                report, nodes = read_study(self.study)
                set_vertebra_attributes(node, _named_by_neighbours(report, nodes.index(node)))
        index = self._nodes.index(node)
        self.select(index)
        return index

    def delete_vertebra(self, index: int) -> None:
        """Remove a vertebra."""
        with self._editing():
            remove_vertebra(self._nodes[index])

    def relabel(self, index: int, level: str, others_follow: bool = True) -> None:
        """Name a vertebra.

        :param level: its level; T13 and L6 are allowed.
        :param others_follow: rename the others likewise, with the gaps between them kept.
        :raises ValueError: not a level, or another vertebra would come to lie above C1 or below L6.
        """
        if others_follow:
            self._name(rename_sequence(self._report.levels, index, level))
        else:
            names = self._report.levels
            names[index] = parse_level(level)
            self._name(names)

    def shift_levels(self, steps: int) -> None:
        """Rename all vertebrae by some levels, positive towards the feet.

        :raises ValueError: a vertebra would come to lie above C1 or below L6, or none has a name.
        """
        self._name(shift_sequence(self._report.levels, steps))

    def _name(self, names: Sequence[str | None]) -> None:
        """Name all vertebrae; where a name changes, the reader is certain of it."""
        with self._editing():
            for node, vertebra, name in zip(self._nodes, self._report.vertebrae, names, strict=True):
                if vertebra.level != name:
                    set_vertebra_attributes(node, replace(vertebra, level=name, level_confidence=_CERTAIN))

    def set_status(self, index: int, status: str) -> None:
        """Say what the reader thinks of a vertebra, one of :data:`~...core.report.STATUSES`.

        :raises ValueError: no such status.
        """
        vertebra = replace(self._report.vertebrae[index], status=status)
        with self._editing():
            set_vertebra_attributes(self._nodes[index], vertebra)

    def set_note(self, index: int | None, note: Note | None) -> None:
        """Keep what the reader wrote on a vertebra, or on the patient for None; no note takes the one before away."""
        with self._editing():
            write_note(self.study.report_node if index is None else self._nodes[index], note)

    def reset_to_model(self, index: int | None = None) -> None:
        """Undo all edits of one vertebra, or make the set what the model found: deleted ones return, added ones go.

        Notes on vertebrae of the model stay.

        :raises ValueError: a vertebra that a reader added.
        """
        with self._editing():
            if index is not None:
                reset_to_model(self.study, self._nodes[index])
            else:
                notes = {place: vertebra.note for place, vertebra in self._history.present.vertebrae}
                found = enumerate(model_report(self.study).vertebrae)
                vertebrae = tuple((place, replace(one, note=notes.get(place, one.note))) for place, one in found)
                sacrum = model_sacrum_points(self.study)
                restore_state(self.study, replace(self._history.present, vertebrae=vertebrae, sacrum_points=sacrum))
                complete_study(self.study)

    def set_preset(self, name: str) -> None:
        """Grade with another preset, a key of :data:`~...core.heights.genant.PRESETS`.

        :raises ValueError: no such preset.
        """
        with self._editing():
            write_preset(self.study, name)

    @property
    def can_undo(self) -> bool:
        """Whether there is an edit to undo."""
        return self._history.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether there is an edit that was undone."""
        return self._history.can_redo

    def undo(self) -> None:
        """Undo the last edit; a drag is one edit."""
        self._step_to(self._history.undo())

    def redo(self) -> None:
        """Repeat the edit that was undone last."""
        self._step_to(self._history.redo())

    def _step_to(self, state: StudyState) -> None:
        self._problem = None
        self._restore(state)
        self._changed()

    @contextmanager
    def _editing(self) -> Iterator[None]:
        """An edit by a method: recorded if it can be read, else put back and raised."""
        with self._points.paused():
            try:
                yield
                self._refresh()
            except ValueError:
                self._restore(self._history.present)
                raise
        self._record()
        self._changed()

    def _refresh(self) -> None:
        """Show what the nodes are now; what is shown stays if they cannot be read."""
        report, nodes = read_study(self.study)
        with self._points.paused():
            show_report(self.study, report, nodes)
        self._report, self._nodes = report, nodes

    def _record(self) -> None:
        self._problem = None
        self._history.record(self._state())
        self._points.update()
        self._highlight()

    def _restore(self, state: StudyState) -> None:
        with self._points.paused():
            restore_state(self.study, state)
        self._points.update()
        self._refresh()
        self._highlight()

    def _state(self) -> StudyState:
        return study_state(self.study, self._report, self._nodes)

    def _on_grabbed(self, node: slicer.vtkMRMLMarkupsNode) -> None:
        """Select the vertebra that is grabbed; views of its own space stay still under the mouse."""
        index = next((place for place, own in enumerate(self._nodes) if node in (own, proxy_of(own))), None)
        if index is None or index == self.selected:
            return
        set_selected_node(self.study, self._nodes[index])
        self._highlight()
        focus_ras, focus_straight = focus(self._report, index)
        if node is self._nodes[index]:
            centre_views(self.study.scene, STRAIGHTENED_VIEWS, focus_straight)
        else:
            centre_views(self.study.scene, PATIENT_VIEWS, focus_ras)
        self._changed()

    def _on_moved(self, node: slicer.vtkMRMLMarkupsNode) -> None:
        """Follow the mouse; what cannot be read is put back when it is released."""
        is_curve = node is self.study.curve_node
        if is_curve and self._points.is_dragging:
            return
        note = None
        try:
            if is_curve:
                note = self._straighten()
            self._refresh()
            if not self._points.is_dragging:
                self._check_shown(node)
        except ValueError as error:
            if not self._points.is_dragging:
                self._restore(self._history.present)
            self._problem = str(error)
        else:
            if not self._points.is_dragging and self._state() != self._history.present:
                self._record()
                self._problem = note
        self._changed()

    def _straighten(self) -> str | None:
        """Straighten anew unless the curve is as it was.

        :return: what to tell the user.
        """
        before = self._history.present.curve_points
        if self._state().curve_points == before:
            return None
        with self._points.paused():
            is_smoothed = unfold_curve(self.study, before)
            update_straightening(self.study)
        return MOVED_ALONG if is_smoothed else None

    def _check_shown(self, node: slicer.vtkMRMLMarkupsNode) -> None:
        """Refuse points of a vertebra that straightened space cannot show."""
        for own, vertebra in zip(self._nodes, self._report.vertebrae, strict=True):
            if node in (own, proxy_of(own)):
                check_shown(self.study, vertebra.keypoints_ras, self._report.curve)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_node_removed(self, _scene: slicer.vtkMRMLScene, _event: str, node: slicer.vtkMRMLNode) -> None:
        """Go on without a node that was deleted; without the report there is no study any more."""
        twin = self._points.leave(node)
        if node is self.study.report_node:
            self.close()
        elif not self._points.is_paused:
            try:
                self._go_on_without(node, twin)
            except ValueError as error:
                self._problem = str(error)
                self._changed()

    def _go_on_without(self, node: slicer.vtkMRMLNode, twin: slicer.vtkMRMLNode | None) -> None:
        if node in self._nodes:
            with self._editing():
                if twin is not None:
                    remove_node(twin)
        elif self.study.curve_node is None and self._history.present.curve_points:
            with self._editing():
                update_straightening(self.study)
        elif self.study.sacrum_node is None and self._history.present.sacrum_points:
            self._refresh()
            self._record()
            self._changed()
        elif self.study.straightening_node is None:
            with self._points.paused():
                remove_straightened_points(self.study)
        elif self.study.volume_node is None:
            self._on_volume_changed()

    def _on_volume_changed(self, *_: object) -> None:
        """Tell the reader where the CT stopped fitting the study, or fits it again."""
        problem = volume_problem(self.study)
        if problem != self._volume_problem:
            self._volume_problem = problem
            self._changed()


def _named_by_neighbours(report: SpineReport, index: int) -> Vertebra:
    """A vertebra with the level that its neighbours leave free, as certain as they are."""
    vertebrae = report.vertebrae
    upper = vertebrae[index - 1] if index else None
    lower = vertebrae[index + 1] if index + 1 < len(vertebrae) else None
    level = level_between(upper.level if upper else None, lower.level if lower else None)
    neighbour = upper if upper and upper.level else lower
    confidence = neighbour.level_confidence if level and neighbour else 0.0
    return replace(report.vertebrae[index], level=level, level_confidence=confidence)
