"""The layout of a study, and what Slicer itself does to its views."""

import slicer
from helpers.desk import drag_in_straightened_view
from VertebralFracturesLib.mrml.layout.show import LAYOUT_ID, Pane, hide_studies, panes
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node
from VertebralFracturesLib.mrml.study.creation import create_study
from VertebralFracturesLib.mrml.study.removal import remove_node
from VertebralFracturesLib.report.document import report_json


def shown(scene: slicer.vtkMRMLScene, layout_name: str) -> str:
    """The node ID of the volume in a view."""
    return scene.GetSingletonNode(layout_name, "vtkMRMLSliceCompositeNode").GetBackgroundVolumeID()


def test_another_ct_that_is_loaded_leaves_the_straightened_view_alone(desk, application, study) -> None:
    desk.show(study)
    application.scene.AddNode(other := slicer.vtkMRMLScalarVolumeNode())
    application.logic.GetSelectionNode().SetActiveVolumeID(other.GetID())
    application.logic.PropagateVolumeSelection(0)
    assert shown(application.scene, "Yellow") == other.GetID()
    assert shown(application.scene, "Yellow+") == study.straightened_node.GetID()


SEVERE = 3


def test_the_layout_makes_its_views(desk, study, scene) -> None:
    desk.show(study)
    assert desk.layout.GetLayoutNode().GetViewArrangement() == LAYOUT_ID
    views = desk.layout.GetViewNodes()
    names = [views.GetItemAsObject(index).GetLayoutName() for index in range(views.GetNumberOfItems())]
    assert sorted(names) == ["1", "Red", "TableView1", "Yellow", "Yellow+"]
    table_view = scene.GetSingletonNode("TableView1", "vtkMRMLTableViewNode")
    assert table_view.GetTableNode() is study.table_node
    assert scene.GetSingletonNode("Yellow+", "vtkMRMLSliceNode").GetOrientation() == "Sagittal"
    assert scene.GetSingletonNode("Red", "vtkMRMLSliceNode").GetOrientation() == "Axial"


def test_two_volumes_at_once(desk, scene, volume, oblique, report) -> None:
    lives = [desk.link(create_study(scene, add_volume_node(scene, one, "CT"), report)) for one in (volume, oblique)]
    view = desk.open("Yellow+")
    for live, other in (lives, lives[::-1]):
        desk.show(live.study)
        before = report_json(other.report)
        drag_in_straightened_view(live, view, SEVERE, 0)
        assert report_json(other.report) == before
        assert not any(node.GetDisplayVisibility() for node in other.study.proxy_nodes)
        shown = view.logic.GetSliceCompositeNode().GetBackgroundVolumeID()
        assert shown == live.study.straightened_node.GetID()


def test_nothing_of_a_study_stays_over_another_ct(desk, scene, volume, study) -> None:
    desk.show(study)
    other = add_volume_node(scene, volume, "another CT")
    hide_studies(scene, other)
    drawn = [node for node in study.nodes if isinstance(node, slicer.vtkMRMLMarkupsNode)]
    assert len(drawn) > 15
    assert not any(node.GetDisplayVisibility() for node in drawn)
    assert shown(scene, "Yellow+") is None
    assert {shown(scene, name) for name in ("Yellow", "Red")} == {other.GetID()}
    assert scene.GetSingletonNode("TableView1", "vtkMRMLTableViewNode").GetTableNode() is None
    desk.show(study)
    assert all(node.GetDisplayVisibility() for node in drawn)
    assert shown(scene, "Yellow") == study.volume_node.GetID()
    hide_studies(scene, None)
    assert shown(scene, "Yellow") == study.volume_node.GetID(), "the patient stays where nothing else is looked at"
    assert not any(node.GetDisplayVisibility() for node in drawn)


def test_views_of_the_user_are_left_alone(desk, scene, volume, study) -> None:
    desk.show(study)
    mine = add_volume_node(scene, volume, "mine")
    scene.GetSingletonNode("Red", "vtkMRMLSliceCompositeNode").SetBackgroundVolumeID(mine.GetID())
    hide_studies(scene, add_volume_node(scene, volume, "chosen"))
    assert shown(scene, "Red") == mine.GetID()


def test_a_study_without_straightened_ct_does_not_show_that_of_another(desk, scene, volume, oblique, report) -> None:
    first, second = (create_study(scene, add_volume_node(scene, one, "CT"), report) for one in (volume, oblique))
    desk.show(first)
    remove_node(second.straightened_node)
    remove_node(second.table_node)
    desk.show(second)
    assert shown(scene, "Yellow+") is None
    assert scene.GetSingletonNode("TableView1", "vtkMRMLTableViewNode").GetTableNode() is None


def test_a_maximised_view_makes_room_for_the_layout(desk, scene, study) -> None:
    """Double-click on a view fills the window with it, whatever the arrangement of the others is."""
    desk.show(study)
    layout_node = desk.layout.GetLayoutNode()
    layout_node.AddMaximizedViewNode(scene.GetSingletonNode("Red", "vtkMRMLSliceNode"))
    desk.show(study)
    assert layout_node.GetNumberOfMaximizedViewNodes() == 0


def test_each_list_comes_back_to_the_views_of_its_space(desk, study) -> None:
    """Slicer's module Markups shows a list in all views as soon as it is chosen there."""
    displays = [
        node.GetNthDisplayNode(index)
        for node in study.nodes
        if isinstance(node, slicer.vtkMRMLMarkupsNode)
        for index in range(node.GetNumberOfDisplayNodes())
    ]
    before = [display.GetViewNodeIDs() for display in displays]
    for display in displays:
        display.RemoveAllViewNodeIDs()
    desk.show(study)
    assert [display.GetViewNodeIDs() for display in displays] == before
    assert all(before)


def test_the_panes_fill_the_layout_as_its_description_says() -> None:
    shown = panes(1000, 700)
    assert shown == {
        "Yellow+": Pane(0, 0, 400, 700),
        "Yellow": Pane(400, 0, 300, 700),
        "Red": Pane(700, 0, 300, 350),
        "1": Pane(700, 350, 300, 350),
    }
