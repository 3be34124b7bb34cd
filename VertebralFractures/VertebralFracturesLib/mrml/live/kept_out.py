"""What the user adds to the patient while a study is shown does not get into the straightened views."""

from collections.abc import Callable

import slicer
import vtk

from ..layout.unstraightened import keep_out_unstraightened
from .observers import Observers


class KeptOut:
    """Watches a scene for new segmentations, models and markups, until it is closed.

    :param scene: the scene.
    :param is_shown: asked whether a study is shown.
    """

    def __init__(self, scene: slicer.vtkMRMLScene, is_shown: Callable[[], bool]) -> None:
        self._scene, self._is_shown = scene, is_shown
        self._is_due = False
        self._observers = Observers()
        self._observers.add(scene, scene.NodeAddedEvent, self._on_added)
        self._observers.add(scene, scene.EndBatchProcessEvent, self._keep_out)

    def close(self) -> None:
        """Remove all observers."""
        self._observers.leave_all()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_added(self, _scene: slicer.vtkMRMLScene, _event: str, node: slicer.vtkMRMLNode) -> None:
        if isinstance(node, slicer.vtkMRMLDisplayNode) and not node.GetViewNodeIDs():
            self._is_due = True
            self._keep_out()

    def _keep_out(self, *_: object) -> None:
        if self._is_due and not self._scene.IsBatchProcessing():
            self._is_due = False
            if self._is_shown():
                keep_out_unstraightened(self._scene)
