"""Volumes that come and go while readers work."""

from collections.abc import Callable

import slicer
import vtk

from ..study.input import is_offered
from .observers import Observers

VolumeCallback = Callable[[slicer.vtkMRMLScalarVolumeNode], None]


class VolumeWatch:
    """Tells of volumes that are added to a scene and deleted from it, until it is closed.

    :param scene: the scene.
    :param changed: called when volumes were added, before they are told of one by one.
    :param loaded: called with a volume that was added and can be analyzed.
    :param leaving: called with a volume before it is deleted and before any widget takes notice.
    """

    def __init__(
        self, scene: slicer.vtkMRMLScene, changed: Callable[[], None], loaded: VolumeCallback, leaving: VolumeCallback
    ) -> None:
        self._scene, self._changed, self._loaded, self._leaving = scene, changed, loaded, leaving
        self._added: list[slicer.vtkMRMLScalarVolumeNode] = []
        self._observers = Observers()
        self._observers.add(scene, scene.NodeAddedEvent, self._on_added)
        self._observers.add(scene, scene.EndBatchProcessEvent, self._tell)
        self._observers.add(scene, scene.NodeAboutToBeRemovedEvent, self._on_leaving, priority=1.0)

    def close(self) -> None:
        """Remove all observers."""
        self._observers.leave_all()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_added(self, _scene: slicer.vtkMRMLScene, _event: str, node: slicer.vtkMRMLNode) -> None:
        if isinstance(node, slicer.vtkMRMLScalarVolumeNode):
            self._added.append(node)
            self._tell()

    def _tell(self, *_: object) -> None:
        """While much is added at once, volumes are not yet what they are to be."""
        if self._scene.IsBatchProcessing() or not self._added:
            return
        added, self._added = self._added, []
        self._changed()
        for node in added:
            if node.GetScene() is self._scene and is_offered(node):
                self._loaded(node)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _on_leaving(self, _scene: slicer.vtkMRMLScene, _event: str, node: slicer.vtkMRMLNode) -> None:
        if isinstance(node, slicer.vtkMRMLScalarVolumeNode) and not self._scene.IsClosing():
            self._leaving(node)
