"""Nodes that users delete, in views, lists and folders: the rest goes on, what was deleted comes back or is remade."""

import numpy as np
import pytest
import slicer
import vtk
from VertebralFracturesLib.mrml.live.study import LiveStudy
from VertebralFracturesLib.mrml.nodes.volume import volume_from_node
from VertebralFracturesLib.mrml.study.creation import complete_study
from VertebralFracturesLib.mrml.study.folder import subject_hierarchy
from VertebralFracturesLib.mrml.study.study import proxy_of, studies, studies_of
from VertebralFracturesLib.report.document import report_json

T12 = 3
ROLES = (
    "curve_node",
    "straightening_node",
    "straightened_node",
    "table_node",
    "labels_node",
    "straightened_labels_node",
)


@pytest.fixture
def live(study):
    live = LiveStudy(study)
    yield live
    live.close()


def _names(study) -> dict[str, str]:
    return {role: getattr(study, role).GetName() for role in ROLES}


def _item(node) -> int:
    return subject_hierarchy(node.GetScene()).GetItemByDataNode(node)


def _folder_of(node) -> str:
    hierarchy = subject_hierarchy(node.GetScene())
    return hierarchy.GetItemName(hierarchy.GetItemParent(_item(node)))


def _agree(study) -> None:
    """Both spaces show every vertebra at one place."""
    assert len(study.proxy_nodes) == len(study.keypoint_nodes)
    for node in study.keypoint_nodes:
        proxy = proxy_of(node)
        assert proxy.GetParentTransformNode() is study.straightening_node
        for index in range(6):
            assert proxy.GetNthControlPointPosition(index) == node.GetNthControlPointPosition(index)


def _move_curve(live) -> None:
    node = live.study.curve_node
    node.SetNthControlPointPosition(9, np.array(node.GetNthControlPointPosition(9)) + [8.0, 0, 0])


def test_a_deleted_curve_comes_back_with_its_edits(live, study, scene, report) -> None:
    _move_curve(live)
    edited = report_json(live.report)
    straightened = volume_from_node(study.straightened_node).voxels.copy()
    scene.RemoveNode(study.curve_node)
    np.testing.assert_array_equal(live.report.curve.points_ras, report.curve.points_ras)
    live.undo()
    assert report_json(live.report) == edited
    np.testing.assert_array_equal(volume_from_node(study.straightened_node).voxels, straightened)
    assert _folder_of(study.curve_node) == "CT vertebral fractures"
    live.undo()
    assert report_json(live.report) == report_json(report)
    live.redo()
    live.redo()
    assert study.curve_node is None
    live.undo()
    _move_curve(live)
    assert report_json(live.report) != edited
    live.undo()
    assert report_json(live.report) == edited


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("is_live", [True, False])
def test_what_was_deleted_is_remade_when_the_study_is_opened_again(study, scene, report, role, is_live, capfd) -> None:
    names, folders = _names(study), {role: _folder_of(getattr(study, role)) for role in ROLES}
    live = LiveStudy(study)
    if not is_live:
        live.close()
    scene.RemoveNode(getattr(study, role))
    live.close()
    again = LiveStudy(study)
    assert _names(study) == names
    assert _folder_of(getattr(study, role)) == folders[role]
    assert report_json(again.report) == report_json(report)
    _agree(study)
    again.close()
    assert "Traceback" not in capfd.readouterr().err


def test_reset_remakes_what_is_missing(live, study, scene, report) -> None:
    names = _names(study)
    for role in ROLES:
        scene.RemoveNode(getattr(study, role))
    scene.RemoveNode(study.keypoint_nodes[T12])
    assert live.report.levels == ["T9", "T10", "T11", "L1", "L2", "L3", "L4"]
    live.reset_to_model()
    assert _names(study) == names
    assert report_json(live.report) == report_json(report)
    _agree(study)
    node = proxy_of(study.keypoint_nodes[T12])
    node.SetNthControlPointPosition(0, np.array(node.GetNthControlPointPosition(0)) + [0, 0, -2])
    assert "edited" in [vertebra.source for vertebra in live.report.vertebrae]


def test_without_the_straightening_nothing_is_drawn_in_straightened_space(live, study, scene, report) -> None:
    scene.RemoveNode(study.straightening_node)
    assert not study.proxy_nodes
    assert study.straightened_labels_node is None
    live.delete_vertebra(0)
    live.undo()
    assert report_json(live.report) == report_json(report)
    assert not study.proxy_nodes


def test_points_of_a_vertebra_that_was_deleted_without_links_go_when_they_are_linked(study, scene) -> None:
    proxy = proxy_of(study.keypoint_nodes[T12])
    scene.RemoveNode(study.keypoint_nodes[T12])
    assert study.stray_proxy_nodes == (proxy,)
    live = LiveStudy(study)
    assert not scene.IsNodePresent(proxy)
    assert "T12" not in live.report.levels
    _agree(study)
    live.close()


def test_a_deleted_list_of_straightened_space_is_remade(study, scene, report) -> None:
    live = LiveStudy(study)
    scene.RemoveNode(study.proxy_nodes[T12])
    assert report_json(live.report) == report_json(report)
    live.close()
    complete_study(study)
    _agree(study)


@pytest.fixture
def hierarchy(scene):
    """Removes items with their nodes, as in the application, whose part that does it is in Qt."""
    hierarchy = subject_hierarchy(scene)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def remove_item(_scene, _event, node=None) -> None:
        item = hierarchy.GetItemByDataNode(node)
        if item != hierarchy.GetInvalidItemID():
            hierarchy.RemoveItem(item, False, False)

    tag = scene.AddObserver(scene.NodeAboutToBeRemovedEvent, remove_item)
    yield hierarchy
    scene.RemoveObserver(tag)


@pytest.mark.parametrize("name", ["CT vertebral fractures", "Vertebrae", "Straightened"])
@pytest.mark.parametrize("is_live", [True, False])
def test_a_folder_is_deleted_with_all_that_is_in_it(study, scene, hierarchy, name, is_live, capfd) -> None:
    live = LiveStudy(study)
    if not is_live:
        live.close()
    assert hierarchy.RemoveItem(hierarchy.GetItemByName(name))
    left = [scene.GetNthNode(index).GetName() or "" for index in range(scene.GetNumberOfNodes())]
    if name == "CT vertebral fractures":
        assert not studies(scene)
        assert [one for one in left if one.startswith("T12")] == []
    elif name == "Vertebrae":
        assert not study.keypoint_nodes
        if is_live:
            assert not live.report.vertebrae
            assert [one for one in left if one.startswith("T12")] == []
            live.reset_to_model()
            assert len(live.report.vertebrae) == 8
            _agree(study)
    else:
        assert [one for one in left if one.endswith("straightened")] == []
        again = LiveStudy(study)
        _agree(study)
        again.close()
    live.close()
    assert capfd.readouterr().err == ""


def test_a_cloned_volume_has_no_study_and_the_first_keeps_its_own(live, study, scene, report) -> None:
    hierarchy = subject_hierarchy(scene)
    clone = slicer.vtkSlicerVolumesLogic.CloneVolume(scene, study.volume_node, "CT Copy")
    assert not studies_of(clone)
    scene.RemoveNode(clone)
    assert live.problem is None
    hierarchy.RemoveItem(_item(study.volume_node))
    assert study.volume_node is None
    live.delete_vertebra(0)
    live.undo()
    live.select(2)
    assert report_json(live.report) == report_json(report)
    assert studies(scene) == [study]
