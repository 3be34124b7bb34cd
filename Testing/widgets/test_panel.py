"""The module's own file and its .ui in a stand-in for Slicer, see host/application.py for what that proves."""

from helpers.panel import column
from helpers.synthetic_spine import LEVELS
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node


def test_the_layout_comes_back_by_a_click(measured):
    from VertebralFracturesLib.mrml.layout.show import LAYOUT_ID

    layout = measured.scene.GetFirstNodeByClass("vtkMRMLLayoutNode")
    assert layout.GetViewArrangement() == LAYOUT_ID
    layout.SetViewArrangement(layout.SlicerLayoutFourUpView)
    measured.click("viewsButton")
    assert layout.GetViewArrangement() == LAYOUT_ID


def test_the_preset_grades_anew_and_follows_the_study(measured):
    host = measured
    host.ui.presetBox.setCurrentIndex(host.ui.presetBox.count - 1)
    assert host.widget.studyPanel.live.study.preset == "pisov"
    host.widget.exit()
    host.widget.enter()
    assert host.ui.presetBox.currentIndex == host.ui.presetBox.count - 1


def test_another_ct_hides_the_study_of_the_first(measured, spine_volume):
    host, study = measured, measured.widget.studyPanel.live.study
    host.ui.inputSelector.setCurrentNode(add_volume_node(host.scene, spine_volume, "another"))
    assert host.ui.vertebraTable.rowCount == 0
    assert not any(node.GetDisplayVisibility() for node in (*study.keypoint_nodes, *study.proxy_nodes))
    assert host.scene.GetSingletonNode("Yellow+", "vtkMRMLSliceCompositeNode").GetBackgroundVolumeID() is None
    host.ui.inputSelector.setCurrentNode(study.volume_node)
    assert column(host, "level_shown") == list(LEVELS)
    assert all(node.GetDisplayVisibility() for node in (*study.keypoint_nodes, *study.proxy_nodes))


def test_closing_the_scene_empties_the_panel(measured):
    host = measured
    host.scene.Clear(0)
    assert host.ui.vertebraTable.rowCount == 0
    assert not host.ui.applyButton.enabled
    assert host.widget.studyPanel.live is None


def test_a_deleted_study_leaves_the_panel(measured):
    host = measured
    host.scene.RemoveNode(host.widget.studyPanel.live.study.report_node)
    assert host.ui.vertebraTable.rowCount == 0


def test_the_module_closes_and_opens_again(measured):
    host = measured
    host.close_module()
    host.open_module()
    assert column(host, "level_shown") == list(LEVELS)
    host.widget.onReload()
    assert not any(name.startswith("VertebralFracturesLib.widgets") for name in __import__("sys").modules)
