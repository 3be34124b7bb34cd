"""The CT of a study as it lay when it was analyzed; since then it may have been moved, replaced or deleted.

A study lives in the world coordinates of its analysis. The voxels are found there whatever was done to their node.
"""

import json

import numpy as np
from numpy.typing import NDArray

from ...core.volume import Volume
from ...errors import UnusableInput
from ..nodes.volume import volume_from_node, voxels_from_node
from .study import Study

_SHAPE = "VertebralFractures.VolumeShape"
_IJK_TO_RAS = "VertebralFractures.VolumeIjkToRas"
_MOVED_MM = 0.01
"""Below this a volume was not moved: what files round of its corners, and far less than anybody sees."""


def remember_volume(study: Study, volume: Volume) -> None:
    """Write down where the CT of a study lies; this is saved with the scene."""
    study.report_node.SetAttribute(_SHAPE, json.dumps(volume.shape))
    study.report_node.SetAttribute(_IJK_TO_RAS, json.dumps(volume.ijk_to_ras.tolist()))


def analyzed_volume(study: Study) -> Volume | None:
    """The CT where it lay when it was analyzed, which is where the study is; None if its node was deleted.

    :raises UnusableInput: the node holds other voxels now, or none.
    """
    node = study.volume_node
    if node is None:
        return None
    voxels = voxels_from_node(node)
    shape, ijk_to_ras = _remembered(study)
    if voxels.shape != shape:
        raise UnusableInput(
            f"the voxels of {node.GetName()!r} were replaced after it was analyzed: click Apply to analyze it again"
        )
    return Volume(voxels, ijk_to_ras)


def readable_volume(study: Study) -> Volume | None:
    """As :func:`analyzed_volume`; None, too, where it raises."""
    try:
        return analyzed_volume(study)
    except UnusableInput:
        return None


def volume_problem(study: Study) -> str | None:
    """Why the CT as it is shown does not fit its study any more; None if it does, or was deleted."""
    node = study.volume_node
    try:
        analyzed = analyzed_volume(study)
        if node is None or analyzed is None:
            return None
        shown = volume_from_node(node)
    except UnusableInput as error:
        return str(error)
    if np.abs(shown.corners_ras() - analyzed.corners_ras()).max() <= _MOVED_MM:
        return None
    return (
        f"{node.GetName()!r} was moved after it was analyzed, so that landmarks are shown beside their "
        "vertebrae in its views; measurements are not affected. Undo the move, or click Apply to analyze it again"
    )


def _remembered(study: Study) -> tuple[tuple[int, ...], NDArray[np.float64]]:
    shape, ijk_to_ras = (study.report_node.GetAttribute(name) for name in (_SHAPE, _IJK_TO_RAS))
    if shape is None or ijk_to_ras is None:
        raise UnusableInput(f"the study {study.report_node.GetName()!r} does not hold the position of its CT")
    try:
        return tuple(map(int, json.loads(shape))), np.array(json.loads(ijk_to_ras), dtype=np.float64).reshape(4, 4)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise UnusableInput(f"the study {study.report_node.GetName()!r} holds an invalid position of its CT") from error
