"""The layout as Slicer learns it."""

import xml.etree.ElementTree as ElementTree

import pytest
import slicer
from VertebralFracturesLib.mrml.layout.description import (
    COLUMN_SHARES,
    LAST_COLUMN_SHARES,
    LAYOUT_ID,
    register_layout,
)


@pytest.fixture
def layout_node(scene) -> slicer.vtkMRMLLayoutNode:
    return scene.AddNewNodeByClass("vtkMRMLLayoutNode")


def test_the_layout_is_known_once_however_often_it_is_told(layout_node) -> None:
    assert not layout_node.IsLayoutDescription(LAYOUT_ID)
    register_layout(layout_node)
    told = layout_node.GetLayoutDescription(LAYOUT_ID)
    register_layout(layout_node)
    assert layout_node.GetLayoutDescription(LAYOUT_ID) == told
    layout_node.SetViewArrangement(LAYOUT_ID)
    assert layout_node.GetCurrentLayoutDescription() == told


def test_views_share_the_width_and_the_last_column_its_height(layout_node) -> None:
    register_layout(layout_node)
    rows = ElementTree.fromstring(layout_node.GetLayoutDescription(LAYOUT_ID)).findall("item")
    columns = rows[0].find("layout").findall("item")
    assert tuple(int(column.get("splitSize")) for column in columns) == COLUMN_SHARES == (400, 300, 300)
    last = columns[-1].find("layout").findall("item")
    assert tuple(int(pane.get("splitSize")) for pane in last) == LAST_COLUMN_SHARES == (500, 500)
    assert rows[1].find("view").get("singletontag") == "TableView1"
