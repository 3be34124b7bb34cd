"""The buttons that walk through a study and correct it."""

import numpy as np
from helpers.panel import column
from helpers.synthetic_spine import LEVELS
from VertebralFracturesLib.core.review import first_to_review, order_by_need
from VertebralFracturesLib.core.volume import Volume


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
    host.ui.vertebraTable.selectRow(0)
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
    live.select(None)
    assert not measured.ui.verifyButton.enabled
    live.select(2)
    assert measured.ui.verifyButton.enabled
    panel.show(None)
    assert panel.live is None
    assert measured.ui.vertebraTable.rowCount == 0
    assert not measured.ui.exportButton.enabled
    assert not measured.ui.verifyButton.enabled


def test_a_study_is_verified_by_one_click_a_vertebra(measured):
    """From a loaded CT: Apply, Verified for each vertebra, Save; 14 vertebrae take 16 clicks so, at most 20 allowed."""
    ui, live = measured.ui, measured.widget.studyPanel.live
    count = len(live.report.vertebrae)
    assert live.selected == first_to_review(live.report)
    for clicks in range(1, count + 1):
        measured.click("verifyButton")
        assert ui.reviewLabel.text == f"{clicks} of {count} verified"
    assert column(measured, "status") == ["verified"] * count
    apply_and_save = 2
    assert apply_and_save + 14 * clicks / count <= 20


def test_verified_rows_are_grey_until_it_is_undone(measured):
    table = measured.ui.vertebraTable
    plain = table.item(0, 1).foreground()
    table.selectRow(0)
    measured.click("verifyButton")
    assert table.item(0, 1).foreground().color().name() == "#808080"
    assert table.item(1, 1).foreground() == plain
    measured.click("undoButton")
    assert table.item(0, 1).foreground().color() == table.palette.text().color()


def test_rows_can_be_ordered_by_need(measured):
    """What needs a look comes first, a click selects the vertebra of the row, and Verified follows the rows."""
    ui, live = measured.ui, measured.widget.studyPanel.live
    drag_down(live, 5)
    by_need = order_by_need(live.report)
    assert by_need[0] != 0
    ui.orderBox.setCurrentIndex(1)
    ui.orderBox.activated.emit(1)
    assert column(measured, "level_shown") == [live.report.shown_levels[index] for index in by_need]
    ui.vertebraTable.selectRow(0)
    assert live.selected == by_need[0]
    measured.click("verifyButton")
    assert live.selected == by_need[1]
    assert ui.vertebraTable.currentRow() == 1
    ui.orderBox.setCurrentIndex(0)
    ui.orderBox.activated.emit(0)
    assert ui.vertebraTable.currentRow() == by_need[1]
    assert column(measured, "level_shown") == live.report.shown_levels


def drag_down(live, place: int) -> None:
    """Lower the anterior superior point of a vertebra until it is fractured."""
    node = live.study.keypoint_nodes[place]
    node.SetNthControlPointPosition(0, *(np.array(node.GetNthControlPointPosition(0)) - [0, 0, 8]))


def test_a_ct_of_14_normal_bodies_is_verified_and_exported_by_16_clicks(host, tmp_path, monkeypatch):
    """At most 20 are allowed: Apply, Verified for each vertebra, Save."""
    from helpers import full_report
    from PySide6 import QtWidgets
    from VertebralFracturesLib.mrml.nodes.volume import add_volume_node

    report = full_report.report(14, image_classification=None)
    top, bottom = report.curve.points_ras[[0, -1], 2]
    matrix = np.diag([4.0, 4.0, 4.0, 1.0])
    matrix[:3, 3] = -100, -100, bottom - 20
    voxels = np.full((round((top - bottom + 40) / 4), 50, 50), 40, np.int16)
    host.widget.logic.analyzer.analyze = lambda *_, **__: report
    add_volume_node(host.scene, Volume(voxels, matrix), "CT")
    path = tmp_path / "study.csv"
    monkeypatch.setattr(QtWidgets.QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    clicks = ["applyButton", *["verifyButton"] * 14, "exportButton"]
    for name in clicks:
        host.wait(lambda name=name: getattr(host.ui, name).enabled)
        host.click(name)
        host.wait(lambda: host.ui.applyButton.enabled)
    assert len(clicks) <= 20
    assert host.messages == []
    rows = path.read_text(encoding="utf-8-sig").splitlines()
    assert len(rows) == 15
    assert all(",verified," in row for row in rows[1:])
