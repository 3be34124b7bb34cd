"""Slices of a DICOM series as one stack: one geometry, one phase, in order, without copies and holes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UnusableInput
from .dicom_image import PHASE_KEYWORDS, SAME_POSITION_MM, DicomImage, number

LARGEST_FILLED_GAP_MM = 6.0
"""Chosen: a hole up to this size is bridged, a larger one would hide an endplate."""

_EVEN_MM = 0.1
"""Slices off their even places by less are even: some scanners round positions to 0.1 mm."""

_OFF_LINE_MM = 0.5
"""Chosen, about a pixel of a CT: a slice that lies farther off the line of the others was moved."""

_TILT_DEGREES = 0.1
"""Chosen: less moves no slice of a CT of 400 mm by more than 0.7 mm, about a pixel."""

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""DICOM counts to the left and to the back, 3D Slicer to the right and to the front."""


@dataclass(frozen=True, eq=False)
class Stack:
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
    def of(slices: Sequence[DicomImage]) -> "Stack":
        """Measure the stack; refuse holes and slices that do not lie on one line."""
        normal = slices[0].normal_lps
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
                f"the slices do not form one stack: {slices[worst].name} lies {off_line[worst]:.1f} mm off the line "
                "of the others"
            )
        even = np.linspace(0, along[-1], len(along))
        count = (
            len(along)
            if np.abs(along - even).max() <= _EVEN_MM
            else round(along[-1] / max(gaps.min(), 0.25 * step)) + 1
        )
        return Stack(slices[0], along, count, normal, per_mm)

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
            found.append(f"A gantry tilt of {self.tilt_degrees:.1f} degrees was taken into account.")
        if not self.is_even:
            found.append(self._interpolation_warning())
        return tuple(found)

    def _interpolation_warning(self) -> str:
        """Which slices were interpolated: missing ones of an even stack, or all of one with varying distances."""
        numbers = self.along_mm / self.step_mm
        if np.abs(numbers - np.round(numbers)).max() * self.step_mm <= _EVEN_MM:
            missing = self.slice_count - len(self.along_mm)
            return f"{missing} missing slice{' was' if missing == 1 else 's were'} interpolated."
        gaps_mm = np.diff(self.along_mm)
        return (
            f"Slice distances vary from {gaps_mm.min():.3g} to {gaps_mm.max():.3g} mm; slices were interpolated at "
            f"every {self.step_mm:.3g} mm."
        )


def one_stack(images: Sequence[DicomImage], name: str) -> tuple[list[DicomImage], tuple[str, ...]]:
    """The slices of the largest stack of equal geometry and, where there are several, of the first phase; in order.

    :param images: slices of a series.
    :param name: of the series.
    :return: the slices without copies, and warnings.
    :raises UnusableInput: if the slices do not form one stack.
    """
    groups: dict[tuple[Any, ...], list[DicomImage]] = {}
    for image in images:
        groups.setdefault(image.geometry, []).append(image)
    stacks = sorted(groups.values(), key=len, reverse=True)
    if not stacks or len(stacks[0]) < 2:
        raise UnusableInput(f"series {name}: fewer than two slices have a position in the header")
    warnings: tuple[str, ...] = ()
    if len(stacks) > 1:
        warnings = (
            f"{sum(map(len, stacks[1:]))} images of the series have another size or orientation and were not used.",
        )
    phase, phase_warnings = _one_phase(stacks[0])
    kept, dropped = _without_duplicates(_in_order(phase))
    return kept, warnings + phase_warnings + dropped


def _one_phase(slices: list[DicomImage]) -> tuple[list[DicomImage], tuple[str, ...]]:
    """One time point of a series that shows the same positions several times."""
    along = np.array([image.position_lps for image in slices]) @ slices[0].normal_lps
    repeats = Counter(np.round(along / (2 * SAME_POSITION_MM)))
    repeated = sum(1 for count in repeats.values() if count > 1)
    if repeated < 0.5 * len(repeats) or len({image.header["SOPInstanceUID"] for image in slices}) == len(repeats):
        return slices, ()
    for keyword in PHASE_KEYWORDS:
        phases: dict[str, list[DicomImage]] = {}
        for image in slices:
            phases.setdefault(image.header[keyword], []).append(image)
        counts = {len(phase) for phase in phases.values()}
        if len(phases) > 1 and max(counts) <= len(repeats) and max(counts) > 1:
            first = min(phases, key=lambda value: (-len(phases[value]), (number(value), value)))
            return phases[first], (f"The series has {len(phases)} phases; the first complete one was analyzed.",)
    if _all_repeats_identical(slices):
        return slices, ()
    raise UnusableInput(
        f"the series shows {repeated} slice positions more than once (a 4D series?) and its headers do not "
        "distinguish the phases: export one phase"
    )


def _all_repeats_identical(slices: list[DicomImage]) -> bool:
    """Whether slices at one position are copies of each other."""
    ordered = _in_order(slices)
    return all(one.shows_what(other) for one, other in pairwise(ordered) if one.is_where(other))


def _in_order(slices: list[DicomImage]) -> list[DicomImage]:
    """The slices along their common normal."""
    normal = slices[0].normal_lps
    return sorted(
        slices, key=lambda image: (round(float(np.dot(image.position_lps, normal)), 3), image.path.name, image.frame)
    )


def _without_duplicates(ordered: list[DicomImage]) -> tuple[list[DicomImage], tuple[str, ...]]:
    """Drop copies of a slice; refuse different images at one place."""
    kept = ordered[:1]
    for image in ordered[1:]:
        if not kept[-1].is_where(image):
            kept.append(image)
        elif not kept[-1].shows_what(image):
            raise UnusableInput(
                f"two different images at the same position: {kept[-1].name} and {image.name}; "
                "remove one or export the series again"
            )
    if len(kept) < 2:
        raise UnusableInput("all images lie at the same position: one slice is not a volume")
    dropped = len(ordered) - len(kept)
    return kept, ((f"{dropped} duplicate slices were not used.",) if dropped else ())


def _refuse_holes(slices: Sequence[DicomImage], gaps: NDArray[np.float64], step_mm: float) -> None:
    """Refuse a hole that is too large to bridge."""
    worst = int(gaps.argmax())
    if gaps[worst] > max(LARGEST_FILLED_GAP_MM, 1.5 * step_mm):
        raise UnusableInput(
            f"slices are missing: {gaps[worst]:.1f} mm between {slices[worst].name} and "
            f"{slices[worst + 1].name}, but {step_mm:.3g} mm elsewhere; export the series again"
        )


def evenly_spaced(voxels: NDArray, stack: Stack) -> NDArray:
    """Interpolate unevenly spaced slices linearly to one distance.

    :param voxels: (k, j, i) of the ordered slices.
    :return: (slice_count, j, i) of the evenly spaced stack.
    """
    wanted = np.linspace(0, stack.along_mm[-1], stack.slice_count)
    before = np.clip(np.searchsorted(stack.along_mm, wanted, side="right") - 1, 0, len(voxels) - 2)
    weight = (wanted - stack.along_mm[before]) / np.diff(stack.along_mm)[before]
    even = np.empty((stack.slice_count, *voxels.shape[1:]), dtype=voxels.dtype)
    for index, (low, share) in enumerate(zip(before, weight, strict=True)):
        mixed = (1 - share) * voxels[low].astype(np.float32) + share * voxels[low + 1]
        even[index] = np.rint(mixed) if voxels.dtype.kind in "iu" else mixed
    return even
