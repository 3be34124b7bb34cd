"""Real Slicer slice views off screen, with a mouse: Slicer's own logics, displayable managers and interactor style.

No application and no Qt widget takes part; what passes here shows that our nodes behave on Slicer's view classes.
"""

from pathlib import Path

import numpy as np
import slicer
import vtk
from numpy.typing import ArrayLike, NDArray
from vtk.util.numpy_support import vtk_to_numpy

_DISPLAYABLE_MANAGERS = (
    "vtkMRMLCrosshairDisplayableManager",
    "vtkMRMLModelSliceDisplayableManager",
    "vtkMRMLRulerDisplayableManager",
    "vtkMRMLMarkupsDisplayableManager",
    "vtkMRMLTransformsDisplayableManager2D",
)


class SliceView:
    """One slice view of a scene.

    :param application: from ``boot_scene``.
    :param layout_name: of the slice node, made if it is not there ("Yellow", "Yellow+", ...).
    :param size: width and height in pixels.
    """

    def __init__(self, application, layout_name: str, size: tuple[int, int] = (500, 700)) -> None:
        scene, app_logic = application.scene, application.logic
        factory = slicer.vtkMRMLSliceViewDisplayableManagerFactory.GetInstance()
        factory.SetMRMLApplicationLogic(app_logic)
        for name in _DISPLAYABLE_MANAGERS:
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

        self.logic = slicer.vtkMRMLSliceLogic()
        self.logic.SetMRMLApplicationLogic(app_logic)
        self.logic.SetMRMLScene(scene)
        node = scene.GetSingletonNode(layout_name, "vtkMRMLSliceNode")
        if node is None:
            node = self.logic.AddSliceNode(layout_name)
        else:
            self.logic.SetSliceNode(node)
        self.node = node
        app_logic.GetSliceLogics().AddItem(self.logic)
        self.logic.ResizeSliceNode(*size)

        self.managers = factory.InstantiateDisplayableManagers(self.renderer)
        self.managers.SetMRMLDisplayableNode(node)
        self.logic.SetDisplayableManagerGroup(self.managers)
        self.style = slicer.vtkMRMLSliceViewInteractorStyle()
        self.style.SetSliceLogic(self.logic)
        self.style.SetDisplayableManagers(self.managers)
        self.style.SetInteractor(self.interactor)

        self._mapper = vtk.vtkImageMapper()
        self._mapper.SetColorWindow(255)
        self._mapper.SetColorLevel(127.5)
        self._image = vtk.vtkActor2D()
        self._image.SetMapper(self._mapper)
        self._image.GetProperty().SetDisplayLocationToBackground()
        self.renderer.AddViewProp(self._image)
        self._tag = self.logic.AddObserver(vtk.vtkCommand.ModifiedEvent, self._connect_image)
        self._app_logic = app_logic

    def close(self) -> None:
        """Let go of the scene; call before it is cleared."""
        self.logic.RemoveObserver(self._tag)
        self._app_logic.GetSliceLogics().RemoveItem(self.logic)
        self.style.SetInteractor(None)
        self.managers.SetMRMLDisplayableNode(None)
        self.window.Finalize()

    def _connect_image(self, *_: object) -> None:
        connection = self.logic.GetImageDataConnection()
        self._image.SetVisibility(connection is not None)
        self._mapper.SetInputConnection(connection)

    def show(self, volume_node) -> None:
        """Make a volume the background."""
        self.logic.GetSliceCompositeNode().SetBackgroundVolumeID(volume_node.GetID())
        self._connect_image()

    def render(self) -> None:
        self._connect_image()
        self.window.Render()

    def picture(self) -> NDArray[np.uint8]:
        """The view as it is on screen, (rows, columns, 3), first row on top."""
        self.render()
        grabber = vtk.vtkWindowToImageFilter()
        grabber.SetInput(self.window)
        grabber.ReadFrontBufferOff()
        grabber.Update()
        image = grabber.GetOutput()
        columns, rows, _ = image.GetDimensions()
        return vtk_to_numpy(image.GetPointData().GetScalars()).reshape(rows, columns, -1)[::-1, :, :3]

    def save_picture(self, path: Path) -> None:
        from PIL import Image

        Image.fromarray(np.ascontiguousarray(self.picture())).save(path)

    def pixel_of(self, point_world: ArrayLike) -> NDArray[np.float64]:
        """Display position (x, y; origin at the lower left) of a world point."""
        to_xy = vtk.vtkMatrix4x4()
        to_xy.DeepCopy(self.node.GetXYToRAS())
        to_xy.Invert()
        return np.array(to_xy.MultiplyPoint([*np.asarray(point_world, dtype=float), 1.0])[:2])

    def world_of(self, pixel: ArrayLike) -> NDArray[np.float64]:
        """World point (3,) in the slice plane at a display position."""
        return np.array(self.node.GetXYToRAS().MultiplyPoint([*np.asarray(pixel, dtype=float)[:2], 0.0, 1.0])[:3])

    def hover(self, pixel: ArrayLike) -> None:
        self._at(pixel)
        self.interactor.MouseMoveEvent()

    def drag(self, start: ArrayLike, end: ArrayLike, steps: int = 10) -> None:
        """Press the left button at one display position, move, release it at another; positions are whole pixels."""
        start, end = np.asarray(start, dtype=float), np.asarray(end, dtype=float)
        self.render()
        self.hover(start)
        self.interactor.LeftButtonPressEvent()
        for step in range(1, steps + 1):
            self.hover(start + (end - start) * step / steps)
        self.interactor.LeftButtonReleaseEvent()
        self.render()

    def dropped(self, point_world: ArrayLike, start: ArrayLike, end: ArrayLike) -> NDArray[np.float64]:
        """Where a drag leaves a world point: Slicer keeps the grip and places points on whole pixels of the plane."""
        point = np.asarray(point_world, dtype=float)
        here = self.pixel_of(point)
        off_plane = point - self.world_of(here)
        return self.world_of(np.floor(np.asarray(end) - (np.asarray(start) - here) + 0.5)) + off_plane

    def _at(self, pixel: ArrayLike) -> None:
        x, y = (int(round(value)) for value in np.asarray(pixel, dtype=float))
        self.interactor.SetEventInformation(x, y, 0, 0, chr(0), 0, None)
