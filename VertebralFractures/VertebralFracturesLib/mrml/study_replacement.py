"""A new analysis takes the place of the one before."""

from dataclasses import replace

import slicer

from ..core.report import SpineReport
from ..core.volume import Volume
from ..errors import UnusableInput
from .input_description import input_description
from .study import Study, studies_of
from .study_creation import create_study
from .study_removal import remove_study
from .volume_nodes import volume_from_node

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
