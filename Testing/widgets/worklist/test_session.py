"""Cases of a list in the scene."""

from pathlib import Path

import numpy as np
import pytest
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.worklist.lock import CaseIsOpen


@pytest.fixture
def folder(spine_volume, tmp_path: Path) -> Path:
    """Two CTs of the synthetic spine, the first with its automatic report."""
    from helpers.panel import truth
    from VertebralFracturesLib.io.reference_case import write_volume
    from VertebralFracturesLib.report.document import report_json

    place = tmp_path / "list"
    for name in ("first", "second"):
        (place / name).mkdir(parents=True)
        write_volume(place / name / "ct.nii.gz", spine_volume)
    (place / "first" / "measurements.json").write_text(report_json(truth("genant")), encoding="utf-8")
    return place


def session(folder: Path, reader: str = "A"):
    from VertebralFracturesLib.widgets.worklist.session import WorklistSession

    return WorklistSession(folder, reader)


def test_rows_tell_state_headline_and_readers(host, folder):
    first = session(folder)
    assert [first.row(place)[:2] for place in range(2)] == [
        ("first/ct.nii.gz", "analyzed"),
        ("second/ct.nii.gz", "new"),
    ]
    assert "fracture" in first.row(0)[2].lower()
    assert first.row(1)[2:] == ("", "")


def test_corrections_come_back_and_each_reader_has_his_own(host, folder):
    from VertebralFracturesLib.mrml.live.study import LiveStudy

    first = session(folder)
    study = first.open(host.scene, 0, first.read(0))
    live = LiveStudy(study)
    moved = np.array(study.keypoint_nodes[2].GetNthControlPointPosition(0)) - [0, 0, 5]
    study.keypoint_nodes[2].SetNthControlPointPosition(0, *moved)
    live.set_status(0, "verified")
    first.save(study)
    live.close()
    first.leave()
    assert first.volume_node is None
    assert first.row(0)[1] == "in review"
    again = session(folder)
    study = again.open(host.scene, 0, again.read(0))
    np.testing.assert_allclose(study.keypoint_nodes[2].GetNthControlPointPosition(0), moved)
    again.leave()
    other = session(folder, "B")
    assert other.row(0)[1] == "analyzed"
    assert other.row(0)[3] == "A"
    study = other.open(host.scene, 0, other.read(0))
    assert np.abs(np.array(study.keypoint_nodes[2].GetNthControlPointPosition(0)) - moved).max() > 4
    other.leave()


def test_a_second_session_of_a_reader_is_refused_and_may_take_over(host, folder):
    first, second = session(folder), session(folder)
    study = first.open(host.scene, 0, first.read(0))
    read = second.read(0)
    nodes = host.scene.GetNumberOfNodes()
    with pytest.raises(CaseIsOpen):
        second.open(host.scene, 0, read)
    assert host.scene.GetNumberOfNodes() == nodes
    second.open(host.scene, 0, read, take_over=True)
    with pytest.raises(UnusableInput, match="taken over"):
        first.save(study)
    second.leave()
    first.leave()


def test_a_case_that_cannot_be_opened_leaves_nothing_behind(host, folder):
    (folder / "first" / "measurements.json").write_text("{", encoding="utf-8")
    first = session(folder)
    nodes = host.scene.GetNumberOfNodes()
    with pytest.raises(UnusableInput, match=r"measurements\.json cannot be used"):
        first.open(host.scene, 0, first.read(0))
    assert first.place is None
    assert host.scene.GetNumberOfNodes() == nodes
    assert first.open(host.scene, 1, first.read(1)) is None
    first.leave()
