"""The CT series of a DICOM folder: found, put in order by image position, and checked before anything is measured."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.volume import Volume
from ..ct.check import check_spacing, thick_slice_warnings
from ..errors import USE_THE_RADIOGRAPH_COMMAND, UnusableInput
from .dicom_image import DamagedDicom, DicomImage, number, read_images
from .dicom_stack import Stack, evenly_spaced, one_stack
from .formats.text_header import printable
from .formats.whole_data import check_size


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
        return self.described()

    def described(self, by_uid: bool = False) -> str:
        """The series in words: its number, or its UID if it has none or that is wanted, and what it holds."""
        description = self.images[0].header["SeriesDescription"]
        name = f"{self.uid if by_uid or not self.number else self.number}" + (
            f" ({description})" if description else ""
        )
        return f"{name}: {self.modality or 'unknown modality'}, {self.slice_count} slices"


def list_series(folder: Path) -> tuple[DicomSeries, ...]:
    """The series in a folder and its subfolders, those with most slices first.

    :raises UnusableInput: if there is no DICOM image.
    """
    return find_series(folder)[0]


def find_series(folder: Path) -> tuple[tuple[DicomSeries, ...], tuple[DamagedDicom, ...]]:
    """The series in a folder and its subfolders, those with most slices first, and the DICOM files that are damaged.

    :raises UnusableInput: if there is no DICOM image.
    """
    found: dict[str, list[DicomImage]] = {}
    damaged = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name.upper() != "DICOMDIR"):
        try:
            for image in read_images(path):
                found.setdefault(image.header["SeriesInstanceUID"], []).append(image)
        except DamagedDicom as error:
            damaged.append(error)
    if not found:
        raise damaged[0] if damaged else UnusableInput("no DICOM image in the folder or its subfolders")
    series = (DicomSeries(tuple(images)) for images in found.values())
    return tuple(sorted(series, key=lambda one: (-one.slice_count, number(one.number), one.uid))), tuple(damaged)


def passed_over(damaged: Sequence[DamagedDicom], chosen: DicomSeries) -> tuple[str, ...]:
    """The warning about damaged files that are no part of a series, or none.

    :raises DamagedDicom: a file that is, or may be, a slice of it.
    """
    for one in damaged:
        if one.may_be_slice and one.series_uid in ("", chosen.uid):
            raise one
    if not damaged:
        return ()
    names = ", ".join(printable(one.path.name) for one in damaged[:3])
    more = f" and {len(damaged) - 3} more" if len(damaged) > 3 else ""
    return (f"Damaged DICOM files that do not belong to the series were ignored: {names}{more}.",)


def other_series(all_series: Sequence[DicomSeries], chosen: DicomSeries) -> tuple[str, ...]:
    """The chosen series and the others that could be read in its place, each as ``--series`` takes it."""
    numbers = Counter(one.number for one in all_series)
    readable = [one for one in all_series if one is chosen or (one.modality == "CT" and one.slice_count > 1)]
    readable.sort(key=lambda one: one is not chosen)
    return tuple(one.described(by_uid=numbers[one.number] > 1) for one in readable)


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
    slices, warnings = one_stack(series.slices, str(series))
    stack = Stack.of(slices)
    matrix = stack.ijk_to_ras()
    check_spacing(np.linalg.norm(matrix[:3, :3], axis=0))
    _, rows, columns = slices[0].frames.shape
    check_size(2.0 * (stack.slice_count + len(slices) * (not stack.is_even)) * rows * columns)
    voxels = _read_voxels(slices, progress)
    volume = Volume(voxels if stack.is_even else evenly_spaced(voxels, stack), matrix)
    thickness_mm = number(slices[0].header["SliceThickness"])
    thick = thick_slice_warnings(thickness_mm) if stack.step_mm < thickness_mm < float("inf") else ()
    return volume, warnings + stack.warnings() + thick


def _read_voxels(slices: Sequence[DicomImage], progress: Callable[[float], None] | None) -> NDArray:
    """Hounsfield units of ordered slices, (k, j, i)."""
    first = slices[0].hounsfield
    voxels = np.empty((len(slices), *first.shape), dtype=np.int16 if first.dtype.kind in "iu" else np.float32)
    for index, image in enumerate(slices):
        pixels = first if index == 0 else image.hounsfield
        if pixels.dtype.kind == "f" and voxels.dtype.kind == "i":
            voxels = voxels.astype(np.float32)
        voxels[index] = _clipped_to_int16(pixels) if voxels.dtype.kind == "i" else pixels
        if progress is not None:
            progress((index + 1) / len(slices))
    return voxels


def _clipped_to_int16(values: NDArray) -> NDArray[np.int16]:
    """Hounsfield units as int16; what lies beyond is padding or metal."""
    return np.clip(values, -32768, 32767).astype(np.int16)
