"""PySide6 with the manners of PythonQt, Slicer's Qt for Python.

Qt properties are attributes, signals are connected by their signatures, enumerators are found on their classes, and
all classes are in one module. A signal that a class does not have raises, where PythonQt only prints.
"""

import ctypes
import functools
import inspect
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

from PySide6 import QtCore, QtGui, QtUiTools, QtWidgets

_NONES = 1_000_000

# Getters that Qt itself calls on Python objects, and a property that shares its name with a static function.
_LEFT_ALONE = {"sizeHint", "minimumSizeHint", "singleShot"}


def make_qt_module() -> types.ModuleType:
    """The module that Slicer calls ``qt``."""
    _add_all_properties()
    _keep_none()
    module = types.ModuleType("qt")
    for part in (QtCore, QtGui, QtWidgets, QtUiTools):
        vars(module).update(_content(part))
    for name in ("QTimer", "QShortcut", "QAction"):
        vars(module)[name] = type(name, (getattr(module, name),), {"connect": connect})
    return module


@functools.cache
def _keep_none() -> None:
    """Methods of table items give None away without having counted it, until Python ends the process for it.

    That is a fault of PySide6 6.x with Python 3.11, which 3D Slicer's PythonQt does not have: a day of tests uses a few
    hundred thousand.
    """
    if sys.version_info < (3, 12):
        for _ in range(_NONES):
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(None))


def let_connect(made: QtCore.QObject) -> None:
    """Give an object that Qt made the method ``connect``; PySide6 has another one of this name on every class."""
    made.connect = functools.partial(connect, made)


def _content(part: types.ModuleType) -> dict[str, Any]:
    """The public names of a part of PySide6, which loads its classes when they are asked for."""
    return {name: getattr(part, name) for name in dir(part) if not name.startswith("_")}


def _qobject_classes() -> Iterator[type]:
    for part in (QtCore, QtGui, QtWidgets, QtUiTools):
        for value in _content(part).values():
            if inspect.isclass(value) and issubclass(value, QtCore.QObject):
                yield value


@functools.cache
def _add_all_properties() -> None:
    """Once per process: PySide6 keeps what is set on its classes."""
    for cls in set(_qobject_classes()):
        _add_properties(cls)


def _add_properties(cls: type) -> None:
    """Make the properties that a class declares attributes of it."""
    described = cls.staticMetaObject
    for place in range(described.propertyOffset(), described.propertyCount()):
        name = described.property(place).name()
        if name not in _LEFT_ALONE:
            setattr(cls, name, _attribute(name))


def _attribute(name: str) -> property:
    return property(
        lambda self: QtCore.QObject.property(self, name),
        lambda self, value: QtCore.QObject.setProperty(self, name, value),
    )


def connect(sender: QtCore.QObject, signature: str, slot: Callable[..., Any]) -> None:
    """Connect a signal of up to two arguments by its signature; a slot may take fewer than are declared."""
    normalized = bytes(QtCore.QMetaObject.normalizedSignature(signature).data()).decode()
    if sender.metaObject().indexOfSignal(normalized) < 0:
        raise ValueError(f"{type(sender).__name__} has no signal {signature}")
    name, _, arguments = normalized.partition("(")
    declared = len([argument for argument in arguments.rstrip(")").split(",") if argument])
    count = min(declared, _accepted(slot))
    # PySide6 hands over as many arguments as a function names
    getattr(sender, name).connect((lambda: slot(), lambda one: slot(one), lambda one, two: slot(one, two))[count])


def _accepted(slot: Callable[..., Any]) -> int:
    """How many positional arguments a slot takes that have no default."""
    parameters = inspect.signature(slot).parameters.values()
    if any(one.kind is inspect.Parameter.VAR_POSITIONAL for one in parameters):
        return 99
    return sum(one.default is one.empty for one in parameters)
