"""The module's description, its sample data and its .ui file."""

import sys
import types
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from VertebralFracturesLib.core.volume import Volume
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


@pytest.fixture
def sources(monkeypatch) -> list[dict]:
    """What was registered in the Sample Data module."""
    registered: list[dict] = []

    class Logic:
        registerCustomSampleDataCategory = staticmethod(lambda category, title: None)  # noqa: N815
        registerCustomSampleDataSource = staticmethod(lambda **source: registered.append(source))  # noqa: N815

    monkeypatch.setitem(sys.modules, "SampleData", types.SimpleNamespace(SampleDataLogic=Logic))
    return registered


def test_sample_data_is_made_on_the_spot(host, sources, monkeypatch):
    from VertebralFracturesLib.simulation import demo_patient

    shares = []

    def scan(progress):
        for share in (0.0, 0.5, 1.0):
            progress(share)
            shares.append(share)
        return Volume(np.zeros((3, 4, 5), np.int16), np.eye(4))

    monkeypatch.setattr(demo_patient, "sample_ct", scan)
    host.module.registerSampleData()
    (source,) = sources
    assert source["uris"] == source["fileNames"] == []
    node = source["customDownloader"](source)
    assert node.GetName() == "Synthetic spine CT"
    assert node.GetImageData().GetDimensions() == (5, 4, 3)
    assert shares == [0.0, 0.5, 1.0]


def test_making_sample_data_can_be_cancelled(host, monkeypatch):
    import slicer
    from VertebralFracturesLib.simulation import demo_patient

    nothing = lambda *_: None  # noqa: E731
    dialog = types.SimpleNamespace(wasCanceled=True, setValue=nothing, close=nothing, deleteLater=nothing)
    monkeypatch.setattr(slicer.util, "createProgressDialog", lambda **_: dialog)
    monkeypatch.setattr(demo_patient, "sample_ct", lambda progress: progress(0.1))
    from VertebralFracturesLib.widgets.sample_data import add_synthetic_patient

    assert add_synthetic_patient() is None
    assert host.scene.GetFirstNodeByClass("vtkMRMLScalarVolumeNode") is None


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


def test_keys_walk_only_while_the_module_is_open(host):
    shortcuts = host.widget.shortcuts._shortcuts
    assert [shortcut.key.toString() for shortcut in shortcuts] == ["Ctrl+Up", "Ctrl+Down", "Ctrl+Return"]
    host.widget.exit()
    assert not any(shortcut.enabled for shortcut in shortcuts)
    host.widget.enter()
    assert all(shortcut.enabled for shortcut in shortcuts)
