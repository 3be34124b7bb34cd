"""A study that is removed leaves the scene as it was."""

from helpers.study_nodes import folder_tree, node_ids
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node
from VertebralFracturesLib.mrml.study.creation import create_study
from VertebralFracturesLib.mrml.study.folder import subject_hierarchy
from VertebralFracturesLib.mrml.study.removal import remove_study


def test_removing_leaves_the_scene_as_it_was(scene, volume, report) -> None:
    volume_node = add_volume_node(scene, volume, "CT")
    hierarchy = subject_hierarchy(scene)
    hierarchy.CreateItem(hierarchy.GetSceneItemID(), volume_node)
    before, tree = node_ids(scene), folder_tree(scene)
    remove_study(create_study(scene, volume_node, report))
    assert node_ids(scene) == before
    assert folder_tree(scene) == tree


def test_what_the_user_put_into_the_folder_stays(study, scene) -> None:
    mine = scene.AddNewNodeByClass("vtkMRMLMarkupsLineNode", "my line")
    subject_hierarchy(scene).CreateItem(study.folder_item, mine)
    remove_study(study)
    assert scene.IsNodePresent(mine)
    assert folder_tree(scene) == {"CT": {}, "my line": {}}
