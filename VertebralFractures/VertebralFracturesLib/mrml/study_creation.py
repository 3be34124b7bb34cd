"""Adding a study, or one vertebra of it, to a scene."""

import slicer

from ..core.report import SpineReport, Vertebra
from .curve_node import add_curve_node
from .keypoint_nodes import add_keypoints_node, add_keypoints_proxy
from .label_nodes import add_labels_node, vertebra_names
from .straightened_nodes import add_straightened_proxy_node, add_straightened_volume_node, add_straightening_node
from .study import PRESET, ROLE, Study, place_of, proxy_of, set_place, set_proxy
from .study_display import update_study
from .study_folder import add_study_folder, subject_hierarchy
from .study_removal import remove_study
from .study_report import model_report
from .table_node import add_table_node
from .views import PATIENT_VIEWS, STRAIGHTENED_VIEWS
from .volume_nodes import volume_from_node


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
    node.SetAttribute(ROLE, "report")
    node.SetAttribute(PRESET, report.preset)
    node.SetForceCreateStorageNode(slicer.vtkMRMLTextNode.CreateStorageNodeAlways)
    node.SetText(text)
    scene.AddNode(node)
    Study(node).set_volume_node(volume_node)
    return node


def _add_nodes(
    study: Study,
    volume_node: slicer.vtkMRMLScalarVolumeNode,
    report: SpineReport,
    straighten_live: bool,
) -> None:
    scene, name = study.scene, volume_node.GetName()
    study.link("curve", add_curve_node(scene, report.curve, f"{name} spine curve", PATIENT_VIEWS))
    straightening = add_straightening_node(scene, report.curve, f"{name} straightening")
    study.link("straightening", straightening)
    if straighten_live:
        straightened = add_straightened_proxy_node(volume_node, straightening, f"{name} straightened")
    else:
        volume = volume_from_node(volume_node)
        straightened = add_straightened_volume_node(scene, volume, report.curve, f"{name} straightened")
    study.link("straightenedVolume", straightened)
    for place, (vertebra, vertebra_name) in enumerate(zip(report.vertebrae, vertebra_names(report), strict=True)):
        _add_vertebra_nodes(study, vertebra, vertebra_name, place)
    labels = f"{name} labels"
    study.link("labels", add_labels_node(scene, report, labels, PATIENT_VIEWS))
    study.link("labels", add_labels_node(scene, report, f"{labels} straightened", STRAIGHTENED_VIEWS, straightening))
    study.link("table", add_table_node(scene, report, f"{name} vertebrae"))


def _add_vertebra_nodes(study: Study, vertebra: Vertebra, name: str, place: int) -> slicer.vtkMRMLMarkupsFiducialNode:
    """Add a vertebra to the patient and, while there is a straightening, to straightened space."""
    node = add_keypoints_node(study.scene, vertebra, name, PATIENT_VIEWS)
    set_place(node, place)
    study.link("keypoints", node)
    if study.straightening_node is not None:
        set_proxy(node, add_keypoints_proxy(node, study.straightening_node, STRAIGHTENED_VIEWS))
    return node


def _group(study: Study, volume_node: slicer.vtkMRMLScalarVolumeNode) -> None:
    """Put the study into a folder beside its volume, vertebrae and straightened space in folders of their own."""
    hierarchy = subject_hierarchy(study.scene)
    volume_item = hierarchy.GetItemByDataNode(volume_node)
    if volume_item == hierarchy.GetInvalidItemID():
        volume_item = hierarchy.CreateItem(hierarchy.GetSceneItemID(), volume_node)
    parent = hierarchy.GetItemParent(volume_item)
    folder = add_study_folder(hierarchy, parent, f"{volume_node.GetName()} vertebral fractures")
    for node in (study.table_node, study.curve_node, study.label_nodes[0], study.report_node):
        hierarchy.CreateItem(folder, node)
    vertebrae = add_study_folder(hierarchy, folder, "Vertebrae")
    for node in study.keypoint_nodes:
        hierarchy.CreateItem(vertebrae, node)
    straightened = add_study_folder(hierarchy, folder, "Straightened")
    for node in (study.straightened_node, study.straightening_node, *study.proxy_nodes, study.label_nodes[1]):
        hierarchy.CreateItem(straightened, node)


def add_vertebra(study: Study, vertebra: Vertebra, place: int | None = None) -> slicer.vtkMRMLMarkupsFiducialNode:
    """Add a vertebra that the study has not; :func:`~.study_display.update_study` names it and shows it everywhere.

    :param vertebra: keypoints in RAS mm.
    :param place: see :func:`~.study.place_of`; by default a new one.
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
