"""The result of an analysis in the scene: it takes the place of the one before."""

from dataclasses import replace
from typing import Any

import slicer

from ...core.report import SpineReport
from ...errors import UnusableInput
from ...radiograph.record import Radiograph, RadiographReport
from ..application import one_change
from ..nodes.image import (
    Image,
    add_image_node,
    image_from_node,
    is_placed_radiograph,
    lateral_node,
    placed_volume,
    set_lateral_node,
)
from ..nodes.volume import set_volume
from .creation import create_study
from .removal import remove_node, remove_study
from .study import Study, studies_of

_SAME_PLACE_MM = 1e-6
"""Below this a volume was not moved: the rounding of coordinates of up to a metre."""


def replace_study(volume_node: slicer.vtkMRMLScalarVolumeNode, image: Image, report: SpineReport) -> Study:
    """Show the result of an analysis in the scene; the former study of the image goes once the new one is there.

    :param volume_node: what was analyzed. A radiograph that does not lie in the sagittal plane stays as it is; its
        image is shown there by a second node.
    :param image: as it was read from the node when the analysis began.
    :param report: what was found in it.
    :raises UnusableInput: the volume node was deleted, moved or filled anew in the meantime.
    """
    if volume_node.GetScene() is None:
        raise UnusableInput("the volume was deleted while it was analyzed")
    if not _is_unchanged(image_from_node(volume_node), image):
        raise UnusableInput("the volume was changed while it was analyzed: click Apply again")
    with one_change(volume_node.GetScene()):
        return _replace(volume_node, image, report)


def _replace(volume_node: slicer.vtkMRMLScalarVolumeNode, image: Image, report: SpineReport) -> Study:
    former = studies_of(volume_node)
    shown, is_new = _shown_node(volume_node, image, report)
    try:
        described = input_description(volume_node, image)
        study = create_study(volume_node.GetScene(), shown, replace(report, input={**described, **report.input}))
    except BaseException:
        if is_new:
            remove_node(shown)
        raise
    for one in former:
        remove_study(one)
    return study


def _is_unchanged(now: Image, image: Image) -> bool:
    """Whether a node still holds what was read from it."""
    if isinstance(now, Radiograph) or isinstance(image, Radiograph):
        return isinstance(now, Radiograph) and isinstance(image, Radiograph) and now.image.shape == image.image.shape
    return now.shape == image.shape and abs(now.ijk_to_ras - image.ijk_to_ras).max() <= _SAME_PLACE_MM


def _shown_node(
    volume_node: slicer.vtkMRMLScalarVolumeNode, image: Image, report: SpineReport
) -> tuple[slicer.vtkMRMLScalarVolumeNode, bool]:
    """The node in which points are shown on the image, and whether it was made for that just now."""
    if not isinstance(report, RadiographReport):
        return volume_node, False
    placed = volume_node if is_placed_radiograph(volume_node) else lateral_node(volume_node)
    if placed is not None:
        set_volume(placed, placed_volume(image, report))
        return placed, False
    added = add_image_node(volume_node.GetScene(), image, report, f"{volume_node.GetName()} lateral")
    set_lateral_node(volume_node, added)
    return added, True


def input_description(node: slicer.vtkMRMLScalarVolumeNode, image: Image) -> dict[str, Any]:
    """The same facts as for a file that the command line reads.

    :param node: a volume node; its file is named if it has one, else its own name.
    :param image: what was read from it.
    """
    if isinstance(image, Radiograph):
        return {"volume": node.GetName(), "shape": list(image.image.shape[::-1])}
    storage = node.GetStorageNode()
    return {
        "path": (storage.GetFileName() if storage is not None else None) or node.GetName(),
        "format": "Slicer volume node",
        "shape": list(image.shape[::-1]),
        "spacing_mm": [round(float(value), 6) for value in image.spacing_mm],
    }
