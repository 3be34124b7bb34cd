"""The buttons that walk through a study and correct it."""

import numpy as np
from helpers.panel import column
from helpers.synthetic_spine import LEVELS


def test_a_dragged_point_is_followed_by_the_table(measured):
    host = measured
    study = host.widget.studyPanel.live.study
    before = column(host, "height_ratio")[1]
    position = np.array(study.keypoint_nodes[1].GetNthControlPointPosition(0)) - [0, 0, 8]
    study.keypoint_nodes[1].SetNthControlPointPosition(0, *position)
    assert column(host, "height_ratio")[1] < before
    assert column(host, "source")[1] == "edited"
    host.click("undoButton")
    assert column(host, "height_ratio")[1] == before


def test_buttons_correct_the_set(measured):
    host = measured
    host.ui.vertebraTable.selectRow(0)
    host.click("verifyButton")
    assert column(host, "status")[0] == "verified"
    host.click("verifyButton")
    assert column(host, "status")[0] == "not reviewed"
    host.click("notEvaluableButton")
    assert column(host, "grade")[0] == ""
    host.click("shiftDownButton")
    assert column(host, "level_shown") == [*LEVELS[1:], "L5"]
    host.click("shiftUpButton")
    host.ui.levelBox.activated.emit(host.ui.levelBox.findText("T8"))
    assert column(host, "level_shown")[:2] == ["T8", "T9"]
    host.click("deleteButton")
    assert host.ui.vertebraTable.rowCount == 7
    host.click("resetAllButton")
    assert column(host, "level_shown") == list(LEVELS)


def test_what_cannot_be_done_is_said(measured):
    measured.ui.vertebraTable.selectRow(0)
    measured.ui.levelBox.activated.emit(measured.ui.levelBox.findText("L5"))
    assert "below L6" in measured.messages[0]
    assert column(measured, "level_shown") == list(LEVELS)


def test_the_table_and_the_buttons_are_those_of_the_shown_study(measured):
    panel = measured.widget.studyPanel
    live = panel.live
    assert measured.ui.exportButton.enabled
    assert not measured.ui.verifyButton.enabled
    live.select(2)
    assert measured.ui.verifyButton.enabled
    panel.show(None)
    assert panel.live is None
    assert measured.ui.vertebraTable.rowCount == 0
    assert not measured.ui.exportButton.enabled
    assert not measured.ui.verifyButton.enabled
