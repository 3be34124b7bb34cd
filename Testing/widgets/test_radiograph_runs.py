"""Apply on a radiograph, with networks without an error: what the reader then sees and drags."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest
from helpers.perfect_radiograph import LEVELS, PerfectNetworks, picture
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node
from VertebralFracturesLib.mrml.study.report import study_report
from VertebralFracturesLib.mrml.study.study import studies
from VertebralFracturesLib.report.document import read_report, report_json


@pytest.fixture
def picture_node(host, monkeypatch: pytest.MonkeyPatch):
    """A picture as Slicer loads it: one slice, pixels of 1 mm."""
    monkeypatch.setattr(
        "VertebralFracturesLib.networks.radiograph_networks.load_radiograph_networks", lambda *_: PerfectNetworks()
    )
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
    assert study_report(study).angles_deg["sacral_slope_deg"] == pytest.approx(23.0, abs=0.5)


def test_a_second_run_replaces_the_first(host, picture_node) -> None:
    apply(host)
    first = studies(host.scene)[0].volume_node
    count = host.scene.GetNumberOfNodes()
    apply(host)
    (study,) = studies(host.scene)
    assert study.volume_node is first
    assert host.scene.GetNumberOfNodes() == count
    assert tuple(host.widget.studyPanel.live.report.levels) == LEVELS


def test_apply_on_the_film_again_replaces_its_study(host, picture_node) -> None:
    apply(host)
    (first,) = studies(host.scene)
    count = host.scene.GetNumberOfNodes()
    host.widget.logic.process(picture_node)
    (study,) = studies(host.scene)
    assert study.report_node is not first.report_node
    assert host.widget.logic.studyOf(picture_node).report_node is study.report_node
    assert host.scene.GetNumberOfNodes() == count


def test_the_module_is_left_while_a_radiograph_is_analyzed(host, picture_node) -> None:
    host.click("applyButton")
    host.widget.exit()
    host.wait(lambda: studies(host.scene) or host.messages, seconds=120)
    host.work()
    assert host.messages == []
    host.widget.enter()
    (study,) = studies(host.scene)
    assert host.widget.studyPanel.live.study.report_node is study.report_node
    assert host.ui.inputSelector.currentNode() is study.volume_node
    assert "7 vertebrae measured" in host.ui.statusLabel.text


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".json", ".html"])
def test_exports_keep_what_a_radiograph_has_beside_a_ct(
    host, picture_node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    import qt

    apply(host)
    (study,) = studies(host.scene)
    right, anterior, superior = study.sacrum_node.GetNthControlPointPosition(0)
    study.sacrum_node.SetNthControlPointPosition(0, right, anterior, superior - 5)
    expected = study_report(study)
    monkeypatch.setattr(qt.QFileDialog, "getSaveFileName", staticmethod(lambda *_: str(tmp_path / "result")))
    host.ui.formatBox.setCurrentIndex([".csv", ".tsv", ".json", ".html"].index(suffix))
    host.click("exportButton")
    assert host.messages == []
    text = (tmp_path / f"result{suffix}").read_text(encoding="utf-8-sig")
    slope = f"{expected.angles_deg['sacral_slope_deg']:.1f}"
    if suffix == ".json":
        read = read_report(text)
        assert report_json(read) == report_json(expected)
        assert (read.pixel_mm, read.is_scale_known) == (expected.pixel_mm, False)
        np.testing.assert_allclose(read.sacral_endplate_ras, expected.sacral_endplate_ras)
    elif suffix == ".html":
        assert re.search(rf"Sacral slope</dt><dd>{re.escape(slope)}°</dd>", text)
        assert "Straightened" not in text
    else:
        delimiter = "," if suffix == ".csv" else "\t"
        rows = list(csv.DictReader(text.splitlines(), delimiter=delimiter))
        assert [row["level"] for row in rows] == list(LEVELS)


def test_one_click_places_a_vertebra_on_a_radiograph_and_angles_are_in_the_panel(host, picture_node) -> None:
    apply(host)
    live = host.widget.studyPanel.live
    assert "L1-L5 lordosis 20." in host.ui.summaryLabel.text
    assert host.ui.addOneClickButton.enabled
    former = live.report.vertebrae[3]
    live.delete_vertebra(3)
    host.widget.runPanel.propose(former.keypoints_ras.mean(0))
    host.wait(lambda: len(live.report.vertebrae) == len(LEVELS), seconds=60)
    added = live.report.vertebrae[3]
    assert (added.level, added.source) == (former.level, "added")
    np.testing.assert_allclose(added.keypoints_ras, former.keypoints_ras, atol=0.7)
