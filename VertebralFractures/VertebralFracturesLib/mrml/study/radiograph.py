"""The study of a radiograph: that of a CT, with the sacrum's endplate and the angles of the spine beside it.

The radiograph lies in the sagittal plane of the patient, so that its points can be dragged in the sagittal view.
"""

from dataclasses import replace

import numpy as np
import slicer
import vtk

from ...errors import UnusableInput
from ...radiograph.angles import ANGLES
from ...radiograph.record import Radiograph, RadiographReport
from ..live.observers import Observers
from ..nodes.sacrum import add_sacrum_node, sacrum_points
from ..nodes.volume import add_volume_node, set_volume, volume_from_node
from .creation import create_study
from .removal import remove_study
from .report import model_report, study_report
from .study import Study, put_into_folder, studies_of, subject_hierarchy

_MARK = "VertebralFractures.Radiograph"
_KNOWN_SCALE, _ASSUMED_SCALE = "known scale", "assumed scale"
_FEWEST_PIXELS = 64
_UNSCALED_MM = 1.0
_COLUMNS = ("Angle", "Degrees", "Between")


def radiograph_from_node(node: slicer.vtkMRMLScalarVolumeNode) -> Radiograph | None:
    """The radiograph that a volume node holds; None where it holds a volume.

    Pixels of exactly 1 mm are what Slicer gives to pictures without a scale. Where the image lies in a sagittal plane,
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


def add_radiograph_node(
    scene: slicer.vtkMRMLScene, radiograph: Radiograph, report: RadiographReport, name: str
) -> slicer.vtkMRMLScalarVolumeNode:
    """Add a radiograph to a scene where its report says that it lies: in the sagittal plane, upright.

    :param radiograph: as it was analyzed.
    :param report: the result of the analysis.
    :param name: the node's name.
    """
    placed = Radiograph(radiograph.image, report.pixel_mm, report.anterior_is)
    node = add_volume_node(scene, placed.as_volume(), name)
    mark_radiograph(node, report.is_scale_known)
    return node


def mark_radiograph(node: slicer.vtkMRMLScalarVolumeNode, is_scale_known: bool) -> None:
    """Say that a volume node is a radiograph in its place."""
    node.SetAttribute(_MARK, _KNOWN_SCALE if is_scale_known else _ASSUMED_SCALE)


def create_radiograph_study(
    scene: slicer.vtkMRMLScene, volume_node: slicer.vtkMRMLScalarVolumeNode, report: RadiographReport
) -> Study:
    """Add the nodes of a report to a scene.

    :param scene: the scene of the volume node.
    :param volume_node: the radiograph in the sagittal plane.
    :param report: the result of its analysis.
    """
    mark_radiograph(volume_node, report.is_scale_known)
    study = create_study(scene, volume_node, report)
    name = volume_node.GetName()
    angles = study.link("angles", _add_angles_node(scene, report, f"{name} angles"))
    put_into_folder(subject_hierarchy(scene), study.folder_item, [angles])
    if report.sacral_endplate_ras is not None:
        add_sacrum_node(study, report.sacral_endplate_ras)
    return study


def is_radiograph_study(study: Study) -> bool:
    """Whether a study is that of a radiograph.

    :raises UnusableInput: the study cannot be read.
    """
    return isinstance(model_report(study), RadiographReport)


def radiograph_report(study: Study) -> RadiographReport:
    """The report as the nodes are now, edits included.

    :raises UnusableInput: a node that can no longer be read.
    """
    report = study_report(study)
    if not isinstance(report, RadiographReport):
        raise UnusableInput(f"the study {study.report_node.GetName()!r} is not that of a radiograph")
    points_ras = sacrum_points(study)
    return replace(report, sacral_endplate_ras=np.array(points_ras) if points_ras else None)


class LiveAngles:
    """Keeps the table of the angles up to the points until it is closed.

    :param study: of a radiograph; a :class:`~..live.study.LiveStudy` of it writes the table of the vertebrae after
        every change, that of the sacral endplate included.
    """

    def __init__(self, study: Study) -> None:
        self._study = study
        self._observers = Observers()
        self._observers.add(study.table_node, vtk.vtkCommand.ModifiedEvent, self._update)
        self._update()

    def close(self) -> None:
        """Stop following."""
        self._observers.leave_all()

    def _update(self, *_: object) -> None:
        if self._study.angles_node is not None:
            update_angles_node(self._study.angles_node, radiograph_report(self._study))


def live_angles(study: Study) -> LiveAngles | None:
    """Keep the angles of a radiograph's study up to its points; None for the study of a CT."""
    return LiveAngles(study) if is_radiograph_study(study) else None


def _add_angles_node(scene: slicer.vtkMRMLScene, report: RadiographReport, name: str) -> slicer.vtkMRMLTableNode:
    node = slicer.vtkMRMLTableNode()
    node.SetName(name)
    scene.AddNode(node)
    for column in _COLUMNS:
        array = vtk.vtkStringArray()
        array.SetName(column)
        node.AddColumn(array)
    update_angles_node(node, report)
    node.SetLocked(True)
    return node


def update_angles_node(node: slicer.vtkMRMLTableNode, report: RadiographReport) -> None:
    """Write the angles of a report into their table: those of the spine, then those of the discs."""
    angles = [(angle.title, report.angles_deg[angle.name], angle.description) for angle in ANGLES]
    discs = [(f"Disc {name}", value, "positive where it opens to the front")
             for name, value in report.disc_angles_deg.items()]  # fmt: skip
    rows = [(title, "" if value is None else f"{value:.1f}", text) for title, value, text in (*angles, *discs)]
    modified = node.StartModify()
    for place, column in enumerate(_COLUMNS):
        array = node.GetTable().GetColumnByName(column)
        array.SetNumberOfValues(len(rows))
        for index, row in enumerate(rows):
            array.SetValue(index, row[place])
        array.Modified()
    node.GetTable().Modified()
    node.EndModify(modified)


def show_radiograph_report(
    node: slicer.vtkMRMLScalarVolumeNode, radiograph: Radiograph, report: RadiographReport
) -> Study:
    """Add the result of an analysis to the scene; the former study of the radiograph goes once the new one is there.

    :param node: what was analyzed; one that does not lie in the sagittal plane as the report says stays as it is, and
        its image is added there as a second node.
    :param radiograph: as it was read from the node.
    :param report: what was found in it.
    :raises UnusableInput: the volume node was deleted in the meantime.
    """
    scene = node.GetScene()
    if scene is None:
        raise UnusableInput("the volume was deleted while it was analyzed")
    placed = Radiograph(radiograph.image, report.pixel_mm, report.anterior_is).as_volume()
    if node.GetAttribute(_MARK) is None:
        node = add_volume_node(scene, placed, f"{node.GetName()} lateral")
    else:
        set_volume(node, placed)
    former = studies_of(node)
    described = {"volume": node.GetName(), "shape": list(radiograph.image.shape[::-1])}
    study = create_radiograph_study(scene, node, replace(report, input={**described, **report.input}))
    for one in former:
        remove_study(one)
    return study
