"""Whole trunks at 3 mm with the spine curve, the raw material of step 1, and random crops of them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...core.keypoints import body_centre
from ...core.volume import AIR_HU, Volume
from ...ct.body_centres import SPACING_MM, body_volume
from ...io.training_case import LAST_LUMBAR, TrainingCase

_CROP_STEP = 16
_CROP_STEPS = ((3, 11), (3, 5), (4, 7))
_MOST_VOXELS = 500_000
_WANDER_KNOT_MM = 70.0

_TO_SACRUM_MM = 32.0
"""Distance from the centre of L5 to that of S1 where S1 is not marked. Chosen, as far as both are apart in the one CT
of which both are known (31 mm)."""

_CHILD_SHARE = 0.12
_CHILD_SIZES = (0.55, 0.85)
"""Share of crops of the size of children, and their sizes. Chosen: levels are to be known by their landmarks where
sizes say something else."""


@dataclass(frozen=True, eq=False)
class VolumeSample:
    """A trunk at 3 mm and its spine.

    :param volume: axes along R, A and S, cropped to the body.
    :param curve_ras: (n, 3) densely along the curve, cranial to caudal, z falling.
    :param level: (n,) level coordinate of each curve point, C1 = 1 to L5 = 24, whole in the middle of each body.
    :param ends: whether the mobile spine is known to end at the curve's cranial and at its caudal end; where it is not,
        nothing is said beyond.
    :param sacrum_ras: (2, 3) centres of the last vertebra and of S1; None where the sacrum is not known.
    """

    volume: Volume
    curve_ras: NDArray[np.float64]
    level: NDArray[np.float64]
    ends: tuple[bool, bool]
    sacrum_ras: NDArray[np.float64] | None = None


def real_volume_sample(case: TrainingCase) -> VolumeSample:
    """A reference case at 3 mm; its curve ends where the sacrum begins if L5 is annotated."""
    curve = case.curve
    arcs = np.arange(0.0, curve.length_mm, 1.0)
    centre_arcs = -curve.ras_to_straight(body_centre(case.keypoints_ras))[:, 2]
    level = np.interp(arcs, centre_arcs, case.levels)
    level[arcs < centre_arcs[0]] += (arcs[arcs < centre_arcs[0]] - centre_arcs[0]) / 25.0
    level[arcs > centre_arcs[-1]] += (arcs[arcs > centre_arcs[-1]] - centre_arcs[-1]) / 32.0
    ends_below = bool(case.levels[-1] == LAST_LUMBAR)
    last = level <= LAST_LUMBAR + 0.5 if ends_below else level < np.inf
    sacrum_ras = curve.position(centre_arcs[-1] + np.array([0.0, _TO_SACRUM_MM])) if ends_below else None
    ends = False, ends_below
    return VolumeSample(body_volume(case.volume()), curve.position(arcs)[last], level[last], ends, sacrum_ras)


@dataclass(frozen=True, eq=False)
class VolumeCrop:
    """A training volume; one target per axial slice, the first slice cranial.

    :param image: Hounsfield units (slices, rows, columns); rows run anterior, columns right.
    :param centres: (slices, 2) as (column, row) in voxels, of the curve.
    :param located: (slices,) whether ``centres`` mean something.
    :param existence: (slices,) whether the mobile spine is in the slice.
    :param decided: (slices,) whether that is known.
    :param level: (slices,) level coordinate; above the spine that of C1.
    :param sacrum: (slices,) share of the sacrum: 0 at the centre of the last vertebra and above, 1 at that of S1 and
        below, in between as near as a slice lies to the one and the other.
    :param named: (slices,) whether ``level`` and ``sacrum`` are known.
    """

    image: NDArray[np.float32]
    centres: NDArray[np.float32]
    located: NDArray[np.float32]
    existence: NDArray[np.float32]
    decided: NDArray[np.float32]
    level: NDArray[np.float32]
    sacrum: NDArray[np.float32]
    named: NDArray[np.float32]


def random_crop_shape(rng: np.random.Generator) -> tuple[int, int, int]:
    """Slices, rows and columns of a crop; they vary because volumes do, and are multiples of the network's stride."""
    while True:
        slices, rows, columns = (int(rng.integers(low, high + 1)) * _CROP_STEP for low, high in _CROP_STEPS)
        if slices * rows * columns <= _MOST_VOXELS:
            return slices, rows, columns


def random_volume_crop(sample: VolumeSample, shape: tuple[int, int, int], rng: np.random.Generator) -> VolumeCrop:
    """Turn, stretch, bend sideways, cut and degrade a trunk.

    Every axial slice is shifted by its own smooth amount: that is how a scoliotic or kyphotic spine comes out of a
    straight one.
    """
    matrix = _random_matrix(rng)
    middle_ras = _crop_middle(sample, rng)
    half = (np.array(shape[::-1]) - 1) / 2
    wander = _wander(shape[0], rng)

    def to_new(points_ras: NDArray[np.float64]) -> NDArray[np.float64]:
        new = (points_ras - middle_ras) @ np.linalg.inv(matrix).T / SPACING_MM + half
        return np.column_stack([new[:, :2] - wander(new[:, 2]), new[:, 2]])

    grid = np.stack(np.meshgrid(*(np.arange(size) for size in shape), indexing="ij")[::-1], -1).astype(np.float64)
    shifts = wander(np.arange(shape[0]))
    grid[..., :2] += shifts[:, None, None]
    image = sample.volume.sample((grid - half) @ matrix.T * SPACING_MM + middle_ras)
    kept = _cut_field_of_view(image, rng)
    centres, located, level = _slice_targets(to_new(sample.curve_ras), sample.level, shape[0])
    existence, decided = _existence_targets(to_new(sample.curve_ras)[:, 2], sample.ends, located)
    rows, columns = (np.clip(np.round(centres[:, axis]).astype(int), 0, shape[2 - axis] - 1) for axis in (1, 0))
    visible = kept[np.arange(shape[0]), rows, columns] & _inside(centres, shape)
    named = visible & (decided > 0)
    sacrum = _sacral_shares(to_new, sample.sacrum_ras, shape[0])
    decided = np.where(located & ~visible, 1.0, decided)
    existence = np.where(visible, existence, 0.0)
    image = _degraded(image, rng)
    image[~kept] = AIR_HU
    cranial_first = slice(None, None, -1)
    parts = (image, centres, located & visible, existence, decided, level, sacrum, named)
    return VolumeCrop(*(np.ascontiguousarray(part[cranial_first], dtype=np.float32) for part in parts))


def _crop_middle(sample: VolumeSample, rng: np.random.Generator) -> NDArray[np.float64]:
    """A place near the curve; seldom far beside it, where no spine is in view."""
    in_view = sample.curve_ras[sample.volume.contains(sample.curve_ras)]
    middle = in_view[rng.integers(len(in_view))]
    if rng.random() < 0.06:
        return middle + np.array([rng.choice([-1, 1]) * rng.uniform(120, 190), rng.uniform(-20, 60), 0.0])
    return middle + rng.uniform([-60.0, -45.0, -40.0], [60.0, 75.0, 40.0])


def _random_matrix(rng: np.random.Generator) -> NDArray[np.float64]:
    """Turns about the three axes, size, and now and then left for right."""
    angles = np.radians(rng.normal(0, [7.0, 6.0, 9.0]))
    size = rng.uniform(*_CHILD_SIZES) if rng.random() < _CHILD_SHARE else np.exp(rng.normal(0, 0.12))
    matrix = np.eye(3) / size
    for axis, angle in enumerate(angles):
        first, second = (other for other in range(3) if other != axis)
        turn = np.eye(3)
        turn[first, first] = turn[second, second] = np.cos(angle)
        turn[first, second], turn[second, first] = -np.sin(angle), np.sin(angle)
        matrix = matrix @ turn
    matrix = matrix @ np.diag(np.exp(rng.normal(0, 0.06, 3)))
    if rng.random() < 0.5:
        matrix[:, 0] *= -1
    return matrix


def _wander(slices: int, rng: np.random.Generator) -> Callable[[NDArray], NDArray]:
    """Sideways shift (n, 2) in voxels of slices (n,), smooth along the patient."""
    knots = np.arange(-1, slices * SPACING_MM / _WANDER_KNOT_MM + 3) * _WANDER_KNOT_MM / SPACING_MM
    strength = rng.choice([0.0, 2.0, 5.0], p=[0.4, 0.4, 0.2])
    shifts = rng.normal(0, strength, (2, len(knots))) * np.array([[1.0], [0.7]])

    def wander(at: NDArray[np.float64]) -> NDArray[np.float64]:
        places = (np.asarray(at) - knots[0]) / (knots[1] - knots[0])
        return np.stack([ndimage.map_coordinates(axis, places[None], order=3, mode="nearest") for axis in shifts], -1)

    return wander


def _slice_targets(
    curve: NDArray[np.float64], level: NDArray[np.float64], count: int
) -> tuple[NDArray, NDArray, NDArray]:
    """Centre (slices, 2), whether the curve crosses the slice, and level of every slice of the crop."""
    slices = np.arange(count)
    order = np.argsort(curve[:, 2])
    heights = curve[order, 2]
    centres = np.column_stack([np.interp(slices, heights, curve[order, axis]) for axis in (0, 1)])
    return centres, (slices >= heights[0]) & (slices <= heights[-1]), np.interp(slices, heights, level[order])


def _sacral_shares(
    to_new: Callable[[NDArray[np.float64]], NDArray[np.float64]], sacrum_ras: NDArray[np.float64] | None, count: int
) -> NDArray[np.float64]:
    """Share (slices,) of the sacrum; none where it is not known."""
    if sacrum_ras is None:
        return np.zeros(count)
    last, sacral = to_new(sacrum_ras)[:, 2]
    return np.clip((last - np.arange(count)) / max(last - sacral, 1.0), 0.0, 1.0)


def _existence_targets(heights: NDArray, ends: tuple[bool, bool], located: NDArray) -> tuple[NDArray, NDArray]:
    slices = np.arange(len(located))
    above, below = slices > heights.max(), slices < heights.min()
    decided = located | (above & ends[0]) | (below & ends[1])
    return located.astype(float), decided.astype(float)


def _inside(centres: NDArray[np.float64], shape: tuple[int, int, int]) -> NDArray[np.bool_]:
    return np.all((centres >= 0) & (centres <= np.array([shape[2], shape[1]]) - 1), axis=1)


def _cut_field_of_view(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Voxels that stay: a scan may begin and end anywhere, and its circle may cut the body."""
    shape = image.shape
    kept = image > AIR_HU + 1
    if rng.random() < 0.3:
        first = int(rng.integers(0, shape[0] // 2))
        kept[:first] = False
    if rng.random() < 0.3:
        last = int(rng.integers(shape[0] // 2, shape[0]))
        kept[last:] = False
    if rng.random() < 0.25:
        rows, columns = np.mgrid[: shape[1], : shape[2]]
        centre = rng.uniform(0.25, 0.75, 2) * shape[1:]
        kept &= np.hypot(rows - centre[0], columns - centre[1]) < rng.uniform(25, 60)
    return kept


def _degraded(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Vary contrast, blur, slice thickness and noise."""
    soft = image > -200.0
    result = np.where(soft, image * rng.uniform(0.7, 1.4) + rng.normal(0, 30), image)
    if rng.random() < 0.3:
        result = ndimage.gaussian_filter(result, rng.uniform(0.2, 0.7))
    if rng.random() < 0.2:
        result = ndimage.uniform_filter1d(result, 2, axis=0)
    if rng.random() < 0.1:
        rows = rng.integers(0, image.shape[0], 3)
        result[rows] += rng.normal(0, 200, (3, 1, 1))
    return (result + rng.normal(0, rng.exponential(20.0), image.shape)).astype(np.float32)
