"""Which volumes of a scene can be analyzed."""

import slicer

from ...errors import UnusableInput
from .study import ROLE, studies

_CLASS = "vtkMRMLScalarVolumeNode"


def is_offered(node: slicer.vtkMRMLNode) -> bool:
    """Whether a node is a volume that readers may choose: no label map, no hidden volume, no straightened CT."""
    return node.GetClassName() == _CLASS and not node.GetHideFromEditors() and not is_straightened(node)


def is_straightened(node: slicer.vtkMRMLNode) -> bool:
    """Whether a volume is the straightened CT of a study, or of one that was deleted."""
    return node.GetAttribute(ROLE) is not None


def check_input(node: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Refuse volumes that come of an image and are none themselves.

    :raises UnusableInput: a label map, or the straightened CT of a study.
    """
    if is_straightened(node):
        raise UnusableInput(f"{node.GetName()!r} is the straightened CT of a study: choose the CT itself")
    if node.IsA("vtkMRMLLabelMapVolumeNode"):
        raise UnusableInput(f"{node.GetName()!r} is a label map: choose the CT itself")


def offered_volumes(scene: slicer.vtkMRMLScene) -> list[slicer.vtkMRMLScalarVolumeNode]:
    """The volumes that readers may choose, in the order of the scene."""
    return [node for node in _volumes(scene) if is_offered(node)]


def straightened_volumes(scene: slicer.vtkMRMLScene) -> list[slicer.vtkMRMLScalarVolumeNode]:
    """The straightened CTs of studies, in the order of the scene."""
    return [node for node in _volumes(scene) if is_straightened(node)]


def _volumes(scene: slicer.vtkMRMLScene) -> list[slicer.vtkMRMLScalarVolumeNode]:
    count = scene.GetNumberOfNodesByClass(_CLASS)
    return [scene.GetNthNodeByClass(index, _CLASS) for index in range(count)]


def default_volume(scene: slicer.vtkMRMLScene) -> slicer.vtkMRMLScalarVolumeNode | None:
    """The volume to begin with: one that has a study, else the first that is offered; None where there is none."""
    with_studies = (study.volume_node for study in studies(scene) if study.volume_node is not None)
    return next(with_studies, None) or next(iter(offered_volumes(scene)), None)
