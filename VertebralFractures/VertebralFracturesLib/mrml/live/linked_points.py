"""Control points that readers drag: what is moved in one space moves in the other, whichever is dragged."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import slicer

from ..nodes.keypoints import copy_from_proxy, copy_locks, copy_to_proxy, set_saved
from ..study.study import Study, proxy_of
from .observers import Observers

MovedCallback = Callable[[slicer.vtkMRMLMarkupsNode], None]


class LinkedPoints:
    """The links between the keypoints of a study in the patient and those in straightened space.

    :param study: its lists in straightened space are dragged freely while linked, save where the patient's are locked.
        They are not saved while they are: whoever opens the scene without links would drag them alone.
    :param grabbed: called with the node when a drag begins.
    :param moved: called with the node after each move, and once more when the mouse is released.
    """

    def __init__(self, study: Study, grabbed: MovedCallback, moved: MovedCallback) -> None:
        self.is_dragging = False
        self._study = study
        self._grabbed, self._moved = grabbed, moved
        self._observers = Observers()
        self._twins: dict[slicer.vtkMRMLMarkupsNode, slicer.vtkMRMLMarkupsNode] = {}
        self.is_paused = False
        self.update()

    def update(self) -> None:
        """Link the lists that were added."""
        markups = slicer.vtkMRMLMarkupsNode
        study = self._study
        for node in (study.curve_node, study.sacrum_node, *study.keypoint_nodes, *study.proxy_nodes):
            if node is None or node in self._observers:
                continue
            self._observers.add(node, markups.PointStartInteractionEvent, self._on_start)
            self._observers.add(node, markups.PointEndInteractionEvent, self._on_end)
            self._observers.add(node, markups.LockModifiedEvent, self._on_lock)
            for event in (markups.PointModifiedEvent, markups.PointPositionUndefinedEvent, markups.PointRemovedEvent):
                self._observers.add(node, event, self._on_move)
            if node not in study.proxy_nodes:  # those are under the straightening, which moves them in their views only
                self._observers.add(node, node.TransformModifiedEvent, self._on_move)
        for node in self._study.keypoint_nodes:
            proxy = proxy_of(node)
            if proxy is not None:
                self._twins |= {node: proxy, proxy: node}
                copy_locks(node, proxy)
                set_saved(proxy, False)

    def leave(self, node: slicer.vtkMRMLNode) -> slicer.vtkMRMLMarkupsNode | None:
        """Let go of a node that was removed from the scene.

        :return: the same vertebra in the other space.
        """
        self._observers.leave(node)
        twin = self._twins.pop(node, None)
        if twin is not None:
            self._twins.pop(twin, None)
        return twin

    def close(self) -> None:
        """Remove all links; the lists in straightened space are locked, as a drag would move them alone."""
        self._observers.leave_all()
        for proxy in self._study.proxy_nodes:
            proxy.SetLocked(True)
            set_saved(proxy, True)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Nothing is linked and nobody called while points are moved by a program."""
        was_paused, self.is_paused = self.is_paused, True
        try:
            yield
        finally:
            self.is_paused = was_paused

    def _on_start(self, node: slicer.vtkMRMLMarkupsNode, _event: str) -> None:
        self.is_dragging = True
        self._grabbed(node)

    def _on_move(self, node: slicer.vtkMRMLMarkupsNode, _event: str) -> None:
        if self.is_paused:
            return
        twin = self._twins.get(node)
        if twin is not None:
            with self.paused():
                if proxy_of(node) is twin:
                    copy_to_proxy(node, twin)
                else:
                    copy_from_proxy(node, twin)
                copy_locks(node, twin)
        self._moved(node)

    def _on_end(self, node: slicer.vtkMRMLMarkupsNode, _event: str) -> None:
        self.is_dragging = False
        self._moved(node)

    def _on_lock(self, node: slicer.vtkMRMLMarkupsNode, _event: str) -> None:
        twin = self._twins.get(node)
        if twin is not None and not self.is_paused:
            with self.paused():
                copy_locks(node, twin)
