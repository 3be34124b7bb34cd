"""One slice of a DICOM series: a file or a frame of a multi-frame file, its header, and its Hounsfield units."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..errors import UnusableInput
from .formats.dicom_file import DicomOutline, read_outline
from .formats.text_header import printable
from .formats.whole_data import check_size
from .quiet import quiet

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
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
    "SeriesNumber",
    "SeriesDescription",
    "SOPInstanceUID",
    "SOPClassUID",
    "StudyInstanceUID",
    "FrameOfReferenceUID",
    "ImageType",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "SamplesPerPixel",
    "BitsAllocated",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "SliceThickness",
    "ConvolutionKernel",
    "AcquisitionTime",
    *PHASE_KEYWORDS,
)
_FUNCTIONAL_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")

MOST_FRAMES = 10_000
"""Chosen: no CT has as many slices."""

_LONGEST_VALUE = 1000
"""Chosen: values of the elements above have some ten characters; those beyond are cut off."""

_LARGEST_COORDINATE_MM = 1e5
"""Chosen: positions, spacings and directions of a header that lie beyond 100 m are damaged."""

SAME_POSITION_MM = 0.01
"""Scanners write positions with two decimals or more; slices of a CT lie 0.3 mm apart or more."""


class DamagedDicom(UnusableInput):
    """A DICOM file that ends too early or whose header makes no sense.

    :param path: the file.
    :param reason: what is wrong with it, without its name.
    :param series_uid: of the series it belongs to, "" where that is not known.
    :param may_be_slice: whether it may have been a slice of a CT.
    """

    def __init__(self, path: Path, reason: str, series_uid: str = "", may_be_slice: bool = True) -> None:
        super().__init__(f"{printable(path.name)} {reason}: export the series again")
        self.path, self.series_uid, self.may_be_slice = path, series_uid, may_be_slice


@dataclass(eq=False)
class _Frames:
    """The pixels of a file; those of several frames are kept, so that the file is read once.

    :param path: the file.
    :param shape: frames, rows and columns as the header states them.
    :param is_whole: whether its pixel data are all there.
    """

    path: Path
    shape: tuple[int, int, int]
    is_whole: bool
    _kept: NDArray | None = field(default=None, repr=False)

    def read(self) -> NDArray:
        """Hounsfield units of all frames, (k, j, i)."""
        if self._kept is not None:
            return self._kept
        if not self.is_whole:
            raise DamagedDicom(self.path, "is incomplete, its pixel data end too early")
        check_size(4 * float(np.prod(self.shape, dtype=np.float64)))
        try:
            with quiet():
                pixels = sitk.GetArrayFromImage(sitk.ReadImage(str(self.path), imageIO="GDCMImageIO"))
        except RuntimeError as error:
            raise DamagedDicom(self.path, "is damaged or in a compression that cannot be read") from error
        if pixels.size != np.prod(self.shape) or pixels.shape[-2:] != self.shape[1:]:
            raise DamagedDicom(self.path, "is damaged, the size of its pixel data differs from what its header states")
        pixels = pixels.reshape(self.shape)
        if len(pixels) > 1:
            self._kept = pixels
        return pixels


@dataclass(frozen=True, eq=False)
class DicomImage:
    """One slice of a series: a file, or a frame of a multi-frame file.

    :param header: the values that matter, by DICOM keyword; numbers and text as text, several as a tuple.
    :param frame: index of the frame in its file.
    :param position_lps: centre of the first voxel, (3,) LPS mm; NaN where the header has none.
    :param orientation_lps: direction of a row and of a column, (2, 3) LPS; NaN where the header has none.
    :param pixel_spacing_mm: distance of rows and of columns, (2,); NaN where the header has none.
    :param frames: the pixels of its file.
    """

    path: Path
    header: dict[str, str]
    frame: int
    position_lps: NDArray[np.float64]
    orientation_lps: NDArray[np.float64]
    pixel_spacing_mm: NDArray[np.float64]
    frames: _Frames

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
        name = printable(self.path.name)
        return f"{name} frame {self.frame + 1}" if self.frame else name

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
        return self.frames.read()[self.frame]

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

    :raises DamagedDicom: a DICOM file that ends within its header, or whose header makes no sense.
    """
    try:
        outline = read_outline(path)
    except UnusableInput as error:
        raise DamagedDicom(path, f"cannot be read ({error})", may_be_slice=False) from error
    if outline is None:
        return ()
    if not outline.is_whole:
        if not outline.has_preamble and not outline.has_pixels:
            return ()
        raise DamagedDicom(
            path, "is incomplete, it ends within its header", printable(outline.series_uid), outline.may_be_ct
        )
    if not outline.has_pixels:
        return ()
    dataset = _read_header(path, outline)
    if "Rows" not in dataset or "Columns" not in dataset:
        return ()
    header = {keyword: printable(_text(dataset.get(keyword)), _LONGEST_VALUE) for keyword in _KEYWORDS}
    frames = _frames(path, header, outline)
    return tuple(_frame(path, header, dataset, frame, frames) for frame in range(frames.shape[0]))


def _read_header(path: Path, outline: DicomOutline) -> Any:
    """The elements that matter."""
    import pydicom

    tags = [*_KEYWORDS, *_FUNCTIONAL_GROUPS]
    try:
        with quiet():
            dataset = pydicom.dcmread(path, force=not outline.has_preamble, stop_before_pixels=True, specific_tags=tags)
            for keyword in tags:
                dataset.get(keyword)
            return dataset
    except Exception as error:  # pydicom raises whatever a wrong value leads to, of eleven kinds so far
        raise DamagedDicom(
            path, "is damaged, its header cannot be read", outline.series_uid, outline.may_be_ct
        ) from error


def _frames(path: Path, header: dict[str, str], outline: DicomOutline) -> _Frames:
    """The pixels of a file, whose number is checked against the pixel data that there are."""
    damaged = DamagedDicom(
        path, "is damaged, its header states an impossible size", outline.series_uid, outline.may_be_ct
    )
    try:
        count, samples, bits = (
            int(header[name] or 1) for name in ("NumberOfFrames", "SamplesPerPixel", "BitsAllocated")
        )
        rows, columns = int(header["Rows"]), int(header["Columns"])
    except ValueError:
        raise damaged from None
    if not 1 <= count <= MOST_FRAMES or min(rows, columns, samples, bits) < 1:
        raise damaged
    stated = outline.pixel_bytes
    is_enough = outline.fragments >= count if stated is None else 8 * stated >= count * rows * columns * samples * bits
    return _Frames(path, (count, rows, columns), outline.pixels_are_whole and is_enough)


def _frame(path: Path, header: dict[str, str], dataset: Any, frame: int, frames: _Frames) -> DicomImage:
    """One frame; the functional groups of an enhanced CT take precedence over the header of the file."""
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
        frames,
    )


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
    is_sound = values.size == count and np.abs(values).max() <= _LARGEST_COORDINATE_MM
    return values if is_sound else np.full(count, np.nan)


def number(text: str) -> float:
    """A header value as a number; infinite where it is none."""
    try:
        return float(text)
    except ValueError:
        return float("inf")
