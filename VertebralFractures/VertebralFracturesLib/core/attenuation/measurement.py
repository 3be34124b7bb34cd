"""Trabecular attenuation of a vertebral body: the values of a CT in an ellipsoid in the body's anterior half.

The ellipsoid follows from the six keypoints, so that it is the same in an analysis and after a keypoint was dragged. It
lies in front of the middle of the body, where no basivertebral vein runs, and keeps clear of cortex, endplates and the
osteophytes at their rims. Its median hardly changes with a node or a vessel in a part of it. In synthetic patients it
lies within 5 HU of the truth in 93 % of 30 bodies (bias -0.3 HU, SD 2.7 HU; experiments.md, 2026-12-01).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..keypoints import INFERIOR, SUPERIOR
from ..volume import Volume
from .blood import blood_hu
from .record import DENSE, FATTY, FLAT, OUTSIDE, Attenuation
from .sampling import sampled_hu

_MARGIN_MM = 4.0
"""Distance of the ellipsoid from the anterior wall and from both endplates. TotalSegmentator's spine report erodes
bodies by as much before it takes their median."""

_HINDMOST_SHARE = 0.5
"""Where the ellipsoid ends behind, as a share of the depth from the posterior to the anterior wall: the middle."""

_HALF_WIDTH_SHARE = 0.25
"""Half the width of the ellipsoid as a share of the body's depth. Chosen: a body is wider than deep at every level, and
its anterior wall is round."""

_LEAST_SEMI_AXIS_MM = 1.5
"""Shortest semi-axis that is measured. Chosen: an ellipsoid three voxels of 1 mm high."""

_STEP_MM = 1.0
"""Distance of the points at which the CT is read, each the voxel nearest to it. Chosen: about a thousand points a body,
and none of a thin slice is left out."""

_DENSE_HU, _DENSE_SHARE = 1200.0, 0.01
_BONE_HU = (-100.0, 500.0)
"""What no trabecular bone has: more than a hundredth of the body denser than 800 HU, or a median outside of -100 to 500
HU. Chosen: trabecular bone has 30 to 320 HU, noise of sharp kernels an SD of about 100 HU, cement more than 1000 HU and
metal more than 2000 HU."""

_BODY_SHARE = 0.42
_COARSE_STEP_MM = 2.0
"""How far the region in which cement and metal are sought reaches from the middle of the body to the front, to the back
and to both sides, as a share of its depth, and the distance of its points. Chosen: its cortex is left out, and a screw
of 4 mm is hit."""


@dataclass(frozen=True, eq=False)
class Ellipsoid:
    """A region of a vertebral body.

    :param centre_ras: (3,) RAS mm.
    :param axes: (3, 3), rows are the body's right, anterior and superior direction.
    :param semi_axes_mm: (3,) along them.
    """

    centre_ras: NDArray[np.float64]
    axes: NDArray[np.float64]
    semi_axes_mm: NDArray[np.float64]

    def points_ras(self) -> NDArray[np.float64]:
        """Points (n, 3) that fill it, RAS mm."""
        unit = _lattice(self.semi_axes_mm, _STEP_MM)
        inside = ((unit / self.semi_axes_mm) ** 2).sum(-1) <= 1
        return self.centre_ras + unit[inside] @ self.axes


def trabecular_ellipsoid(keypoints_ras: ArrayLike) -> Ellipsoid | None:
    """The ellipsoid in which a body is measured.

    :param keypoints_ras: (6, 3) in RAS mm.
    :return: None where cortex and endplates leave no room for it.
    """
    body = _BodyFrame.of(keypoints_ras)
    back, front = _HINDMOST_SHARE * body.depth_mm, body.depth_mm - _MARGIN_MM
    low, high = body.room_mm(back)
    semi_axes = np.array([_HALF_WIDTH_SHARE * body.depth_mm, (front - back) / 2, (high - low) / 2])
    if semi_axes.min() < _LEAST_SEMI_AXIS_MM:
        return None
    return Ellipsoid(body.to_ras(np.array([0.0, (front + back) / 2, (low + high) / 2])), body.axes, semi_axes)


def measure_attenuation(volume: Volume, keypoints_ras: ArrayLike) -> Attenuation:
    """Measure one body, fractured or not.

    :param volume: the CT in Hounsfield units.
    :param keypoints_ras: (6, 3) in RAS mm.
    """
    points_ras = np.asarray(keypoints_ras, dtype=np.float64)
    blood = blood_hu(volume, points_ras)
    ellipsoid = trabecular_ellipsoid(points_ras)
    if ellipsoid is None:
        return Attenuation(None, None, FLAT, blood)
    inside_ras = ellipsoid.points_ras()
    if not volume.contains(np.concatenate([inside_ras, points_ras])).all():
        return Attenuation(None, None, OUTSIDE, blood)
    values = sampled_hu(volume, inside_ras, order=0)
    median = float(np.median(values))
    if median > _BONE_HU[1] or _dense_share(volume, points_ras) > _DENSE_SHARE:
        return Attenuation(None, None, DENSE, blood)
    if median < _BONE_HU[0]:
        return Attenuation(None, None, FATTY, blood)
    return Attenuation(median, float(values.std()), None, blood)


def _dense_share(volume: Volume, keypoints_ras: NDArray[np.float64]) -> float:
    """The share of a body, its cortex left out, that is denser than trabecular bone can be."""
    body = _BodyFrame.of(keypoints_ras)
    low, high = body.room_mm(0.0)
    reach_mm = _BODY_SHARE * body.depth_mm
    semi_axes = np.array([reach_mm, reach_mm, max((high - low) / 2, 0.0)])
    points = _lattice(semi_axes, _COARSE_STEP_MM) + [0.0, body.depth_mm / 2, (low + high) / 2]
    return float((sampled_hu(volume, body.to_ras(points), order=0) > _DENSE_HU).mean())


def _lattice(half_mm: NDArray[np.float64], step_mm: float) -> NDArray[np.float64]:
    """Points (n, 3) at equal distances in a box of half these sizes around the origin, which is one of them."""
    counts = np.floor(half_mm / step_mm)
    sides = [np.arange(-count, count + 1) * step_mm for count in counts]
    return np.stack(np.meshgrid(*sides, indexing="ij"), -1).reshape(-1, 3)


@dataclass(frozen=True, eq=False)
class _BodyFrame:
    """Coordinates of a body: right, forwards from the posterior wall, and upwards from its middle, in mm."""

    origin_ras: NDArray[np.float64]
    axes: NDArray[np.float64]
    keypoints_mm: NDArray[np.float64]
    depth_mm: float

    @classmethod
    def of(cls, keypoints_ras: ArrayLike) -> "_BodyFrame":
        points = np.asarray(keypoints_ras, dtype=np.float64)
        middles = (points[SUPERIOR, :] + points[INFERIOR, :]) / 2
        upwards = (points[SUPERIOR, :] - points[INFERIOR, :]).sum(0)
        forwards = middles[0] - middles[2]
        forwards = forwards / max(float(np.linalg.norm(forwards)), 1e-9)
        upwards = upwards - (upwards @ forwards) * forwards
        upwards = upwards / max(float(np.linalg.norm(upwards)), 1e-9)
        axes = np.stack([np.cross(forwards, upwards), forwards, upwards])
        local = (points - middles[2]) @ axes.T
        return cls(middles[2], axes, local, float(local[[0, 1], 1].min()))

    def to_ras(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.origin_ras + points @ self.axes

    def room_mm(self, back_mm: float) -> tuple[float, float]:
        """Lower and upper limit, clear of the endplates, of what lies in front of a distance from the posterior wall.

        An endplate is taken to be nowhere nearer than the nearest of its keypoints there.
        """
        superior = self._nearest(SUPERIOR, back_mm, -1)
        inferior = self._nearest(INFERIOR, back_mm, 1)
        return inferior + _MARGIN_MM, superior - _MARGIN_MM

    def _nearest(self, plate: tuple[int, ...], back_mm: float, sign: int) -> float:
        """Height of an endplate where it comes nearest to the middle of the body."""
        along, height = self.keypoints_mm[list(plate), 1], self.keypoints_mm[list(plate), 2]
        front = along >= back_mm - 1e-9
        ahead = np.append(height[front], np.interp(back_mm, along[::-1], height[::-1]))
        return float(sign * (sign * ahead).max())
