"""Apply and Cancel: what a run shows, what it leaves behind, and how it ends."""

import time
from contextlib import closing

import pytest
from helpers.panel import analysis, apply, column, nodes, truth
from helpers.synthetic_spine import LEVELS
from helpers.watched_scene import watched
from VertebralFracturesLib.errors import NoSpineFound
from VertebralFracturesLib.mrml.layout.rendered import RenderedLayout
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node
from VertebralFracturesLib.mrml.study.study import studies


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
    assert column(host, "level_shown") == list(LEVELS)
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
    assert column(host, "level_shown") == list(LEVELS)


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
    assert column(host, "status")[0] == "not reviewed"
    assert len(studies(host.scene)) == 1


@pytest.mark.parametrize("is_replaced", [False, True])
def test_points_that_are_dragged_while_a_second_run_goes_on_are_not_lost_unasked(measured, is_replaced):
    host, live = measured, measured.widget.studyPanel.live
    host.widget.logic.analyzer.analyze = analysis(seconds=0.5)
    host.click("applyButton")
    node = live.study.keypoint_nodes[1]
    right, anterior, superior = node.GetNthControlPointPosition(0)
    node.SetNthControlPointPosition(0, right, anterior, superior - 5)
    host.answers = [is_replaced]
    host.wait(lambda: host.ui.applyButton.enabled)
    (question,) = host.messages
    assert "edited while it was analyzed" in question
    assert column(host, "source")[1] == ("model" if is_replaced else "edited")
    assert (host.widget.studyPanel.live is live) == (not is_replaced)
    assert len(studies(host.scene)) == 1


def test_the_status_tells_of_the_shown_study_only(measured, spine_volume):
    host = measured
    assert "8 vertebrae measured" in host.ui.statusLabel.text
    first = host.ui.inputSelector.currentNode()
    host.ui.inputSelector.setCurrentNode(add_volume_node(host.scene, spine_volume, "another"))
    assert host.ui.statusLabel.text == ""
    host.ui.inputSelector.setCurrentNode(first)
    assert host.ui.statusLabel.text == ""


def test_an_added_vertebra_is_told_until_the_next_edit(measured):
    host, live = measured, measured.widget.studyPanel.live
    missing = live.report.vertebrae[4]
    live.delete_vertebra(4)
    host.widget.logic.analyzer.propose = lambda *_, device, cancel: missing
    host.widget.runPanel.propose(missing.keypoints_ras.mean(0))
    host.wait(lambda: host.ui.applyButton.enabled)
    assert "Vertebra added" in host.ui.statusLabel.text
    live.set_status(0, "verified")
    assert host.ui.statusLabel.text == ""


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


EVENTS_BEFORE, DRAWINGS_BEFORE = 2203, 3696
"""Of the first analysis when nodes were added one by one (version 0.1.0 of November 2026)."""


def test_an_analysis_comes_as_one_change(host, volume_node):
    """Each event outside of batch processing reaches every view and widget, which froze the window for seconds."""
    host.widget.logic.analyzer.analyze = analysis()
    with closing(RenderedLayout(host.application, (640, 400))) as views:
        for _again in range(2):
            with watched(host.scene, views, lambda: host.draws) as counts:
                apply(host)
            assert studies(host.scene)
            assert counts.events <= EVENTS_BEFORE / 5
            assert counts.drawings <= DRAWINGS_BEFORE / 5
    assert host.pauses == 0
