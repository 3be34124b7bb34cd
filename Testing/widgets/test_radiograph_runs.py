"""Apply on a radiograph, with networks without an error: what the reader then sees and drags."""

import numpy as np
import pytest
from helpers.perfect_radiograph import LEVELS, perfect_models, picture
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node
from VertebralFracturesLib.mrml.study.radiograph import radiograph_report
from VertebralFracturesLib.mrml.study.study import studies


@pytest.fixture
def picture_node(host, monkeypatch: pytest.MonkeyPatch):
    """A picture as Slicer loads it: one slice, pixels of 1 mm."""
    monkeypatch.setattr("VertebralFracturesLib.networks.weights.load_radiograph_models", lambda *_: perfect_models())
    node = add_volume_node(host.scene, Volume(picture()[None], np.diag([-1.0, -1.0, 1.0, 1.0])), "lateral film")
    host.ui.inputSelector.setCurrentNode(node)
    return node


def apply(host) -> None:
    host.click("applyButton")
    host.wait(lambda: host.ui.applyButton.enabled, seconds=120)


def angles(study) -> dict[str, str]:
    table = study.angles_node
    return {table.GetCellText(row, 0): table.GetCellText(row, 1) for row in range(table.GetNumberOfRows())}


def test_apply_measures_a_radiograph_and_dragging_follows(host, picture_node) -> None:
    apply(host)
    assert host.messages == []
    (study,) = studies(host.scene)
    live = host.widget.studyPanel.live
    assert live.study.report_node is study.report_node
    assert tuple(live.report.levels) == LEVELS
    assert study.volume_node is not picture_node
    assert host.ui.inputSelector.currentNode() is study.volume_node
    assert "7 vertebrae measured" in host.ui.statusLabel.text
    assert float(angles(study)["L1-L5 lordosis"]) == pytest.approx(20.0, abs=0.5)
    node = study.keypoint_nodes[2]
    before, index = angles(study)["L1-L5 lordosis"], live.report.measures[2].genant_index
    right, anterior, superior = node.GetNthControlPointPosition(0)
    node.SetNthControlPointPosition(0, right, anterior, superior - 9)
    assert live.report.measures[2].genant_index < index - 0.05
    assert angles(study)["L1-L5 lordosis"] != before
    assert radiograph_report(study).angles_deg["sacral_slope_deg"] == pytest.approx(23.0, abs=0.5)


def test_a_second_run_replaces_the_first(host, picture_node) -> None:
    apply(host)
    first = studies(host.scene)[0].volume_node
    count = host.scene.GetNumberOfNodes()
    apply(host)
    (study,) = studies(host.scene)
    assert study.volume_node is first
    assert host.scene.GetNumberOfNodes() == count
    assert tuple(host.widget.studyPanel.live.report.levels) == LEVELS
