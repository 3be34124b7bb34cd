"""The DICOM files that an image was read from, as far as objects in the same study need them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UnusableInput
from ..io.dicom_image import DicomImage, read_images
from ..io.dicom_stack import one_stack
from ..io.quiet import quiet

LPS = np.array([-1.0, -1.0, 1.0])
"""Factors from RAS to LPS millimetres and back: DICOM counts to the left and to the back."""

_REQUIRED = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyDate", "StudyTime",
             "ReferringPhysicianName", "StudyID", "AccessionNumber")  # fmt: skip
"""What every object of a study states, empty where it is not known (PS3.3, C.7.1.1 and C.7.2.1, types 1 and 2)."""

_OPTIONAL = ("IssuerOfPatientID", "TypeOfPatientID", "IssuerOfPatientIDQualifiersSequence", "PatientBirthTime",
             "OtherPatientIDsSequence", "OtherPatientNames", "PatientIdentityRemoved", "DeidentificationMethod",
             "DeidentificationMethodCodeSequence", "StudyDescription", "IssuerOfAccessionNumberSequence", "PatientAge",
             "PatientSize", "PatientWeight")  # fmt: skip
"""What it states where the image does (the same modules, and C.7.2.2)."""


@dataclass(frozen=True, eq=False)
class DicomSource:
    """The images that a result rests on, and the study they belong to.

    :param patient_and_study: elements of the patient and the study as the files state them, a pydicom data set.
    :param images: the slices of a CT in order, or the one image of a radiograph.
    """

    patient_and_study: Any
    images: tuple[DicomImage, ...]

    @property
    def study_uid(self) -> str:
        """Study Instance UID."""
        return self.images[0].header["StudyInstanceUID"]

    @property
    def series_uid(self) -> str:
        """Series Instance UID."""
        return self.images[0].header["SeriesInstanceUID"]

    @property
    def series_number(self) -> int:
        """Series Number, 0 where there is none."""
        text = self.images[0].header["SeriesNumber"]
        return int(text) if text.isdecimal() else 0

    @property
    def frame_of_reference_uid(self) -> str:
        """Frame of Reference UID of a CT, "" for a radiograph that has none."""
        return self.images[0].header["FrameOfReferenceUID"]

    def slices_at(self, points_ras: ArrayLike) -> list[DicomImage]:
        """The slices nearest to points (n, 3) in RAS mm, each once, in order; the one image of a radiograph."""
        if len(self.images) == 1:
            return list(self.images)
        normal_lps = self.images[0].normal_lps
        along_mm = np.array([image.position_lps for image in self.images]) @ normal_lps
        points_mm = np.asarray(points_ras, dtype=np.float64) * LPS @ normal_lps
        nearest: NDArray[np.intp] = np.abs(points_mm[:, None] - along_mm).argmin(1)
        return [self.images[index] for index in np.unique(nearest)]


def read_source(files: Sequence[Path]) -> DicomSource:
    """Read the headers of the files that an image was read from.

    :param files: of one series; those of a CT in any order, a radiograph alone.
    :raises UnusableInput: a file is gone, damaged or not DICOM, or the files do not state what an object in the same
        study needs: one study, one series, and the frame of reference of a CT.
    """
    try:
        images = [image for file in files for image in read_images(Path(file))]
    except OSError as error:
        raise UnusableInput(
            f"{error.filename} can no longer be read ({error.strerror}), which DICOM output needs"
        ) from error
    if not images:
        raise UnusableInput("none of the files is a DICOM image, so there is no study to add DICOM objects to")
    slices = images
    if len(images) > 1:
        slices, _ = one_stack([image for image in images if image.is_slice], "of the CT")
    source = DicomSource(_patient_and_study(slices[0].path), tuple(slices))
    _check(source)
    return source


def _check(source: DicomSource) -> None:
    """Refuse files whose headers lack what the objects need, or contradict each other."""
    needed = {"StudyInstanceUID": "study", "SeriesInstanceUID": "series"}
    if len(source.images) > 1:
        needed["FrameOfReferenceUID"] = "frame of reference"
    for keyword, words in needed.items():
        values = {image.header[keyword] for image in source.images}
        if values == {""}:
            raise UnusableInput(f"the DICOM files state no {words}, which DICOM output needs")
        if len(values) > 1:
            raise UnusableInput(f"the DICOM files state more than one {words}: DICOM output cannot be assigned to one")
    for keyword in ("SOPClassUID", "SOPInstanceUID"):
        if any(not image.header[keyword] for image in source.images):
            raise UnusableInput(f"a DICOM file has no {keyword}, by which DICOM output refers to it")


def _patient_and_study(file: Path) -> Any:
    """What a file states of the patient and the study, texts as Unicode."""
    import pydicom
    from pydicom.dataset import Dataset

    wanted = [*_REQUIRED, *_OPTIONAL]
    with quiet():
        read = pydicom.dcmread(
            file, force=True, stop_before_pixels=True, specific_tags=[*wanted, "SpecificCharacterSet"]
        )
        read.decode()
        kept = Dataset()
        for keyword in wanted:
            if keyword in read:
                kept[keyword] = read[keyword]
            elif keyword in _REQUIRED:
                setattr(kept, keyword, "")
    return kept
