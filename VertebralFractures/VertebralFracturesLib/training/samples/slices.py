"""Straightened slices with keypoints, from real cases, flat images and synthetic patients: step 2 learns from them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core.spine_curve import SpineCurve
from ...core.straightening import StraightenedSlice, straighten
from ...core.volume import Volume
from ...io.training_case import LAST_LUMBAR, TrainingCase

SAMPLE_PIXEL_MM = 0.75
_WIDTH_MM = 132.0
_MARGIN_MM = 25.0
_SACRUM_MARGIN_MM = 60.0
"""How far a slice goes beyond the curve of a case that is marked down to L5, which ends 15 mm beyond its centre.
Chosen: S1 is whole in it, so that the network learns that it is none of the bodies."""

_SLAB_MM = 3.0
_KNOT_MM = 60.0
_JITTER_RIGHT_MM, _JITTER_ANTERIOR_MM = 1.6, 1.8
_THICK_MM = (2.0, 3.0, 4.0, 5.0)
_END_MM = 1.0


@dataclass(frozen=True, eq=False)
class SliceSample:
    """A straightened slice and what is known of it.

    :param image: Hounsfield units (rows, columns).
    :param pixel_mm: side of a pixel.
    :param keypoints_mm: (n, 6, 2) as (x, y): x posterior and y caudal from the first pixel's centre.
    :param known_mm: stretches (m, 2) of y in which every body is annotated; elsewhere nothing is said.
    """

    image: NDArray[np.float32]
    pixel_mm: float
    keypoints_mm: NDArray[np.float64]
    known_mm: NDArray[np.float64]


def real_samples(case: TrainingCase, count: int, rng: np.random.Generator) -> Iterator[SliceSample]:
    """Slices of a case along curves jittered as step 1 errs, half of thin-sliced volumes made thicker first."""
    volume = case.volume()
    for index in range(count):
        scan = thickened(volume, rng) if index % 2 else volume
        curve = jittered(case.curve, rng)
        margin_mm = _SACRUM_MARGIN_MM if case.levels[-1] == LAST_LUMBAR else _MARGIN_MM
        yield slice_sample(straightened(scan, curve, rng, margin_mm), case.keypoints_ras, case.levels)


def straightened(
    volume: Volume, curve: SpineCurve, rng: np.random.Generator, margin_mm: float = _MARGIN_MM
) -> StraightenedSlice:
    """A wide slice at :data:`SAMPLE_PIXEL_MM`, slightly off the middle and of random thickness."""
    lateral_mm, slab_mm = rng.normal(0, 0.7), rng.choice([1.0, 2.0, _SLAB_MM, _SLAB_MM, 4.0])
    return straighten(volume, curve, SAMPLE_PIXEL_MM, _WIDTH_MM, margin_mm, slab_mm, lateral_mm)


def slice_sample(cut: StraightenedSlice, keypoints_ras: NDArray, levels: NDArray) -> SliceSample:
    """Carry the reference keypoints of a case into a slice."""
    keypoints_mm = cut.ras_to_pixels(keypoints_ras) * cut.pixel_mm
    end_mm = len(cut.image) * cut.pixel_mm
    return SliceSample(cut.image, cut.pixel_mm, keypoints_mm, known_stretches(keypoints_mm, levels, end_mm))


def known_stretches(keypoints_mm: NDArray[np.float64], levels: NDArray[np.int64], end_mm: float) -> NDArray[np.float64]:
    """Rows between annotated bodies of consecutive levels: a body that was left out is not proof of absence.

    Below L5 there is only the sacrum, so that all is known to the image's end.
    """
    tops, bottoms = keypoints_mm[..., 1].min(1) - _END_MM, keypoints_mm[..., 1].max(1) + _END_MM
    breaks = np.flatnonzero(np.diff(levels) != 1) + 1
    known = np.array([(tops[part[0]], bottoms[part[-1]]) for part in np.split(np.arange(len(levels)), breaks)])
    if levels[-1] == LAST_LUMBAR:
        known[-1, 1] = end_mm
    return known


def jittered(curve: SpineCurve, rng: np.random.Generator) -> SpineCurve:
    """A curve that strays smoothly to the side, as a predicted one does."""
    knots = np.linspace(0, curve.length_mm, max(3, round(curve.length_mm / _KNOT_MM) + 1))
    arcs = np.linspace(0, curve.length_mm, max(8, round(curve.length_mm / 12.0)))
    scale = rng.uniform(0, 1.6)
    right = np.interp(arcs, knots, rng.normal(0, _JITTER_RIGHT_MM * scale, len(knots)))
    anterior = np.interp(arcs, knots, rng.normal(0, _JITTER_ANTERIOR_MM * scale, len(knots)))
    right, anterior = (np.convolve(np.pad(side, 2, mode="edge"), np.ones(5) / 5, "valid") for side in (right, anterior))
    points = curve.straight_to_ras(np.column_stack([right, anterior, -arcs]))
    return SpineCurve(points, np.ones(len(points)))


def thickened(volume: Volume, rng: np.random.Generator) -> Volume:
    """Average neighbouring slices to a usual thickness; a volume that is thick already stays as it is."""
    factor = round(rng.choice(_THICK_MM) / volume.spacing_mm[2])
    if factor < 2 or volume.spacing_mm[2] > 1.3:
        return volume
    start = int(rng.integers(factor))
    count = (volume.shape[0] - start) // factor
    blocks = volume.voxels[start : start + count * factor].reshape(count, factor, *volume.shape[1:])
    matrix = volume.ijk_to_ras.copy()
    matrix[:3, 3] += matrix[:3, 2] * (start + (factor - 1) / 2)
    matrix[:3, 2] *= factor
    return Volume(blocks.mean(1, dtype=np.float32), matrix)
