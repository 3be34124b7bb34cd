"""The layout of a study: the straightened spine large, the patient beside it, the table below."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import slicer
from numpy.typing import NDArray

from ..nodes.views import PATIENT_VIEWS, fit_height, focus, look_from_left, show_directions, show_slice, slice_node
from ..study.display import limit_to_views, set_visible
from ..study.report import read_study
from ..study.study import Study, selected_node, studies
from .description import COLUMN_SHARES, LAST_COLUMN_SHARES, LAYOUT_ID, register_layout
from .unstraightened import free_unstraightened, keep_out_unstraightened

_PATIENT_SLICES = {"Yellow": "Sagittal", "Red": "Axial"}
_STRAIGHTENED_SLICES = {"Yellow+": "Sagittal"}
_TABLE_VIEW = "TableView1"


@dataclass(frozen=True)
class Pane:
    """A rectangle of pixels.

    :param left: columns to its left.
    :param top: rows above it.
    :param width: columns.
    :param height: rows.
    """

    left: int
    top: int
    width: int
    height: int


def panes(width: int, height: int) -> dict[str, Pane]:
    """Where the layout puts its slice and 3D views, by their layout names.

    :param width: columns of all of them together.
    :param height: rows of all of them together, the table not counted.
    """
    first, second, third = _edges(COLUMN_SHARES, width)
    upper, lower = _edges(LAST_COLUMN_SHARES, height)
    return {
        "Yellow+": Pane(first[0], 0, first[1], height),
        "Yellow": Pane(second[0], 0, second[1], height),
        "Red": Pane(third[0], upper[0], third[1], upper[1]),
        "1": Pane(third[0], lower[0], third[1], lower[1]),
    }


def _edges(shares: tuple[int, ...], pixels: int) -> list[tuple[int, int]]:
    """Begin and length of each part of a row of pixels."""
    ends = [round(pixels * sum(shares[:count]) / sum(shares)) for count in range(len(shares) + 1)]
    return [(begin, end - begin) for begin, end in pairwise(ends)]


def show_study(study: Study, layout_node: slicer.vtkMRMLLayoutNode) -> None:
    """Switch to the layout and show one study in it; those of other volumes are hidden, as they would overlap.

    The patient's slices look at the selected vertebra, or at the one of the least index G. The straightened view and
    the 3D view show the whole spine, the latter from the patient's left as the sagittal slices do. Slicer gives the
    panes their sizes only when they come on screen; it keeps the height of each field of view, so that this holds.
    What the user drew in the patient is kept out of the straightened views.

    :param layout_node: the layout node of the study's scene.
    """
    register_layout(layout_node)
    layout_node.RemoveAllMaximizedViewNodes()
    layout_node.SetViewArrangement(LAYOUT_ID)
    hide_studies(study.scene, study.volume_node, kept=study)
    set_visible(study, True)
    limit_to_views(study)
    keep_out_unstraightened(study.scene)
    report, nodes = read_study(study)
    selected = selected_node(study)
    focus_ras, focus_straight = focus(report, nodes.index(selected) if selected in nodes else None)
    if study.volume_node is not None:
        _show_volume(study.volume_node, _PATIENT_SLICES, focus_ras)
    if study.straightened_node is not None:
        _show_volume(study.straightened_node, _STRAIGHTENED_SLICES, focus_straight)
        fit_height(slice_node(study.scene, "Yellow+", "Sagittal"), study.straightened_node)
    keypoints_ras = [vertebra.keypoints_ras for vertebra in report.vertebrae]
    look_from_left(study.scene, PATIENT_VIEWS, np.concatenate([report.curve.points_ras, *keypoints_ras]))
    for name in PATIENT_VIEWS.three_d:
        view_node = study.scene.GetSingletonNode(name, "vtkMRMLViewNode")
        if view_node is not None:
            show_directions(view_node)
    _show_table(study.scene, study.table_node)


def hide_studies(
    scene: slicer.vtkMRMLScene, volume_node: slicer.vtkMRMLScalarVolumeNode | None, kept: Study | None = None
) -> None:
    """Hide all that is drawn of studies, their straightened CTs and their tables: another volume is looked at now.

    :param volume_node: that volume; it takes the place of the CTs of studies in the patient's views. None where
        nothing is chosen, which leaves the CTs there.
    :param kept: a study of it that is left as it is.
    """
    hidden = [study for study in studies(scene) if study != kept]
    for study in hidden:
        set_visible(study, False)
    if kept is None:
        free_unstraightened(scene)
    _replace(scene, _STRAIGHTENED_SLICES, [study.straightened_node for study in hidden], None)
    if volume_node is not None:
        others = [study.volume_node for study in hidden if study.volume_node is not volume_node]
        _replace(scene, _PATIENT_SLICES, others, volume_node)
    if _shown_table(scene) in [study.table_node for study in hidden]:
        _show_table(scene, None)


def _replace(
    scene: slicer.vtkMRMLScene,
    slices: dict[str, str],
    former: Sequence[slicer.vtkMRMLScalarVolumeNode | None],
    volume_node: slicer.vtkMRMLScalarVolumeNode | None,
) -> None:
    """Show a volume, or none, in the slice views that show one of the former; views that are not there are left."""
    former_ids = {node.GetID() for node in former if node is not None}
    for name, orientation in slices.items():
        composite = scene.GetSingletonNode(name, "vtkMRMLSliceCompositeNode")
        if composite is None or composite.GetBackgroundVolumeID() not in former_ids:
            continue
        composite.SetBackgroundVolumeID(None)
        if volume_node is not None:
            show_slice(scene, name, orientation, volume_node, _centre(volume_node))


def _centre(volume_node: slicer.vtkMRMLScalarVolumeNode) -> NDArray[np.float64]:
    """The middle of a volume in the world (3,)."""
    bounds = np.zeros(6)
    volume_node.GetRASBounds(bounds)
    centre: NDArray[np.float64] = bounds.reshape(3, 2).mean(1)
    return centre


def _shown_table(scene: slicer.vtkMRMLScene) -> slicer.vtkMRMLTableNode | None:
    view = scene.GetSingletonNode(_TABLE_VIEW, "vtkMRMLTableViewNode")
    return view.GetTableNode() if view is not None else None


def _show_table(scene: slicer.vtkMRMLScene, table_node: slicer.vtkMRMLTableNode | None) -> None:
    view = scene.GetSingletonNode(_TABLE_VIEW, "vtkMRMLTableViewNode")
    if view is not None:
        view.SetTableNodeID(table_node.GetID() if table_node is not None else None)


def _show_volume(
    volume_node: slicer.vtkMRMLScalarVolumeNode, slices: dict[str, str], point: NDArray[np.float64]
) -> None:
    for layout_name, orientation in slices.items():
        show_slice(volume_node.GetScene(), layout_name, orientation, volume_node, point)
