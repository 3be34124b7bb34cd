"""Keeping out of the straightened views what is not straightened: segmentations, models and markups of the user.

Slicer draws a node in every view unless its display nodes name some. Those that name none are limited to the patient's
views while a study is shown, and freed again afterwards; a mark, saved with the scene, says which they are.
"""

from collections.abc import Iterator

import slicer

from ..nodes.views import PATIENT_VIEWS, STRAIGHTENED_VIEWS

_MARK = "VertebralFractures.KeptOutOfStraightenedViews"
_VIEW_CLASSES = ("vtkMRMLSliceNode", "vtkMRMLViewNode")
_KEPT_OUT = (
    "vtkMRMLSegmentationDisplayNode",
    "vtkMRMLModelDisplayNode",
    "vtkMRMLMarkupsDisplayNode",
    "vtkMRMLTransformDisplayNode",
)
"""What is drawn over the image of a slice view; Segmentations may be missing where Slicer runs without it."""


def keep_out_unstraightened(scene: slicer.vtkMRMLScene) -> None:
    """Draw what has no views of its own in all views but the straightened ones."""
    straightened = {*STRAIGHTENED_VIEWS.sagittal_ids, *STRAIGHTENED_VIEWS.other_ids}
    own = [*PATIENT_VIEWS.sagittal_ids, *PATIENT_VIEWS.other_ids]
    present = [node.GetID() for name in _VIEW_CLASSES for node in _nodes(scene, name)]
    view_ids = list(dict.fromkeys([*own, *(view_id for view_id in present if view_id not in straightened)]))
    for display in _displays(scene):
        is_free = not display.GetViewNodeIDs() or display.GetAttribute(_MARK) is not None
        if is_free and list(display.GetViewNodeIDs()) != view_ids:
            display.SetAttribute(_MARK, "Yes")
            display.SetViewNodeIDs(view_ids)


def free_unstraightened(scene: slicer.vtkMRMLScene) -> None:
    """Draw in all views again what :func:`keep_out_unstraightened` limited."""
    for display in _displays(scene):
        if display.GetAttribute(_MARK) is not None:
            display.SetAttribute(_MARK, None)
            display.RemoveAllViewNodeIDs()


def _displays(scene: slicer.vtkMRMLScene) -> Iterator[slicer.vtkMRMLDisplayNode]:
    for name in _KEPT_OUT:
        yield from _nodes(scene, name)


def _nodes(scene: slicer.vtkMRMLScene, class_name: str) -> list[slicer.vtkMRMLNode]:
    count = scene.GetNumberOfNodesByClass(class_name)
    return [scene.GetNthNodeByClass(index, class_name) for index in range(count)]
