"""Slicer's application logic without an application: what a scene needs to be built, saved and loaded."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir

import slicer
import vtk

from ..publishing.drafts import draft_folder
from ..publishing.publish import NEW

_MODULE_LOGICS = (
    ("Markups", "vtkSlicerMarkupsLogic"),
    ("Volumes", "vtkSlicerVolumesLogic"),
    ("Tables", "vtkSlicerTablesLogic"),
    ("Transforms", "vtkSlicerTransformLogic"),
    ("SubjectHierarchy", "vtkSlicerSubjectHierarchyModuleLogic"),
    ("Sequences", "vtkSlicerSequencesLogic"),
)
_SCENE_VERSION = "Slicer 5.12.0 0"


@dataclass(frozen=True)
class Application:
    """A scene with the logics that register node classes, default colors and readers.

    :param scene: an empty scene.
    :param logic: the application logic; module logics are found by their module's name.
    """

    scene: slicer.vtkMRMLScene
    logic: slicer.vtkSlicerApplicationLogic


@contextmanager
def boot_scene() -> Iterator[Application]:
    """An empty scene that behaves as in Slicer, with nothing drawn and no display needed.

    Inside Slicer the application has done this already; there, pass ``slicer.mrmlScene`` on instead.
    """
    scene = slicer.vtkMRMLScene()
    scene.SetVersion(_SCENE_VERSION)
    logic = slicer.vtkSlicerApplicationLogic()
    logic.SetMRMLScene(scene)
    with draft_folder(Path(gettempdir())) as draft:
        logics = [_color_logic(logic, scene), *_module_logics(logic, scene), *_reading(logic, scene, str(draft / NEW))]
        _add_crosshair(scene)
        logic.SetSliceLogics(vtk.vtkCollection())
        logic.SetViewLogics(vtk.vtkCollection())
        slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
        try:
            yield Application(scene, logic)
        finally:
            scene.Clear(1)
            logics.clear()


@contextmanager
def one_change(scene: slicer.vtkMRMLScene) -> Iterator[None]:
    """Change many nodes of a scene as one change: views and widgets take notice when all is done, and only once."""
    scene.StartState(scene.BatchProcessState)
    try:
        yield
    finally:
        scene.EndState(scene.BatchProcessState)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep VTK's own messages off the user's terminal; failures are raised by their return values."""
    was_on = vtk.vtkObject.GetGlobalWarningDisplay()
    vtk.vtkObject.GlobalWarningDisplayOff()
    try:
        yield
    finally:
        vtk.vtkObject.SetGlobalWarningDisplay(was_on)


def _color_logic(logic: slicer.vtkSlicerApplicationLogic, scene: slicer.vtkMRMLScene) -> slicer.vtkMRMLColorLogic:
    colors = logic.GetColorLogic()
    colors.SetMRMLScene(scene)
    colors.AddDefaultColorNodes()
    return colors


def _module_logics(
    logic: slicer.vtkSlicerApplicationLogic, scene: slicer.vtkMRMLScene
) -> list[slicer.vtkSlicerModuleLogic]:
    logics = []
    for module, class_name in _MODULE_LOGICS:
        module_logic = getattr(slicer, class_name)()
        module_logic.SetMRMLScene(scene)
        module_logic.SetMRMLApplicationLogic(logic)
        logic.SetModuleLogic(module, module_logic)
        logics.append(module_logic)
    return logics


def _reading(
    logic: slicer.vtkSlicerApplicationLogic, scene: slicer.vtkMRMLScene, cache_folder: str
) -> list[vtk.vtkObject]:
    """What loading a scene needs: a cache folder, and the data manager that reads from there, but from no network."""
    remote = slicer.vtkMRMLRemoteIOLogic()
    remote.GetCacheManager().SetRemoteCacheDirectory(cache_folder)
    data = slicer.vtkDataIOManagerLogic()
    data.SetMRMLApplicationLogic(logic)
    data.SetAndObserveDataIOManager(remote.GetDataIOManager())
    logic.SetMRMLSceneDataIO(scene, remote, data)
    scene.GetURIHandlerCollection().RemoveAllItems()
    return [remote, data]


def _add_crosshair(scene: slicer.vtkMRMLScene) -> None:
    crosshair = slicer.vtkMRMLCrosshairNode()
    crosshair.SetCrosshairName("default")
    scene.AddNode(crosshair)
