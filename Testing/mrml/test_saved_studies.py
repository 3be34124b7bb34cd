"""Studies that are saved while readers work on them, loaded by another application and imported beside others."""

import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
import slicer
import vtk
from helpers.desk import Desk, drag_in_patient_view, drag_in_straightened_view
from VertebralFracturesLib.mrml.application import boot_scene
from VertebralFracturesLib.mrml.live.study import LiveStudy
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node
from VertebralFracturesLib.mrml.scene_file import read_scene
from VertebralFracturesLib.mrml.study.creation import create_study
from VertebralFracturesLib.mrml.study.folder import subject_hierarchy
from VertebralFracturesLib.mrml.study.report import study_report
from VertebralFracturesLib.mrml.study.study import STRAIGHTENED_LINES, Study, proxy_of, selected_node, studies
from VertebralFracturesLib.report.document import report_json
from VertebralFracturesLib.report.table import report_csv

SEVERE = 3


def _save(scene, path: Path) -> Path:
    """Save as Slicer does, with the file's kind."""
    if path.suffix == ".mrb":
        assert scene.WriteToMRB(str(path))
        return path
    nodes = [scene.GetNthNode(index) for index in range(scene.GetNumberOfNodes())]
    for node in nodes:
        if isinstance(node, slicer.vtkMRMLStorableNode) and node.GetSaveWithScene() and node.AddDefaultStorageNode():
            storage = node.GetStorageNode()
            storage.SetFileName(str(path.parent / f"{node.GetID()}.{storage.GetDefaultWriteFileExtension()}"))
            assert storage.WriteData(node)
    scene.SetURL(str(path))
    scene.SetRootDirectory(str(path.parent))
    assert scene.Commit()
    return path


def _load(scene, path: Path) -> list[Study]:
    if path.suffix == ".mrb":
        return read_scene(scene, path)
    scene.SetURL(str(path))
    assert scene.Connect()
    return studies(scene)


@pytest.mark.parametrize("name", ["scene.mrb", "scene.mrml"])
def test_a_scene_saved_while_live_offers_nothing_that_would_be_dragged_alone(study, report, tmp_path, name) -> None:
    live = LiveStudy(study)
    live.select(SEVERE)
    path = _save(study.scene, tmp_path / name)
    assert not study.proxy_nodes[0].GetLocked()
    live.close()
    with boot_scene() as application:
        (loaded,) = _load(application.scene, path)
        nodes = application.scene.GetNodesByClass("vtkMRMLMarkupsFiducialNode")
        nodes.UnRegister(None)
        lists = [nodes.GetItemAsObject(index) for index in range(nodes.GetNumberOfItems())]
        straightened = [one for one in lists if one.GetParentTransformNode() is not None]
        assert all(one.GetLocked() for one in straightened)
        assert loaded.straightened_labels_node in straightened
        assert report_csv(study_report(loaded)) == report_csv(report)
        again = LiveStudy(loaded)
        assert again.selected == SEVERE
        assert len(loaded.proxy_nodes) == len(report.vertebrae)
        again.close()


def test_a_scene_saved_without_links_holds_locked_points_in_straightened_space(study, tmp_path) -> None:
    LiveStudy(study).close()
    path = _save(study.scene, tmp_path / "scene.mrb")
    with boot_scene() as application:
        (loaded,) = read_scene(application.scene, path)
        assert len(loaded.proxy_nodes) == len(loaded.keypoint_nodes)
        assert all(proxy.GetLocked() for proxy in loaded.proxy_nodes)


def test_no_reference_in_a_saved_scene_leads_to_what_is_not_in_it(study, tmp_path) -> None:
    """Nor is anything left of it in the subject hierarchy once the study is linked again."""
    live = LiveStudy(study)
    path = _save(study.scene, tmp_path / "scene.mrb")
    live.close()
    with zipfile.ZipFile(path) as archive:
        text = archive.read(next(name for name in archive.namelist() if name.endswith(".mrml"))).decode()
    ids = set(re.findall(r'\bid="(vtkMRML[^"]+)"', text))
    items = set(re.findall(r'dataNodeID="(vtkMRML[^"]+)"', text)) | set(re.findall(r'dataNode="(vtkMRML[^"]+)"', text))
    assert items <= ids
    with boot_scene() as application:
        (loaded,) = read_scene(application.scene, path)
        assert proxy_of(loaded.keypoint_nodes[0]) is None
        again = LiveStudy(loaded)
        hierarchy = subject_hierarchy(application.scene)
        folder = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(proxy_of(loaded.keypoint_nodes[0])))
        children = vtk.vtkIdList()
        hierarchy.GetItemChildren(folder, children)
        items = [children.GetId(index) for index in range(children.GetNumberOfIds())]
        assert len(items) == len(loaded.proxy_nodes) + 3 + len(STRAIGHTENED_LINES)
        assert all(hierarchy.GetItemDataNode(item) is not None for item in items)
        again.close()


def test_two_studies_of_one_scene_come_back_and_are_dragged_apart(
    desk, scene, volume, oblique, report, tmp_path
) -> None:
    lives = [desk.link(create_study(scene, add_volume_node(scene, one, "CT"), report)) for one in (volume, oblique)]
    lives[0].set_status(0, "verified")
    lives[1].delete_vertebra(7)
    lives[1].set_preset("pisov")
    saved = [report_csv(live.report) for live in lives]
    path = _save(scene, tmp_path / "scene.mrb")
    with boot_scene() as application:
        again = Desk(application)
        try:
            loaded = [again.link(study) for study in read_scene(application.scene, path)]
            assert [report_csv(live.report) for live in loaded] == saved
            straightened, patient = again.open("Yellow+"), again.open("Yellow")
            for live, other in (loaded, loaded[::-1]):
                before = report_json(other.report)
                again.show(live.study)
                drag_in_straightened_view(live, straightened, SEVERE, 0)
                patient.node.JumpSliceByCentering(*live.report.vertebrae[SEVERE].keypoints_ras.mean(0))
                drag_in_patient_view(live, patient, SEVERE, 4)
                assert report_json(other.report) == before
            assert [live.report.preset for live in loaded] == ["genant", "pisov"]
            for live, text in zip(loaded, saved, strict=True):
                live.undo()
                live.undo()
                assert report_csv(live.report) == text
        finally:
            again.close()


def test_a_scene_is_imported_beside_a_study_of_the_same_name(desk, study, scene, report, tmp_path) -> None:
    live = desk.link(study)
    live.delete_vertebra(0)
    live.select(1)
    saved = report_csv(live.report)
    path = _save(scene, tmp_path / "scene.mrb")
    live.undo()
    live.select(4)
    here = report_json(live.report)

    assert scene.ReadFromMRB(str(path), False)

    first, second = studies(scene)
    assert first.report_node is study.report_node
    assert report_json(live.report) == here
    assert (live.selected, live.problem) == (4, None)
    imported = desk.link(second)
    assert report_csv(imported.report) == saved
    assert imported.selected == 1
    assert selected_node(second) in second.keypoint_nodes
    own, others = ({node.GetID() for node in one.nodes} for one in (first, second))
    assert not own & others
    assert second.volume_node is not first.volume_node
    for one in (first, second):
        assert {proxy.GetParentTransformNode() for proxy in one.proxy_nodes} == {one.straightening_node}
        views = {name for proxy in one.proxy_nodes for name in proxy.GetDisplayNode().GetViewNodeIDs()}
        assert views == {"vtkMRMLSliceNodeYellow+"}
    view = desk.open("Yellow+")
    desk.show(second)
    drag_in_straightened_view(imported, view, SEVERE, 0)
    assert report_json(live.report) == here
    imported.undo()
    scene.RemoveNode(second.report_node)
    assert report_json(live.report) == here


def test_renamed_nodes_and_names_that_are_there_twice_survive_a_file(study, scene, report, tmp_path) -> None:
    live = LiveStudy(study)
    for node in (*study.keypoint_nodes, study.report_node, study.curve_node, study.volume_node):
        node.SetName("one name")
    scene.AddNewNodeByClass("vtkMRMLTextNode", "one name")
    path = _save(scene, tmp_path / "scene.mrb")
    live.close()
    with boot_scene() as application:
        (loaded,) = read_scene(application.scene, path)
        again = LiveStudy(loaded)
        assert report_csv(again.report) == report_csv(report)
        assert loaded.volume_node.GetName() == "one name"
        again.delete_vertebra(0)
        again.undo()
        np.testing.assert_allclose(again.report.vertebrae[0].keypoints_ras, report.vertebrae[0].keypoints_ras)
        again.close()


@pytest.fixture
def live(desk: Desk, study) -> LiveStudy:
    live = desk.link(study)
    desk.show(study)
    return live


def test_saved_reloaded_and_dragged_again(desk, live, tmp_path: Path) -> None:
    drag_in_straightened_view(live, desk.open("Yellow+"), SEVERE, 0)
    live.set_status(0, "verified")
    live.delete_vertebra(len(live.report.vertebrae) - 1)
    live.relabel(0, "T8")
    live.set_preset("pisov")
    live.select(1)
    saved = live.report
    bundle = tmp_path / "scene.mrb"
    assert live.study.scene.WriteToMRB(str(bundle))
    with boot_scene() as application:
        (study,) = read_scene(application.scene, bundle)
        again = Desk(application)
        try:
            loaded = again.link(study)
            assert report_csv(loaded.report) == report_csv(saved)
            assert (loaded.selected, loaded.report.preset) == (1, "pisov")
            assert [vertebra.source for vertebra in loaded.report.vertebrae][SEVERE] == "edited"
            again.show(study)
            assert study.table_node.GetNumberOfRows() == len(saved.vertebrae)
            view = again.open("Yellow+")
            drag_in_straightened_view(loaded, view, SEVERE, 1)
            loaded.undo()
            assert report_csv(loaded.report) == report_csv(saved)
            loaded.reset_to_model()
            assert loaded.report.levels == ["T9", "T10", "T11", "T12", "L1", "L2", "L3", "L4"]
            assert len(studies(application.scene)) == 1
        finally:
            again.close()
