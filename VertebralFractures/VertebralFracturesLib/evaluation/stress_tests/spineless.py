"""Volumes without a spine that look like CTs: what is scanned by mistake, and what is scanned to test a scanner."""

import numpy as np
from numpy.typing import NDArray

from ...core.volume import AIR_HU, Volume
from .annotated_scan import AnnotatedScan

_SPACING_MM = (1.2, 1.2, 2.5)
_SHAPE = (140, 220, 220)


def leg(seed: int) -> AnnotatedScan:
    """A thigh: skin, fat, muscle with some grain, and a femur, which in a slice is a ring of bone like a vertebra."""
    rng = np.random.default_rng([seed, 13])
    k, right, front = _grid()
    sway = 6 * np.sin(k / 70.0)
    muscle = np.hypot(right, 1.1 * front) + 0 * k
    bone = np.hypot(right - sway - 8, front - 5)
    hu = np.full(_SHAPE, AIR_HU)
    hu[muscle < 95] = -100.0
    hu[muscle < 80] = 55.0
    hu[bone < 15] = 1200.0
    hu[bone < 9] = -40.0
    return _scan(hu, 14.0, rng)


def water_cylinder(seed: int) -> AnnotatedScan:
    """Water in a wall of acrylic glass."""
    k, right, front = _grid()
    radius = np.hypot(right, front) + 0 * k
    hu = np.full(_SHAPE, AIR_HU)
    hu[radius < 100] = 120.0
    hu[radius < 94] = 0.0
    return _scan(hu, 12.0, np.random.default_rng([seed, 13]))


def noise_box(seed: int) -> AnnotatedScan:
    """Nothing but noise about water, as strong as in the worst of CTs."""
    return _scan(np.zeros(_SHAPE), 120.0, np.random.default_rng([seed, 13]))


def _grid() -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.floating]]:
    """Millimetres upwards, to the right and to the front, of shapes that together fill the volume."""
    k, j, i = (np.arange(size) - (size - 1) / 2 for size in _SHAPE)
    return k[:, None, None] * _SPACING_MM[2], i[None, None, :] * _SPACING_MM[0], j[None, :, None] * _SPACING_MM[1]


def _scan(hu: NDArray[np.float64], noise_hu: float, rng: np.random.Generator) -> AnnotatedScan:
    voxels = np.clip(np.rint(hu + rng.normal(0, noise_hu, _SHAPE)), AIR_HU, 3071).astype(np.int16)
    matrix = np.diag([*_SPACING_MM, 1.0])
    matrix[:3, 3] = -np.array(_SPACING_MM) * (np.array(_SHAPE[::-1]) - 1) / 2
    return AnnotatedScan(Volume(voxels, matrix))
