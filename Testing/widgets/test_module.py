"""The module's description, its layout and its .ui file."""

import ast
import sys
import types
import xml.etree.ElementTree as ElementTree

import pytest
from helpers.repository import LIBRARY, MODULE
from PySide6 import QtWidgets
from VertebralFracturesLib.mrml.layout.description import LAYOUT_ID

FIRST = ("__init__.py", "widgets/__init__.py", "widgets/choices.py", "widgets/setup/versions.py")
"""What is imported before the version of Slicer is known."""

NARROW_PIXELS = 400
"""Least width of the panel with the fonts of these tests; Slicer's own panel begins with 400 to 500 pixels."""


def test_the_module_describes_itself(host):
    import slicer

    connected = []
    slicer.app.connect = lambda signal, slot: connected.append((signal, slot))
    module = host.module.VertebralFractures(types.SimpleNamespace())
    assert module.parent.title == "Vertebral Fractures"
    assert module.parent.categories == ["Quantification"]
    assert "research use only" in module.parent.helpText
    slots = (host.module.registerWithSlicer,)
    assert connected == [("startupCompleted()", slot) for slot in slots]


@pytest.mark.parametrize("version", [(5, 8), (5, 10), (4, 13)])
def test_an_older_slicer_is_refused_in_a_sentence(host, monkeypatch, version):
    import slicer

    host.close_module()
    monkeypatch.setattr(slicer.app, "majorVersion", version[0], raising=False)
    monkeypatch.setattr(slicer.app, "minorVersion", version[1], raising=False)
    monkeypatch.setitem(sys.modules, "slicer.packaging", None)
    host.open_module()
    label = host.widget.parent.findChild(QtWidgets.QLabel)
    assert label.text.startswith(f"Vertebral Fractures needs 3D Slicer 5.12 or newer, and this is {version[0]}.")
    host.widget.exit()
    host.module.registerWithSlicer()
    host.module.registerWithSlicer()
    with pytest.raises(RuntimeError, match=r"5\.12 or newer"):
        host.module.VertebralFracturesLogic()


def test_the_module_can_be_read_by_the_python_of_an_older_slicer():
    """Slicer 5.8 has Python 3.9: without this it shows an error in the log and no module."""
    for path in (MODULE / "VertebralFractures.py", *(LIBRARY / name for name in FIRST)):
        tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))
        unions = [node for node in ast.walk(tree) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr)]
        is_lazy = any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)
        assert is_lazy or not unions, path.name


def test_the_layout_is_known_before_a_scene_is_loaded(host, monkeypatch):
    import slicer

    logic = types.SimpleNamespace(
        registerCustomSampleDataCategory=lambda *_, **__: None, registerCustomSampleDataSource=lambda **_: None
    )
    monkeypatch.setitem(sys.modules, "SampleData", types.SimpleNamespace(SampleDataLogic=logic))
    layout_node = slicer.app.layoutManager().layoutLogic().GetLayoutNode()
    host.module.registerWithSlicer()
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


def test_long_texts_do_not_widen_the_panel(host):
    """A ctkCollapsibleButton takes the width of a wrapped label in one line for the least one, if it may."""
    tree = ElementTree.parse(host.widget.resourcePath("UI/VertebralFractures.ui"))
    wrapped = [one.get("name") for one in tree.iter("widget") if one.find("property[@name='wordWrap']") is not None]
    assert len(wrapped) >= 4
    for name in wrapped:
        label = getattr(host.ui, name)
        assert label.sizePolicy.horizontalPolicy() == QtWidgets.QSizePolicy.Policy.Ignored, name
        label.setText("A sentence that tells a reader what to do next. " * 20)
        label.setVisible(True)
    host.work()
    assert host.widget.parent.minimumSizeHint().width() <= NARROW_PIXELS


def test_every_parameter_is_bound(host):
    tree = ElementTree.parse(host.widget.resourcePath("UI/VertebralFractures.ui"))
    bound = {one.findtext("string") for one in tree.iter("property") if one.get("name") == "SlicerParameterName"}
    assert bound == set(host.module.VertebralFracturesParameterNode.fields)
