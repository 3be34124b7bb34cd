"""A study: all nodes that one analysis adds to a scene, held together by the node that stores its report.

The report node is a text node with the report as the model made it. It references the volume and every other node of
the study, so that a study survives saving, renaming and a new session: :func:`studies` finds it again. What readers
edit lives in the nodes; :func:`study_report` puts both together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import slicer
import vtk

from ..core.genant import find_preset
from ..core.keypoints import body_centre
from ..core.measures import Measures
from ..core.report import SpineReport, Vertebra
from ..core.spine_curve import SpineCurve
from ..errors import UnusableInput
from .curve_node import add_curve_node, control_points, curve_from_node, points_from_node
from .keypoint_nodes import (
    add_keypoints_node,
    add_keypoints_proxy,
    copy_local_points,
    name_keypoints,
    set_grade_color,
    set_keypoints,
    set_vertebra_attributes,
    vertebra_from_node,
)
from .label_nodes import add_labels_node, update_labels_node, vertebra_names
from .straightened_nodes import (
    add_straightened_proxy_node,
    add_straightened_volume_node,
    add_straightening_node,
    straightened_volume,
    update_straightening_node,
)
from .table_node import add_table_node, update_table_node
from .views import PATIENT_VIEWS, STRAIGHTENED_VIEWS
from .volume_nodes import set_volume, volume_from_node

_PREFIX = "VertebralFractures."
_ROLE = f"{_PREFIX}Role"
_PRESET = f"{_PREFIX}Preset"
_PLACE = f"{_PREFIX}ModelPlace"
_PROXY = f"{_PREFIX}straightened"
_SELECTED = f"{_PREFIX}selected"
_PROXY_SUFFIX = " straightened"
_FOLDER = f"{_PREFIX}Folder"
_MOVED_MM = 1e-6


@dataclass(frozen=True)
class Study:
    """A study in a scene; every node but the first may have been deleted by the user and is None then.

    :param report_node: the text node that holds the report and references the other nodes.
    """

    report_node: slicer.vtkMRMLTextNode

    @property
    def scene(self) -> slicer.vtkMRMLScene:
        """The scene of the study."""
        return self.report_node.GetScene()

    @property
    def volume_node(self) -> slicer.vtkMRMLScalarVolumeNode | None:
        """The CT; it is not part of the study."""
        return self._referenced("volume")

    @property
    def curve_node(self) -> slicer.vtkMRMLMarkupsCurveNode | None:
        """The spine curve."""
        return self._referenced("curve")

    @property
    def straightening_node(self) -> slicer.vtkMRMLTransformNode | None:
        """The transform under which nodes of the patient appear straightened."""
        return self._referenced("straightening")

    @property
    def straightened_node(self) -> slicer.vtkMRMLScalarVolumeNode | None:
        """The straightened CT."""
        return self._referenced("straightenedVolume")

    @property
    def table_node(self) -> slicer.vtkMRMLTableNode | None:
        """The result table."""
        return self._referenced("table")

    @property
    def label_nodes(self) -> tuple[slicer.vtkMRMLMarkupsFiducialNode, ...]:
        """Level and index G beside each vertebra, in the patient and in straightened space."""
        return self._all_referenced("labels")

    @property
    def keypoint_nodes(self) -> tuple[slicer.vtkMRMLMarkupsFiducialNode, ...]:
        """One point list per vertebra, in the patient."""
        return self._all_referenced("keypoints")

    @property
    def proxy_nodes(self) -> tuple[slicer.vtkMRMLMarkupsFiducialNode, ...]:
        """The point lists in straightened space, see :func:`proxy_of`."""
        proxies = (proxy_of(node) for node in self.keypoint_nodes)
        return tuple(proxy for proxy in proxies if proxy is not None)

    @property
    def preset(self) -> str:
        """Name of the grading preset in use."""
        return self.report_node.GetAttribute(_PRESET)

    @property
    def nodes(self) -> tuple[slicer.vtkMRMLNode, ...]:
        """All nodes of the study, the report node last."""
        single = (self.curve_node, self.straightened_node, self.table_node)
        lists = (*self.keypoint_nodes, *self.proxy_nodes, *self.label_nodes)
        nodes = (*single, *lists, self.straightening_node, self.report_node)
        return tuple(node for node in nodes if node is not None)

    @property
    def folder_item(self) -> int:
        """The study's folder in the subject hierarchy; the invalid item if the user removed it."""
        hierarchy = subject_hierarchy(self.scene)
        parent = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(self.report_node))
        return parent if hierarchy.HasItemAttribute(parent, _FOLDER) else hierarchy.GetInvalidItemID()

    def _referenced(self, role: str) -> slicer.vtkMRMLNode | None:
        return self.report_node.GetNodeReference(_PREFIX + role)

    def _all_referenced(self, role: str) -> tuple[slicer.vtkMRMLNode, ...]:
        count = self.report_node.GetNumberOfNodeReferences(_PREFIX + role)
        nodes = (self.report_node.GetNthNodeReference(_PREFIX + role, index) for index in range(count))
        return tuple(node for node in nodes if node is not None)


def create_study(
    scene: slicer.vtkMRMLScene,
    volume_node: slicer.vtkMRMLScalarVolumeNode,
    report: SpineReport,
    straighten_live: bool = False,
) -> Study:
    """Add the nodes of a report to a scene; if that fails, the scene is left as it was.

    :param scene: the scene of the volume node.
    :param volume_node: the CT that was analyzed, in this scene.
    :param report: the result of its analysis, in the scene's world coordinates.
    :param straighten_live: straighten the CT's own voxels while they are displayed, which follows a dragged curve at
        once but takes ten times as long a frame and is not saved; otherwise the straightened CT is resampled.
    :raises UnusableInput: a volume without voxels or under a transform that is not linear.
    """
    study = Study(_add_report_node(scene, volume_node, report))
    try:
        _add_nodes(study, volume_node, report, straighten_live)
        _group(study, volume_node)
        update_study(study)
    except BaseException:
        remove_study(study)
        raise
    return study


def _add_report_node(
    scene: slicer.vtkMRMLScene, volume_node: slicer.vtkMRMLScalarVolumeNode, report: SpineReport
) -> slicer.vtkMRMLTextNode:
    text = report.to_json()
    node = slicer.vtkMRMLTextNode()
    node.SetName(f"{volume_node.GetName()} report")
    node.SetAttribute(_ROLE, "report")
    node.SetAttribute(_PRESET, report.preset)
    node.SetForceCreateStorageNode(slicer.vtkMRMLTextNode.CreateStorageNodeAlways)
    node.SetText(text)
    scene.AddNode(node)
    node.SetNodeReferenceID(f"{_PREFIX}volume", volume_node.GetID())
    return node


def _add_nodes(
    study: Study,
    volume_node: slicer.vtkMRMLScalarVolumeNode,
    report: SpineReport,
    straighten_live: bool,
) -> None:
    scene, name = study.scene, volume_node.GetName()
    _link(study, "curve", add_curve_node(scene, report.curve, f"{name} spine curve", PATIENT_VIEWS))
    straightening = add_straightening_node(scene, report.curve, f"{name} straightening")
    _link(study, "straightening", straightening)
    if straighten_live:
        straightened = add_straightened_proxy_node(volume_node, straightening, f"{name} straightened")
    else:
        volume = volume_from_node(volume_node)
        straightened = add_straightened_volume_node(scene, volume, report.curve, f"{name} straightened")
    _link(study, "straightenedVolume", straightened)
    for place, (vertebra, vertebra_name) in enumerate(zip(report.vertebrae, vertebra_names(report), strict=True)):
        _add_vertebra_nodes(study, vertebra, vertebra_name, place)
    labels = f"{name} labels"
    _link(study, "labels", add_labels_node(scene, report, labels, PATIENT_VIEWS))
    _link(study, "labels", add_labels_node(scene, report, f"{labels} straightened", STRAIGHTENED_VIEWS, straightening))
    _link(study, "table", add_table_node(scene, report, f"{name} vertebrae"))


def _add_vertebra_nodes(study: Study, vertebra: Vertebra, name: str, place: int) -> slicer.vtkMRMLMarkupsFiducialNode:
    """Add a vertebra to the patient and, while there is a straightening, to straightened space."""
    node = add_keypoints_node(study.scene, vertebra, name, PATIENT_VIEWS)
    node.SetAttribute(_PLACE, str(place))
    _link(study, "keypoints", node)
    if study.straightening_node is not None:
        proxy = add_keypoints_proxy(node, study.straightening_node, STRAIGHTENED_VIEWS)
        proxy.SetAttribute(_ROLE, "keypointsProxy")
        node.SetNodeReferenceID(_PROXY, proxy.GetID())
    return node


def _link(study: Study, role: str, node: slicer.vtkMRMLNode) -> None:
    node.SetAttribute(_ROLE, role)
    study.report_node.AddNodeReferenceID(_PREFIX + role, node.GetID())


def proxy_of(keypoints_node: slicer.vtkMRMLMarkupsFiducialNode) -> slicer.vtkMRMLMarkupsFiducialNode | None:
    """The list that shows a vertebra in straightened space."""
    return keypoints_node.GetNodeReference(_PROXY)


def place_of(keypoints_node: slicer.vtkMRMLMarkupsFiducialNode) -> int:
    """The number of a vertebra in its study: its place in the model's report, or a higher one if a reader added it."""
    return int(keypoints_node.GetAttribute(_PLACE))


def selected_node(study: Study) -> slicer.vtkMRMLMarkupsFiducialNode | None:
    """The point list of the vertebra that is selected; this is saved with the scene."""
    return study.report_node.GetNodeReference(_SELECTED)


def set_selected_node(study: Study, keypoints_node: slicer.vtkMRMLMarkupsFiducialNode | None) -> None:
    """Select a vertebra, or none."""
    study.report_node.SetNodeReferenceID(_SELECTED, keypoints_node.GetID() if keypoints_node is not None else None)


def set_visible(study: Study, is_visible: bool) -> None:
    """Show or hide all that a study draws in views."""
    for node in study.nodes:
        if isinstance(node, slicer.vtkMRMLMarkupsNode):
            node.SetDisplayVisibility(is_visible)


def add_vertebra(study: Study, vertebra: Vertebra, place: int | None = None) -> slicer.vtkMRMLMarkupsFiducialNode:
    """Add a vertebra that the study has not; :func:`update_study` names it and brings labels and table up to it.

    :param vertebra: keypoints in RAS mm.
    :param place: see :func:`place_of`; by default a new one.
    :return: its point list in the patient.
    """
    nodes = study.keypoint_nodes
    if place is None:
        place = max([len(model_report(study).vertebrae) - 1, *map(place_of, nodes)]) + 1
    hierarchy = subject_hierarchy(study.scene)
    node = _add_vertebra_nodes(study, vertebra, vertebra.level or "vertebra", place)
    for added, others in ((node, nodes), (proxy_of(node), [proxy_of(other) for other in nodes])):
        sibling = next((other for other in others if other is not None), None)
        if added is not None and sibling is not None:
            hierarchy.CreateItem(hierarchy.GetItemParent(hierarchy.GetItemByDataNode(sibling)), added)
    return node


def remove_vertebra(keypoints_node: slicer.vtkMRMLMarkupsFiducialNode) -> None:
    """Remove a vertebra from both spaces; :func:`update_study` brings labels and table up to it."""
    for node in (proxy_of(keypoints_node), keypoints_node):
        if node is not None:
            _remove_node(node)


def studies(scene: slicer.vtkMRMLScene) -> list[Study]:
    """All studies of a scene, those loaded with it included."""
    nodes = scene.GetNodesByClass("vtkMRMLTextNode")
    nodes.UnRegister(None)
    return [Study(node) for node in _items(nodes) if node.GetAttribute(_ROLE) == "report"]


def studies_of(volume_node: slicer.vtkMRMLScalarVolumeNode) -> list[Study]:
    """The studies of one volume."""
    return [study for study in studies(volume_node.GetScene()) if study.volume_node is volume_node]


def _items(collection: vtk.vtkCollection) -> Iterator[vtk.vtkObject]:
    for index in range(collection.GetNumberOfItems()):
        yield collection.GetItemAsObject(index)


def model_report(study: Study) -> SpineReport:
    """The report as the model made it, before any edit.

    :raises UnusableInput: the report node's text is not a report.
    """
    try:
        return _parsed(study.report_node.GetText() or "")
    except ValueError as error:
        raise UnusableInput(f"the study {study.report_node.GetName()!r} cannot be read: {error}") from error


@lru_cache(maxsize=8)
def _parsed(text: str) -> SpineReport:
    """A report node's text is read again at every edit, and changes never."""
    return SpineReport.from_json(text)


def study_report(study: Study) -> SpineReport:
    """The report as the nodes are now, edits included, vertebrae from cranial to caudal.

    A vertebra of the model whose points were moved counts as edited. Where the curve's control points are unmoved, the
    model's own curve is returned.

    :raises UnusableInput: a node that can no longer be read, such as a point list without six points.
    """
    return read_study(study)[0]


def read_study(study: Study) -> tuple[SpineReport, list[slicer.vtkMRMLMarkupsFiducialNode]]:
    """The report as the nodes are now, see :func:`study_report`, and the keypoint node of each of its vertebrae."""
    model = model_report(study)
    curve = _curve(study, model.curve)
    nodes = list(study.keypoint_nodes)
    vertebrae = [_vertebra(node, model) for node in nodes]
    order = _cranial_to_caudal(vertebrae, curve)
    ordered = tuple(vertebrae[place] for place in order)
    return replace(model, curve=curve, vertebrae=ordered, preset=study.preset), [nodes[place] for place in order]


def _curve(study: Study, model_curve: SpineCurve) -> SpineCurve:
    node = study.curve_node
    if node is None:
        return model_curve
    expected, points_ras = control_points(model_curve)[0], points_from_node(node)
    is_unmoved = expected.shape == points_ras.shape and np.abs(expected - points_ras).max() < _MOVED_MM
    return model_curve if is_unmoved else curve_from_node(node)


def _vertebra(node: slicer.vtkMRMLMarkupsFiducialNode, model: SpineReport) -> Vertebra:
    """The vertebra of a list; unmoved points are the model's own, free of the rounding of files."""
    vertebra = vertebra_from_node(node)
    original = _original(node, model)
    if original is None:
        return vertebra
    if np.abs(vertebra.keypoints_ras - original.keypoints_ras).max() < _MOVED_MM:
        return replace(vertebra, keypoints_ras=original.keypoints_ras)
    return replace(vertebra, source="edited") if vertebra.source == "model" else vertebra


def _original(node: slicer.vtkMRMLMarkupsFiducialNode, model: SpineReport) -> Vertebra | None:
    """What the model found where this list is; None for a vertebra that a reader added."""
    place = node.GetAttribute(_PLACE)
    return model.vertebrae[int(place)] if place is not None and int(place) < len(model.vertebrae) else None


def _cranial_to_caudal(vertebrae: list[Vertebra], curve: SpineCurve) -> list[int]:
    if not vertebrae:
        return []
    centres_ras = body_centre(np.array([vertebra.keypoints_ras for vertebra in vertebrae]))
    try:
        superior_mm = curve.ras_to_straight(centres_ras)[:, 2]
    except ValueError as error:
        raise UnusableInput(f"a vertebra of the study cannot be placed on its spine curve: {error}") from error
    return [int(place) for place in np.argsort(-superior_mm, kind="stable")]


def update_study(study: Study) -> SpineReport:
    """Bring names, colours, labels, proxies and table up to the points, levels, status and preset of the nodes.

    :return: the report that they show.
    :raises UnusableInput: as :func:`study_report`.
    """
    report, nodes = read_study(study)
    show_report(study, report, nodes)
    return report


def show_report(study: Study, report: SpineReport, nodes: Sequence[slicer.vtkMRMLMarkupsFiducialNode]) -> None:
    """Write what :func:`read_study` read into names, colours, labels, proxies and table.

    :raises ValueError: a height of a vertebra is 0; nothing is written then.
    """
    names = vertebra_names(report)
    for node, vertebra, measures, name in zip(nodes, report.vertebrae, report.measures, names, strict=True):
        set_vertebra_attributes(node, vertebra)
        _show(node, name, measures)
        proxy = proxy_of(node)
        if proxy is not None:
            copy_local_points(node, proxy)
            _show(proxy, name, measures, _PROXY_SUFFIX)
    for labels in study.label_nodes:
        update_labels_node(labels, report)
    if study.table_node is not None:
        update_table_node(study.table_node, report)


def _show(node: slicer.vtkMRMLMarkupsFiducialNode, name: str, measures: Measures | None, suffix: str = "") -> None:
    name_keypoints(node, name, suffix)
    set_grade_color(node, measures.grade if measures else None)


def update_straightening(study: Study) -> SpineCurve:
    """Straighten anew along the curve node as it is now; keypoints stay where they are in the patient.

    :return: the curve.
    :raises UnusableInput: a curve with too few points, or a volume that can no longer be read.
    """
    curve = _curve(study, model_report(study).curve)
    if study.straightening_node is not None:
        update_straightening_node(study.straightening_node, curve)
    straightened = study.straightened_node
    if straightened is not None and straightened.GetParentTransformNode() is None and study.volume_node is not None:
        set_volume(straightened, straightened_volume(volume_from_node(study.volume_node), curve))
    return curve


def set_preset(study: Study, preset: str) -> SpineReport:
    """Grade with another preset, a key of :data:`~..core.genant.PRESETS`.

    :raises ValueError: no such preset.
    """
    write_preset(study, preset)
    return update_study(study)


def write_preset(study: Study, preset: str) -> None:
    """Choose the preset for the next :func:`update_study`.

    :raises ValueError: no such preset.
    """
    find_preset(preset)
    study.report_node.SetAttribute(_PRESET, preset)


def reset_to_model(study: Study, keypoints_node: slicer.vtkMRMLMarkupsFiducialNode) -> None:
    """Undo all edits of one vertebra that the model found.

    :raises ValueError: a vertebra that a reader added.
    """
    original = _original(keypoints_node, model_report(study))
    if original is None:
        raise ValueError(f"{keypoints_node.GetName()} was added by a reader; there is nothing to reset it to")
    set_vertebra_attributes(keypoints_node, original)
    set_keypoints(keypoints_node, original.keypoints_ras)
    update_study(study)


def remove_study(study: Study) -> None:
    """Remove all nodes of a study and its folder; the CT stays."""
    scene = study.scene
    hierarchy = subject_hierarchy(scene)
    folder = study.folder_item
    for node in study.nodes[::-1]:
        _remove_node(node)
    if folder != hierarchy.GetInvalidItemID():
        _remove_folder(hierarchy, folder)


def _remove_node(node: slicer.vtkMRMLNode) -> None:
    """Remove a node with its display and storage nodes and its subject hierarchy item."""
    scene = node.GetScene()
    helpers = []
    if isinstance(node, slicer.vtkMRMLDisplayableNode):
        helpers += [node.GetNthDisplayNode(index) for index in range(node.GetNumberOfDisplayNodes())]
    if isinstance(node, slicer.vtkMRMLStorableNode):
        helpers += [node.GetNthStorageNode(index) for index in range(node.GetNumberOfStorageNodes())]
    hierarchy = subject_hierarchy(scene)
    item = hierarchy.GetItemByDataNode(node)
    if item != hierarchy.GetInvalidItemID():
        hierarchy.RemoveItem(item, False, False)
    scene.RemoveNode(node)
    for helper in helpers:
        if helper is not None:
            scene.RemoveNode(helper)


def subject_hierarchy(scene: slicer.vtkMRMLScene) -> slicer.vtkMRMLSubjectHierarchyNode:
    """The subject hierarchy of a scene, made if it is missing."""
    return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)


def _group(study: Study, volume_node: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Put the study into a folder beside its volume, vertebrae and straightened space in folders of their own."""
    hierarchy = subject_hierarchy(study.scene)
    volume_item = hierarchy.GetItemByDataNode(volume_node)
    if volume_item == hierarchy.GetInvalidItemID():
        volume_item = hierarchy.CreateItem(hierarchy.GetSceneItemID(), volume_node)
    parent = hierarchy.GetItemParent(volume_item)
    folder = _folder(hierarchy, parent, f"{volume_node.GetName()} vertebral fractures")
    for node in (study.table_node, study.curve_node, study.label_nodes[0], study.report_node):
        hierarchy.CreateItem(folder, node)
    vertebrae = _folder(hierarchy, folder, "Vertebrae")
    for node in study.keypoint_nodes:
        hierarchy.CreateItem(vertebrae, node)
    straightened = _folder(hierarchy, folder, "Straightened")
    for node in (study.straightened_node, study.straightening_node, *study.proxy_nodes, study.label_nodes[1]):
        hierarchy.CreateItem(straightened, node)


def _folder(hierarchy: slicer.vtkMRMLSubjectHierarchyNode, parent: int, name: str) -> int:
    folder = hierarchy.CreateFolderItem(parent, name)
    hierarchy.SetItemAttribute(folder, _FOLDER, "Yes")
    return folder


def _remove_folder(hierarchy: slicer.vtkMRMLSubjectHierarchyNode, folder: int) -> None:
    """Remove a folder that a study made with those in it; what the user put there moves up."""
    children = vtk.vtkIdList()
    hierarchy.GetItemChildren(folder, children)
    for child in [children.GetId(index) for index in range(children.GetNumberOfIds())]:
        if hierarchy.HasItemAttribute(child, _FOLDER):
            _remove_folder(hierarchy, child)
    hierarchy.RemoveItem(folder, False, False)
