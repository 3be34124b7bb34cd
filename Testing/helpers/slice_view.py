"""A rendered slice view with a mouse: Slicer's own interactor style on top of the product's off-screen view.

No application and no Qt widget takes part; what passes here shows that our nodes behave on Slicer's view classes.
"""

import numpy as np
import slicer
import vtk
from numpy.typing import ArrayLike, NDArray
from VertebralFracturesLib.mrml.layout.rendered_views import RenderedSlice


class SliceView(RenderedSlice):
    """One slice view of a scene.

    :param application: from ``boot_scene``.
    :param layout_name: of the slice node, made if it is not there ("Yellow", "Yellow+", ...).
    :param size: width and height in pixels.
    """

    def __init__(self, application, layout_name: str, size: tuple[int, int] = (500, 700)) -> None:
        super().__init__(application, layout_name, size)
        self.style = slicer.vtkMRMLSliceViewInteractorStyle()
        self.style.SetSliceLogic(self.logic)
        self.style.SetDisplayableManagers(self.managers)
        self.style.SetInteractor(self.interactor)

    def close(self) -> None:
        """Let go of the scene; call before it is cleared."""
        self.style.SetInteractor(None)
        self.style.SetSliceLogic(None)
        super().close()

    def show(self, volume_node) -> None:
        """Make a volume the background."""
        self.logic.GetSliceCompositeNode().SetBackgroundVolumeID(volume_node.GetID())

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
