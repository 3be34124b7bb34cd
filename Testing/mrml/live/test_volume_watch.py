"""Volumes that come and go."""

import pytest
from VertebralFracturesLib.mrml.live.volume_watch import VolumeWatch
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node
from VertebralFracturesLib.mrml.study.creation import create_study


@pytest.fixture
def told(scene):
    """What is told, as it comes."""
    told = []
    watch = VolumeWatch(
        scene,
        lambda: told.append("changed"),
        lambda node: told.append(f"loaded {node.GetName()}"),
        lambda node: told.append(f"leaving {node.GetName()}"),
    )
    yield told
    watch.close()


def test_volumes_come_and_go(scene, volume, told) -> None:
    node = add_volume_node(scene, volume, "CT")
    scene.AddNewNodeByClass("vtkMRMLTextNode")
    scene.RemoveNode(node)
    assert told == ["changed", "loaded CT", "leaving CT"]


def test_what_is_added_at_once_is_told_when_it_is_complete(scene, volume, report, told) -> None:
    scene.StartState(scene.BatchProcessState)
    create_study(scene, add_volume_node(scene, volume, "CT"), report)
    assert told == []
    scene.EndState(scene.BatchProcessState)
    assert told == ["changed", "loaded CT"], "and not its straightened CT"


def test_a_scene_that_is_closed_is_not_told_of_volume_by_volume(scene, volume, told) -> None:
    add_volume_node(scene, volume, "CT")
    told.clear()
    scene.Clear(0)
    assert told == []
