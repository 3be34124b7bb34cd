"""Widgets with the interface of Slicer's and CTK's own, as far as the panel uses it; written for these tests."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from typing import Any

import vtk
from PySide6 import QtCore, QtUiTools, QtWidgets

from .python_qt import let_connect


class Widget(QtWidgets.QWidget):
    """Stands in for qMRMLWidget and, as the module's parent, for qSlicerScriptedLoadableModuleWidget."""

    mrmlSceneChanged = QtCore.Signal(object)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self.isEntered = False

    def setMRMLScene(self, scene: Any) -> None:
        self.mrmlSceneChanged.emit(scene)


class CollapsibleButton(QtWidgets.QGroupBox):
    """Stands in for ctkCollapsibleButton."""

    @property
    def text(self) -> str:
        return self.title

    def event(self, event: QtCore.QEvent) -> bool:
        """The .ui sets the property ``text``, which a group box calls its title."""
        if event.type() == QtCore.QEvent.Type.DynamicPropertyChange and bytes(event.propertyName().data()) == b"text":
            self.setTitle(self.property("text"))
        return super().event(event)


class NodeFilter:
    """Stands in for qMRMLSortFilterProxyModel: which nodes are not offered beside those that are hidden themselves."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed, self._hidden = changed, ()

    @property
    def hiddenNodeIDs(self) -> tuple[str, ...]:
        return self._hidden

    @hiddenNodeIDs.setter
    def hiddenNodeIDs(self, node_ids: tuple[str, ...]) -> None:
        self._hidden = tuple(node_ids)
        self._changed()


class NodeComboBox(QtWidgets.QComboBox):
    """Stands in for qMRMLNodeComboBox: the nodes of a scene by name; the neighbour of a deleted one is chosen."""

    currentNodeChanged = QtCore.Signal(object)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene: Any = None
        self._tags: list[int] = []
        self._nodes: list[Any] = [None]
        self._is_filling = False
        self._filter = NodeFilter(self._fill)
        self.currentIndexChanged.connect(self._tell)

    def sortFilterProxyModel(self) -> NodeFilter:
        return self._filter

    def setMRMLScene(self, scene: Any) -> None:
        for tag in self._tags:
            self._scene.RemoveObserver(tag)
        self._scene, self._tags = scene, []
        if scene is not None:
            events = (scene.NodeAddedEvent, scene.NodeRemovedEvent, scene.EndBatchProcessEvent)
            self._tags = [scene.AddObserver(event, lambda caller, event: self._fill()) for event in events]
            self._fill()

    def currentNode(self) -> Any:
        return self._nodes[max(self.currentIndex, 0)]

    def setCurrentNode(self, node: Any) -> None:
        self.setCurrentIndex(self._nodes.index(node) if node in self._nodes else 0)

    def _is_offered(self, node: Any) -> bool:
        classes = self.property("nodeTypes")
        is_child = node.GetClassName() not in ([classes] if isinstance(classes, str) else classes)
        is_hidden = node.GetHideFromEditors() or node.GetID() in self._filter.hiddenNodeIDs
        return not is_hidden and (not is_child or self.property("showChildNodeTypes"))

    def _fill(self) -> None:
        if self._scene is None:
            return
        present, place = self.currentNode(), max(self.currentIndex, 0)
        classes = self.property("nodeTypes")
        nodes = vtk.vtkCollection()
        for class_name in [classes] if isinstance(classes, str) else classes:
            found = self._scene.GetNodesByClass(class_name)
            found.UnRegister(None)
            for index in range(found.GetNumberOfItems()):
                nodes.AddItem(found.GetItemAsObject(index))
        found_nodes = (nodes.GetItemAsObject(index) for index in range(nodes.GetNumberOfItems()))
        self._nodes = [None, *filter(self._is_offered, found_nodes)]
        self._is_filling = True
        self.clear()
        self.addItems(["Select a Volume", *(node.GetName() for node in self._nodes[1:])])
        neighbour = min(place, len(self._nodes) - 1)
        self.setCurrentIndex(self._nodes.index(present) if present in self._nodes else neighbour)
        self._is_filling = False
        if self.currentNode() is not present:
            self._tell()

    def _tell(self, *_: Any) -> None:
        if not self._is_filling:
            self.currentNodeChanged.emit(self.currentNode())


CLASSES = {"qMRMLWidget": Widget, "ctkCollapsibleButton": CollapsibleButton, "qMRMLNodeComboBox": NodeComboBox}
"""What stands in for the classes that a .ui file names."""


class _Loader(QtUiTools.QUiLoader):
    def createWidget(self, class_name: str, parent: QtWidgets.QWidget | None = None, name: str = "") -> Any:
        if class_name not in CLASSES:
            return super().createWidget(class_name, parent, name)
        widget = CLASSES[class_name](parent)
        widget.setObjectName(name)
        return widget


def load_ui(path: str) -> QtWidgets.QWidget:
    """Make the widgets of a .ui file and the connections that it states between stand-ins."""
    text = ElementTree.parse(path).getroot()
    connections = text.find("connections")
    loader = _Loader()
    plain = ElementTree.fromstring(ElementTree.tostring(text))
    plain.remove(plain.find("connections"))
    buffer = QtCore.QBuffer()
    buffer.setData(ElementTree.tostring(plain))
    widget = loader.load(buffer)
    if widget is None:
        raise RuntimeError(loader.errorString())
    for connection in connections:
        sender, signal, receiver, slot = (connection.findtext(tag) for tag in ("sender", "signal", "receiver", "slot"))
        _named(widget, sender).__getattribute__(signal.partition("(")[0]).connect(
            getattr(_named(widget, receiver), slot.partition("(")[0])
        )
    return widget


def _named(widget: QtWidgets.QWidget, name: str) -> QtWidgets.QWidget:
    return widget if widget.objectName == name else widget.findChild(QtWidgets.QWidget, name)


def child_widget_variables(widget: QtWidgets.QWidget) -> Any:
    """The named widgets below a widget as attributes of one object."""
    names = {child.objectName: child for child in widget.findChildren(QtWidgets.QWidget)}
    for child in names.values():
        let_connect(child)
    return type("Widgets", (), {name: child for name, child in names.items() if name.isidentifier()})()
