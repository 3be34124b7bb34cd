"""Slicer's own slice and 3D views drawn off screen: its logics and displayable managers in a window without a display.

No application and no Qt widget takes part: what is drawn is what Slicer's view classes make of the nodes of a scene,
without the frames and controls that the application puts around them.
"""

import subprocess
import sys
from abc import ABC, abstractmethod

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import vtk_to_numpy

from ...errors import UnusableInput
from ..application import Application
from ..nodes.volume import array_from_matrix
from .orientation import PictureAxes

# Slicer's ruler is left out: its bar is not always of the same length, and pictures have one of 10 mm.
_SLICE_MANAGERS = (
    "vtkMRMLCrosshairDisplayableManager",
    "vtkMRMLModelSliceDisplayableManager",
    "vtkMRMLMarkupsDisplayableManager",
    "vtkMRMLTransformsDisplayableManager2D",
)
_THREE_D_MANAGERS = (
    "vtkMRMLCameraDisplayableManager",
    "vtkMRMLViewDisplayableManager",
    "vtkMRMLModelDisplayableManager",
    "vtkMRMLMarkupsDisplayableManager",
    "vtkMRMLCrosshairDisplayableManager3D",
)
_ONE_FRAME = (
    "import vtkmodules.vtkRenderingOpenGL2, vtkmodules.vtkRenderingCore as core;"
    "window = core.vtkRenderWindow(); window.SetOffScreenRendering(1);"
    "window.AddRenderer(core.vtkRenderer()); window.Render()"
)


def check_rendering() -> None:
    """Draw one frame in a process of its own, because VTK ends the process where it cannot draw.

    :raises UnusableInput: this computer cannot draw off screen.
    """
    if subprocess.run([sys.executable, "-c", _ONE_FRAME], capture_output=True).returncode:
        raise UnusableInput(
            "images cannot be rendered on this computer: VTK found no OpenGL without a display; install Mesa's EGL "
            "(Debian and Ubuntu: libegl1 and libgl1-mesa-dri) or run this on a computer with a display"
        )


class RenderedView(ABC):
    """What slice and 3D views have in common: a window of some pixels with the displayable managers of its kind.

    :param application: from :func:`~..application.boot_scene`.
    :param factory: of the displayable managers.
    :param managers: names of the displayable managers.
    :param size: width and height in pixels.
    """

    node: slicer.vtkMRMLAbstractViewNode

    def __init__(
        self,
        application: Application,
        factory: slicer.vtkMRMLDisplayableManagerFactory,
        managers: tuple[str, ...],
        size: tuple[int, int],
    ) -> None:
        self._application = application
        factory.SetMRMLApplicationLogic(application.logic)
        for name in managers:
            if not factory.IsDisplayableManagerRegistered(name):
                factory.RegisterDisplayableManager(name)
        self.renderer = vtk.vtkRenderer()
        self.window = vtk.vtkRenderWindow()
        self.window.SetOffScreenRendering(1)
        self.window.SetMultiSamples(0)
        self.window.SetSize(*size)
        self.window.AddRenderer(self.renderer)
        self.interactor = vtk.vtkRenderWindowInteractor()
        self.interactor.SetRenderWindow(self.window)
        self.interactor.SetInteractorStyle(vtk.vtkInteractorStyleUser())
        self.interactor.Initialize()
        self.managers = factory.InstantiateDisplayableManagers(self.renderer)

    def close(self) -> None:
        """Let go of the scene; call before it is cleared."""
        self.managers.SetMRMLDisplayableNode(None)
        self.window.Finalize()

    def render(self) -> None:
        """Draw the nodes as they are now."""
        self.window.Render()

    @abstractmethod
    def axes(self) -> PictureAxes:
        """What the sides of the view are in its space, and its scale."""

    def picture(self) -> NDArray[np.uint8]:
        """The view as it is on screen, (rows, columns, 3), first row on top."""
        self.render()
        grabber = vtk.vtkWindowToImageFilter()
        grabber.SetInput(self.window)
        grabber.ReadFrontBufferOff()
        grabber.Update()
        image = grabber.GetOutput()
        columns, rows, _ = image.GetDimensions()
        return vtk_to_numpy(image.GetPointData().GetScalars()).reshape(rows, columns, -1)[::-1, :, :3].copy()


class RenderedSlice(RenderedView):
    """A slice view.

    :param application: from :func:`~..application.boot_scene`.
    :param layout_name: of the slice node, made if it is not there ("Yellow", "Yellow+", ...).
    :param size: width and height in pixels.
    """

    def __init__(self, application: Application, layout_name: str, size: tuple[int, int]) -> None:
        factory = slicer.vtkMRMLSliceViewDisplayableManagerFactory.GetInstance()
        super().__init__(application, factory, _SLICE_MANAGERS, size)
        self.logic = slicer.vtkMRMLSliceLogic()
        self.logic.SetMRMLApplicationLogic(application.logic)
        self.logic.SetMRMLScene(application.scene)
        self.node = application.scene.GetSingletonNode(layout_name, "vtkMRMLSliceNode")
        if self.node is None:
            self.node = self.logic.AddSliceNode(layout_name)
        else:
            self.logic.SetSliceNode(self.node)
        application.logic.GetSliceLogics().AddItem(self.logic)
        self.logic.ResizeSliceNode(*size)
        self.managers.SetMRMLDisplayableNode(self.node)
        self.logic.SetDisplayableManagerGroup(self.managers)
        self._mapper = vtk.vtkImageMapper()
        self._mapper.SetColorWindow(255)
        self._mapper.SetColorLevel(127.5)
        self._image = vtk.vtkActor2D()
        self._image.SetMapper(self._mapper)
        self._image.GetProperty().SetDisplayLocationToBackground()
        self.renderer.AddViewProp(self._image)
        self._tag = self.logic.AddObserver(vtk.vtkCommand.ModifiedEvent, self._connect_image)

    def close(self) -> None:
        """Let go of the scene; call before it is cleared."""
        self.logic.RemoveObserver(self._tag)
        self._application.logic.GetSliceLogics().RemoveItem(self.logic)
        super().close()
        self.logic.SetDisplayableManagerGroup(None)
        self.logic.SetMRMLScene(None)

    def render(self) -> None:
        """Draw the slice and the nodes as they are now."""
        self._connect_image()
        super().render()

    def axes(self) -> PictureAxes:
        """What the sides of the slice are in its space, and its scale."""
        columns, rows = array_from_matrix(self.node.GetXYToRAS())[:3, :2].T
        return PictureAxes(columns, rows, float(1 / np.linalg.norm(columns)))

    def _connect_image(self, *_: object) -> None:
        connection = self.logic.GetImageDataConnection()
        self._image.SetVisibility(connection is not None)
        self._mapper.SetInputConnection(connection)


class RenderedThreeD(RenderedView):
    """A 3D view; it has a camera node as soon as it is open.

    :param application: from :func:`~..application.boot_scene`.
    :param layout_name: of the view node, made if it is not there ("1").
    :param size: width and height in pixels.
    """

    def __init__(self, application: Application, layout_name: str, size: tuple[int, int]) -> None:
        factory = slicer.vtkMRMLThreeDViewDisplayableManagerFactory.GetInstance()
        super().__init__(application, factory, _THREE_D_MANAGERS, size)
        self.renderer.GradientBackgroundOn()
        self.logic = slicer.vtkMRMLViewLogic()
        self.logic.SetMRMLApplicationLogic(application.logic)
        self.logic.SetName(layout_name)
        self.logic.SetMRMLScene(application.scene)
        self.node = self.logic.GetViewNode() or self.logic.AddViewNode(layout_name)
        application.logic.GetViewLogics().AddItem(self.logic)
        self.managers.SetMRMLDisplayableNode(self.node)

    def close(self) -> None:
        """Let go of the scene; call before it is cleared."""
        self._application.logic.GetViewLogics().RemoveItem(self.logic)
        super().close()
        self.logic.SetMRMLScene(None)

    def axes(self) -> PictureAxes:
        """What the sides of the view are in the patient, and its scale at the depth of the focal point."""
        camera = self.renderer.GetActiveCamera()
        to_camera = array_from_matrix(camera.GetViewTransformMatrix())
        height_mm = 2 * camera.GetDistance() * np.tan(np.radians(camera.GetViewAngle() / 2))
        return PictureAxes(to_camera[0, :3], to_camera[1, :3], self.window.GetSize()[1] / height_mm)
