"""The CT series of a DICOM folder: found, put in order by image position, and checked before anything is measured."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..core.volume import Volume
from ..ct.check import thick_slice_warnings
from ..errors import USE_THE_RADIOGRAPH_COMMAND, UnusableInput

# A hole up to this size is bridged: more would hide an endplate.
LARGEST_FILLED_GAP_MM = 6.0
_SAME_POSITION_MM = 0.01
_EVEN_MM = 0.1
_OFF_LINE_MM = 0.5
_TILT_DEGREES = 0.1
_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
_PREAMBLE = 128
# Files without a preamble begin with the first element of group 8.
_FIRST_TAGS = (b"\x08\x00\x00\x00", b"\x08\x00\x05\x00", b"\x08\x00\x08\x00")

# What tells the phases of a dynamic series apart, in this order.
_PHASE_KEYWORDS = (
    "AcquisitionNumber",
    "TemporalPositionIdentifier",
    "NominalPercentageOfCardiacPhase",
    "TriggerTime",
    "ContentTime",
)
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
    *_PHASE_KEYWORDS,
)
_FUNCTIONAL_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")


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
        return f"{self.name} frame {self.frame + 1}" if self.frame else self.path.name


@dataclass(frozen=True)
class DicomSeries:
    """The images of one series, in file order."""

    images: tuple[DicomImage, ...]

    @property
    def uid(self) -> str:
        """Series Instance UID."""
        return self.images[0].header["SeriesInstanceUID"]

    @property
    def number(self) -> str:
        """Series Number, "" where there is none."""
        return self.images[0].header["SeriesNumber"]

    @property
    def modality(self) -> str:
        """Modality, "CT" for a CT."""
        return self.images[0].header["Modality"].upper()

    @property
    def slices(self) -> tuple[DicomImage, ...]:
        """The images with a place in the patient, localizers left out."""
        return tuple(image for image in self.images if image.is_slice)

    @property
    def slice_count(self) -> int:
        """Number of slices, frames counted, localizers not."""
        return len(self.slices)

    def __str__(self) -> str:
        description = self.images[0].header["SeriesDescription"]
        name = f"{self.number or self.uid}" + (f" ({description})" if description else "")
        return f"{name}: {self.modality or 'unknown modality'}, {self.slice_count} slices"


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


def list_series(folder: Path) -> tuple[DicomSeries, ...]:
    """The series in a folder and its subfolders, those with most slices first.

    :raises UnusableInput: if there is no DICOM image.
    """
    found: dict[str, list[DicomImage]] = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name.upper() != "DICOMDIR"):
        for image in read_images(path):
            found.setdefault(image.header["SeriesInstanceUID"], []).append(image)
    if not found:
        raise UnusableInput("no DICOM image in the folder or its subfolders")
    series = (DicomSeries(tuple(images)) for images in found.values())
    return tuple(sorted(series, key=lambda one: (-one.slice_count, _number(one.number), one.uid)))


def choose_series(all_series: Sequence[DicomSeries], wanted: str | None = None) -> DicomSeries:
    """The wanted series, or the CT with most slices.

    :param wanted: Series Instance UID or Series Number.
    :raises UnusableInput: if there is no such series, several of them, or no CT; the series are listed.
    """
    listed = "; ".join(str(one) for one in all_series)
    if wanted is None:
        candidates = [one for one in all_series if one.modality == "CT" and one.slice_count > 1]
        if not candidates:
            raise UnusableInput(f"no CT series with more than one slice; found {listed}; {USE_THE_RADIOGRAPH_COMMAND}")
        return candidates[0]
    chosen = [one for one in all_series if wanted in (one.uid, one.number)]
    if not chosen:
        raise UnusableInput(f"no series {wanted}; found {listed}")
    if len(chosen) > 1:
        uids = "; ".join(f"{one.uid} with {one.slice_count} slices" for one in chosen)
        raise UnusableInput(f"{len(chosen)} series have the number {wanted}: choose by UID among {uids}")
    if chosen[0].modality != "CT":
        raise UnusableInput(f"series {chosen[0]}: not a CT; {USE_THE_RADIOGRAPH_COMMAND}")
    return chosen[0]


def read_series(series: DicomSeries, progress: Callable[[float], None] | None = None) -> tuple[Volume, tuple[str, ...]]:
    """Read the slices of a series into one volume, in the order and at the places that their headers state.

    A gantry tilt stays in the matrix as a shear, so that no intensity is interpolated and every voxel lies where it
    was measured. Duplicate slices are dropped, small gaps and uneven distances are bridged by linear interpolation.

    :param progress: called with the fraction read.
    :return: the volume in Hounsfield units, and warnings.
    :raises UnusableInput: if the slices do not form one stack.
    """
    slices, warnings = _one_stack(series)
    slices, dropped = _without_duplicates(_in_order(slices))
    stack = _Stack.of(slices)
    voxels = _read_voxels(slices, progress)
    volume = Volume(voxels if stack.is_even else _evenly_spaced(voxels, stack), stack.ijk_to_ras())
    thickness_mm = _number(slices[0].header["SliceThickness"])
    thick = thick_slice_warnings(thickness_mm) if stack.step_mm < thickness_mm < float("inf") else ()
    return volume, warnings + dropped + stack.warnings() + thick


@dataclass(frozen=True, eq=False)
class _Stack:
    """Where the ordered slices of a stack lie.

    :param along_mm: (n,) distance of each slice from the first along the normal.
    :param slice_count: number of slices of the evenly spaced stack.
    :param per_mm_lps: (3,) shift of the first voxel per mm along the normal; differs from the normal under tilt.
    """

    first: DicomImage
    along_mm: NDArray[np.float64]
    slice_count: int
    normal_lps: NDArray[np.float64]
    per_mm_lps: NDArray[np.float64]

    @staticmethod
    def of(slices: Sequence[DicomImage]) -> "_Stack":
        """Measure the stack; refuse holes and slices that do not lie on one line."""
        normal = _normal_lps(slices[0])
        positions = np.array([image.position_lps for image in slices])
        along = (positions - positions[0]) @ normal
        gaps = np.diff(along)
        step = float(np.median(gaps))
        _refuse_holes(slices, gaps, step)
        per_mm = (positions[-1] - positions[0]) / along[-1]
        off_line = np.linalg.norm(positions - positions[0] - np.outer(along, per_mm), axis=1)
        if off_line.max() > _OFF_LINE_MM:
            worst = int(off_line.argmax())
            raise UnusableInput(
                f"the slices are not one stack: {slices[worst].name} lies {off_line[worst]:.1f} mm off its line"
            )
        even = np.linspace(0, along[-1], len(along))
        count = (
            len(along)
            if np.abs(along - even).max() <= _EVEN_MM
            else round(along[-1] / max(gaps.min(), 0.25 * step)) + 1
        )
        return _Stack(slices[0], along, count, normal, per_mm)

    @property
    def step_mm(self) -> float:
        """Distance of neighbouring slices of the evenly spaced stack."""
        return float(self.along_mm[-1]) / (self.slice_count - 1)

    @property
    def is_even(self) -> bool:
        """Whether the slices have one distance, as far as headers round it."""
        return self.slice_count == len(self.along_mm)

    @property
    def tilt_degrees(self) -> float:
        """Angle between the stack's direction and the slices' normal."""
        cosine = self.per_mm_lps @ self.normal_lps / np.linalg.norm(self.per_mm_lps)
        return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))

    def ijk_to_ras(self) -> NDArray[np.float64]:
        """4x4 matrix of the evenly spaced stack, sheared where the gantry was tilted."""
        row_spacing, column_spacing = self.first.pixel_spacing_mm
        if not (row_spacing > 0 and column_spacing > 0):
            raise UnusableInput(f"{self.first.name}: no valid pixel spacing in the header")
        along_row, along_column = self.first.orientation_lps
        matrix = np.eye(4)
        matrix[:3, 0] = along_row * column_spacing
        matrix[:3, 1] = along_column * row_spacing
        matrix[:3, 2] = self.per_mm_lps * self.step_mm
        matrix[:3, 3] = self.first.position_lps
        return _LPS_TO_RAS @ matrix

    def warnings(self) -> tuple[str, ...]:
        """What was bridged or corrected."""
        found = []
        if self.tilt_degrees > _TILT_DEGREES:
            found.append(f"gantry tilt of {self.tilt_degrees:.1f} degrees: taken into account")
        if not self.is_even:
            gaps = np.diff(self.along_mm)
            missing = self.slice_count - len(self.along_mm)
            found.append(
                f"slice distances of {gaps.min():.3g} to {gaps.max():.3g} mm: interpolated to {self.step_mm:.3g} mm "
                f"({missing} slices missing)"
            )
        return tuple(found)


def _one_stack(series: DicomSeries) -> tuple[list[DicomImage], tuple[str, ...]]:
    """The slices of the largest stack of equal geometry and, where there are several, of the first phase."""
    groups: dict[tuple[Any, ...], list[DicomImage]] = {}
    for image in series.slices:
        groups.setdefault(image.geometry, []).append(image)
    stacks = sorted(groups.values(), key=len, reverse=True)
    if not stacks or len(stacks[0]) < 2:
        raise UnusableInput(f"series {series}: no two slices with a place in the patient")
    warnings: tuple[str, ...] = ()
    if len(stacks) > 1:
        warnings = (f"the series has {sum(map(len, stacks[1:]))} images of another size or orientation: left out",)
    phase, phase_warnings = _one_phase(stacks[0])
    return phase, warnings + phase_warnings


def _one_phase(slices: list[DicomImage]) -> tuple[list[DicomImage], tuple[str, ...]]:
    """One time point of a series that shows the same positions several times."""
    along = np.array([image.position_lps for image in slices]) @ _normal_lps(slices[0])
    repeats = Counter(np.round(along / (2 * _SAME_POSITION_MM)))
    repeated = sum(1 for count in repeats.values() if count > 1)
    if repeated < 0.5 * len(repeats) or len({image.header["SOPInstanceUID"] for image in slices}) == len(repeats):
        return slices, ()
    for keyword in _PHASE_KEYWORDS:
        phases: dict[str, list[DicomImage]] = {}
        for image in slices:
            phases.setdefault(image.header[keyword], []).append(image)
        counts = {len(phase) for phase in phases.values()}
        if len(phases) > 1 and max(counts) <= len(repeats) and max(counts) > 1:
            first = min(phases, key=lambda value: (-len(phases[value]), (_number(value), value)))
            return phases[first], (f"the series has {len(phases)} phases: the first complete one was read",)
    if _all_repeats_identical(slices):
        return slices, ()
    raise UnusableInput(
        f"the series shows {repeated} slice positions more than once (a 4D series?) and its headers do not tell the "
        "phases apart: export one phase"
    )


def _all_repeats_identical(slices: list[DicomImage]) -> bool:
    """Whether slices at one position are copies of each other."""
    ordered = _in_order(slices)
    return all(_same_pixels(one, other) for one, other in pairwise(ordered) if _same_position(one, other))


def _in_order(slices: list[DicomImage]) -> list[DicomImage]:
    """The slices along their common normal."""
    normal = _normal_lps(slices[0])
    return sorted(
        slices, key=lambda image: (round(float(np.dot(image.position_lps, normal)), 3), image.path.name, image.frame)
    )


def _without_duplicates(ordered: list[DicomImage]) -> tuple[list[DicomImage], tuple[str, ...]]:
    """Drop copies of a slice; refuse different images at one place."""
    kept = ordered[:1]
    for image in ordered[1:]:
        if not _same_position(kept[-1], image):
            kept.append(image)
        elif not _same_pixels(kept[-1], image):
            raise UnusableInput(
                f"two different images at the same place: {kept[-1].name} and {image.name}; "
                "remove one or export the series again"
            )
    if len(kept) < 2:
        raise UnusableInput("all images lie at one place: one slice is no volume")
    dropped = len(ordered) - len(kept)
    return kept, ((f"{dropped} duplicate slices: left out",) if dropped else ())


def _same_position(one: DicomImage, other: DicomImage) -> bool:
    """Whether two slices have one distance along their normal."""
    return abs(float((one.position_lps - other.position_lps) @ _normal_lps(one))) <= _SAME_POSITION_MM


def _same_pixels(one: DicomImage, other: DicomImage) -> bool:
    """Whether two files hold the same image."""
    if one.header["SOPInstanceUID"] == other.header["SOPInstanceUID"] != "":
        return True
    return bool(np.array_equal(_read_pixels(one), _read_pixels(other)))


def _refuse_holes(slices: Sequence[DicomImage], gaps: NDArray[np.float64], step_mm: float) -> None:
    """Refuse a hole that is too large to bridge."""
    worst = int(gaps.argmax())
    if gaps[worst] > max(LARGEST_FILLED_GAP_MM, 1.5 * step_mm):
        raise UnusableInput(
            f"slices are missing: {gaps[worst]:.1f} mm between {slices[worst].name} and "
            f"{slices[worst + 1].name} where {step_mm:.3g} mm are usual; export the series again"
        )


def _evenly_spaced(voxels: NDArray, stack: _Stack) -> NDArray:
    """Interpolate unevenly spaced slices linearly to one distance."""
    wanted = np.linspace(0, stack.along_mm[-1], stack.slice_count)
    before = np.clip(np.searchsorted(stack.along_mm, wanted, side="right") - 1, 0, len(voxels) - 2)
    weight = (wanted - stack.along_mm[before]) / np.diff(stack.along_mm)[before]
    even = np.empty((stack.slice_count, *voxels.shape[1:]), dtype=voxels.dtype)
    for index, (low, share) in enumerate(zip(before, weight, strict=True)):
        mixed = (1 - share) * voxels[low].astype(np.float32) + share * voxels[low + 1]
        even[index] = np.rint(mixed) if voxels.dtype.kind in "iu" else mixed
    return even


def _read_voxels(slices: Sequence[DicomImage], progress: Callable[[float], None] | None) -> NDArray:
    """Hounsfield units of ordered slices, (k, j, i)."""
    first = _read_pixels(slices[0])
    voxels = np.empty((len(slices), *first.shape), dtype=np.int16 if first.dtype.kind in "iu" else np.float32)
    for index, image in enumerate(slices):
        pixels = first if index == 0 else _read_pixels(image)
        if pixels.dtype.kind == "f" and voxels.dtype.kind == "i":
            voxels = voxels.astype(np.float32)
        voxels[index] = _clipped_to_int16(pixels) if voxels.dtype.kind == "i" else pixels
        if progress is not None:
            progress((index + 1) / len(slices))
    return voxels


def _clipped_to_int16(values: NDArray) -> NDArray[np.int16]:
    """Hounsfield units as int16; what lies beyond is padding or metal."""
    return np.clip(values, -32768, 32767).astype(np.int16)


def _read_pixels(image: DicomImage) -> NDArray:
    """Hounsfield units of one slice, (j, i), rescaled by its own slope and intercept."""
    return _read_frames(image.path)[image.frame]


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


def _number(text: str) -> float:
    """A header value as a number; infinite where it is none."""
    try:
        return float(text)
    except ValueError:
        return float("inf")


def _numbers(text: str, count: int) -> NDArray[np.float64]:
    """The numbers of a multi-valued header entry; NaN if it does not hold as many."""
    try:
        values = np.array([float(part) for part in text.split("\\")])
    except ValueError:
        return np.full(count, np.nan)
    return values if values.size == count else np.full(count, np.nan)


def _normal_lps(image: DicomImage) -> NDArray[np.float64]:
    """Unit normal of a slice, (3,) LPS."""
    normal = np.cross(*image.orientation_lps)
    length = np.linalg.norm(normal)
    if not 0.9 < length < 1.1:
        raise UnusableInput(f"{image.name}: the image orientation in the header is wrong")
    return normal / length
