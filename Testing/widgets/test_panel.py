"""The module's own file and its .ui in a stand-in for Slicer, see host/application.py for what that proves."""

import threading
import time

import numpy as np
import pytest
from helpers.synthetic_spine import LEVELS, body_keypoints, lps_volume, scoliotic_curve
from VertebralFracturesLib.core.report import SpineReport, Vertebra
from VertebralFracturesLib.errors import Cancelled, NoSpineFound
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node
from VertebralFracturesLib.mrml.study.study import studies

CURVE = scoliotic_curve()


@pytest.fixture(scope="module")
def volume():
    return lps_volume(CURVE)


@pytest.fixture
def volume_node(host, volume):
    node = add_volume_node(host.scene, volume, "CT")
    host.ui.inputSelector.setCurrentNode(node)
    return node


def truth(preset: str) -> SpineReport:
    vertebrae = [
        Vertebra(points, 0.9, np.full(6, 0.5), level, 0.95)
        for points, level in zip(body_keypoints(CURVE), LEVELS, strict=True)
    ]
    return SpineReport("VertebralFractures test", {}, "anchor-free", preset, CURVE, tuple(vertebrae))


def analysis(seconds: float = 0.1, error: Exception | None = None):
    """An analysis that knows the truth, reports its stages and can be cancelled, without networks."""

    def analyze(image, *, preset, device, progress, cancel, image_classifier):
        from VertebralFracturesLib.ct.pipeline import STAGES

        assert threading.current_thread() is not threading.main_thread()
        for stage in ("networks", *STAGES):
            progress(stage, 0.0)
            end = time.monotonic() + seconds / 5
            while time.monotonic() < end:
                if cancel():
                    raise Cancelled("cancelled")
                time.sleep(0.002)
        if error is not None:
            raise error
        return truth(preset)

    return analyze


@pytest.fixture
def measured(host, volume_node):
    host.widget.logic.analyzer.analyze = analysis()
    apply(host)
    return host


def apply(host) -> None:
    host.click("applyButton")
    host.wait(lambda: host.ui.applyButton.enabled)


def nodes(host) -> list[str]:
    return sorted(host.scene.GetNthNode(i).GetClassName() for i in range(host.scene.GetNumberOfNodes()))


def column(host, name: str) -> list[str]:
    from VertebralFracturesLib.widgets.words import column_headings

    table, place = host.ui.vertebraTable, list(column_headings()).index(name)
    return [table.item(row, place).text() for row in range(table.rowCount)]


def test_nothing_can_be_clicked_without_a_ct(host):
    assert not host.ui.applyButton.enabled
    assert "Load a CT" in host.ui.applyButton.toolTip
    for name in ("cancelButton", "verifyButton", "exportButton", "copyButton", "undoButton"):
        assert not getattr(host.ui, name).enabled


def test_the_second_opinion_can_be_switched_off(host, volume_node):
    asked = []

    def analyze(image, *, preset, device, progress, cancel, image_classifier):
        asked.append(image_classifier)
        return truth(preset)

    host.widget.logic.analyzer.analyze = analyze
    assert host.ui.secondOpinionBox.isChecked()
    for is_wanted in (True, False):
        host.ui.secondOpinionBox.setChecked(is_wanted)
        host.click("applyButton")
        while not host.ui.applyButton.enabled:
            host.work()
    assert asked == [True, False]
    assert not host.widget.logic.getParameterNode().secondOpinion


def test_apply_shows_the_study(host, volume_node):
    host.widget.logic.analyzer.analyze = analysis(seconds=0.5)
    stages = set()
    host.click("applyButton")
    while not host.ui.applyButton.enabled:
        host.work()
        stages.add(host.ui.statusLabel.text)
    assert {"Finding the vertebrae (4 of 6)", "Measuring the vertebrae (6 of 6)"} <= stages
    assert column(host, "level") == list(LEVELS)
    assert column(host, "grade")[3] == "3"
    assert "8 vertebrae measured" in host.ui.statusLabel.text
    assert host.messages == []


def test_the_window_answers_while_a_job_computes(host, volume_node):
    """The job comes to its end only if the window has handled clicks meanwhile."""
    clicks = []
    host.ui.othersFollowBox.connect("toggled(bool)", clicks.append)

    def analyze(image, *, preset, device, progress, cancel, image_classifier):
        total = 0
        while len(clicks) < 5:
            total += sum(range(10_000))
        return truth(preset)

    host.widget.logic.analyzer.analyze = analyze
    host.click("applyButton")
    assert not host.ui.applyButton.enabled
    while not host.ui.applyButton.enabled:
        host.ui.othersFollowBox.toggle()
        host.work()
        assert len(clicks) < 1000
    assert len(clicks) >= 5
    assert column(host, "level") == list(LEVELS)


@pytest.mark.parametrize("error", [NoSpineFound("no spine found"), RuntimeError("out of memory")])
def test_a_failed_run_leaves_the_scene(host, volume_node, error):
    host.widget.logic.analyzer.analyze = analysis(error=error)
    before = nodes(host)
    apply(host)
    assert nodes(host) == before
    assert str(error.args[0]) in host.messages[0]


def test_cancel_leaves_the_scene(host, volume_node):
    host.widget.logic.analyzer.analyze = analysis(seconds=30.0)
    before = nodes(host)
    host.click("applyButton")
    host.wait(lambda: "(1 of 6)" in host.ui.statusLabel.text)
    host.click("cancelButton")
    host.wait(lambda: host.ui.applyButton.enabled)
    assert host.ui.statusLabel.text == "Cancelled"
    assert nodes(host) == before
    assert host.messages == []


def test_a_run_again_asks_only_if_there_are_edits(measured):
    host = measured
    before = nodes(host)
    apply(host)
    assert nodes(host) == before
    assert host.messages == []
    host.widget.studyPanel.live.set_status(0, "verified")
    host.answers = [False]
    host.click("applyButton")
    assert host.ui.applyButton.enabled
    assert column(host, "status")[0] == "verified"
    host.answers = [True]
    apply(host)
    assert column(host, "status")[0] == "to review"
    assert len(studies(host.scene)) == 1


def test_rows_and_vertebrae_select_each_other(measured):
    host = measured
    host.ui.vertebraTable.selectRow(3)
    assert host.widget.studyPanel.live.selected == 3
    assert host.ui.levelBox.currentText == "T12"
    host.widget.studyPanel.live.select(5)
    assert host.ui.vertebraTable.currentRow() == 5
    host.click("previousButton")
    assert host.ui.vertebraTable.currentRow() == 4


def test_a_click_on_a_grade_selects_its_row_and_leaves_its_colour(measured):
    from PySide6 import QtCore, QtTest
    from VertebralFracturesLib.widgets.words import column_headings

    table, grade = measured.ui.vertebraTable, list(column_headings()).index("grade")
    painted = table.item(3, grade).background().color()
    middle = table.visualItemRect(table.item(3, grade)).center()
    QtTest.QTest.mouseClick(table.viewport(), QtCore.Qt.MouseButton.LeftButton, pos=middle)
    assert measured.widget.studyPanel.live.selected == 3
    picture = table.viewport().grab().toImage()
    corner = table.visualItemRect(table.item(3, grade)).topLeft() + QtCore.QPoint(4, 4)
    assert picture.pixelColor(corner) == painted
    beside = table.visualItemRect(table.item(3, grade - 1)).topLeft() + QtCore.QPoint(2, 2)
    assert picture.pixelColor(beside) == table.palette.highlight().color()


def test_the_layout_comes_back_by_a_click(measured):
    from VertebralFracturesLib.mrml.layout.show import LAYOUT_ID

    layout = measured.scene.GetFirstNodeByClass("vtkMRMLLayoutNode")
    assert layout.GetViewArrangement() == LAYOUT_ID
    layout.SetViewArrangement(layout.SlicerLayoutFourUpView)
    measured.click("viewsButton")
    assert layout.GetViewArrangement() == LAYOUT_ID


def test_a_dragged_point_is_followed_by_the_table(measured):
    host = measured
    study = host.widget.studyPanel.live.study
    before = column(host, "genant_index")[1]
    position = np.array(study.keypoint_nodes[1].GetNthControlPointPosition(0)) - [0, 0, 8]
    study.keypoint_nodes[1].SetNthControlPointPosition(0, *position)
    assert column(host, "genant_index")[1] < before
    assert column(host, "source")[1] == "edited"
    host.click("undoButton")
    assert column(host, "genant_index")[1] == before


def test_buttons_correct_the_set(measured):
    host = measured
    host.ui.vertebraTable.selectRow(0)
    host.click("verifyButton")
    assert column(host, "status")[0] == "verified"
    host.click("verifyButton")
    assert column(host, "status")[0] == "to review"
    host.click("notEvaluableButton")
    assert column(host, "grade")[0] == ""
    host.click("shiftDownButton")
    assert column(host, "level") == [*LEVELS[1:], "L5"]
    host.click("shiftUpButton")
    host.ui.levelBox.activated.emit(host.ui.levelBox.findText("T8"))
    assert column(host, "level")[:2] == ["T8", "T9"]
    host.click("deleteButton")
    assert host.ui.vertebraTable.rowCount == 7
    host.click("resetAllButton")
    assert column(host, "level") == list(LEVELS)


def test_what_cannot_be_done_is_said(measured):
    measured.ui.vertebraTable.selectRow(0)
    measured.ui.levelBox.activated.emit(measured.ui.levelBox.findText("L5"))
    assert "below L6" in measured.messages[0]
    assert column(measured, "level") == list(LEVELS)


def test_the_preset_grades_anew_and_follows_the_study(measured):
    host = measured
    host.ui.presetBox.setCurrentIndex(1)
    assert host.widget.studyPanel.live.study.preset == "pisov"
    host.widget.exit()
    host.widget.enter()
    assert host.ui.presetBox.currentIndex == 1


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".json", ".html"])
def test_export_writes_the_study_as_it_is(measured, tmp_path, monkeypatch, suffix):
    import qt

    host = measured
    host.widget.studyPanel.live.set_status(2, "verified")
    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", staticmethod(lambda *_: str(tmp_path / "result")))
    host.ui.formatBox.setCurrentIndex([".csv", ".tsv", ".json", ".html"].index(suffix))
    host.click("exportButton")
    text = (tmp_path / f"result{suffix}").read_text(encoding="utf-8-sig")
    assert text.count("verified") == 1 or suffix == ".html"
    assert host.messages == []


def test_the_table_is_copied(measured):
    import slicer

    measured.click("copyButton")
    lines = slicer.app.clipboard().text().splitlines()
    assert len(lines) == 1 + len(LEVELS)
    assert lines[1].split("\t")[1] == "T9"


def test_closing_the_scene_empties_the_panel(measured):
    host = measured
    host.scene.Clear(0)
    assert host.ui.vertebraTable.rowCount == 0
    assert not host.ui.applyButton.enabled
    assert host.widget.studyPanel.live is None


def test_closing_the_scene_ends_a_run(host, volume_node):
    host.widget.logic.analyzer.analyze = analysis(seconds=0.3)
    host.click("applyButton")
    host.scene.Clear(0)
    time.sleep(0.4)
    host.work()
    assert studies(host.scene) == []
    assert host.messages == []


def test_a_deleted_volume_ends_in_a_message(host, volume_node):
    host.widget.logic.analyzer.analyze = analysis(seconds=0.3)
    host.click("applyButton")
    host.scene.RemoveNode(volume_node)
    host.wait(lambda: host.messages)
    assert "deleted" in host.messages[0]


def test_a_deleted_study_leaves_the_panel(measured):
    host = measured
    host.scene.RemoveNode(host.widget.studyPanel.live.study.report_node)
    assert host.ui.vertebraTable.rowCount == 0


def test_the_module_closes_and_opens_again(measured):
    host = measured
    host.close_module()
    host.open_module()
    assert column(host, "level") == list(LEVELS)
    host.widget.onReload()
    assert not any(name.startswith("VertebralFracturesLib.widgets") for name in __import__("sys").modules)


def test_one_click_adds_a_vertebra(measured):
    host = measured
    host.ui.vertebraTable.selectRow(4)
    host.click("deleteButton")
    missing = truth("genant").vertebrae[4]
    asked = []

    def propose(volume, curve, point_ras, *, device, cancel):
        asked.append(point_ras)
        return missing

    host.widget.logic.analyzer.propose = propose
    before = nodes(host)
    host.click("addOneClickButton")
    placed = host.scene.GetFirstNodeByName("New vertebra")
    centre_ras = missing.keypoints_ras.mean(0)
    placed.AddControlPointWorld(host.widget.studyPanel.live.report.curve.ras_to_straight(centre_ras))
    host.wait(lambda: asked and host.ui.applyButton.enabled)
    np.testing.assert_allclose(asked[0], centre_ras, atol=0.1)
    assert column(host, "level") == list(LEVELS)
    assert column(host, "source")[4] == "added"
    assert host.ui.vertebraTable.currentRow() == 4
    assert not host.ui.addOneClickButton.checked
    host.click("deleteButton")
    assert nodes(host) == before


def test_add_is_given_up(measured):
    host = measured
    before = nodes(host)
    host.click("addOneClickButton")
    assert host.ui.addOneClickButton.checked
    interaction = host.scene.GetNodeByID("vtkMRMLInteractionNodeSingleton")
    interaction.SetCurrentInteractionMode(interaction.ViewTransform)
    host.wait(lambda: not host.ui.addOneClickButton.checked)
    assert nodes(host) == before
    host.click("addOneClickButton")
    host.click("addOneClickButton")
    assert nodes(host) == before
    assert interaction.GetCurrentInteractionMode() == interaction.ViewTransform
