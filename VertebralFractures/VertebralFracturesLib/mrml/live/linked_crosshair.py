"""The crosshair that readers move with Shift held down: the views of the other space show the same place.

Slicer itself moves the other views of the group in which the mouse is, and those alone.
"""

from collections.abc import Callable

import slicer
import vtk
from numpy.typing import NDArray

from ...core.spine_curve import SpineCurve
from ..nodes.views import STRAIGHTENED_VIEWS
from ..study.study import Study
from .observers import Observers

_CROSSHAIR = "default"
_PATIENT_GROUP, _STRAIGHTENED_GROUP = 0, 1
"""View groups of the two spaces, as mrml/layout/description sets them; views of one group share a crosshair."""


class LinkedCrosshair:
    """Links the crosshair between the patient's views and the straightened ones, while these show a study.

    :param study: the study.
    :param curve: asked for its curve as it is now.
    """

    def __init__(self, study: Study, curve: Callable[[], SpineCurve]) -> None:
        self._study, self._curve = study, curve
        self._observers = Observers()
        self._crosshair = study.scene.GetSingletonNode(_CROSSHAIR, "vtkMRMLCrosshairNode")
        if self._crosshair is not None:
            self._point_world = self._crosshair.GetCrosshairRAS()
            self._observers.add(self._crosshair, vtk.vtkCommand.ModifiedEvent, self._on_modified)

    def close(self) -> None:
        """Remove the link."""
        self._observers.leave_all()

    def _on_modified(self, crosshair: slicer.vtkMRMLCrosshairNode, _event: str) -> None:
        """Its color and the like change with the same event as its place."""
        point_world = crosshair.GetCrosshairRAS()
        if point_world == self._point_world:
            return
        self._point_world = point_world
        if crosshair.GetCrosshairBehavior() == crosshair.NoAction or not self.is_shown():
            return
        is_centring = crosshair.GetCrosshairBehavior() == crosshair.CenteredJumpSlice
        mode = slicer.vtkMRMLSliceNode.CenteredJumpSlice if is_centring else slicer.vtkMRMLSliceNode.OffsetJumpSlice
        group, point = self._in_other_space(point_world)
        if point is not None:
            slicer.vtkMRMLSliceNode.JumpAllSlices(self._study.scene, *point, mode, group)

    def is_shown(self) -> bool:
        """Whether the straightened view shows this study."""
        view = self._study.scene.GetSingletonNode(STRAIGHTENED_VIEWS.sagittal[0], "vtkMRMLSliceCompositeNode")
        straightened = self._study.straightened_node
        return view is not None and straightened is not None and view.GetBackgroundVolumeID() == straightened.GetID()

    def _in_other_space(self, point_world: tuple[float, float, float]) -> tuple[int, NDArray | None]:
        """The group of the views in which the mouse is not, and the point there; none far beside the spine."""
        under_mouse = self._crosshair.GetCursorPositionXYZ([0.0, 0.0, 0.0])
        if under_mouse is not None and under_mouse.GetViewGroup() == _STRAIGHTENED_GROUP:
            return _PATIENT_GROUP, self._curve().straight_to_ras(point_world)
        try:
            return _STRAIGHTENED_GROUP, self._curve().ras_to_straight(point_world)
        except ValueError:
            return _STRAIGHTENED_GROUP, None
