"""A new analysis takes the place of the one before."""

from dataclasses import replace
from typing import Any

import slicer

from ...core.report import SpineReport
from ...core.volume import Volume
from ...errors import UnusableInput
from ..nodes.volume import volume_from_node
from .creation import create_study
from .removal import remove_study
from .study import Study, studies_of

_SAME_PLACE_MM = 1e-6


def replace_study(volume_node: slicer.vtkMRMLScalarVolumeNode, volume: Volume, report: SpineReport) -> Study:
    """Add the result of an analysis to the scene; the volume's former study goes once the new one is there.

    :param volume_node: what was analyzed.
    :param volume: as it was read from the node when the analysis began.
    :param report: what was found in it.
    :raises UnusableInput: the volume node was deleted, moved or filled anew in the meantime.
    """
    scene = volume_node.GetScene()
    if scene is None:
        raise UnusableInput("the volume was deleted while it was analyzed")
    now = volume_from_node(volume_node)
    if now.shape != volume.shape or abs(now.ijk_to_ras - volume.ijk_to_ras).max() > _SAME_PLACE_MM:
        raise UnusableInput("the volume was changed while it was analyzed: click Apply again")
    former = studies_of(volume_node)
    study = create_study(scene, volume_node, replace(report, input=input_description(volume_node, volume)))
    for one in former:
        remove_study(one)
    return study


def input_description(node: slicer.vtkMRMLScalarVolumeNode, volume: Volume) -> dict[str, Any]:
    """The same facts as for a file that the command line reads.

    :param node: a volume node; its file is named if it has one, else its own name.
    :param volume: what was read from it.
    """
    storage = node.GetStorageNode()
    return {
        "path": (storage.GetFileName() if storage is not None else None) or node.GetName(),
        "format": "Slicer volume node",
        "shape": list(volume.shape[::-1]),
        "spacing_mm": [round(float(value), 6) for value in volume.spacing_mm],
    }
