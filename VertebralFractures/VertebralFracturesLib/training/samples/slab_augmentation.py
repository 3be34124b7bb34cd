"""Random crops of slabs for the fracture classifier: mirrored, shifted, as other scanners show them, with targets."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...core.heights.genant import PRESETS
from ...core.image_classification import ROWS_PER_POSITION, position_rows
from ...core.spine_slab import VOXEL_MM
from ...core.volume import AIR_HU
from .slabs import SlabSample, grade_shares

CROP_ROWS = 128
READER_SPREAD = 0.03
"""Standard deviation of G between readers (|dG| 0.032 between the readers of Zakharov 2023)."""

_CUTOFFS = PRESETS["genant"].cutoffs
_FRACTURE_SHARE = 0.5
_THICK_SHARE, _THICK_MM = 0.35, (2.0, 6.0)
_SLANT_SD_RAD = np.radians(12.0)


def random_crop(sample: SlabSample, rng: np.random.Generator) -> dict[str, NDArray]:
    """A stretch of a slab, mirrored, shifted across and degraded, with its targets.

    :return: fields of :func:`targets` of :data:`CROP_ROWS` rows, with the image in Hounsfield units.
    """
    focus = rng.integers(0, max(1, sample.image.shape[2]))
    fractured = np.flatnonzero(sample.indices <= PRESETS["genant"].moderate)
    if len(fractured) and rng.random() < _FRACTURE_SHARE:
        focus = sample.rows[rng.choice(fractured)].mean()
    elif len(sample.rows):
        focus = sample.rows[rng.integers(len(sample.rows))].mean()
    first = round(focus - rng.uniform(0.25, 0.75) * CROP_ROWS)
    image = _window(np.asarray(sample.image, np.float32), first)
    if rng.random() < 0.5:
        image = image[::-1]
    image = np.roll(image, tuple(rng.integers([-1, -2], [2, 3])), axis=(0, 1))
    known = _window(sample.known[None, None].astype(np.float32), first, 0.0)[0, 0]
    return {"image": _degraded(image, rng), **targets(sample.rows - first, sample.indices, known)}


def _window(image: NDArray[np.float32], first: int, fill: float = AIR_HU) -> NDArray[np.float32]:
    """:data:`CROP_ROWS` rows from a first one on, filled beyond the slab."""
    window = np.full((*image.shape[:2], CROP_ROWS), fill, np.float32)
    low, high = max(first, 0), min(first + CROP_ROWS, image.shape[2])
    if high > low:
        window[..., low - first : high - first] = image[..., low:high]
    return window


def targets(
    rows: NDArray[np.floating], indices: NDArray[np.floating], known: NDArray[np.floating]
) -> dict[str, NDArray]:
    """The wanted output for each position.

    :param rows: (n, 2) first and last row of each body.
    :param indices: (n,) index G of each.
    :param known: (rows,) where every body is annotated.
    :return: shares (positions, 5) of the classes; counted (positions,), where they are known; bodies (positions,), the
        number of the body at each, from 1 on, and 0 where there is none.
    """
    positions = len(known) // ROWS_PER_POSITION
    centres = position_rows(positions)
    shares = np.zeros((positions, 5), np.float32)
    shares[:, 0] = 1.0
    bodies = np.zeros(positions, np.int64)
    grades = grade_shares(indices, _CUTOFFS, READER_SPREAD)
    for number, ((first, last), share) in enumerate(zip(rows, grades, strict=True), 1):
        inside = (centres >= first) & (centres <= last)
        shares[inside, 0] = 0.0
        shares[inside, 1:] = share
        bodies[inside] = number
    counted = known[: positions * ROWS_PER_POSITION].reshape(positions, ROWS_PER_POSITION).min(1)
    return {"shares": shares, "counted": counted.astype(np.float32), "bodies": bodies}


def _degraded(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Vary contrast, sharpness and noise."""
    measured = image > AIR_HU + 1
    result = np.where(measured, image, 0.0)
    if rng.random() < _THICK_SHARE:
        slant = np.tan(rng.normal(0, _SLANT_SD_RAD))
        result = in_thick_slices(result, rng.uniform(*_THICK_MM) / VOXEL_MM, rng.random(), slant)
    result = result * rng.uniform(0.75, 1.35) + rng.normal(0, 30)
    if rng.random() < 0.3:
        result = ndimage.gaussian_filter1d(result, rng.uniform(0.3, 0.9), axis=2)
    if rng.random() < 0.2:
        result = ndimage.gaussian_filter1d(result, rng.uniform(0.3, 0.8), axis=1)
    result = result + rng.normal(0, 1, image.shape) * rng.exponential(30.0)
    return np.where(measured, result, AIR_HU).astype(np.float32)


def in_thick_slices(
    image: NDArray[np.float32], rows_per_slice: float, phase: float, slant: float
) -> NDArray[np.float32]:
    """What thick slices that lie across the spine at a slant leave of a slab: averages, interpolated linearly.

    :param image: (right, front, rows).
    :param rows_per_slice: thickness and distance of the slices.
    :param phase: of the first slice, 0 to 1.
    :param slant: rows that a slice descends from one column to the next behind it.
    """
    rows = np.arange(image.shape[2])
    first = slant * np.arange(image.shape[1]) + (phase - 1) * rows_per_slice
    reach = abs(slant) * image.shape[1] / rows_per_slice
    numbers = np.arange(-np.ceil(reach), np.ceil(len(rows) / rows_per_slice + reach) + 2)
    centres = first[:, None, None] + numbers[:, None] * rows_per_slice
    half = rows_per_slice / 2
    overlap = np.minimum(rows + 0.5, centres + half) - np.maximum(rows - 0.5, centres - half)
    averages = np.clip(overlap, 0.0, None)
    averages /= np.maximum(averages.sum(2, keepdims=True), 1e-6)
    nearness = np.clip(1 - np.abs(rows - centres) / rows_per_slice, 0.0, None) * (averages.sum(2, keepdims=True) > 0)
    nearness /= nearness.sum(1, keepdims=True)
    weights = np.einsum("fko,fki->foi", nearness, averages, optimize=True).astype(np.float32)
    return np.asarray(np.einsum("rfi,foi->rfo", image, weights, optimize=True))
