"""Notes on vertebrae and on the patient, as they are written in the panel."""

import json
from datetime import datetime

from helpers.panel import column
from PySide6 import QtWidgets
from VertebralFracturesLib.core.note import note_now


def write(host, name: str, text: str) -> None:
    """Type into a field and leave it with Enter."""
    field = getattr(host.ui, name)
    field.setText(text)
    field.editingFinished.emit()


def test_notes_are_kept_with_reader_and_time_and_exported(measured, tmp_path, monkeypatch):
    live = measured.widget.studyPanel.live
    write(measured, "readerEdit", "A. Reader")
    measured.ui.vertebraTable.selectRow(3)
    write(measured, "vertebraNoteEdit", "=old fracture")
    write(measured, "patientNoteEdit", "compare with 2024")
    assert live.report.vertebrae[3].note.text == "=old fracture"
    assert live.report.note.reader == "A. Reader"
    assert datetime.fromisoformat(live.report.note.written).tzinfo is not None
    path = tmp_path / "study.json"
    monkeypatch.setattr(QtWidgets.QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    measured.ui.formatBox.setCurrentIndex(2)
    measured.click("exportButton")
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document["note"]["text"] == "compare with 2024"
    assert document["vertebrae"][3]["note"]["reader"] == document["vertebrae"][3]["reader_note_by"] == "A. Reader"
    measured.click("copyTextButton")
    text = QtWidgets.QApplication.clipboard().text()
    today = live.report.note.written[:10]
    assert f"Note (Patient): compare with 2024 (A. Reader, {today}).".rstrip(".") in text
    assert f"Note (T12): =old fracture (A. Reader, {today})" in text
    measured.click("copyButton")
    assert "'=old fracture" in QtWidgets.QApplication.clipboard().text(), "no spreadsheet runs a note as a formula"


def test_a_note_that_is_being_written_is_kept_whatever_is_done_next(measured):
    live = measured.widget.studyPanel.live
    field = measured.ui.vertebraNoteEdit
    measured.ui.vertebraTable.selectRow(1)
    field.setText("by a row")
    measured.ui.vertebraTable.selectRow(2)
    assert live.report.vertebrae[1].note.text == "by a row"
    assert field.text == ""
    field.setText("by a view")
    live.select(4)
    assert live.report.vertebrae[2].note.text == "by a view"
    field.setText("by a key")
    measured.click("verifyButton")
    assert live.report.vertebrae[4].note.text == "by a key"
    measured.ui.patientNoteEdit.setText("by leaving the study")
    report_node = live.study.report_node
    measured.widget.studyPanel.show(None)
    assert "by leaving the study" in report_node.GetAttribute("VertebralFractures.Note")
    assert not field.enabled
    assert measured.ui.patientNoteEdit.text == ""


def test_a_note_can_be_undone_changed_and_taken_away(measured):
    live = measured.widget.studyPanel.live
    measured.ui.vertebraTable.selectRow(1)
    write(measured, "vertebraNoteEdit", "first")
    write(measured, "vertebraNoteEdit", "second")
    measured.click("undoButton")
    assert measured.ui.vertebraNoteEdit.text == live.report.vertebrae[1].note.text == "first"
    measured.click("resetAllButton")
    assert live.report.vertebrae[1].note.text == "first", "a note is no correction of landmarks"
    write(measured, "vertebraNoteEdit", " ")
    assert live.report.vertebrae[1].note is None


def test_notes_stand_in_a_column_of_their_own_that_is_hidden_at_first(measured):
    from VertebralFracturesLib.widgets.words import column_headings

    live, place = measured.widget.studyPanel.live, list(column_headings()).index("reader_note")
    live.set_note(0, note_now("old", "A. Reader"))
    assert column(measured, "reader_note")[0] == "old"
    assert measured.ui.vertebraTable.isColumnHidden(place)
    assert measured.ui.vertebraTable.item(0, place).toolTip().startswith("A. Reader, 20")


def test_the_reader_is_remembered(measured):
    write(measured, "readerEdit", "A. Reader")
    measured.close_module()
    measured.open_module()
    assert measured.ui.readerEdit.text == "A. Reader"


def test_a_note_counts_as_a_correction_before_a_study_is_replaced(measured):
    from VertebralFracturesLib.mrml.study.report import has_edits

    live = measured.widget.studyPanel.live
    assert not has_edits(live.study)
    live.set_note(None, note_now("old", ""))
    assert has_edits(live.study)
