"""The volumes that the panel offers, and what it does when one comes or goes."""

from typing import Any

import slicer

from ..mrml.live.volume_watch import VolumeCallback, VolumeWatch
from ..mrml.study.input import straightened_volumes


class VolumeSelector:
    """Keeps what cannot be analyzed out of a selector, and tells of volumes that are loaded and deleted.

    :param selector: the qMRMLNodeComboBox; it leaves out label maps and hidden volumes itself.
    :param scene: its scene.
    :param loaded: called with a volume that was added and can be analyzed.
    :param leaving: called with a volume before it is deleted: the selector would choose its neighbour.
    """

    def __init__(
        self, selector: Any, scene: slicer.vtkMRMLScene, loaded: VolumeCallback, leaving: VolumeCallback
    ) -> None:
        self._selector, self._scene = selector, scene
        self._watch = VolumeWatch(scene, self._hide_straightened, loaded, leaving)
        self._hide_straightened()

    def close(self) -> None:
        """Let go of the scene."""
        self._watch.close()

    def _hide_straightened(self) -> None:
        model, hidden = self._selector.sortFilterProxyModel(), straightened_volumes(self._scene)
        node_ids = [node.GetID() for node in hidden]
        if list(model.hiddenNodeIDs) != node_ids:
            model.hiddenNodeIDs = node_ids
