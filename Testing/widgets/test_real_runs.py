"""Apply with the shipped networks: what comes of it, of a cancelled run and of a body without a spine; saved scenes."""

from dataclasses import replace

import numpy as np
import pytest
import slicer
import vtk
from VertebralFracturesLib.core.heights.genant import PRESETS
from VertebralFracturesLib.core.keypoints import body_centre
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node
from VertebralFracturesLib.mrml.study.creation import create_study
from VertebralFracturesLib.mrml.study.study import proxy_of, studies
from VertebralFracturesLib.report.document import report_json
from VertebralFracturesLib.report.table import report_csv


@pytest.fixture(scope="module")
def small_ct(synthetic_ct, synthetic_report) -> Volume:
    """The four lowest vertebrae that were found, with the tissue around them."""
    points = np.concatenate([one.keypoints_ras for one in synthetic_report.vertebrae[-4:]])
    ends = np.rint(synthetic_ct.to_ijk(np.array([points.min(0) - [60, 60, 35], points.max(0) + [60, 60, 35]])))
    low, high = np.sort(np.clip(ends, 0, np.array(synthetic_ct.shape[::-1])).astype(int), axis=0)
    matrix = synthetic_ct.ijk_to_ras.copy()
    matrix[:3, 3] = synthetic_ct.ijk_to_ras[:3] @ [*low, 1]
    i, j, k = (slice(*ends) for ends in zip(low, high, strict=True))
    return Volume(np.ascontiguousarray(synthetic_ct.voxels[k, j, i]), matrix)


@pytest.fixture
def small_node(host, small_ct):
    node = add_volume_node(host.scene, small_ct, "CT")
    host.ui.inputSelector.setCurrentNode(node)
    return node


def apply(host) -> None:
    host.click("applyButton")
    host.wait(lambda: host.ui.applyButton.enabled, seconds=300)


def state(host) -> dict[str, int]:
    """Every node of the scene with the time of its last change."""
    all_nodes = (host.scene.GetNthNode(i) for i in range(host.scene.GetNumberOfNodes()))
    return {node.GetID(): node.GetMTime() for node in all_nodes}


def drag(live, place: int) -> None:
    """Move the anterior superior point down, as Slicer's widgets do."""
    node = live.study.keypoint_nodes[place]
    right, anterior, superior = node.GetNthControlPointPosition(0)
    node.SetNthControlPointPosition(0, right, anterior, superior - 4)


def turned() -> vtk.vtkMatrix4x4:
    """Out of the scanner's planes, and to another place."""
    turn = vtk.vtkTransform()
    turn.Translate(30, -10, 45)
    turn.RotateX(7)
    turn.RotateZ(-9)
    return turn.GetMatrix()


def assert_found(host, synthetic_report, matrix: np.ndarray) -> None:
    """The vertebrae that the networks found in the whole CT are found again, where they are now."""
    live = host.widget.studyPanel.live
    centres = np.array([body_centre(one.keypoints_ras) for one in live.report.vertebrae])
    expected = np.array([body_centre(one.keypoints_ras) for one in synthetic_report.vertebrae[-4:]])
    expected = expected @ matrix[:3, :3].T + matrix[:3, 3]
    distances = np.linalg.norm(expected[:, None] - centres[None], axis=-1)
    assert distances.min(1).max() < 3.0
    assert "vertebrae measured" in host.ui.statusLabel.text
    assert host.ui.statusLabel.text.endswith("on CPU")
    before = live.report.measures[1].heights_mm
    drag(live, 1)
    assert live.report.measures[1].heights_mm != before
    node = live.study.keypoint_nodes[1]
    shown = np.array(proxy_of(node).GetNthControlPointPositionWorld(0))
    np.testing.assert_allclose(
        shown, live.report.curve.ras_to_straight(np.array(node.GetNthControlPointPositionWorld(0))), atol=0.1
    )
    assert host.messages == []


def array(matrix: vtk.vtkMatrix4x4) -> np.ndarray:
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


def test_an_oblique_volume_under_a_transform(host, small_ct, synthetic_report):
    """The scan's own axes are oblique, and the volume is moved on top of it."""
    oblique = add_volume_node(
        host.scene, Volume(small_ct.voxels, array(turned()) @ small_ct.ijk_to_ras), "oblique", share_voxels=True
    )
    transform = host.scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(turned())
    oblique.SetAndObserveTransformNodeID(transform.GetID())
    host.ui.inputSelector.setCurrentNode(oblique)
    apply(host)
    assert_found(host, synthetic_report, array(turned()) @ array(turned()))


def test_cancelled_in_the_middle_the_scene_is_as_before(host, small_node):
    host.ui.deviceBox.setCurrentIndex(1)
    before = state(host)
    host.click("applyButton")
    host.wait(lambda: "(2 of 6)" in host.ui.statusLabel.text, seconds=120)
    host.click("cancelButton")
    assert host.ui.statusLabel.text == "Cancelling..."
    host.wait(lambda: host.ui.applyButton.enabled, seconds=120)
    assert host.ui.statusLabel.text == "Cancelled"
    assert state(host) == before
    assert host.messages == []


def test_noise_ends_in_one_clear_message(host):
    voxels = np.random.default_rng(0).normal(40, 150, (40, 40, 40)).astype(np.int16)
    voxels[:, :8] = -1000
    node = add_volume_node(host.scene, Volume(voxels, np.diag([3.0, 3.0, 3.0, 1.0])), "noise")
    host.ui.inputSelector.setCurrentNode(node)
    before = state(host)
    apply(host)
    (message,) = host.messages
    assert "no spine found" in message
    assert "load a CT" in message
    assert state(host) == before


def test_a_gpu_that_is_not_there_is_told(host, small_node):
    import torch

    if torch.cuda.is_available():
        pytest.skip("this computer has a GPU")
    host.ui.deviceBox.setCurrentIndex(2)
    assert host.ui.deviceNameLabel.text == "no GPU found"
    apply(host)
    assert "no CUDA-capable GPU found" in host.messages[0]
    host.ui.deviceBox.setCurrentIndex(0)
    assert host.ui.deviceNameLabel.text == "CPU"


def test_the_device_is_not_named_before_torch_is_loaded(host, monkeypatch):
    import sys

    monkeypatch.delitem(sys.modules, "torch")
    host.ui.deviceBox.setCurrentIndex(1)
    assert host.ui.deviceNameLabel.text == ""
    assert "torch" not in sys.modules


def test_applied_again_after_edits_no_keeps_everything(studied):
    live = studied.widget.studyPanel.live
    drag(live, 2)
    live.set_status(0, "verified")
    before, shown = state(studied), report_json(live.report)
    studied.answers = [False]
    studied.click("applyButton")
    assert "contains corrections" in studied.messages[0]
    assert state(studied) == before
    assert studied.widget.studyPanel.live is live
    assert report_json(live.report) == shown
    drag(live, 3)
    assert live.report.vertebrae[3].source == "edited"


def test_two_studies_take_turns(host, small_ct, synthetic_report):
    lower = replace(synthetic_report, vertebrae=synthetic_report.vertebrae[-4:])
    first, second = (add_volume_node(host.scene, small_ct, name, share_voxels=True) for name in ("first", "second"))
    host.ui.inputSelector.setCurrentNode(None)
    create_study(host.scene, first, replace(lower, preset="genant"))
    create_study(host.scene, second, replace(lower, preset="pisov"))
    for node, preset in ((first, "genant"), (second, "pisov"), (first, "genant")):
        host.ui.inputSelector.setCurrentNode(node)
        live = host.widget.studyPanel.live
        assert live.study.volume_node is node
        assert live.study.preset == preset
        assert host.ui.presetBox.currentIndex == list(PRESETS).index(preset)
        (other,) = [study for study in studies(host.scene) if study.volume_node is not node]
        untouched = [point.GetMTime() for point in other.keypoint_nodes]
        drag(live, 0)
        assert [point.GetMTime() for point in other.keypoint_nodes] == untouched
        assert not any(proxy.GetDisplayVisibility() for proxy in other.proxy_nodes)
        assert host.ui.vertebraTable.rowCount == 4
        assert host.ui.vertebraTable.item(0, 0).text() == lower.shown_levels[0]


@pytest.fixture
def saved(small_ct, synthetic_report, tmp_path, monkeypatch):
    """A saved scene with an edited study, and the study's CSV: from an application that has gone."""
    from helpers.host.application import run_host

    file = tmp_path / "scene.mrb"
    with run_host(tmp_path / "before") as host:
        node = add_volume_node(host.scene, small_ct, "CT")
        host.ui.inputSelector.setCurrentNode(None)
        create_study(host.scene, node, replace(synthetic_report, vertebrae=synthetic_report.vertebrae[-4:]))
        host.ui.inputSelector.setCurrentNode(node)
        live = host.widget.studyPanel.live
        drag(live, 1)
        live.set_status(0, "verified")
        live.set_preset("pisov")
        live.select(2)
        slicer.util.saveScene(str(file))
        csv = report_csv(live.report)
    return file, csv


@pytest.mark.parametrize("is_open", [True, False], ids=["module open", "module opened later"])
def test_a_saved_scene_comes_back_in_a_new_application(saved, host, is_open):
    file, csv = saved
    if not is_open:
        host.widget.exit()
        host.widget.parent.isEntered = False
    slicer.util.loadScene(str(file))
    if not is_open:
        assert host.widget.studyPanel.live is None
        host.widget.parent.isEntered = True
        host.widget.enter()
    live = host.widget.studyPanel.live
    assert report_csv(live.report) == csv
    assert host.ui.vertebraTable.rowCount == 4
    assert host.ui.vertebraTable.currentRow() == 2
    assert host.ui.presetBox.currentIndex == list(PRESETS).index("pisov")
    before = live.report.measures[2].genant_index
    drag(live, 2)
    assert live.report.measures[2].genant_index != before
    node = live.study.keypoint_nodes[2]
    assert proxy_of(node).GetNthControlPointPosition(0) == node.GetNthControlPointPosition(0)
    live.undo()
    assert report_csv(live.report) == csv


def test_a_ct_that_was_moved_is_told(studied):
    volume_node = studied.widget.studyPanel.live.study.volume_node
    transform = studied.scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(turned())
    volume_node.SetAndObserveTransformNodeID(transform.GetID())
    problem = studied.widget.studyPanel.live.problem
    assert problem
    assert problem[1:] in studied.ui.studyMessageLabel.text
