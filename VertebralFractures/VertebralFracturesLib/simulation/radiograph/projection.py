"""Lateral radiographs of CTs and synthetic patients, first half: line integrals along the rays of a cone beam.

A radiograph shows what is finer than a CT's voxels, such as the plates and walls of vertebral bodies. All of a patient
is known coarsely, the spine finely, its bodies finer still; each finer look is added as a difference to the coarser
ones and faded out at its faces: where both agree, as in soft tissue, there is no seam.
Landmarks are projected by the same rays as the tissue.
"""

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from ...core.volume import Volume
from ..ct.grid import linear_weights, on_ct_grid
from ..ct.protocol import Protocol
from .camera import Camera

COARSE_MM = 4.0
"""Grid on which all of a patient is kept, and over which its surfaces are averaged."""

_COARSE_STEP_MM = np.full(3, COARSE_MM)
_FINE_STEP_MM = np.array([3.0, 0.8, 0.8])
_BODY_STEP_MM = np.array([0.8, 0.4, 0.4])
"""From side to side no longer than walls are thick, or each step shows as a contour of its own."""

_SPINE_MARGIN_MM = ((62.0, 62.0), (62.0, 28.0), (32.0, 26.0))
_SPINE_RAMP_MM = 12.0
_BODY_MARGIN_MM = ((33.0, 33.0), (14.0, 12.0), (10.0, 10.0))
_BODY_RAMP_MM = 5.0
"""Below and above the keypoints along R, A and S what is kept finely, and where that is faded out: the arches with the
spine, walls and osteophytes with the bodies. Chosen by eye; tissue is the same on either side of a face (tested)."""

_BONE_HU = (80.0, 700.0)
"""Between them bone takes over from water; chosen: soft tissue ends below, cortex begins above."""

Sample = Callable[[NDArray[np.float32], float], NDArray[np.float32]]
"""Hounsfield units at points (..., 3) RAS mm, surfaces averaged over a length in mm."""


@dataclass(frozen=True, eq=False)
class _Block:
    """Densities on a grid along R, A, S: water and bone in g/cm3, (2, right, superior, anterior)."""

    densities: NDArray[np.float32]
    origin_ras: NDArray[np.float64]
    step_mm: NDArray[np.float64]

    def places_ras(self) -> tuple[NDArray[np.float64], ...]:
        """Of the grid's points along R, A and S."""
        counts = np.array(self.densities.shape)[[1, 3, 2]]
        return tuple(o + s * np.arange(n) for o, s, n in zip(self.origin_ras, self.step_mm, counts, strict=True))

    def corners_ras(self) -> NDArray[np.float64]:
        """The eight corners (8, 3)."""
        return np.array(list(product(*(places[[0, -1]] for places in self.places_ras()))))

    def slab(self, right: float, superior: NDArray, anterior: NDArray) -> NDArray[np.float32]:
        """Densities (2, superior, anterior) between the grid's points, linearly interpolated."""
        down, rows = _weights((superior - self.origin_ras[2]) / self.step_mm[2], self.densities.shape[2])
        across, columns = _weights((anterior - self.origin_ras[1]) / self.step_mm[1], self.densities.shape[3])
        place = np.clip((right - self.origin_ras[0]) / self.step_mm[0], 0, self.densities.shape[1] - 1)
        first = min(int(place), self.densities.shape[1] - 2)
        share = np.float32(place - first)
        pair = self.densities[:, first : first + 2, rows, columns]
        layer = pair[:, 0] * (1 - share) + pair[:, 1] * share
        return np.asarray(down @ layer @ across.T)

    def integrals(self, rays: NDArray[np.float64], source: NDArray[np.float64]) -> NDArray[np.float32]:
        """Line integrals (2, rows, columns) in g/cm2 along rays (rows, columns, 3), slab by slab from left to right."""
        total = np.zeros((2, *rays.shape[:2]), np.float32)
        along = np.where(np.abs(rays[..., 0]) < 1e-6, 1e-6, rays[..., 0])
        depth_cm = (np.linalg.norm(rays, axis=-1) / np.abs(along) * self.step_mm[0] / 10).astype(np.float32)
        place = np.empty((2, *rays.shape[:2]), np.float32)
        slope = rays[..., [2, 1]] / along[..., None]
        for slab in range(self.densities.shape[1]):
            right = self.origin_ras[0] + slab * self.step_mm[0] - source[0]
            for row, axis in enumerate((2, 1)):
                met = source[axis] + right * slope[..., row]
                place[row] = (met - self.origin_ras[axis]) / self.step_mm[axis]
            for material in range(2):
                layer = self.densities[material, slab]
                total[material] += ndimage.map_coordinates(layer, place, order=1, mode="constant", cval=0.0)
        return total * depth_cm


class Absorber:
    """What of a patient absorbs X-rays: coarsely everywhere, and what finer looks at the spine add to that.

    :param sample: Hounsfield units at points; -1000 outside the patient.
    :param bounds_ras: (2, 3) lower and upper corner of what is known of the patient.
    :param keypoints_ras: (n, 6, 3) of the bodies, which say where the spine is.
    """

    def __init__(self, sample: Sample, bounds_ras: ArrayLike, keypoints_ras: ArrayLike) -> None:
        bounds = np.asarray(bounds_ras, dtype=np.float64)
        keypoints = np.asarray(keypoints_ras, dtype=np.float64)
        hu, corner_ras = _hounsfield(sample, bounds, _COARSE_STEP_MM)
        self._coarse = _Block(densities(hu), corner_ras, _COARSE_STEP_MM)
        box_ras = _box_around(keypoints.reshape(-1, 3), _SPINE_MARGIN_MM, bounds)
        self._hu, self._corner_ras = _hounsfield(sample, box_ras, _FINE_STEP_MM)
        self._spine = self._added(self._hu)
        self._bodies = tuple(self._stretches(sample, bounds, keypoints))

    def on_ct_grid(self, protocol: Protocol, rng: np.random.Generator) -> "Absorber":
        """The same patient as known from a CT: its slices blur the spine before bone is told from water.

        :param protocol: of the CT.
        :param rng: of its noise and of where its slices lie.
        """
        seen = copy(self)
        seen._spine = self._added(on_ct_grid(self._hu, _FINE_STEP_MM, protocol, rng))
        seen._bodies = ()
        return seen

    def integrals(self, camera: Camera) -> NDArray[np.float32]:
        """Water and bone along the rays of a camera.

        :param camera: which rays.
        :return: (2, rows, columns) in g/cm2.
        """
        step = max(1, round(COARSE_MM / 2 / camera.pixel_mm))
        coarse = self._coarse.integrals(camera.rays_ras(step), camera.source_ras)
        place = np.stack(np.meshgrid(*(np.arange(count) / step for count in camera.shape), indexing="ij"))
        total = np.stack([ndimage.map_coordinates(one, place, order=1) for one in coarse])
        rays = camera.rays_ras()
        for block in (self._spine, *self._bodies):
            window = camera.window(block.corners_ras())
            total[(slice(None), *window)] += block.integrals(rays[window], camera.source_ras)
        return np.maximum(total, 0)

    def frontal_integrals(self) -> NDArray[np.float32]:
        """Water and bone (2, rows, columns) in g/cm2 from front to back by parallel rays, in pixels of 4 mm."""
        total = self._coarse.densities.sum(3) * (COARSE_MM / 10)
        return total.transpose(0, 2, 1)[:, ::-1]

    def _added(self, hu: NDArray[np.float32]) -> _Block:
        """What the spine adds to the whole patient."""
        block = _Block(densities(hu), self._corner_ras, _FINE_STEP_MM)
        shares = [_within(places, _SPINE_RAMP_MM) for places in block.places_ras()]
        return _difference(block, [self._coarse], shares)

    def _stretches(
        self, sample: Sample, bounds_ras: NDArray[np.float64], keypoints_ras: NDArray[np.float64]
    ) -> Iterator[_Block]:
        """What the bodies add to the spine, stretch by stretch: of neighbouring ones one fades into the other."""
        points = keypoints_ras.reshape(-1, 3)
        lowest, highest = _box_around(points, _BODY_MARGIN_MM, bounds_ras)[:, 2]
        bodies = keypoints_ras[keypoints_ras[..., 2].mean(1).argsort()]
        heights = bodies[..., 2].mean(1)
        limits = np.array([lowest + _BODY_RAMP_MM / 2, *(heights[1:] + heights[:-1]) / 2, highest - _BODY_RAMP_MM / 2])
        for body, (low, high) in zip(bodies, pairwise(limits), strict=True):
            ends = np.array([low - _BODY_RAMP_MM / 2, high + _BODY_RAMP_MM / 2])
            is_near = (points[:, 2] > ends[0]) & (points[:, 2] < ends[1])
            box_ras = _box_around(np.concatenate([body, points[is_near]]), _BODY_MARGIN_MM, bounds_ras)
            box_ras[:, 2] = ends
            hu, corner_ras = _hounsfield(sample, box_ras, _BODY_STEP_MM)
            block = _Block(densities(hu), corner_ras, _BODY_STEP_MM)
            right, anterior, superior = block.places_ras()
            shares = [_within(right, _BODY_RAMP_MM), _within(anterior, _BODY_RAMP_MM),
                      _share(superior, low, high, _BODY_RAMP_MM)]  # fmt: skip
            yield _difference(block, [self._coarse, self._spine], shares)


def _weights(places: NDArray[np.float64], count: int) -> tuple[NDArray[np.float32], slice]:
    """Weights of linear interpolation between those of some whole places that matter, and these."""
    first = int(np.clip(places[0], 0, count - 2))
    used = slice(first, int(np.clip(places[-1] + 2, first + 2, count)))
    return linear_weights(places, np.arange(used.start, used.stop, dtype=np.float64)), used


def _difference(block: _Block, coarser: Sequence[_Block], shares: Sequence[NDArray[np.float32]]) -> _Block:
    """What a block adds to coarser ones.

    :param shares: how much it counts at its places along R, A and S, 0 to 1.
    """
    right, anterior, superior = block.places_ras()
    added = block.densities.copy()
    for slab, place in enumerate(right):
        for other in coarser:
            added[:, slab] -= other.slab(float(place), superior, anterior)
        added[:, slab] *= shares[0][slab] * shares[2][:, None] * shares[1]
    return _Block(added, block.origin_ras, block.step_mm)


def _within(places: NDArray[np.float64], ramp_mm: float) -> NDArray[np.float32]:
    """How much the finer part counts along one axis: 1 inside, falling to 0 at its faces."""
    return _share(places, places[0] + ramp_mm / 2, places[-1] - ramp_mm / 2, ramp_mm)


def _share(places: NDArray[np.float64], low: float, high: float, ramp_mm: float) -> NDArray[np.float32]:
    """1 between two places, 0 beyond, with smooth ramps about them; beside each other two shares sum to 1."""
    rise, fall = (np.clip(way / ramp_mm + 0.5, 0, 1) for way in (places - low, high - places))
    rise, fall = (way * way * (3 - 2 * way) for way in (rise, fall))
    return np.asarray(rise * fall, dtype=np.float32)


def _box_around(
    points_ras: NDArray[np.float64], margin_mm: ArrayLike, bounds_ras: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Lower and upper corner (2, 3) around points (n, 3), with margins (3, 2), within bounds."""
    margin = np.array(margin_mm)
    box = np.stack([points_ras.min(0) - margin[:, 0], points_ras.max(0) + margin[:, 1]])
    return np.stack([np.maximum(box[0], bounds_ras[0]), np.minimum(box[1], bounds_ras[1])])


def _hounsfield(
    sample: Sample, bounds_ras: NDArray[np.float64], step_mm: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Hounsfield units (right, superior, anterior) on a grid in a box, and its first point (3,) in RAS mm.

    Surfaces are averaged over its least step.
    """
    right, anterior, superior = (np.arange(low, high, s) for low, high, s in zip(*bounds_ras, step_mm, strict=True))
    hu = np.empty((len(right), len(superior), len(anterior)), np.float32)
    points = np.empty((len(superior), len(anterior), 3), np.float32)
    points[..., 1], points[..., 2] = anterior[None, :], superior[:, None]
    for slab, place in enumerate(right):
        points[..., 0] = place
        hu[slab] = sample(points, float(step_mm.min()))
    return hu, np.array([right[0], anterior[0], superior[0]])


def densities(hu: NDArray[np.float32]) -> NDArray[np.float32]:
    """Densities of water and of bone at Hounsfield units: bone takes over between 80 and 700 HU.

    :param hu: any shape.
    :return: (2, ...) in g/cm3.
    """
    low, high = _BONE_HU
    above = np.maximum(hu - np.float32(low), 0)
    density = 1 + np.clip(hu, -1000, low) * np.float32(0.001) + above * np.float32(0.00062)
    bone = density * np.minimum(above * np.float32(1 / (high - low)), 1)
    return np.stack([density - bone, bone])


def volume_sample(volume: Volume) -> Sample:
    """Hounsfield units of a CT, air outside; what is coarser than its voxels is averaged first.

    :param volume: the CT.
    """
    coarse = volume.resampled(COARSE_MM) if volume.spacing_mm.min() < COARSE_MM - 0.1 else volume

    def sample(points_ras: NDArray[np.float32], blur_mm: float) -> NDArray[np.float32]:
        return (coarse if blur_mm >= COARSE_MM else volume).sample(points_ras, fill=-1000.0)

    return sample
