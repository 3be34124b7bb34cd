"""Lateral radiographs of CTs and synthetic patients, first half: line integrals along the rays of a cone beam.

The camera frame has its origin in the isocentre; its axes run along the central ray (towards the tube), forwards and
upwards. The picture is laid into the plane through the isocentre across the central ray, so that its pixels measure
the patient and not the detector. Landmarks are projected by the same rays as the tissue.
"""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from ..core.volume import Volume
from .acquisition import Protocol
from .ct_grid import linear_weights, on_ct_grid

COARSE_MM = 4.0
"""Grid on which all of a patient is kept, and over which its surfaces are averaged."""

_COARSE_STEP_MM = np.full(3, COARSE_MM)
_FINE_STEP_MM = np.array([3.0, 0.8, 0.8])
_RAMP_MM = 12.0
_SPINE_MARGIN_MM = ((62.0, 62.0), (62.0, 28.0), (32.0, 26.0))
_BONE_HU = (80.0, 700.0)

Sample = Callable[[NDArray[np.float32], float], NDArray[np.float32]]
"""Hounsfield units at points (..., 3) RAS mm, surfaces averaged over a length in mm."""


@dataclass(frozen=True, eq=False)
class Camera:
    """The geometry of one exposure.

    :param isocentre_ras: (3,) point that the central ray meets, RAS mm.
    :param axes: (3, 3) rows: towards the tube, forwards, upwards in RAS.
    :param source_mm: distance of the focus from the isocentre.
    :param shape: rows and columns of the picture; anterior is on the left.
    :param pixel_mm: side of a pixel in the plane of the isocentre.
    :param centre_pixels: (column, row) of the isocentre.
    """

    isocentre_ras: NDArray[np.float64]
    axes: NDArray[np.float64]
    source_mm: float
    shape: tuple[int, int]
    pixel_mm: float
    centre_pixels: tuple[float, float]

    def project(self, points_ras: ArrayLike) -> NDArray[np.float64]:
        """Where points (..., 3) in RAS mm appear: (..., 2) column and row."""
        seen = (np.asarray(points_ras, dtype=np.float64) - self.isocentre_ras) @ self.axes.T
        nearer = self.source_mm / (self.source_mm - seen[..., 0])
        return np.asarray(self.centre_pixels) - seen[..., 1:] * nearer[..., None] / self.pixel_mm

    @property
    def source_ras(self) -> NDArray[np.float64]:
        """The focus (3,), RAS mm."""
        return self.isocentre_ras + self.source_mm * self.axes[0]

    def rays_ras(self, step: int = 1) -> NDArray[np.float64]:
        """From the focus to every step-th pixel's place in the plane of the isocentre, (rows, columns, 3) RAS mm."""
        rows, columns = (np.arange(0, count + step - 1, step, dtype=np.float64) for count in self.shape)
        forwards = (self.centre_pixels[0] - columns) * self.pixel_mm
        upwards = (self.centre_pixels[1] - rows) * self.pixel_mm
        plane = forwards[None, :, None] * self.axes[1] + upwards[:, None, None] * self.axes[2]
        return plane - self.source_mm * self.axes[0]


def lateral_axes(axial_deg: float = 0.0, bend_deg: float = 0.0, tilt_deg: float = 0.0) -> NDArray[np.float64]:
    """Axes of a camera on the patient's right, turned about the patient's long axis, the forward and the right axis."""
    axial, bend, tilt = np.deg2rad([axial_deg, bend_deg, tilt_deg])
    about_superior = np.array([[np.cos(axial), np.sin(axial), 0], [-np.sin(axial), np.cos(axial), 0], [0, 0, 1]])
    about_anterior = np.array([[np.cos(bend), 0, np.sin(bend)], [0, 1, 0], [-np.sin(bend), 0, np.cos(bend)]])
    about_right = np.array([[1, 0, 0], [0, np.cos(tilt), np.sin(tilt)], [0, -np.sin(tilt), np.cos(tilt)]])
    return about_right @ about_anterior @ about_superior


@dataclass(frozen=True, eq=False)
class _Block:
    """Densities on a grid along R, A, S: water and bone in g/cm3, (2, right, superior, anterior)."""

    densities: NDArray[np.float32]
    origin_ras: NDArray[np.float64]
    step_mm: NDArray[np.float64]

    def slab(self, right: float, superior: NDArray, anterior: NDArray) -> NDArray[np.float32]:
        """Densities (2, superior, anterior) between the grid's points, linearly interpolated."""
        place = np.clip((right - self.origin_ras[0]) / self.step_mm[0], 0, self.densities.shape[1] - 1)
        first = min(int(place), self.densities.shape[1] - 2)
        share = np.float32(place - first)
        layer = self.densities[:, first] * (1 - share) + self.densities[:, first + 1] * share
        down = linear_weights((superior - self.origin_ras[2]) / self.step_mm[2], np.arange(layer.shape[1]))
        across = linear_weights((anterior - self.origin_ras[1]) / self.step_mm[1], np.arange(layer.shape[2]))
        return np.asarray(down @ layer @ across.T)

    def integrals(self, camera: Camera, step: int = 1) -> NDArray[np.float32]:
        """Line integrals (2, rows, columns) in g/cm2 along the camera's rays, slab by slab from left to right."""
        rays, source = camera.rays_ras(step), camera.source_ras
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
    """What of a patient absorbs X-rays: coarsely everywhere, and what a finer look around the spine adds to that.

    The finer part is a difference, faded out at its faces: where both agree, as in soft tissue, there is no seam.

    :param sample: Hounsfield units at points; -1000 outside the patient.
    :param bounds_ras: (2, 3) lower and upper corner of what is known of the patient.
    :param keypoints_ras: (n, 6, 3) of the bodies, which say where the spine is.
    """

    def __init__(self, sample: Sample, bounds_ras: ArrayLike, keypoints_ras: ArrayLike) -> None:
        margin = np.array(_SPINE_MARGIN_MM)
        points = np.asarray(keypoints_ras, dtype=np.float64).reshape(-1, 3)
        bounds = np.asarray(bounds_ras, dtype=np.float64)
        spine = np.stack([points.min(0) - margin[:, 0], points.max(0) + margin[:, 1]])
        self.spine_ras = np.stack([np.maximum(spine[0], bounds[0]), np.minimum(spine[1], bounds[1])])
        coarse, corner = _hounsfield(sample, bounds, _COARSE_STEP_MM, COARSE_MM)
        self._coarse = _Block(densities(coarse), corner, _COARSE_STEP_MM)
        self._hu, self._corner_ras = _hounsfield(sample, self.spine_ras, _FINE_STEP_MM, _FINE_STEP_MM.min())
        self._fine = self._added(self._hu)

    def on_ct_grid(self, protocol: Protocol, rng: np.random.Generator) -> "Absorber":
        """The same patient as known from a CT: its slices blur the spine before bone is told from water.

        :param protocol: of the CT.
        :param rng: of its noise and of where its slices lie.
        """
        seen = copy(self)
        seen._fine = self._added(on_ct_grid(self._hu, _FINE_STEP_MM, protocol, rng))
        return seen

    def _added(self, hu: NDArray[np.float32]) -> _Block:
        """What the densities around the spine add to the coarse ones, faded out at the faces."""
        right, superior, anterior = (
            self._corner_ras[axis] + _FINE_STEP_MM[axis] * np.arange(count)
            for axis, count in zip((0, 2, 1), hu.shape, strict=True)
        )
        shares = [self._share(axis, places) for axis, places in enumerate((right, anterior, superior))]
        added = densities(hu)
        for slab, place in enumerate(right):
            added[:, slab] -= self._coarse.slab(float(place), superior, anterior)
            added[:, slab] *= shares[0][slab] * shares[2][:, None] * shares[1]
        return _Block(added, self._corner_ras, _FINE_STEP_MM)

    def _share(self, axis: int, places: NDArray[np.float64]) -> NDArray[np.float32]:
        """How much the finer part counts along one axis: 1 inside, falling to 0 at its faces."""
        low, high = self.spine_ras[:, axis]
        inside = np.clip(np.minimum(places - low, high - places) / _RAMP_MM, 0, 1)
        return (inside * inside * (3 - 2 * inside)).astype(np.float32)

    def integrals(self, camera: Camera) -> NDArray[np.float32]:
        """Water and bone (2, rows, columns) in g/cm2 along the rays of a camera."""
        step = max(1, round(COARSE_MM / 2 / camera.pixel_mm))
        coarse = self._coarse.integrals(camera, step)
        rows, columns = (np.arange(count) / step for count in camera.shape)
        place = np.stack(np.meshgrid(rows, columns, indexing="ij"))
        around = np.stack([ndimage.map_coordinates(one, place, order=1) for one in coarse])
        return np.maximum(around + self._fine.integrals(camera), 0)

    def frontal_integrals(self) -> NDArray[np.float32]:
        """Water and bone (2, rows, columns) in g/cm2 from front to back by parallel rays, in pixels of 4 mm."""
        total = self._coarse.densities.sum(3) * (COARSE_MM / 10)
        return total.transpose(0, 2, 1)[:, ::-1]


def _hounsfield(
    sample: Sample, bounds_ras: NDArray[np.float64], step_mm: NDArray[np.float64], blur_mm: float
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Hounsfield units (right, superior, anterior) on a grid in a box, and its first point (3,) in RAS mm."""
    right, anterior, superior = (np.arange(low, high, s) for low, high, s in zip(*bounds_ras, step_mm, strict=True))
    hu = np.empty((len(right), len(superior), len(anterior)), np.float32)
    points = np.empty((len(superior), len(anterior), 3), np.float32)
    points[..., 1], points[..., 2] = anterior[None, :], superior[:, None]
    for slab, place in enumerate(right):
        points[..., 0] = place
        hu[slab] = sample(points, blur_mm)
    return hu, np.array([right[0], anterior[0], superior[0]])


def densities(hu: NDArray[np.float32]) -> NDArray[np.float32]:
    """Water and bone in g/cm3 of Hounsfield units: bone takes over between 80 and 700 HU."""
    low, high = _BONE_HU
    above = np.maximum(hu - np.float32(low), 0)
    density = 1 + np.clip(hu, -1000, low) * np.float32(0.001) + above * np.float32(0.00062)
    bone = density * np.minimum(above * np.float32(1 / (high - low)), 1)
    return np.stack([density - bone, bone])


def volume_sample(volume: Volume) -> Sample:
    """Hounsfield units of a CT, air outside; what is coarser than its voxels is averaged first."""
    coarse = volume.resampled(COARSE_MM) if volume.spacing_mm.min() < COARSE_MM - 0.1 else volume

    def sample(points_ras: NDArray[np.float32], blur_mm: float) -> NDArray[np.float32]:
        return (coarse if blur_mm >= COARSE_MM else volume).sample(points_ras, fill=-1000.0)

    return sample


def random_camera(
    keypoints_ras: NDArray[np.float64],
    superior_range_mm: tuple[float, float],
    pixel_mm: float,
    rng: np.random.Generator,
) -> Camera:
    """A lateral exposure as it is taken in practice, the patient turned and tilted a little.

    :param keypoints_ras: (n, 6, 3) of the bodies that the picture has to hold from front to back.
    :param superior_range_mm: lowest and highest point to be seen.
    """
    points = np.asarray(keypoints_ras, dtype=np.float64).reshape(-1, 3)
    low, high = superior_range_mm
    isocentre = np.array([points[:, 0].mean(), points[:, 1].mean(), rng.uniform(0.75 * low + 0.25 * high, high)])
    axes = lateral_axes(rng.normal(0, 5), rng.normal(0, 2.5), rng.normal(0, 4))
    source = float(rng.uniform(850, 1900)) * (1 if rng.random() < 0.5 else -1)
    forwards = (points - isocentre) @ axes[1]
    front, back = forwards.max() + rng.uniform(60, 130), forwards.min() - rng.uniform(60, 110)
    shape = (int((high - low) / pixel_mm), int((front - back) / pixel_mm))
    centre = (float(front / pixel_mm), float((high - isocentre[2]) / pixel_mm))
    return Camera(isocentre, axes, source, shape, pixel_mm, centre)
