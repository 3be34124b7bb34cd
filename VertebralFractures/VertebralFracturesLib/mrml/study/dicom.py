"""A study as DICOM objects in the study of the CT that 3D Slicer loaded."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import slicer
from numpy.typing import NDArray

from ...core.report import NOT_REVIEWED
from ...core.volume import Volume
from ...errors import UnusableInput
from ...io.read_image import DicomFiles
from ...pacs.export import check_highdicom, export_dicom
from ...pacs.source import LPS, DicomSource, read_source
from .report import study_report
from .study import Study
from .volume import analyzed_volume

if TYPE_CHECKING:
    from ...pacs.structured_report import Reader

INSTANCES = "DICOM.instanceUIDs"
"""Attribute of a volume node in which Slicer keeps the SOP Instance UIDs that it was loaded from, between spaces."""

_SAME_PLACE_MM = 0.5
"""Distance up to which a corner of the volume counts as that of the files.
Chosen: below the voxels of a CT, above what Slicer rounds where it evens out the distances of slices."""


def is_reviewed(study: Study) -> bool:
    """Whether every vertebra of a study was reviewed, so that a reader can answer for its report.

    :raises UnusableInput: the study cannot be read.
    """
    vertebrae = study_report(study).vertebrae
    return bool(vertebrae) and all(vertebra.status != NOT_REVIEWED for vertebra in vertebrae)


def files_of_database() -> Callable[[str], str]:
    """The file of each SOP Instance UID in Slicer's DICOM database, "" for one that it does not hold.

    :raises UnusableInput: the database is not open.
    """
    database = getattr(slicer, "dicomDatabase", None)
    if database is None or not database.isOpen:
        raise UnusableInput("the DICOM database of 3D Slicer is not open: open the module DICOM first")
    return lambda uid: str(database.fileForInstance(uid))


def check_dicom_study(study: Study, file_of: Callable[[str], str]) -> DicomFiles:
    """The DICOM files of the CT of a study; what cannot be exported as DICOM is refused.

    :param file_of: gives the file of a SOP Instance UID, see :func:`files_of_database`.
    :raises UnusableInput: a radiograph, a CT that was not loaded from DICOM or was moved, or files that are gone.
    """
    node, volume = study.volume_node, analyzed_volume(study)
    if node is None or volume is None:
        raise UnusableInput("DICOM objects show images of the CT, which is no longer available")
    if min(volume.shape) == 1:
        raise UnusableInput("DICOM objects of a radiograph are written only by the command radiograph with --dicom")
    uids = (node.GetAttribute(INSTANCES) or "").split()
    if not uids:
        raise UnusableInput(f"{node.GetName()!r} was not loaded from DICOM, so there is no study to add objects to")
    files = tuple(Path(file) for file in map(file_of, uids) if file)
    if len(files) < len(uids):
        raise UnusableInput(
            f"{len(uids) - len(files)} of the {len(uids)} DICOM files of {node.GetName()!r} are no longer in the DICOM "
            "database: import them again"
        )
    _check_place(volume, read_source(files), node.GetName())
    return DicomFiles(files)


def export_dicom_study(
    study: Study, folder: Path, file_of: Callable[[str], str], reader: "Reader | None" = None
) -> tuple[str, ...]:
    """Write a study with its edits as DICOM objects, as the command line does with --dicom.

    :param folder: takes the objects; it is made where it does not exist.
    :param file_of: see :func:`check_dicom_study`.
    :param reader: who answers for the report, every vertebra of which has to be reviewed; None leaves it unverified.
    :return: what was left out, one sentence each.
    :raises UnusableInput: see :func:`check_dicom_study` and :func:`~...pacs.export.export_dicom`, or the objects cannot
        be written.
    """
    check_highdicom()
    files = check_dicom_study(study, file_of)
    volume = analyzed_volume(study)
    assert volume is not None
    try:
        return export_dicom(study_report(study), volume, files, folder, reader)
    except OSError as error:
        raise UnusableInput(f"cannot write {folder} ({error.strerror or error})") from error


def _check_place(volume: Volume, source: DicomSource, name: str) -> None:
    """Refuse a volume that does not lie where its files say, so that the points would lie beside their bodies.

    :raises UnusableInput: it was moved, cropped or resampled.
    """
    stated = _corners_ras(source)
    distances_mm = np.linalg.norm(stated[:, None] - volume.corners_ras()[None], axis=-1)
    if max(distances_mm.min(0).max(), distances_mm.min(1).max()) > _SAME_PLACE_MM:
        raise UnusableInput(
            f"{name!r} was moved, cropped or resampled before it was analyzed: load the series again and "
            "analyze it unchanged"
        )


def _corners_ras(source: DicomSource) -> NDArray[np.float64]:
    """Centres of the corner voxels (8, 3) of the first and the last slice in RAS mm."""
    corners = []
    for image in (source.images[0], source.images[-1]):
        along_row, along_column = image.orientation_lps
        width_mm = (int(image.header["Columns"]) - 1) * image.pixel_spacing_mm[1]
        height_mm = (int(image.header["Rows"]) - 1) * image.pixel_spacing_mm[0]
        corners += [
            image.position_lps + x * along_row + y * along_column for x in (0.0, width_mm) for y in (0.0, height_mm)
        ]
    return np.array(corners) * LPS
