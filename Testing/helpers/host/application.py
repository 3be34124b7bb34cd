"""As much of the Slicer application as the module's own file needs to run: written for these tests, no code of Slicer.

It proves what our Python and our .ui do with real MRML nodes and real Qt widgets. It does not prove that Slicer's own
loader, its qMRML and CTK widgets, its parameter nodes, its views or PythonQt behave as these stand-ins do.
"""

import importlib.util
import sys
import time
import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import slicer
import slicer.util
from packaging.requirements import Requirement
from PySide6 import QtCore, QtGui, QtTest, QtWidgets
from VertebralFracturesLib.mrml.application import Application, boot_scene

from .parameter_node import parameter_node_wrapper
from .python_qt import make_qt_module
from .scripted_module import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from .stand_ins import NodeComboBox, Widget, child_widget_variables, load_ui

MODULE_FILE = Path(__file__).resolve().parents[3] / "VertebralFractures" / "VertebralFractures.py"
LIBRARY = "VertebralFracturesLib"


@dataclass
class Host:
    """A running application with the module loaded.

    :param module: VertebralFractures.py.
    :param application: the scene and its logics.
    :param widget: its widget, set up and entered.
    :param answers: what the user answers to the questions that come, in order.
    :param messages: errors and questions that were shown.
    :param errors: exceptions that ended in Qt or VTK, which only print them.
    :param pauses: how many blocks of code have paused the views at present.
    """

    module: types.ModuleType
    application: Application
    widget: Any = None
    answers: list[Any] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)
    pauses: int = 0

    @property
    def draws(self) -> bool:
        """Whether views draw when they are asked to: not while they are paused, nor in the scene's batch processing."""
        return not self.pauses and not self.scene.IsBatchProcessing()

    def pause_rendering(self, by: int) -> None:
        self.pauses += by

    @property
    def scene(self) -> Any:
        return self.application.scene

    @property
    def ui(self) -> Any:
        return self.widget.ui

    def open_module(self) -> None:
        """What Slicer does when the user chooses the module for the first time."""
        parent = Widget()
        parent.setLayout(QtWidgets.QVBoxLayout())
        self.widget = self.module.VertebralFracturesWidget(parent)
        self.widget.setup()
        parent.isEntered = True
        self.widget.enter()
        parent.resize(470, 900)
        parent.show()

    def close_module(self) -> None:
        """What Slicer does with the panel when it exits."""
        self.widget.cleanup()
        for selector in self.widget.parent.findChildren(NodeComboBox):
            selector.setMRMLScene(None)
        self.widget.parent.close()
        self.widget.parent.deleteLater()
        QtWidgets.QApplication.processEvents()

    def click(self, name: str) -> None:
        """Click a button with the mouse; a disabled one fails."""
        button = getattr(self.ui, name)
        assert button.enabled, f"{name} is disabled"
        QtTest.QTest.mouseClick(button, QtCore.Qt.MouseButton.LeftButton)

    def wait(self, condition: Any, seconds: float = 20.0) -> None:
        """Let the application work until something holds."""
        end = time.monotonic() + seconds
        while not condition():
            assert self.errors == []
            assert time.monotonic() < end, "waited in vain"
            self.work()

    def work(self) -> None:
        """Let the application handle what has happened, for a moment."""
        QtTest.QTest.qWait(5)

    def screenshot(self, path: Path) -> None:
        """Take the panel as high as it needs, as in the scroll area around it in Slicer."""
        for _ in range(10):
            self.work()
        panel = self.widget.parent
        panel.resize(panel.width, max(panel.height, panel.layout().heightForWidth(panel.width)))
        self.work()
        assert panel.grab().save(str(path))


@contextmanager
def run_host(settings: Path, has_window: bool = True) -> Iterator[Host]:
    """An application with an empty scene and the module opened.

    :param settings: a folder for the application's settings.
    :param has_window: False for a run without main window and views, with the module loaded but not opened.
    """
    qt_app = QtWidgets.QApplication.instance() or QtWidgets.QApplication(["host"])
    QtCore.QSettings.setDefaultFormat(QtCore.QSettings.Format.IniFormat)
    QtCore.QSettings.setPath(QtCore.QSettings.Format.IniFormat, QtCore.QSettings.Scope.UserScope, str(settings))
    with boot_scene() as booted, _replaced(_modules(), "VertebralFractures"):
        host = Host(types.ModuleType("unloaded"), booted)
        unhandled = {"excepthook": lambda kind, error, traceback: host.errors.append(error)}
        with _slicer_attributes(host, qt_app, has_window), _attributes(sys, **unhandled):
            host.module = _load_module()
            try:
                if has_window:
                    host.open_module()
                yield host
            finally:
                if host.widget is not None:
                    host.close_module()
        assert host.errors == []


def _modules() -> dict[str, types.ModuleType]:
    """What the module imports beside the packages that are installed."""
    return {
        "qt": _qt_module(),
        "slicer.i18n": _module("slicer.i18n", tr=lambda text: text, translate=lambda context, text: text),
        "slicer.parameterNodeWrapper": _module(
            "slicer.parameterNodeWrapper", parameterNodeWrapper=parameter_node_wrapper
        ),
        "slicer.ScriptedLoadableModule": _module(
            "slicer.ScriptedLoadableModule",
            ScriptedLoadableModule=ScriptedLoadableModule,
            ScriptedLoadableModuleWidget=ScriptedLoadableModuleWidget,
            ScriptedLoadableModuleLogic=ScriptedLoadableModuleLogic,
            ScriptedLoadableModuleTest=ScriptedLoadableModuleTest,
        ),
        "slicer.packaging": _module(
            "slicer.packaging",
            load_requirements=lambda path: list(map(Requirement, Path(path).read_text(encoding="utf-8").split())),
            pip_ensure=lambda requirements, prompt_install, requester: None,
            pip_check=lambda requirement: True,
        ),
    }


def _qt_module() -> types.ModuleType:
    module = make_qt_module()

    class FileDialog(QtWidgets.QFileDialog):
        """PythonQt returns the name alone."""

        @staticmethod
        def getSaveFileName(*arguments: Any) -> str:
            return QtWidgets.QFileDialog.getSaveFileName(*arguments)[0]

    module.QFileDialog = FileDialog
    return module


def _module(name: str, **content: Any) -> types.ModuleType:
    module = types.ModuleType(name)
    vars(module).update(content)
    return module


@contextmanager
def _replaced(modules: dict[str, types.ModuleType], *forgotten: str) -> Iterator[None]:
    """Put modules in place; afterwards what was imported with their help is forgotten, a reloaded library too."""
    kept = dict(sys.modules)
    sys.modules.update(modules)
    for name, module in modules.items():
        if name.startswith("slicer."):
            setattr(slicer, name.partition(".")[2], module)
    try:
        yield
    finally:
        is_reloaded = sys.modules.get(LIBRARY) is not kept.get(LIBRARY)
        part = LIBRARY if is_reloaded else f"{LIBRARY}.widgets"
        parts = {name for name in {*sys.modules, *kept} if name == part or name.startswith(f"{part}.")}
        for name in {*modules, *forgotten, *parts}:
            sys.modules.pop(name, None)
            if name in kept:
                sys.modules[name] = kept[name]


@contextmanager
def _slicer_attributes(host: Host, qt_app: QtWidgets.QApplication, has_window: bool) -> Iterator[None]:
    """The functions of slicer.util and the application object that the module uses."""

    def asked(text: str, *_: Any, **__: Any) -> bool:
        host.messages.append(text)
        return host.answers.pop(0)

    layout_logic = slicer.vtkMRMLLayoutLogic()
    layout_logic.SetMRMLScene(host.scene)

    class LayoutManager:
        layoutLogic = staticmethod(lambda: layout_logic)

    class App:
        majorVersion, minorVersion = 5, 13
        layoutManager = staticmethod(LayoutManager if has_window else lambda: None)
        applicationLogic = staticmethod(lambda: host.application.logic)
        connect = staticmethod(lambda signal, slot: None)
        processEvents = staticmethod(qt_app.processEvents)
        clipboard = staticmethod(QtGui.QGuiApplication.clipboard)
        pauseRender = staticmethod(lambda: host.pause_rendering(1))
        resumeRender = staticmethod(lambda: host.pause_rendering(-1))

    def dialog(**_: Any) -> Any:
        nothing = lambda *_: None  # noqa: E731
        return types.SimpleNamespace(wasCanceled=False, setValue=nothing, close=nothing, deleteLater=nothing)

    def load_scene(path: str) -> None:
        assert host.scene.ReadFromMRB(path, False, slicer.vtkMRMLMessageCollection())

    module_list = types.SimpleNamespace(vertebralfractures_path=str(MODULE_FILE), reloaded=False)
    util = {
        "loadUI": load_ui,
        "childWidgetVariables": child_widget_variables,
        "mainWindow": lambda: None,
        "errorDisplay": lambda text, *_, **__: host.messages.append(text),
        "infoDisplay": lambda text, *_, **__: host.messages.append(text),
        "confirmOkCancelDisplay": asked,
        "showStatusMessage": lambda *_: None,
        "createProgressDialog": dialog,
        "saveScene": lambda path: host.scene.WriteToMRB(path),
        "loadScene": load_scene,
    }
    with _attributes(slicer, mrmlScene=host.scene, app=App(), modules=module_list), _attributes(slicer.util, **util):
        yield
    layout_logic.SetMRMLScene(None)


@contextmanager
def _attributes(owner: Any, **values: Any) -> Iterator[None]:
    missing = object()
    former = {name: getattr(owner, name, missing) for name in values}
    for name, value in values.items():
        setattr(owner, name, value)
    try:
        yield
    finally:
        for name, value in former.items():
            if value is missing:
                delattr(owner, name)
            else:
                setattr(owner, name, value)


def _load_module() -> types.ModuleType:
    spec = importlib.util.spec_from_file_location("VertebralFractures", MODULE_FILE)
    module = importlib.util.module_from_spec(spec)
    sys.modules["VertebralFractures"] = module
    spec.loader.exec_module(module)
    return module
