"""What can be analyzed, and what only looks like it."""

import pytest
import slicer
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node
from VertebralFracturesLib.mrml.study.input import check_input, default_volume, is_offered, offered_volumes
from VertebralFracturesLib.mrml.study.removal import remove_node


@pytest.fixture
def label_map(scene):
    return scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "bones")


@pytest.fixture
def hidden(scene):
    node = slicer.vtkMRMLScalarVolumeNode()
    node.SetHideFromEditors(True)
    return scene.AddNode(node)


def test_label_maps_hidden_volumes_and_straightened_cts_are_not_offered(
    scene, label_map, hidden, study, volume
) -> None:
    other = add_volume_node(scene, volume, "other")
    assert offered_volumes(scene) == [study.volume_node, other]
    assert not any(is_offered(node) for node in (label_map, hidden, study.straightened_node, study.table_node))


def test_the_straightened_ct_of_a_deleted_study_is_not_offered_either(scene, study) -> None:
    straightened = study.straightened_node
    scene.RemoveNode(study.report_node)
    assert not is_offered(straightened)


def test_the_first_choice_is_a_volume_with_a_study(scene, label_map, hidden, volume, study) -> None:
    assert default_volume(scene) is study.volume_node


def test_without_a_study_the_first_choice_is_a_volume_of_its_own(scene, label_map, hidden, volume) -> None:
    assert default_volume(scene) is None
    node = add_volume_node(scene, volume, "CT")
    assert default_volume(scene) is node


def test_the_straightened_ct_is_no_choice_when_the_ct_was_deleted(scene, study) -> None:
    remove_node(study.volume_node)
    assert default_volume(scene) is None


def test_what_comes_of_an_image_is_refused(study, label_map) -> None:
    check_input(study.volume_node)
    with pytest.raises(UnusableInput, match="'CT straightened' is the straightened CT of a study"):
        check_input(study.straightened_node)
    with pytest.raises(UnusableInput, match="'bones' is a label map"):
        check_input(label_map)
