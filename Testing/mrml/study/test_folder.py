"""Where the nodes of a study lie in the subject hierarchy."""

from helpers.study_nodes import folder_tree
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node, volume_from_node
from VertebralFracturesLib.mrml.study.creation import create_study
from VertebralFracturesLib.mrml.study.folder import (
    VERTEBRAE,
    add_study_folder,
    is_study_folder,
    parent_item,
    put_into_folder,
    remove_empty_items,
    remove_study_folder,
    subfolder,
    subject_hierarchy,
)
from VertebralFracturesLib.mrml.study.removal import remove_study
from VertebralFracturesLib.mrml.study.replacement import replace_study


def test_everything_is_grouped_by_volume_and_level(study, scene) -> None:
    tree = folder_tree(scene)
    assert list(tree) == ["CT", "CT vertebral fractures"]
    folder = tree["CT vertebral fractures"]
    assert list(folder["Vertebrae"]) == ["T9", "T10", "T11", "T12", "L1", "L2", "L3", "L4"]
    assert {"CT vertebrae", "CT spine curve", "CT report", "CT labels"} < set(folder)
    assert {"CT straightened", "CT straightening", "T9 straightened"} < set(folder["Straightened"])
    hierarchy = subject_hierarchy(scene)
    assert all(
        hierarchy.GetItemByDataNode(node) != hierarchy.GetInvalidItemID()
        for node in study.nodes
        if not node.GetHideFromEditors()
    )


def test_a_subfolder_is_made_once_and_goes_with_what_a_study_made(scene) -> None:
    hierarchy = subject_hierarchy(scene)
    root = hierarchy.GetSceneItemID()
    folder = add_study_folder(hierarchy, root, "CT vertebral fractures")
    below = subfolder(hierarchy, folder, VERTEBRAE)
    assert subfolder(hierarchy, folder, VERTEBRAE) == below
    mine = scene.AddNewNodeByClass("vtkMRMLTextNode", "mine")
    assert parent_item(mine) == root
    put_into_folder(hierarchy, below, [mine])
    assert parent_item(mine) == below
    users = hierarchy.CreateFolderItem(root, "of the user")
    assert [is_study_folder(hierarchy, item) for item in (folder, below, users)] == [True, True, False]
    remove_study_folder(hierarchy, folder)
    assert folder_tree(scene) == {"mine": {}, "of the user": {}}


def test_items_without_a_node_are_removed(scene) -> None:
    hierarchy = subject_hierarchy(scene)
    folder = add_study_folder(hierarchy, hierarchy.GetSceneItemID(), "study")
    kept = scene.AddNewNodeByClass("vtkMRMLTextNode", "kept")
    put_into_folder(hierarchy, folder, [kept])
    hierarchy.CreateSubjectItem(folder, "not saved")
    remove_empty_items(hierarchy, folder)
    assert folder_tree(scene) == {"study": {"kept": {}}}


def test_a_second_analysis_is_grouped_as_the_first(study, scene, report) -> None:
    first = folder_tree(scene)
    node = study.volume_node
    for _ in range(2):
        replace_study(node, volume_from_node(node), report)
        assert folder_tree(scene) == first


def test_two_studies_of_one_name_keep_a_folder_each(study, scene, volume, report) -> None:
    other = create_study(scene, add_volume_node(scene, volume, "CT"), report)
    assert study.folder_item != other.folder_item
    remove_study(other)
    assert list(folder_tree(scene)["CT vertebral fractures"]["Vertebrae"])
    assert all(
        parent_item(node) != subject_hierarchy(scene).GetSceneItemID()
        for node in study.nodes
        if not node.GetHideFromEditors()
    )
