"""The work list in the panel."""

from pathlib import Path

import numpy as np
import pytest
from helpers.panel import analysis, column


@pytest.fixture
def folder(spine_volume, tmp_path: Path) -> Path:
    """Three CTs of the synthetic spine with their automatic reports, and a file that is none."""
    from helpers.panel import truth
    from VertebralFracturesLib.io.reference_case import write_volume
    from VertebralFracturesLib.report.document import report_json

    place = tmp_path / "list"
    for name in ("a", "b", "c"):
        (place / name).mkdir(parents=True)
        write_volume(place / name / "ct.nii.gz", spine_volume)
        (place / name / "measurements.json").write_text(report_json(truth("genant")), encoding="utf-8")
    (place / "d.nii.gz").write_bytes(b"no image")
    return place


def states(host) -> list[str]:
    table = host.ui.worklistTable
    return [table.item(row, 1).text() for row in range(table.rowCount)]


def open_case(host, name: str) -> None:
    """Click a button and wait for the case."""
    before = host.widget.worklistPanel.session.place
    host.click(name)
    host.wait(lambda: host.widget.worklistPanel.session.place not in (before, None), seconds=30)
    host.wait(lambda: host.widget.studyPanel.live is not None)


def test_a_reading_day(host, folder):
    panel = host.widget.worklistPanel
    panel.list_folder(folder)
    assert states(host) == ["analyzed"] * 3 + ["new"]
    open_case(host, "nextCaseButton")
    live = host.widget.studyPanel.live
    assert live.study.volume_node.GetName() == "ct.nii.gz"
    moved = np.array(live.study.keypoint_nodes[1].GetNthControlPointPosition(0)) - [0, 0, 6]
    live.study.keypoint_nodes[1].SetNthControlPointPosition(0, *moved)
    host.wait(lambda: states(host)[0] == "in review")
    assert list((folder / "readings").rglob("*.json")), "it is saved while the case is open"
    host.wait(lambda: panel._next is not None, seconds=30)
    assert panel._next[0] == 1, "the next case is read meanwhile"
    open_case(host, "nextCaseButton")
    assert panel.session.place == 1
    for _ in range(8):
        host.click("verifyButton")
    open_case(host, "previousCaseButton")
    assert states(host)[:3] == ["in review", "done", "analyzed"]
    live = host.widget.studyPanel.live
    np.testing.assert_allclose(live.study.keypoint_nodes[1].GetNthControlPointPosition(0), moved)
    assert column(host, "source")[1] == "edited"
    volumes = host.scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")
    assert volumes == 2, "the CT and its straightened one; those of the other case are gone"


def test_a_file_that_cannot_be_read_is_told_and_the_others_can_be_opened(host, folder):
    panel = host.widget.worklistPanel
    panel.list_folder(folder)
    panel.open(3)
    host.wait(lambda: "d.nii.gz" in host.ui.worklistLabel.text and not panel._reading.is_running, seconds=30)
    assert host.messages == []
    panel.open(2)
    host.wait(lambda: panel.session.place == 2, seconds=30)


def test_a_new_case_is_analyzed(host, folder):
    for name in ("a", "b", "c"):
        (folder / name / "measurements.json").unlink()
    host.widget.logic.analyzer.analyze = analysis()
    panel = host.widget.worklistPanel
    panel.list_folder(folder)
    assert states(host) == ["new"] * 4
    panel.open(0)
    host.wait(lambda: host.widget.studyPanel.live is not None, seconds=30)
    host.wait(lambda: states(host)[0] == "analyzed")
    panel.leave()
    assert states(host)[0] == "analyzed", "and is not analyzed again"


def test_a_folder_without_cts_is_told(host, tmp_path):
    host.widget.worklistPanel.list_folder(tmp_path)
    assert "no CT in" in host.messages[0]
    assert host.ui.worklistTable.rowCount == 0
    assert not host.ui.nextCaseButton.enabled


def test_loaded_volumes_are_a_list_as_well(measured):
    measured.click("loadedVolumesButton")
    table = measured.ui.worklistTable
    assert [table.item(0, place).text() for place in range(2)] == ["CT", "analyzed"]
    measured.widget.worklistPanel.open(0)
    assert measured.widget.studyPanel.live is not None


def test_agreement_between_readers_is_written(host, folder, tmp_path, monkeypatch):
    from PySide6 import QtWidgets
    from VertebralFracturesLib.widgets.notes_panel import keep_reader

    target = tmp_path / "agreement"
    target.mkdir()
    monkeypatch.setattr(QtWidgets.QFileDialog, "getExistingDirectory", lambda *_: str(target))
    panel = host.widget.worklistPanel
    for reader in ("A", "B"):
        keep_reader(reader)
        panel.list_folder(folder)
        panel.open(0)
        host.wait(lambda: host.widget.studyPanel.live is not None, seconds=30)
        host.click("verifyButton")
        panel.save()
    host.click("agreementButton")
    lines = (target / "agreement.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[1].startswith("A,B,1,8,0,0,1.000")
