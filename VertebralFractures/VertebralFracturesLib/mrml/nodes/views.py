"""Which views show the patient and which the straightened space, and what they show when a scene is opened.

Slicer has one world. The straightened spine is a second space in it, so that every view belongs to one of the two
spaces and shows only nodes of that space: display nodes are limited to the views of a :class:`ViewGroup`. Slicer's own
views Red, Green and Yellow are the patient's; the second row of the "three over three" layout, Red+, Green+ and
Yellow+, which Slicer links among themselves only, is the straightened space.
"""

from dataclasses import dataclass

import numpy as np
import slicer
import vtk
from numpy.typing import ArrayLike, NDArray

from ...core.keypoints import body_centre
from ...core.report import SpineReport

CENTRED_ON_VERTEBRA_MM = 180.0
"""Field of view around one vertebra; chosen, so that its neighbours are seen, too."""

_SEEN_MARGIN_MM = 15.0
"""Distance of a body's centre from the edge of the view at which the body is seen; chosen, half a lumbar body."""

_UNSEEN_GLYPH_MM = 0.01
"""Size of a point of which only the text is to be seen; Slicer draws none of size 0."""

_PANE_PIXELS = 400
"""Side of a view before a layout gives it its size; any will do."""

_ROOM_AROUND = 1.1
"""Extent of the view over that of the spine in 3D; chosen."""


@dataclass(frozen=True)
class ViewGroup:
    """The views of one space.

    :param sagittal: layout names of the slice views in which all keypoints are drawn, projected on the slice.
    :param others: layout names of the slice views in which keypoints are drawn where they are close to the slice.
    :param three_d: layout names of the 3D views.
    """

    sagittal: tuple[str, ...]
    others: tuple[str, ...] = ()
    three_d: tuple[str, ...] = ()

    @property
    def sagittal_ids(self) -> list[str]:
        """Node IDs of the sagittal views."""
        return [f"vtkMRMLSliceNode{name}" for name in self.sagittal]

    @property
    def other_ids(self) -> list[str]:
        """Node IDs of the other slice views and of the 3D views."""
        return [f"vtkMRMLSliceNode{name}" for name in self.others] + self.three_d_ids

    @property
    def three_d_ids(self) -> list[str]:
        """Node IDs of the 3D views."""
        return [f"vtkMRMLViewNode{name}" for name in self.three_d]


PATIENT_VIEWS = ViewGroup(("Yellow",), ("Red", "Green"), ("1",))
STRAIGHTENED_VIEWS = ViewGroup(("Yellow+",), ("Red+", "Green+"))

_ORIENTATIONS = {"Red": "Axial", "Green": "Coronal", "Yellow": "Sagittal"}
_COLORS = {
    "Red": (0.953, 0.290, 0.200),
    "Green": (0.431, 0.690, 0.294),
    "Yellow": (0.929, 0.835, 0.298),
    "Red+": (0.976, 0.663, 0.624),
    "Green+": (0.776, 0.878, 0.722),
    "Yellow+": (0.965, 0.914, 0.635),
}
"""RGB of 3D Slicer's own slice views."""


def markups_display(node: slicer.vtkMRMLMarkupsNode, index: int) -> slicer.vtkMRMLMarkupsDisplayNode:
    """The n-th display node of a markups node, made if it is missing (Slicer's markups logic makes the first)."""
    while node.GetNumberOfDisplayNodes() <= index:
        add_markups_display(node.GetScene(), node, new_markups_display(node.GetScene(), node))
    display = node.GetNthDisplayNode(index)
    _set_own_defaults(display)
    return display


def new_markups_display(
    scene: slicer.vtkMRMLScene, node: slicer.vtkMRMLMarkupsNode
) -> slicer.vtkMRMLMarkupsDisplayNode:
    """A display node for a markups node with the defaults that the user set for the scene; it is not in the scene."""
    is_point_list = node.IsA("vtkMRMLMarkupsFiducialNode")
    class_name = "vtkMRMLMarkupsFiducialDisplayNode" if is_point_list else "vtkMRMLMarkupsDisplayNode"
    display = scene.CreateNodeByClass(class_name)
    display.UnRegister(None)
    _set_own_defaults(display)
    return display


def add_markups_display(
    scene: slicer.vtkMRMLScene, node: slicer.vtkMRMLMarkupsNode, display: slicer.vtkMRMLMarkupsDisplayNode
) -> None:
    """Add a display node to a scene for a markups node, which may be added later: it is complete at once then."""
    scene.AddNode(display)
    node.AddAndObserveDisplayNodeID(display.GetID())


def _set_own_defaults(display: slicer.vtkMRMLMarkupsDisplayNode) -> None:
    display.SetPropertiesLabelVisibility(False)
    display.SetSliceProjectionUseFiducialColor(True)


def add_drawn_model(
    scene: slicer.vtkMRMLScene,
    name: str,
    data: vtk.vtkPolyData,
    display: slicer.vtkMRMLModelDisplayNode,
    view_ids: list[str],
) -> slicer.vtkMRMLModelNode:
    """Add a model that is drawn in some views, cannot be picked and is not saved with the scene.

    :param display: how it is drawn; not in the scene yet.
    :param view_ids: node IDs of the views.
    """
    node = slicer.vtkMRMLModelNode()
    node.SetName(name)
    node.SetSelectable(False)
    node.SetAndObservePolyData(data)
    display.SetViewNodeIDs(view_ids)
    for one in (node, display):
        one.SetSaveWithScene(False)
    scene.AddNode(display)
    node.SetAndObserveDisplayNodeID(display.GetID())
    scene.AddNode(node)
    return node


def show_text_only(display: slicer.vtkMRMLMarkupsDisplayNode, text_scale: float) -> None:
    """Draw the labels of a list in every slice, and its points so small that they are not seen.

    :param text_scale: size of the text in percent of the view.
    """
    display.SetSliceProjection(True)
    display.SetSliceProjectionOpacity(1.0)
    display.UseGlyphScaleOff()
    display.SetGlyphSize(_UNSEEN_GLYPH_MM)
    display.SetTextScale(text_scale)


def limit_to(node: slicer.vtkMRMLMarkupsNode, views: ViewGroup) -> None:
    """Draw a node of a study in the views of one space only, as it was when it was added.

    Of two display nodes the first is for the sagittal views; a single one is for text beside the vertebrae, which
    would cover axial and coronal views. Slicer's module Markups shows a list in all views while it is chosen there.
    """
    if node.GetNumberOfDisplayNodes() == 1:
        view_ids = [[*views.sagittal_ids, *views.three_d_ids]]
    else:
        view_ids = [views.sagittal_ids, views.other_ids]
    for index in range(min(node.GetNumberOfDisplayNodes(), len(view_ids))):
        display = node.GetNthDisplayNode(index)
        if list(display.GetViewNodeIDs()) != view_ids[index]:
            display.SetViewNodeIDs(view_ids[index])


def arrange_views(
    scene: slicer.vtkMRMLScene,
    volume_node: slicer.vtkMRMLScalarVolumeNode,
    straightened_node: slicer.vtkMRMLScalarVolumeNode,
    focus_ras: ArrayLike,
    focus_straight: ArrayLike,
) -> None:
    """Set the three-over-three layout: the patient above, the straightened spine below, both at one point.

    :param scene: receives slice, composite, 3D view and layout nodes where they are missing.
    :param volume_node: background of the patient's views.
    :param straightened_node: background of the straightened views.
    :param focus_ras: (3,) centre of the patient's views in RAS mm.
    :param focus_straight: (3,) the same point in straightened mm.
    """
    for suffix, background, point in (("", volume_node, focus_ras), ("+", straightened_node, focus_straight)):
        for color, orientation in _ORIENTATIONS.items():
            show_slice(scene, color + suffix, orientation, background, point)
    fit_height(slice_node(scene, "Yellow+", "Sagittal"), straightened_node)
    show_directions(_singleton(scene, "vtkMRMLViewNode", "1"))
    layout = _singleton(scene, "vtkMRMLLayoutNode", "vtkMRMLLayoutNode")
    layout.SetViewArrangement(slicer.vtkMRMLLayoutNode.SlicerLayoutThreeOverThreeView)


def show_slice(
    scene: slicer.vtkMRMLScene,
    layout_name: str,
    orientation: str,
    volume_node: slicer.vtkMRMLScalarVolumeNode,
    point: ArrayLike,
) -> None:
    """Show a volume in a view around a point (3,) of its space.

    Slicer shows a volume that it loads in all views; those of the straightened space have to keep theirs.
    """
    is_straightened = layout_name.endswith("+")
    node = slice_node(scene, layout_name, orientation)
    node.SetViewGroup(int(is_straightened))
    composite = composite_node(scene, layout_name)
    composite.SetDoPropagateVolumeSelection(not is_straightened)
    composite.SetBackgroundVolumeID(volume_node.GetID())
    centre_slice(node, point, CENTRED_ON_VERTEBRA_MM)
    show_directions(node)


def show_directions(node: slicer.vtkMRMLAbstractViewNode) -> None:
    """Let a view show where the patient's directions and how long lengths are, by Slicer's own marker and ruler."""
    node.SetOrientationMarkerType(node.OrientationMarkerTypeAxes)
    node.SetOrientationMarkerSize(node.OrientationMarkerSizeSmall)
    node.SetRulerType(node.RulerTypeThin)


def focus(report: SpineReport, place: int | None = None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where a reader looks first.

    :param place: of a vertebra; by default that of the least index G, or the middle of the curve where there is none.
    :return: the point (3,) in RAS mm and in straightened mm.
    """
    place = report.summary.worst_vertebra if place is None else place
    if place is None:
        middle_straight = np.array([0.0, 0.0, -report.curve.length_mm / 2])
        return report.curve.straight_to_ras(middle_straight), middle_straight
    centre_ras = body_centre(report.vertebrae[place].keypoints_ras)
    return centre_ras, report.curve.ras_to_straight(centre_ras)


def slice_node(scene: slicer.vtkMRMLScene, layout_name: str, orientation: str) -> slicer.vtkMRMLSliceNode:
    """The slice node of a view, made if it is missing, turned to an orientation ("Axial", "Sagittal" or "Coronal")."""
    node = scene.GetSingletonNode(layout_name, "vtkMRMLSliceNode")
    if node is None:
        node = _singleton(scene, "vtkMRMLSliceNode", layout_name)
        node.SetLayoutLabel(layout_name.replace(layout_name.rstrip("+"), layout_name[0]))
        node.SetLayoutColor(*_COLORS.get(layout_name, (0.5, 0.5, 0.5)))
        node.SetDimensions(_PANE_PIXELS, _PANE_PIXELS, 1)
    node.SetOrientation(orientation)
    return node


def composite_node(scene: slicer.vtkMRMLScene, layout_name: str) -> slicer.vtkMRMLSliceCompositeNode:
    """The composite node of a slice view, made if it is missing."""
    return _singleton(scene, "vtkMRMLSliceCompositeNode", layout_name)


def _singleton(scene: slicer.vtkMRMLScene, class_name: str, tag: str) -> slicer.vtkMRMLNode:
    node = scene.GetSingletonNode(tag, class_name)
    if node is not None:
        return node
    node = scene.CreateNodeByClass(class_name)
    node.UnRegister(None)
    node.SetName(tag)
    node.SetSingletonTag(tag)
    if hasattr(node, "SetLayoutName"):
        node.SetLayoutName(tag)
    return scene.AddNode(node)


def centre_slice(node: slicer.vtkMRMLSliceNode, point: ArrayLike, height_mm: float) -> None:
    """Move a slice to a point (3,) of its space, in the middle of the view, with a field of view of a given height."""
    width, height, _ = node.GetDimensions()
    node.SetFieldOfView(height_mm * width / height, height_mm, node.GetFieldOfView()[2])
    node.JumpSliceByCentering(*(float(value) for value in np.asarray(point)))


def centre_views(scene: slicer.vtkMRMLScene, views: ViewGroup, point: ArrayLike) -> None:
    """Centre the views of one space on a point (3,) of it, at the zoom they have; views that are not there are left.

    The straightened spine stays where it is as long as the point is seen in it: the reader has the whole in view.
    """
    centre = np.asarray(point, dtype=np.float64)
    for name in (*views.sagittal, *views.others):
        node = scene.GetSingletonNode(name, "vtkMRMLSliceNode")
        if node is None:
            continue
        if views is STRAIGHTENED_VIEWS and _is_seen(node, centre):
            node.JumpSliceByOffsetting(*centre)
        else:
            node.JumpSliceByCentering(*centre)
    for camera in _cameras(scene, views):
        _place_camera(camera, np.array(camera.GetPosition()) + centre - camera.GetFocalPoint(), centre)


def _is_seen(node: slicer.vtkMRMLSliceNode, point: NDArray[np.float64]) -> bool:
    """Whether a point lies within a slice view, seen at right angles to the slice, and not at its edge."""
    to_slice = vtk.vtkMatrix4x4()
    vtk.vtkMatrix4x4.Invert(node.GetSliceToRAS(), to_slice)
    across, along, _depth, _one = to_slice.MultiplyPoint((*point, 1.0))
    width, height, _ = node.GetFieldOfView()
    return abs(across) < width / 2 and abs(along) < height / 2 - _SEEN_MARGIN_MM


def look_from_left(scene: slicer.vtkMRMLScene, views: ViewGroup, points: ArrayLike) -> None:
    """Let the 3D views of one space show points (n, 3) of it as a whole, from the left and with the head up."""
    lowest, highest = np.min(points, axis=0), np.max(points, axis=0)
    centre, extent = (lowest + highest) / 2, highest - lowest
    for camera in _cameras(scene, views):
        half_angle = np.radians(camera.GetViewAngle() / 2)
        distance_mm = extent[0] / 2 + _ROOM_AROUND * max(extent[1:]) / 2 / np.tan(half_angle)
        camera.SetViewUp(0.0, 0.0, 1.0)
        _place_camera(camera, centre + [-distance_mm, 0.0, 0.0], centre)


def _cameras(scene: slicer.vtkMRMLScene, views: ViewGroup) -> list[slicer.vtkMRMLCameraNode]:
    """The cameras of the 3D views of one space that are there."""
    cameras = (slicer.vtkMRMLViewLogic.GetCameraNode(scene, name) for name in views.three_d)
    return [camera for camera in cameras if camera is not None]


def _place_camera(
    camera: slicer.vtkMRMLCameraNode, position: NDArray[np.float64], focal_point: NDArray[np.float64]
) -> None:
    camera.SetPosition(*position)
    camera.SetFocalPoint(*focal_point)
    camera.ResetClippingRange()


def fit_height(node: slicer.vtkMRMLSliceNode, volume_node: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Show a volume from its top to its bottom without leaving the slice plane.

    A short volume is shown in a field of view of :data:`CENTRED_ON_VERTEBRA_MM`: a narrow pane would cut its sides.
    """
    bounds = np.zeros(6)
    volume_node.GetRASBounds(bounds)
    centre: NDArray[np.float64] = bounds.reshape(3, 2).mean(1)
    to_ras = node.GetSliceToRAS()
    normal = np.array([to_ras.GetElement(row, 2) for row in range(3)])
    origin = np.array([to_ras.GetElement(row, 3) for row in range(3)])
    centre_slice(
        node, centre + normal * ((origin - centre) @ normal), max(bounds[5] - bounds[4], CENTRED_ON_VERTEBRA_MM)
    )
