"""Adding a vertebra with the mouse: real buttons, real clicks in a real slice view, real networks."""

import threading

import numpy as np
import pytest
from helpers.panel import column, truth
from helpers.slice_view import SliceView
from helpers.synthetic_spine import LEVELS
from PySide6 import QtCore, QtTest

PLACE = 5


PIXEL_MM = 1.0


def nodes(host) -> list[str]:
    return sorted(host.scene.GetNthNode(i).GetID() for i in range(host.scene.GetNumberOfNodes()))


@pytest.fixture
def view(studied, straightened_view):
    """The straightened view around a vertebra that was just deleted."""
    live = studied.widget.studyPanel.live
    live.select(PLACE)
    straightened_view.node.SetFieldOfView(100, 140, 1)
    studied.click("deleteButton")
    return straightened_view


@pytest.fixture
def missing(studied, synthetic_report, view) -> np.ndarray:
    """The keypoints of the deleted vertebra in straightened space."""
    return synthetic_report.curve.ras_to_straight(synthetic_report.vertebrae[PLACE].keypoints_ras)


def click(host, view: SliceView, point_straight: np.ndarray) -> None:
    pixel = np.rint(view.pixel_of(point_straight))
    view.drag(pixel, pixel, steps=1)
    host.work()


def right_click(host, view: SliceView) -> None:
    view.hover([20, 20])
    view.interactor.RightButtonPressEvent()
    view.interactor.RightButtonReleaseEvent()
    host.work()


def press_escape(host, view: SliceView) -> None:
    host.widget.parent.activateWindow()
    host.wait(lambda: host.widget.parent.isActiveWindow)
    QtTest.QTest.keyClick(host.ui.addOneClickButton, QtCore.Qt.Key.Key_Escape)
    host.work()


def give_up(name: str):
    return {"escape": press_escape, "right click": right_click}.get(name, lambda host, view: host.click(name))


def test_one_click_in_the_view_adds_the_vertebra(studied, view, missing, synthetic_report):
    before = nodes(studied)
    studied.click("addOneClickButton")
    assert "Click the centre of the vertebra" in studied.ui.addPromptLabel.text
    click(studied, view, missing.mean(0) + [0, 3, -3])
    assert studied.ui.statusLabel.text == "Placing the landmarks..."
    studied.wait(lambda: studied.ui.applyButton.enabled)
    live = studied.widget.studyPanel.live
    assert live.report.levels == synthetic_report.levels
    assert live.selected == PLACE
    added = live.report.vertebrae[PLACE]
    assert added.source == "added"
    assert 0 < added.score < 1
    found = synthetic_report.curve.ras_to_straight(added.keypoints_ras)
    assert np.linalg.norm(found - missing, axis=1).max() < 1.5
    assert not studied.ui.addOneClickButton.checked
    assert not studied.ui.addPromptLabel.visible
    studied.click("deleteButton")
    assert nodes(studied) == before


def test_six_clicks_in_any_order_add_the_vertebra(studied, view, missing, synthetic_report):
    before = nodes(studied)
    studied.click("addSixClicksButton")
    for left, index in zip(range(6, 0, -1), (3, 0, 5, 4, 1, 2), strict=True):
        assert f"{left} left" in studied.ui.addPromptLabel.text
        assert studied.widget.studyPanel.live.report.levels.count(synthetic_report.levels[PLACE]) == 0
        click(studied, view, missing[index])
    live = studied.widget.studyPanel.live
    assert live.report.levels == synthetic_report.levels
    added = live.report.vertebrae[PLACE]
    assert (added.source, live.selected) == ("added", PLACE)
    found = synthetic_report.curve.ras_to_straight(added.keypoints_ras)
    assert np.abs(found - missing).max() < PIXEL_MM
    assert studied.messages == []
    assert not studied.ui.addSixClicksButton.checked
    studied.click("deleteButton")
    assert nodes(studied) == before


def test_clicks_that_are_no_vertebra_are_refused(studied, view, missing):
    before = nodes(studied)
    studied.click("addSixClicksButton")
    for step in range(6):
        click(studied, view, missing.mean(0) + [0, 0, 5 * step])
    assert "cannot be told apart" in studied.messages[0]
    assert nodes(studied) == before


@pytest.mark.parametrize(("way", "clicks"), [("escape", 4), ("right click", 5), ("addSixClicksButton", 0)])
def test_six_clicks_are_given_up(studied, view, missing, way, clicks):
    before = nodes(studied)
    interaction = studied.scene.GetNodeByID("vtkMRMLInteractionNodeSingleton")
    studied.click("addSixClicksButton")
    for index in range(clicks):
        click(studied, view, missing[index])
    give_up(way)(studied, view)
    studied.wait(lambda: not studied.ui.addSixClicksButton.checked)
    assert nodes(studied) == before
    assert interaction.GetCurrentInteractionMode() == interaction.ViewTransform
    assert not interaction.GetPlaceModePersistence()
    assert not studied.ui.addPromptLabel.visible
    click(studied, view, missing[0] + [0, 10, 0])
    assert nodes(studied) == before


def test_one_button_releases_the_other(studied, view, missing, synthetic_report, monkeypatch):
    from VertebralFracturesLib.networks import ct_networks

    loaded, load = [], ct_networks.load_ct_networks
    counted = lambda device, *which: loaded.append(device) or load(device, *which)  # noqa: E731
    monkeypatch.setattr(ct_networks, "load_ct_networks", counted)
    for _ in range(2):
        studied.click("addSixClicksButton")
        click(studied, view, missing[0])
        studied.click("addOneClickButton")
        assert not studied.ui.addSixClicksButton.checked
        assert "Click the centre" in studied.ui.addPromptLabel.text
        click(studied, view, missing.mean(0))
        studied.wait(lambda: studied.ui.applyButton.enabled)
        assert studied.widget.studyPanel.live.report.levels == synthetic_report.levels
        studied.click("deleteButton")
    assert loaded == ["cpu"], "the networks are loaded once"


def test_the_patients_views_take_no_clicks(studied, view, missing):
    sagittal = SliceView(studied.application, "Yellow", (400, 400))
    try:
        studied.click("addOneClickButton")
        before = nodes(studied)
        sagittal.drag([200, 200], [200, 200], steps=1)
        studied.work()
        assert studied.ui.addOneClickButton.checked
        assert nodes(studied) == before
    finally:
        sagittal.close()


def test_where_no_body_is_nothing_is_added(studied, view, missing):
    before = nodes(studied)
    studied.click("addOneClickButton")
    click(studied, view, missing.mean(0) + [0, 45, 0])
    studied.wait(lambda: studied.ui.applyButton.enabled)
    assert "no vertebral body was detected there" in studied.messages[0]
    assert nodes(studied) == before


def test_a_proposal_is_cancelled(studied, view, missing, monkeypatch):

    analyzer, reached = studied.widget.runPanel._analyzer, threading.Event()
    propose = analyzer.propose

    def propose_when_cancelled(*arguments, device, cancel):
        reached.set()
        while not cancel():
            reached.wait(0.001)
        return propose(*arguments, device=device, cancel=cancel)

    monkeypatch.setattr(analyzer, "propose", propose_when_cancelled)
    before = nodes(studied)
    studied.click("addOneClickButton")
    click(studied, view, missing.mean(0))
    studied.wait(reached.is_set)
    studied.click("cancelButton")
    studied.wait(lambda: studied.ui.applyButton.enabled)
    assert studied.ui.statusLabel.text == "Cancelled"
    assert nodes(studied) == before
    assert studied.messages == []


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
    assert column(host, "level_shown") == list(LEVELS)
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
