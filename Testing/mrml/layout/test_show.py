"""The layout of a study, and what Slicer itself does to its views."""

import slicer
from helpers.desk import drag_in_straightened_view
from VertebralFracturesLib.mrml.layout.show import LAYOUT_ID, Pane, panes
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node
from VertebralFracturesLib.mrml.study.creation import create_study
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


def test_the_panes_fill_the_layout_as_its_description_says() -> None:
    shown = panes(1000, 700)
    assert shown == {
        "Yellow+": Pane(0, 0, 400, 700),
        "Yellow": Pane(400, 0, 300, 700),
        "Red": Pane(700, 0, 300, 350),
        "1": Pane(700, 350, 300, 350),
    }
