"""A typed parameter node with the interface of slicer.parameterNodeWrapper, as far as the module uses it."""

import enum
import typing
from collections.abc import Callable
from typing import Any

from PySide6 import QtWidgets

from .stand_ins import NodeComboBox


def parameter_node_wrapper(cls: type) -> type:
    """Class decorator: every annotated field is stored in the MRML node that the class is made with."""
    fields = typing.get_type_hints(cls)
    body: dict[str, Any] = {name: _field(name, kind, getattr(cls, name, None)) for name, kind in fields.items()}
    return type(cls.__name__, (_ParameterNode,), {**body, "fields": fields, "__doc__": cls.__doc__})


def _field(name: str, kind: type, default: Any) -> property:
    if issubclass(kind, enum.Enum):

        def read(self: "_ParameterNode") -> Any:
            text = self.parameterNode.GetParameter(name)
            return kind[text] if text else default

        return property(read, lambda self, value: self.parameterNode.SetParameter(name, value.name))
    if kind is bool:

        def is_set(self: "_ParameterNode") -> bool:
            text = self.parameterNode.GetParameter(name)
            return text == "true" if text else bool(default)

        return property(is_set, lambda self, value: self.parameterNode.SetParameter(name, "true" if value else "false"))
    return property(
        lambda self: self.parameterNode.GetNodeReference(name),
        lambda self, node: self.parameterNode.SetNodeReferenceID(name, node.GetID() if node is not None else None),
    )


class _ParameterNode:
    fields: dict[str, type]

    def __init__(self, node: Any) -> None:
        self.parameterNode = node
        self._is_updating = False
        self._guis: dict[int, tuple[int, list[Callable[[], None]]]] = {}

    def AddObserver(self, event: Any, callback: Callable[..., None], priority: float = 0.0) -> int:
        return self.parameterNode.AddObserver(event, callback, priority)

    def RemoveObserver(self, tag: int) -> None:
        self.parameterNode.RemoveObserver(tag)

    def connectGui(self, ui: Any) -> int:
        """Bind the widgets that carry the property SlicerParameterName, in both directions."""
        bound = {}
        for widget in vars(type(ui)).values():
            if isinstance(widget, QtWidgets.QWidget) and widget.property("SlicerParameterName"):
                bound[widget.property("SlicerParameterName")] = widget
        if set(bound) - set(self.fields):
            raise ValueError(f"the .ui names parameters that the node does not have: {set(bound) - set(self.fields)}")
        undo = [self._bind(name, widget) for name, widget in bound.items()]
        update = lambda caller=None, event=None: self._write(bound)  # noqa: E731
        update()
        tag = self.AddObserver("ModifiedEvent", update)
        self._guis[tag] = (tag, undo)
        return tag

    def disconnectGui(self, tag: int | None) -> None:
        observer, undo = self._guis.pop(tag, (None, []))
        if observer is not None:
            self.RemoveObserver(observer)
        for one in undo:
            one()

    def _bind(self, name: str, widget: QtWidgets.QWidget) -> Callable[[], None]:
        if isinstance(widget, NodeComboBox):
            signal = widget.currentNodeChanged
        elif isinstance(widget, QtWidgets.QAbstractButton):
            signal = widget.toggled
        else:
            signal = widget.currentIndexChanged
            widget.clear()
            widget.addItems([choice.label() for choice in self.fields[name]])

        def changed(*_: Any) -> None:
            if not self._is_updating:
                setattr(self, name, self._value_of(name, widget))

        signal.connect(changed)
        return lambda: signal.disconnect(changed)

    def _value_of(self, name: str, widget: QtWidgets.QWidget) -> Any:
        if isinstance(widget, NodeComboBox):
            return widget.currentNode()
        if isinstance(widget, QtWidgets.QAbstractButton):
            return widget.isChecked()
        return list(self.fields[name])[widget.currentIndex]

    def _write(self, bound: dict[str, QtWidgets.QWidget]) -> None:
        if self._is_updating:
            return
        self._is_updating = True
        for name, widget in bound.items():
            value = getattr(self, name)
            if isinstance(widget, NodeComboBox):
                widget.setCurrentNode(value)
            elif isinstance(widget, QtWidgets.QAbstractButton):
                widget.setChecked(value)
            else:
                widget.setCurrentIndex(list(self.fields[name]).index(value))
        self._is_updating = False
