"""How a study is looked at: a slab instead of a slice, an axial view in the plane of a body, bone in 3D."""

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray

from ...core.keypoints import INFERIOR, SUPERIOR, body_centre
from ..nodes.views import STRAIGHTENED_VIEWS
from ..study.creation import add_bone
from ..study.study import Study

LARGEST_SLAB_MM = 40.0
"""Thickness of the thickest slab; chosen, about the width of a vertebral body."""

_AXIAL = "Red"


def set_slab(scene: slicer.vtkMRMLScene, thickness_mm: float) -> None:
    """Show the mean of a slab of the straightened spine around the slice, or the slice alone.

    :param thickness_mm: of the slab, left to right; 0 for the slice.
    """
    for name in STRAIGHTENED_VIEWS.sagittal:
        node = scene.GetSingletonNode(name, "vtkMRMLSliceNode")
        if node is not None:
            modified = node.StartModify()
            node.SetSlabReconstructionEnabled(thickness_mm > 0)
            node.SetSlabReconstructionType(vtk.VTK_IMAGE_SLAB_MEAN)
            node.SetSlabReconstructionThickness(max(thickness_mm, 1.0))
            node.EndModify(modified)


def tilt_axial(scene: slicer.vtkMRMLScene, keypoints_ras: NDArray[np.float64] | None) -> None:
    """Lay the patient's axial view into the mid-plane of a vertebral body, between its endplates.

    :param keypoints_ras: (6, 3) of the body in RAS mm; None lays the view back into the axial plane.
    """
    node = scene.GetSingletonNode(_AXIAL, "vtkMRMLSliceNode")
    if node is None:
        return
    if keypoints_ras is None:
        node.SetOrientation("Axial")
        return
    right, anterior, superior = _body_axes(keypoints_ras)
    columns = (-right, anterior, superior, body_centre(keypoints_ras))
    modified = node.StartModify()
    matrix = node.GetSliceToRAS()
    for column, values in enumerate(columns):
        for row in range(3):
            matrix.SetElement(row, column, float(values[row]))
    node.UpdateMatrices()
    node.EndModify(modified)


def _body_axes(keypoints_ras: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Directions of a body to the right, to the front and up, at right angles to one another."""
    plates = [keypoints_ras[list(plate)] for plate in (SUPERIOR, INFERIOR)]
    anterior = sum((plate[0] - plate[-1] for plate in plates), np.zeros(3))
    anterior /= np.linalg.norm(anterior)
    superior = plates[0].mean(0) - plates[1].mean(0)
    superior = superior - anterior * (superior @ anterior)
    superior /= np.linalg.norm(superior)
    return np.cross(anterior, superior), anterior, superior


def show_bone(study: Study, is_shown: bool) -> None:
    """Show or hide the bone around the spine in the 3D view; it is made when it is first shown.

    A radiograph has none, nor has a study whose CT is not at hand any more.
    """
    node = study.bone_node
    if node is not None:
        node.SetDisplayVisibility(is_shown)
    elif is_shown:
        add_bone(study)
