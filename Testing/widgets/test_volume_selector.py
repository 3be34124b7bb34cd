"""What is offered as input, and what happens when a volume comes or goes."""

import pytest
from helpers.panel import column
from helpers.synthetic_spine import LEVELS
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node


def offered(host) -> list[str]:
    selector = host.ui.inputSelector
    return [selector.itemText(place) for place in range(1, selector.count)]


def test_a_study_does_not_offer_its_straightened_ct(measured):
    measured.scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "bones")
    assert offered(measured) == ["CT"]
    measured.close_module()
    measured.open_module()
    assert offered(measured) == ["CT"]


def test_a_ct_that_is_loaded_where_none_is_chosen_is_chosen(host, spine_volume):
    host.scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "bones")
    assert host.ui.inputSelector.currentNode() is None
    first = add_volume_node(host.scene, spine_volume, "first")
    assert host.ui.inputSelector.currentNode() is first
    assert host.ui.applyButton.enabled
    add_volume_node(host.scene, spine_volume, "second")
    assert host.ui.inputSelector.currentNode() is first


def test_a_ct_that_is_loaded_with_others_is_chosen_when_all_are_there(host, spine_volume):
    host.scene.StartState(host.scene.BatchProcessState)
    node = add_volume_node(host.scene, spine_volume, "CT")
    host.scene.EndState(host.scene.BatchProcessState)
    assert host.ui.inputSelector.currentNode() is node


@pytest.mark.parametrize("others", [0, 2])
def test_the_study_of_a_deleted_ct_stays_in_view(measured, spine_volume, others):
    """Slicer's selector goes on to the neighbour of a node that is deleted."""
    host, live = measured, measured.widget.studyPanel.live
    for place in range(others):
        add_volume_node(host.scene, spine_volume, f"CT {place}")
    live.set_status(0, "verified")
    host.scene.RemoveNode(live.study.volume_node)
    assert host.ui.inputSelector.currentNode() is None
    assert not host.ui.applyButton.enabled
    assert host.widget.studyPanel.live is live
    assert column(host, "level_shown") == list(LEVELS)
    assert all(node.GetDisplayVisibility() for node in live.study.keypoint_nodes)
    assert host.ui.undoButton.enabled, "edits can still be undone"


def test_a_script_that_chooses_a_straightened_ct_is_told(measured):
    straightened = measured.widget.studyPanel.live.study.straightened_node
    measured.widget.logic.getParameterNode().inputVolume = straightened
    measured.click("applyButton")
    assert "is the straightened CT of a study" in measured.messages[0]
