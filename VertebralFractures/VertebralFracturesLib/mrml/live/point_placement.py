"""Clicks of the reader in the straightened views."""

from collections.abc import Callable

import numpy as np
import slicer
from numpy.typing import NDArray

from ...errors import UnusableInput
from ..nodes.views import STRAIGHTENED_VIEWS, markups_display
from ..study.study import Study
from .observers import Observers

_SELECTION = "vtkMRMLSelectionNodeSingleton"
_INTERACTION = "vtkMRMLInteractionNodeSingleton"


class PointPlacement:
    """Lets the reader place some points, in Slicer's place mode.

    Their point list lies under the straightening, so that its local coordinates are the patient's; Slicer takes clicks
    only in views that show the list. The callbacks come from within the mouse event: :meth:`close` only after it.

    :param study: whose straightened views take the clicks.
    :param count: how many points.
    :param moved_on: called with the number of points that are still to be placed, after each of them.
    :param placed: called with the points (count, 3) in RAS mm, in the order of the clicks.
    :param given_up: called when the reader leaves place mode before that, as by a right click.
    :raises UnusableInput: the study's straightening was deleted.
    """

    def __init__(
        self,
        study: Study,
        count: int,
        moved_on: Callable[[int], None],
        placed: Callable[[NDArray[np.float64]], None],
        given_up: Callable[[], None],
    ) -> None:
        self._count, self._moved_on, self._placed, self._given_up = count, moved_on, placed, given_up
        self._observers = Observers()
        self._node = _add_point_list(study)
        self._interaction = study.scene.GetNodeByID(_INTERACTION)
        self._persistence = self._interaction.GetPlaceModePersistence()
        self._observers.add(self._node, self._node.PointPositionDefinedEvent, self._on_placed)
        selection = study.scene.GetNodeByID(_SELECTION)
        selection.SetReferenceActivePlaceNodeClassName(self._node.GetClassName())
        selection.SetActivePlaceNodeID(self._node.GetID())
        self._interaction.SetPlaceModePersistence(int(count > 1))
        self._interaction.SetCurrentInteractionMode(self._interaction.Place)
        self._observers.add(self._interaction, self._interaction.InteractionModeChangedEvent, self._on_mode_changed)

    def close(self) -> None:
        """Leave place mode and remove the point list."""
        self._observers.leave_all()
        if self._interaction.GetCurrentInteractionMode() == self._interaction.Place:
            self._interaction.SetCurrentInteractionMode(self._interaction.ViewTransform)
        self._interaction.SetPlaceModePersistence(self._persistence)
        scene = self._node.GetScene()
        if scene is not None:
            for index in reversed(range(self._node.GetNumberOfDisplayNodes())):
                scene.RemoveNode(self._node.GetNthDisplayNode(index))
            scene.RemoveNode(self._node)

    def _on_placed(self, *_: object) -> None:
        points_ras = self._points_ras()
        if len(points_ras) < self._count:
            self._moved_on(self._count - len(points_ras))
        else:
            self._observers.leave_all()
            self._placed(np.array(points_ras))

    def _points_ras(self) -> list[tuple[float, float, float]]:
        """The points that were clicked; the one that follows the cursor is none of them."""
        return [
            self._node.GetNthControlPointPosition(index)
            for index in range(self._node.GetNumberOfControlPoints())
            if self._node.GetNthControlPointPositionStatus(index) == self._node.PositionDefined
        ]

    def _on_mode_changed(self, *_: object) -> None:
        if self._interaction.GetCurrentInteractionMode() != self._interaction.Place:
            self._observers.leave_all()
            self._given_up()


def _add_point_list(study: Study) -> slicer.vtkMRMLMarkupsFiducialNode:
    straightening = study.straightening_node
    if straightening is None:
        raise UnusableInput("the straightening of this study was deleted: analyze the CT again")
    node = slicer.vtkMRMLMarkupsFiducialNode()
    node.SetName("New vertebra")
    node.SetSaveWithScene(False)
    node.SetHideFromEditors(True)
    study.scene.AddNode(node)
    display = markups_display(node, 0)
    display.SetSaveWithScene(False)
    display.SetViewNodeIDs([*STRAIGHTENED_VIEWS.sagittal_ids, *STRAIGHTENED_VIEWS.other_ids])
    node.SetAndObserveTransformNodeID(straightening.GetID())
    return node
