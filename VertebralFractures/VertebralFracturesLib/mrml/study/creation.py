"""Adding a study to a scene, or what it lacks: a vertebra, nodes that the user deleted."""

from collections.abc import Sequence

import slicer

from ...core.report import SpineReport, Vertebra
from ...core.spine_curve import SpineCurve
from ...core.volume import Volume
from ...radiograph.record import RadiographReport
from ...report.close_up import window_of
from ...report.document import report_json
from ..nodes.angles import add_angles_node
from ..nodes.bone import add_bone_node
from ..nodes.curve import add_canal_node, add_curve_node
from ..nodes.image import mark_radiograph
from ..nodes.keypoints import add_keypoints_node, add_keypoints_proxy
from ..nodes.labels import add_labels_node, vertebra_names
from ..nodes.names import safe_name
from ..nodes.note import write_note
from ..nodes.sacrum import Points, add_sacrum_node
from ..nodes.straightened import add_straightened_volume_node, add_straightening_node
from ..nodes.table import add_table_node
from ..nodes.views import PATIENT_VIEWS, STRAIGHTENED_VIEWS
from ..nodes.volume import show_in_window, volume_from_node
from .display import update_study
from .folder import (
    STRAIGHTENED,
    VERTEBRAE,
    add_study_folder,
    parent_item,
    put_into_folder,
    remove_empty_items,
    subfolder,
    subject_hierarchy,
)
from .lines import add_lines
from .removal import remove_node, remove_straightened_points, remove_study
from .report import model_report, read_study
from .study import BONE, PRESET, ROLE, VOLUME, Study, place_of, proxy_of, set_place, set_proxy
from .volume import readable_volume, remember_volume

_REPORT_SUFFIX = " report"


def create_study(scene: slicer.vtkMRMLScene, volume_node: slicer.vtkMRMLScalarVolumeNode, report: SpineReport) -> Study:
    """Add the nodes of a report to a scene; if that fails, the scene is left as it was.

    :param scene: the scene of the volume node.
    :param volume_node: the CT that was analyzed, or the radiograph in the sagittal plane, in this scene.
    :param report: the result of its analysis, in the scene's world coordinates.
    :raises UnusableInput: a volume without voxels or under a transform that is not linear.
    """
    volume = volume_from_node(volume_node)
    study = Study(_add_report_node(scene, volume_node, report))
    if isinstance(report, RadiographReport):
        mark_radiograph(volume_node, report.is_scale_known)
    try:
        remember_volume(study, volume)
        for place, (vertebra, name) in enumerate(zip(report.vertebrae, vertebra_names(report), strict=True)):
            _add_vertebra_node(study, vertebra, name, place)
        _complete_spine(study)
        _put_away(study, study.keypoint_nodes, VERTEBRAE)
        update_study(study)
        _complete_angles(study, report)
        if isinstance(report, RadiographReport) and report.sacral_endplate_ras is not None:
            add_sacrum(study, tuple(map(tuple, report.sacral_endplate_ras)))
    except BaseException:
        remove_study(study)
        raise
    return study


def _add_report_node(
    scene: slicer.vtkMRMLScene, volume_node: slicer.vtkMRMLScalarVolumeNode, report: SpineReport
) -> slicer.vtkMRMLTextNode:
    text = report_json(report)
    node = slicer.vtkMRMLTextNode()
    node.SetName(f"{safe_name(volume_node.GetName() or '')}{_REPORT_SUFFIX}")
    node.SetAttribute(ROLE, "report")
    node.SetAttribute(PRESET, report.preset)
    write_note(node, report.note)
    node.SetForceCreateStorageNode(slicer.vtkMRMLTextNode.CreateStorageNodeAlways)
    node.SetText(text)
    scene.AddNode(node)
    node.SetNodeReferenceID(VOLUME, volume_node.GetID())
    return node


def complete_study(study: Study) -> None:
    """Add all nodes beside those of the vertebrae that a study lacks: they are new, were deleted or were not saved.

    Without its CT, or with other voxels in it, there is no straightened CT.

    :raises UnusableInput: the study cannot be read.
    """
    _complete_spine(study)
    _complete_angles(study, read_study(study)[0])


def _complete_spine(study: Study) -> None:
    report, nodes = read_study(study)
    added = _add_to_patient(study, report)
    added_straightened = _add_to_straightened_space(study, report, nodes)
    _put_away(study, added)
    _put_away(study, added_straightened, STRAIGHTENED)


def _complete_angles(study: Study, report: SpineReport) -> None:
    """The table of the angles, which only a radiograph's study has."""
    if isinstance(report, RadiographReport) and study.angles_node is None:
        _put_away(study, [study.link("angles", add_angles_node(study.scene, report, f"{_name(study)} angles"))])


def _add_to_patient(study: Study, report: SpineReport) -> list[slicer.vtkMRMLNode]:
    scene, name, added = study.scene, _name(study), []
    if study.table_node is None:
        added.append(study.link("table", add_table_node(scene, report, f"{name} vertebrae")))
    if study.curve_node is None:
        added.append(_add_curve(study, report.curve))
    canal = report.image_classification.canal if report.image_classification is not None else None
    if canal is not None and study.canal_node is None:
        added.append(study.link("canal", add_canal_node(scene, canal, f"{name} spinal canal", PATIENT_VIEWS)))
    if study.labels_node is None:
        added.append(study.link("labels", add_labels_node(scene, report, f"{name} labels", PATIENT_VIEWS)))
    return [*added, *add_lines(study, name, is_straightened=False)]


def _add_curve(study: Study, curve: SpineCurve) -> slicer.vtkMRMLMarkupsCurveNode:
    return study.link("curve", add_curve_node(study.scene, curve, f"{_name(study)} spine curve", PATIENT_VIEWS))


def _add_to_straightened_space(
    study: Study, report: SpineReport, nodes: list[slicer.vtkMRMLMarkupsFiducialNode]
) -> list[slicer.vtkMRMLNode]:
    """The straightening comes last, so that whoever removes the folder removes it after what lies under it."""
    scene, name, added = study.scene, f"{_name(study)} straightened", []
    volume = readable_volume(study)
    if study.straightened_node is None and volume is not None:
        added.append(study.link("straightenedVolume", _straightened_node(study, report, volume, name)))
    straightening = study.straightening_node
    if straightening is None:
        remove_straightened_points(study)
        straightening = add_straightening_node(scene, report.curve, f"{_name(study)} straightening")
        study.link("straightening", straightening)
    for stray in study.stray_proxy_nodes:
        remove_node(stray)
    added += [_add_proxy(study, node) for node in nodes if proxy_of(node) is None]
    if study.straightened_labels_node is None:
        labels = add_labels_node(scene, report, f"{name} labels", STRAIGHTENED_VIEWS, straightening)
        added.append(study.link("straightenedLabels", labels))
    return [*added, *add_lines(study, name, is_straightened=True), straightening]


def _straightened_node(study: Study, report: SpineReport, volume: Volume, name: str) -> slicer.vtkMRMLScalarVolumeNode:
    """The straightened volume; that of a CT is shown in the window of its bodies."""
    node = add_straightened_volume_node(study.scene, volume, report.curve, name)
    if not isinstance(report, RadiographReport):
        show_in_window(node, window_of(report, volume))
    return node


def _add_vertebra_node(study: Study, vertebra: Vertebra, name: str, place: int) -> slicer.vtkMRMLMarkupsFiducialNode:
    node = add_keypoints_node(study.scene, vertebra, name, PATIENT_VIEWS)
    set_place(node, place)
    return study.link("keypoints", node)


def _add_proxy(study: Study, keypoints_node: slicer.vtkMRMLMarkupsFiducialNode) -> slicer.vtkMRMLMarkupsFiducialNode:
    proxy = add_keypoints_proxy(keypoints_node, study.straightening_node, STRAIGHTENED_VIEWS)
    set_proxy(keypoints_node, proxy)
    return study.link("proxies", proxy)


def _name(study: Study) -> str:
    return study.report_node.GetName().removesuffix(_REPORT_SUFFIX)


def _put_away(study: Study, nodes: Sequence[slicer.vtkMRMLNode], below: str | None = None) -> None:
    """Put nodes into the study's folder beside the CT, or into one below it."""
    hierarchy = subject_hierarchy(study.scene)
    folder = study.folder_item
    if folder == hierarchy.GetInvalidItemID():
        folder = _add_folder(study)
    if below is not None and nodes:
        folder = subfolder(hierarchy, folder, below)
        remove_empty_items(hierarchy, folder)
    put_into_folder(hierarchy, folder, nodes)


def _add_folder(study: Study) -> int:
    hierarchy, volume_node = subject_hierarchy(study.scene), study.volume_node
    if volume_node is not None and hierarchy.GetItemByDataNode(volume_node) == hierarchy.GetInvalidItemID():
        hierarchy.CreateItem(hierarchy.GetSceneItemID(), volume_node)
    folder = add_study_folder(
        hierarchy, parent_item(volume_node or study.report_node), f"{_name(study)} vertebral fractures"
    )
    put_into_folder(hierarchy, folder, [study.report_node])
    return folder


def add_study_curve(study: Study, curve: SpineCurve) -> slicer.vtkMRMLMarkupsCurveNode:
    """Add the curve node of a study that lost it."""
    node = _add_curve(study, curve)
    _put_away(study, [node])
    return node


def add_bone(study: Study) -> slicer.vtkMRMLModelNode | None:
    """Add the bone around the spine to a CT's study that has none; None for a radiograph, and without the CT.

    :raises UnusableInput: the study cannot be read.
    """
    volume, model = readable_volume(study), model_report(study)
    if volume is None or isinstance(model, RadiographReport):
        return None
    node = add_bone_node(study.scene, volume, model.curve, f"{_name(study)} bone", PATIENT_VIEWS.three_d_ids)
    _put_away(study, [study.link(BONE, node)])
    return node


def add_sacrum(study: Study, points_ras: Points) -> None:
    """Add the superior endplate of S1 to a radiograph's study that has none.

    :param points_ras: anterior, middle and posterior point, RAS mm.
    """
    _put_away(study, [study.link("sacrum", add_sacrum_node(study.scene, points_ras))])


def add_vertebra(study: Study, vertebra: Vertebra, place: int | None = None) -> slicer.vtkMRMLMarkupsFiducialNode:
    """Add a vertebra that the study has not; :func:`~.display.update_study` names it and shows it everywhere.

    :param vertebra: keypoints in RAS mm.
    :param place: see :func:`~.study.place_of`; by default a new one.
    :return: its point list in the patient.
    """
    if place is None:
        place = max([len(model_report(study).vertebrae) - 1, *map(place_of, study.keypoint_nodes)]) + 1
    node = _add_vertebra_node(study, vertebra, vertebra.level or "vertebra", place)
    _put_away(study, [node], VERTEBRAE)
    if study.straightening_node is not None:
        _put_away(study, [_add_proxy(study, node)], STRAIGHTENED)
    return node
