"""The module's description, its layout and its .ui file."""

import types
import xml.etree.ElementTree as ElementTree

from VertebralFracturesLib.mrml.layout.description import LAYOUT_ID


def test_the_module_describes_itself(host):
    import slicer

    connected = []
    slicer.app.connect = lambda signal, slot: connected.append((signal, slot))
    module = host.module.VertebralFractures(types.SimpleNamespace())
    assert module.parent.title == "Vertebral Fractures"
    assert module.parent.categories == ["Quantification"]
    assert "research use only" in module.parent.helpText
    slots = (host.module.registerSampleData, host.module.registerLayout)
    assert connected == [("startupCompleted()", slot) for slot in slots]


def test_the_layout_is_known_before_a_scene_is_loaded(host):
    import slicer

    layout_node = slicer.app.layoutManager().layoutLogic().GetLayoutNode()
    host.module.registerLayout()
    assert layout_node.GetLayoutDescription(LAYOUT_ID)


def test_every_widget_has_a_tooltip_and_a_known_class(host):
    from helpers.host.stand_ins import CLASSES

    tree = ElementTree.parse(host.widget.resourcePath("UI/VertebralFractures.ui"))
    widgets = list(tree.iter("widget"))
    assert {one.findtext("class") for one in tree.iter("customwidget")} == set(CLASSES)
    interactive = ("QPushButton", "QComboBox", "QCheckBox", "qMRMLNodeComboBox", "QTableWidget")
    without = [
        one.get("name")
        for one in widgets
        if one.get("class") in interactive
        and not any(prop.get("name") == "toolTip" and prop.findtext("string") for prop in one.findall("property"))
    ]
    assert without == []


def test_every_parameter_is_bound(host):
    tree = ElementTree.parse(host.widget.resourcePath("UI/VertebralFractures.ui"))
    bound = {one.findtext("string") for one in tree.iter("property") if one.get("name") == "SlicerParameterName"}
    assert bound == set(host.module.VertebralFracturesParameterNode.fields)
