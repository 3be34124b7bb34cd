"""A study: all nodes that one analysis adds to a scene, held together by the node that stores its report.

The report node is a text node with the report as the model made it. It references the volume and every other node of
the study, so that a study survives saving, renaming and a new session: :func:`studies` finds it again. What readers
edit lives in the nodes; :func:`~.report.study_report` puts both together.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import slicer
import vtk

from ...core.heights.genant import find_preset
from ..nodes.image import lateral_node
from .folder import is_study_folder, parent_item, subject_hierarchy

_PREFIX = "VertebralFractures."
ROLE = f"{_PREFIX}Role"
"""Attribute of nodes: what they are in a study."""
PRESET = f"{_PREFIX}Preset"
"""Attribute of the report node: name of the grading preset."""
VOLUME = f"{_PREFIX}volume"
"""Role of the CT among the references of the report node."""
_KEYPOINTS = f"{_PREFIX}keypoints"
_PROXIES = f"{_PREFIX}proxies"
_PLACE = f"{_PREFIX}ModelPlace"
_PROXY = f"{_PREFIX}straightened"
_SELECTED = f"{_PREFIX}selected"

ENDPLATES, HEIGHTS, LENGTHS = "endplates", "heights", "lengths"
PATIENT_LINES = (ENDPLATES, HEIGHTS, LENGTHS)
STRAIGHTENED_LINES = tuple(f"straightened{name.capitalize()}" for name in PATIENT_LINES)
BONE, LINE_COLORS = "bone", "lineColors"
LINES = (*PATIENT_LINES, *STRAIGHTENED_LINES)
"""Roles of what is drawn between the keypoints: endplates of all vertebrae, heights of the selected one, and their
lengths as text; in the patient and in straightened space."""


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
        return self.report_node.GetNodeReference(VOLUME)

    @property
    def curve_node(self) -> slicer.vtkMRMLMarkupsCurveNode | None:
        """The spine curve."""
        return self._referenced("curve")

    @property
    def canal_node(self) -> slicer.vtkMRMLMarkupsCurveNode | None:
        """The centre line of the spinal canal; None where it was not found or not looked for."""
        return self._referenced("canal")

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
    def labels_node(self) -> slicer.vtkMRMLMarkupsFiducialNode | None:
        """Level and index G beside each vertebra, in the patient."""
        return self._referenced("labels")

    @property
    def straightened_labels_node(self) -> slicer.vtkMRMLMarkupsFiducialNode | None:
        """The same in straightened space."""
        return self._referenced("straightenedLabels")

    @property
    def label_nodes(self) -> tuple[slicer.vtkMRMLMarkupsFiducialNode, ...]:
        """The labels of both spaces."""
        return tuple(node for node in (self.labels_node, self.straightened_labels_node) if node is not None)

    @property
    def sacrum_node(self) -> slicer.vtkMRMLMarkupsFiducialNode | None:
        """The superior endplate of S1 in a radiograph; None where it is not in view."""
        return self._referenced("sacrum")

    @property
    def bone_node(self) -> slicer.vtkMRMLModelNode | None:
        """The surface of the bone around the spine; None until it is shown, and in a radiograph."""
        return self._referenced(BONE)

    @property
    def line_colors_node(self) -> slicer.vtkMRMLColorTableNode | None:
        """The colors of the lines."""
        return self._referenced(LINE_COLORS)

    @property
    def line_nodes(self) -> dict[str, slicer.vtkMRMLModelNode | slicer.vtkMRMLMarkupsFiducialNode]:
        """What is drawn between the keypoints, by the names of :data:`LINES`; those that are there."""
        nodes = {name: self._referenced(name) for name in LINES}
        return {name: node for name, node in nodes.items() if node is not None}

    @property
    def angles_node(self) -> slicer.vtkMRMLTableNode | None:
        """The angles of the spine in a radiograph."""
        return self._referenced("angles")

    @property
    def keypoint_nodes(self) -> tuple[slicer.vtkMRMLMarkupsFiducialNode, ...]:
        """One point list per vertebra, in the patient."""
        return self._all_referenced(_KEYPOINTS)

    @property
    def proxy_nodes(self) -> tuple[slicer.vtkMRMLMarkupsFiducialNode, ...]:
        """The point lists in straightened space, see :func:`proxy_of`."""
        proxies = (proxy_of(node) for node in self.keypoint_nodes)
        return tuple(proxy for proxy in proxies if proxy is not None)

    @property
    def stray_proxy_nodes(self) -> tuple[slicer.vtkMRMLMarkupsFiducialNode, ...]:
        """Point lists in straightened space whose vertebra was deleted."""
        return tuple(node for node in self._all_referenced(_PROXIES) if node not in self.proxy_nodes)

    @property
    def preset(self) -> str:
        """Name of the grading preset in use."""
        return self.report_node.GetAttribute(PRESET)

    @property
    def nodes(self) -> tuple[slicer.vtkMRMLNode, ...]:
        """All nodes of the study, the report node last."""
        single = (
            self.curve_node,
            self.canal_node,
            self.straightened_node,
            self.table_node,
            self.angles_node,
            self.sacrum_node,
            self.bone_node,
            self.line_colors_node,
        )
        lists = (*self.keypoint_nodes, *self.proxy_nodes, *self.stray_proxy_nodes, *self.label_nodes)
        nodes = (*single, *lists, *self.line_nodes.values(), self.straightening_node, self.report_node)
        return tuple(node for node in nodes if node is not None)

    @property
    def folder_item(self) -> int:
        """The study's folder in the subject hierarchy; the invalid item if the user removed it."""
        hierarchy = subject_hierarchy(self.scene)
        parent = parent_item(self.report_node)
        return parent if is_study_folder(hierarchy, parent) else hierarchy.GetInvalidItemID()

    def link(self, role: str, node: slicer.vtkMRMLNode) -> slicer.vtkMRMLNode:
        """Make a node part of the study, in the place of the one before; of keypoints and proxies there are several.

        :return: the node.
        """
        node.SetAttribute(ROLE, role)
        role = _PREFIX + role
        if role in (_KEYPOINTS, _PROXIES):
            self.report_node.AddNodeReferenceID(role, node.GetID())
        else:
            self.report_node.SetNodeReferenceID(role, node.GetID())
        return node

    def _referenced(self, role: str) -> slicer.vtkMRMLNode | None:
        """The node of a role; a node that was not saved leaves its ID, which a node of others may have by now."""
        node = self.report_node.GetNodeReference(_PREFIX + role)
        return node if node is not None and node.GetAttribute(ROLE) == role else None

    def _all_referenced(self, role: str) -> tuple[slicer.vtkMRMLNode, ...]:
        count = self.report_node.GetNumberOfNodeReferences(role)
        nodes = (self.report_node.GetNthNodeReference(role, index) for index in range(count))
        return tuple(node for node in nodes if node is not None)


def proxy_of(keypoints_node: slicer.vtkMRMLMarkupsFiducialNode) -> slicer.vtkMRMLMarkupsFiducialNode | None:
    """The list that shows a vertebra in straightened space."""
    return keypoints_node.GetNodeReference(_PROXY)


def set_proxy(keypoints_node: slicer.vtkMRMLMarkupsFiducialNode, proxy: slicer.vtkMRMLMarkupsFiducialNode) -> None:
    """Say which list shows a vertebra in straightened space."""
    keypoints_node.SetNodeReferenceID(_PROXY, proxy.GetID())


def place_of(keypoints_node: slicer.vtkMRMLMarkupsFiducialNode) -> int:
    """The number of a vertebra in its study: its place in the model's report, or a higher one if a reader added it."""
    return int(keypoints_node.GetAttribute(_PLACE))


def set_place(keypoints_node: slicer.vtkMRMLMarkupsFiducialNode, place: int) -> None:
    """Give a vertebra its number, see :func:`place_of`."""
    keypoints_node.SetAttribute(_PLACE, str(place))


def selected_node(study: Study) -> slicer.vtkMRMLMarkupsFiducialNode | None:
    """The point list of the vertebra that is selected; this is saved with the scene."""
    return study.report_node.GetNodeReference(_SELECTED)


def set_selected_node(study: Study, keypoints_node: slicer.vtkMRMLMarkupsFiducialNode | None) -> None:
    """Select a vertebra, or none."""
    study.report_node.SetNodeReferenceID(_SELECTED, keypoints_node.GetID() if keypoints_node is not None else None)


def write_preset(study: Study, preset: str) -> None:
    """Choose the preset for the next :func:`~.display.update_study`.

    :raises ValueError: no such preset.
    """
    find_preset(preset)
    study.report_node.SetAttribute(PRESET, preset)


def studies(scene: slicer.vtkMRMLScene) -> list[Study]:
    """All studies of a scene, those loaded with it included."""
    nodes = scene.GetNodesByClass("vtkMRMLTextNode")
    nodes.UnRegister(None)
    return [Study(node) for node in _items(nodes) if node.GetAttribute(ROLE) == "report"]


def studies_of(volume_node: slicer.vtkMRMLScalarVolumeNode) -> list[Study]:
    """The studies of one volume; of a radiograph also those of the node that shows it in the sagittal plane."""
    shown = (volume_node, lateral_node(volume_node))
    return [study for study in studies(volume_node.GetScene()) if study.volume_node in shown]


def study_of(scene: slicer.vtkMRMLScene, volume_node: slicer.vtkMRMLScalarVolumeNode | None) -> Study | None:
    """The study of a CT or a radiograph; for None, one whose volume was deleted."""
    if volume_node is not None:
        return next(iter(studies_of(volume_node)), None)
    return next((study for study in studies(scene) if study.volume_node is None), None)


def _items(collection: vtk.vtkCollection) -> Iterator[vtk.vtkObject]:
    for index in range(collection.GetNumberOfItems()):
        yield collection.GetItemAsObject(index)
