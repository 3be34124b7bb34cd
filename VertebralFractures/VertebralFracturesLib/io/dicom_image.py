"""One slice of a DICOM series: a file or a frame of a multi-frame file, its header, and its Hounsfield units."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..errors import UnusableInput

PHASE_KEYWORDS = (
    "AcquisitionNumber",
    "TemporalPositionIdentifier",
    "NominalPercentageOfCardiacPhase",
    "TriggerTime",
    "ContentTime",
)
"""What tells the phases of a dynamic series apart, in this order."""

_KEYWORDS = (
    "Modality",
    "SeriesInstanceUID",
    "SeriesNumber",
    "SeriesDescription",
    "SOPInstanceUID",
    "ImageType",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "SamplesPerPixel",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "SliceThickness",
    *PHASE_KEYWORDS,
)
_FUNCTIONAL_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")

_PREAMBLE = 128
"""Bytes before "DICM" (DICOM PS3.10, section 7.1)."""

_FIRST_TAGS = (b"\x08\x00\x00\x00", b"\x08\x00\x05\x00", b"\x08\x00\x08\x00")
"""How files without a preamble begin: the first element of group 8, little endian."""

SAME_POSITION_MM = 0.01
"""Scanners write positions with two decimals or more; slices of a CT lie 0.3 mm apart or more."""


@dataclass(frozen=True, eq=False)
class DicomImage:
    """One slice of a series: a file, or a frame of a multi-frame file.

    :param header: the values that matter, by DICOM keyword; numbers and text as text, several as a tuple.
    :param frame: index of the frame in its file.
    :param position_lps: centre of the first voxel, (3,) LPS mm; NaN where the header has none.
    :param orientation_lps: direction of a row and of a column, (2, 3) LPS; NaN where the header has none.
    :param pixel_spacing_mm: distance of rows and of columns, (2,); NaN where the header has none.
    """

    path: Path
    header: dict[str, str]
    frame: int
    position_lps: NDArray[np.float64]
    orientation_lps: NDArray[np.float64]
    pixel_spacing_mm: NDArray[np.float64]

    @property
    def is_slice(self) -> bool:
        """Whether this is a monochrome image with a place in the patient and not a localizer."""
        if self.header["SamplesPerPixel"] not in ("", "1") or "LOCALIZER" in self.header["ImageType"].upper():
            return False
        return bool(np.isfinite(self.position_lps).all() and np.isfinite(self.orientation_lps).all())

    @property
    def geometry(self) -> tuple[Any, ...]:
        """What the slices of one stack have in common: matrix size, pixel spacing and orientation."""
        spacing = tuple(np.round(np.nan_to_num(self.pixel_spacing_mm), 4))
        return self.header["Rows"], self.header["Columns"], spacing, tuple(np.round(self.orientation_lps, 2).flat)

    @property
    def name(self) -> str:
        """The file's name, with the frame where it is not the first."""
        return f"{self.path.name} frame {self.frame + 1}" if self.frame else self.path.name

    @property
    def normal_lps(self) -> NDArray[np.float64]:
        """Unit normal of the slice, (3,) LPS.

        :raises UnusableInput: the header's directions of row and column are no right angle.
        """
        normal = np.cross(*self.orientation_lps)
        length = np.linalg.norm(normal)
        if not 0.9 < length < 1.1:
            raise UnusableInput(f"{self.name}: the image orientation in the header is wrong")
        return normal / length

    @property
    def hounsfield(self) -> NDArray:
        """Hounsfield units (j, i), rescaled by the slice's own slope and intercept.

        :raises UnusableInput: a damaged file, or a compression that cannot be read.
        """
        return _read_frames(self.path)[self.frame]

    def is_where(self, other: "DicomImage") -> bool:
        """Whether another slice has the same distance along this one's normal."""
        return abs(float((self.position_lps - other.position_lps) @ self.normal_lps)) <= SAME_POSITION_MM

    def shows_what(self, other: "DicomImage") -> bool:
        """Whether another slice holds the same image."""
        if self.header["SOPInstanceUID"] == other.header["SOPInstanceUID"] != "":
            return True
        return bool(np.array_equal(self.hounsfield, other.hounsfield))


def read_images(path: Path) -> tuple[DicomImage, ...]:
    """The images that a file holds, by its header alone; none if it is no DICOM file or holds something else.

    :raises UnusableInput: if it is a DICOM file that ends within its header.
    """
    import pydicom

    with path.open("rb") as file:
        start = file.read(_PREAMBLE + 4)
    has_preamble = start[_PREAMBLE:] == b"DICM"
    if not has_preamble and start[:4] not in _FIRST_TAGS:
        return ()
    try:
        tags = [*_KEYWORDS, *_FUNCTIONAL_GROUPS]
        dataset = pydicom.dcmread(path, force=not has_preamble, stop_before_pixels=True, specific_tags=tags)
        if "Rows" not in dataset or "Columns" not in dataset:
            return ()
        header = {keyword: _text(dataset.get(keyword)) for keyword in _KEYWORDS}
        return tuple(_frame(path, header, dataset, frame) for frame in range(int(header["NumberOfFrames"] or 1)))
    except (EOFError, ValueError, KeyError, AttributeError, pydicom.errors.InvalidDicomError):
        if not has_preamble:
            return ()
        raise _damaged(path) from None


def _frame(path: Path, header: dict[str, str], dataset: Any, frame: int) -> DicomImage:
    """One frame; what the functional groups of an enhanced CT say of it comes before the header of the file."""
    groups = []
    if header["NumberOfFrames"]:
        shared, each = (dataset.get(keyword) or [] for keyword in _FUNCTIONAL_GROUPS)
        groups = [*each[frame : frame + 1], *shared[:1]]

    def value(sequence: str, keyword: str, count: int) -> NDArray[np.float64]:
        for group in groups:
            for item in group.get(sequence) or []:
                if keyword in item:
                    return _numbers(_text(item.get(keyword)), count)
        return _numbers(header[keyword], count)

    return DicomImage(
        path,
        header,
        frame,
        value("PlanePositionSequence", "ImagePositionPatient", 3),
        value("PlaneOrientationSequence", "ImageOrientationPatient", 6).reshape(2, 3),
        value("PixelMeasuresSequence", "PixelSpacing", 2),
    )


@lru_cache(maxsize=1)
def _read_frames(path: Path) -> NDArray:
    """Hounsfield units of all frames of a file, (k, j, i)."""
    try:
        pixels = sitk.GetArrayFromImage(sitk.ReadImage(str(path), imageIO="GDCMImageIO"))
    except RuntimeError as error:
        raise _damaged(path) from error
    return pixels.reshape(-1, *pixels.shape[-2:])


def _damaged(path: Path) -> UnusableInput:
    """The error for a file that cannot be read to its end."""
    return UnusableInput(f"{path.name} is damaged or in a compression that cannot be read: export the series again")


def _text(value: Any) -> str:
    """A header value as text, several values joined as DICOM does."""
    if value is None:
        return ""
    return "\\".join(map(str, value)) if isinstance(value, Iterable) and not isinstance(value, str) else str(value)


def _numbers(text: str, count: int) -> NDArray[np.float64]:
    """The numbers of a multi-valued header entry; NaN if it does not hold as many."""
    try:
        values = np.array([float(part) for part in text.split("\\")])
    except ValueError:
        return np.full(count, np.nan)
    return values if values.size == count else np.full(count, np.nan)


def number(text: str) -> float:
    """A header value as a number; infinite where it is none."""
    try:
        return float(text)
    except ValueError:
        return float("inf")
