"""The layout of a study drawn off screen: a picture of each pane, and one of all of them together."""

import numpy as np
import slicer
from numpy.typing import NDArray

from ..application import Application
from .description import LAYOUT_ID, register_layout
from .orientation import with_directions
from .rendered_views import RenderedSlice, RenderedThreeD, RenderedView
from .show import Pane, panes

PANE_PICTURES = {"straightened": "Yellow+", "sagittal": "Yellow", "axial": "Red", "three_dimensional": "1"}
"""Layout names of the views by the names of their pictures."""

LAYOUT_PICTURE = "layout"
"""Name of the picture of all panes."""

_BAR_PIXELS, _GAP_PIXELS = 6, 2
"""Height of the coloured bar of a view and width of the gap between views; chosen, as they look in Slicer."""

_THREE_D = "1"


class RenderedLayout:
    """The slice and 3D views of the layout, open until they are closed; the table is not drawn.

    :param application: from :func:`~..application.boot_scene`; its scene gets the nodes of the layout.
    :param size: width and height of all panes together in pixels.
    """

    def __init__(self, application: Application, size: tuple[int, int]) -> None:
        self._size = size
        self._logic = slicer.vtkMRMLLayoutLogic()
        self._logic.SetMRMLScene(application.scene)
        register_layout(self.layout_node)
        self.layout_node.SetViewArrangement(LAYOUT_ID)
        self._panes = {name: _below_bar(pane) for name, pane in panes(*size).items()}
        self.views: dict[str, RenderedView] = {}
        try:
            for name, pane in self._panes.items():
                self.views[name] = _open(application, name, pane)
        except BaseException:
            self.close()
            raise

    @property
    def layout_node(self) -> slicer.vtkMRMLLayoutNode:
        """The layout node of the scene, to show a study with."""
        return self._logic.GetLayoutNode()

    def close(self) -> None:
        """Let go of the scene; call before it is cleared."""
        for view in self.views.values():
            view.close()
        self._logic.SetMRMLScene(None)

    def render(self) -> None:
        """Draw all views."""
        for view in self.views.values():
            view.render()

    def pictures(self) -> dict[str, NDArray[np.uint8]]:
        """What is shown now, with the directions and a bar of 10 mm in each pane.

        :return: (rows, columns, 3) by the names of :data:`PANE_PICTURES` and :data:`LAYOUT_PICTURE`.
        """
        shown = {name: self.views[view] for name, view in PANE_PICTURES.items()}
        pictures = {name: with_directions(view.picture(), view.axes()) for name, view in shown.items()}
        return {**pictures, LAYOUT_PICTURE: self._composed(pictures)}

    def _composed(self, pictures: dict[str, NDArray[np.uint8]]) -> NDArray[np.uint8]:
        """The panes beside each other, each below a bar in the color of its view, as in Slicer."""
        width, height = self._size
        composed = np.zeros((height, width, 3), dtype=np.uint8)
        for name, view in PANE_PICTURES.items():
            pane = self._panes[view]
            columns = slice(pane.left, pane.left + pane.width)
            color = np.multiply(self.views[view].node.GetLayoutColor(), 255)
            composed[pane.top - _BAR_PIXELS : pane.top, columns] = color.astype(np.uint8)
            composed[pane.top : pane.top + pane.height, columns] = pictures[name]
        return composed


def _below_bar(pane: Pane) -> Pane:
    """What is left of a pane for its view."""
    return Pane(pane.left, pane.top + _BAR_PIXELS, pane.width - _GAP_PIXELS, pane.height - _BAR_PIXELS - _GAP_PIXELS)


def _open(application: Application, layout_name: str, pane: Pane) -> RenderedView:
    view_class = RenderedThreeD if layout_name == _THREE_D else RenderedSlice
    return view_class(application, layout_name, (pane.width, pane.height))
