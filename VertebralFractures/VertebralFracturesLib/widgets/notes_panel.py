"""The reader's name, and what the reader writes on a vertebra and on the patient."""

import getpass
from typing import TYPE_CHECKING, Any

import qt
import slicer

from ..core.note import Note, note_now
from ..core.report import SpineReport

if TYPE_CHECKING:
    from ..mrml.live.study import LiveStudy

_READER_SETTING = "VertebralFractures/Reader"


def kept_reader() -> str:
    """The reader's name of the last session; at first that of the user of this computer."""
    kept = qt.QSettings().value(_READER_SETTING, None)
    if kept is not None:
        return str(kept)
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        return ""


def keep_reader(name: str) -> None:
    """Remember the reader's name for notes and for the sessions that follow."""
    qt.QSettings().setValue(_READER_SETTING, name.strip())


class NotesPanel:
    """Connects the widgets for notes to a study. A note is kept when its field is left, or anything else is done.

    :param ui: the widgets of VertebralFractures.ui by name.
    """

    def __init__(self, ui: Any) -> None:
        self._patient, self._vertebra, self._reader = ui.patientNoteEdit, ui.vertebraNoteEdit, ui.readerEdit
        self._live: LiveStudy | None = None
        self._index: int | None = None
        self._helps = {"patient": self._patient.toolTip, "vertebra": self._vertebra.toolTip}
        self._count = 0
        self._shown = {"patient": "", "vertebra": ""}
        self._reader.setText(kept_reader())
        self._reader.connect("editingFinished()", lambda: keep_reader(self._reader.text))
        for edit in (self._patient, self._vertebra):
            edit.connect("editingFinished()", self.commit)

    def commit(self) -> None:
        """Keep what was written since a study or a vertebra was shown; what cannot be kept is told in a message."""
        live, index = self._live, self._index
        if live is None:
            return
        try:
            if self._is_written("patient", self._patient):
                live.set_note(None, self._note(self._patient))
            if index is not None and self._is_written("vertebra", self._vertebra):
                live.set_note(index, self._note(self._vertebra))
        except ValueError as error:
            slicer.util.errorDisplay(str(error))

    def show(self, live: "LiveStudy | None", report: SpineReport | None, selected: int | None) -> None:
        """Show the notes of a study and of its selected vertebra; what was written before on another one is kept.

        :param live: the study.
        :param report: what it holds now; None where there is no study.
        :param selected: place of the vertebra in the report.
        """
        is_same_study = live is self._live and report is not None and len(report.vertebrae) == self._count
        if is_same_study and selected != self._index:
            self.commit()
        self._live, self._count = live, len(report.vertebrae) if report is not None else 0
        if not is_same_study or self._patient.text == self._shown["patient"]:
            self._write("patient", self._patient, report.note if report is not None else None)
        if not is_same_study or selected != self._index or self._vertebra.text == self._shown["vertebra"]:
            note = report.vertebrae[selected].note if report is not None and selected is not None else None
            self._write("vertebra", self._vertebra, note)
        self._index = selected
        self._patient.setEnabled(report is not None)
        self._vertebra.setEnabled(selected is not None)

    def _is_written(self, name: str, edit: Any) -> bool:
        """Whether a field holds another text than it was given; that is asked only once of each text."""
        before, self._shown[name] = self._shown[name], edit.text
        return before != self._shown[name]

    def _write(self, name: str, edit: Any, note: Note | None) -> None:
        text = note.text if note is not None else ""
        if edit.text != text:
            edit.setText(text)
        edit.setToolTip(note.signed if note is not None else self._helps[name])
        self._shown[name] = edit.text

    def _note(self, edit: Any) -> Note | None:
        return note_now(edit.text, self._reader.text)
