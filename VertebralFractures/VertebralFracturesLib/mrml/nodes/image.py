"""What was analyzed as a volume node: a CT as it lies, a lateral radiograph in the patient's sagittal plane."""

import numpy as np
import slicer

from ...core.report import SpineReport
from ...core.volume import Volume
from ...radiograph.record import Image, Radiograph, RadiographReport
from ...report.close_up import window_of
from .names import safe_name
from .volume import add_volume_node, show_in_window, volume_from_node

_MARK = "VertebralFractures.Radiograph"
_KNOWN_SCALE, _ASSUMED_SCALE = "known scale", "assumed scale"
_LATERAL = "VertebralFractures.lateral"

_FEWEST_PIXELS = 64
"""Side from which a single slice is taken for a radiograph; chosen, below every image that shows a spine."""

_UNSCALED_MM = 1.0
"""Side of the pixels that Slicer gives to images without a scale."""


def image_from_node(node: slicer.vtkMRMLScalarVolumeNode) -> Image:
    """The CT or the radiograph that a volume node holds.

    :raises UnusableInput: no voxels, several values per voxel, or a parent transform that is not linear.
    """
    return radiograph_from_node(node) or volume_from_node(node)


def radiograph_from_node(node: slicer.vtkMRMLScalarVolumeNode) -> Radiograph | None:
    """The radiograph that a volume node holds; None where it holds a volume.

    Pixels of exactly 1 mm are what Slicer gives to images without a scale. Where the image lies in a sagittal plane,
    its sides are known.

    :raises UnusableInput: no voxels, several values per voxel, or a parent transform that is not linear.
    """
    volume = volume_from_node(node)
    thin = [axis for axis, count in enumerate(volume.shape[::-1]) if count == 1]
    mark = node.GetAttribute(_MARK)
    if mark is None and (len(thin) != 1 or sorted(volume.shape)[1] < _FEWEST_PIXELS):
        return None
    across = 0 if mark is not None else thin[0]
    columns, rows = (axis for axis in (1, 2, 0) if axis != across) if across == 0 else sorted({0, 1, 2} - {across})
    image = np.take(volume.voxels, 0, axis=2 - across).astype(np.float32)
    directions = volume.ijk_to_ras[:3, :3] / volume.spacing_mm
    pixel_mm = float(volume.spacing_mm[columns])
    is_scaled = mark == _KNOWN_SCALE if mark is not None else abs(pixel_mm - _UNSCALED_MM) > 1e-6
    scale = pixel_mm if is_scaled else None
    if abs(directions[0, across]) < np.cos(np.pi / 4):
        return Radiograph(image, scale)
    if abs(directions[2, columns]) > abs(directions[2, rows]):
        image, columns, rows = image.T, rows, columns
    image = image if directions[2, rows] < 0 else image[::-1]
    return Radiograph(np.ascontiguousarray(image), scale, "right" if directions[1, columns] > 0 else "left")


def placed_volume(image: Image, report: SpineReport) -> Volume:
    """The volume in which an image is shown: a CT itself, a radiograph where its report says that it lies.

    :param image: as it was analyzed.
    :param report: the result of the analysis.
    """
    if isinstance(image, Radiograph) and isinstance(report, RadiographReport):
        return Radiograph(image.image, report.pixel_mm, report.anterior_is).as_volume()
    if isinstance(image, Radiograph) or isinstance(report, RadiographReport):
        raise ValueError("the image and its report are not of the same kind")
    return image


def shown_radiograph(volume: Volume, report: RadiographReport) -> Radiograph:
    """The radiograph in the volume that shows it: the inverse of :func:`placed_volume` but for the brightness."""
    return Radiograph(volume.voxels[:, :, 0].astype(np.float32), report.pixel_mm, report.anterior_is)


def add_image_node(
    scene: slicer.vtkMRMLScene, image: Image, report: SpineReport, name: str, share_voxels: bool = False
) -> slicer.vtkMRMLScalarVolumeNode:
    """Add what was analyzed to a scene, a CT in the window that shows the endplates of its bodies.

    :param image: as it was analyzed.
    :param report: the result of the analysis.
    :param name: what the image is called; the node's name is made of it, see :func:`~.names.safe_name`.
    :param share_voxels: see :func:`~.volume.add_volume_node`.
    """
    node = add_volume_node(scene, placed_volume(image, report), safe_name(name), share_voxels=share_voxels)
    if isinstance(image, Volume):
        show_in_window(node, window_of(report, image))
    return node


def mark_radiograph(node: slicer.vtkMRMLScalarVolumeNode, is_scale_known: bool) -> None:
    """Say that a volume node is a radiograph in its place."""
    node.SetAttribute(_MARK, _KNOWN_SCALE if is_scale_known else _ASSUMED_SCALE)


def is_placed_radiograph(node: slicer.vtkMRMLScalarVolumeNode) -> bool:
    """Whether a volume node is a radiograph in its place, see :func:`mark_radiograph`."""
    return node.GetAttribute(_MARK) is not None


def lateral_node(node: slicer.vtkMRMLScalarVolumeNode) -> slicer.vtkMRMLScalarVolumeNode | None:
    """The node that shows the radiograph of a node in the sagittal plane; None where there is no second one."""
    return node.GetNodeReference(_LATERAL)


def set_lateral_node(node: slicer.vtkMRMLScalarVolumeNode, lateral: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Say which node shows the radiograph of a node in the sagittal plane; this is saved with the scene."""
    node.SetNodeReferenceID(_LATERAL, lateral.GetID())
