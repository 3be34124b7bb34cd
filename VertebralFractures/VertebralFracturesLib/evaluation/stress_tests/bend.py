"""Real patients bent into scoliosis or kyphosis: an exact invertible map of a plane that carries image and keypoints.

A patient is bent like a beam about a vertical axis through the spine: planes across the axis stay planes within
:data:`WHOLE_MM` of it, so that bodies tilt without being sheared; farther out the tilt fades, so that nothing folds.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline, PPoly

from ...core.spine_curve import SpineCurve
from ...core.volume import Volume
from .annotated_scan import AnnotatedScan

WHOLE_MM, NOTHING_MM = 60.0, 240.0
"""Distances from the axis up to which the whole tilt holds, and from which there is none."""

_KNOT_MM = 1.0
_BEYOND_MM = 1000.0
_NEWTON_STEPS = 60
_EXACT_MM = 1e-8

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Bend:
    """Points (x, z) aside and upwards in RAS mm go to the bent patient and back; aside is to the right or to the front.

    The tilt of the axis runs from minus half the angle at its upper end to plus half of it at its lower end as half a
    cosine, which is a single curve of that Cobb angle.

    :param degrees: Cobb angle between the ends of the axis.
    :param aside_mm: where the axis is.
    :param top_mm: superior coordinate of its upper end.
    :param length_mm: its length.
    :raises ValueError: so sharp a bend that the patient would fold.
    """

    degrees: float
    aside_mm: float
    top_mm: float
    length_mm: float

    def __post_init__(self) -> None:
        arc, aside = np.meshgrid(np.linspace(0, self.length_mm, 60), np.linspace(-NOTHING_MM, NOTHING_MM, 121))
        if self._jacobian(arc, aside)[2].min() < 0.05:
            raise ValueError(f"{self.length_mm:.0f} mm are too short to be bent by {self.degrees:.0f} degrees")

    def to_bent(self, points: Points) -> Points:
        """Where points (..., 2) of the patient go."""
        return self._placed(self.top_mm - points[..., 1], points[..., 0] - self.aside_mm)

    def to_straight(self, points: Points) -> Points:
        """Where points (..., 2) of the bent patient come from, by Newton's method."""
        arc = self.top_mm - points[..., 1]
        aside = points[..., 0] - self.aside_mm
        for _ in range(_NEWTON_STEPS):
            error = points - self._placed(arc, aside)
            if np.abs(error).max(initial=0.0) < _EXACT_MM:
                break
            (right_arc, up_arc), (right_aside, up_aside), determinant = self._jacobian(arc, aside)
            step_arc = (up_aside * error[..., 0] - right_aside * error[..., 1]) / determinant
            step_aside = (right_arc * error[..., 1] - up_arc * error[..., 0]) / determinant
            arc, aside = arc + np.clip(step_arc, -40.0, 40.0), aside + np.clip(step_aside, -40.0, 40.0)
        else:
            raise ValueError("the bend could not be undone everywhere")
        return np.stack([self.aside_mm + aside, self.top_mm - arc], -1)

    def _placed(self, arc: Points, aside: Points) -> Points:
        """Bent points (..., 2) of places along and beside the axis."""
        turn = self._tilt(arc) * _share(aside)
        right, up = (path(arc) for path in self._axis)
        return np.stack([self.aside_mm + right + aside * np.cos(turn), self.top_mm + up + aside * np.sin(turn)], -1)

    def _jacobian(self, arc: Points, aside: Points) -> tuple[tuple[Points, Points], tuple[Points, Points], Points]:
        """Derivatives of right and up by arc and by aside, and the determinant, positive where nothing folds."""
        tilt, share = self._tilt(arc), _share(aside)
        turn, turn_arc, turn_aside = tilt * share, self._tilt(arc, 1) * share, tilt * _share(aside, 1)
        by_arc = np.sin(tilt) - aside * np.sin(turn) * turn_arc, -np.cos(tilt) + aside * np.cos(turn) * turn_arc
        by_aside = (
            np.cos(turn) - aside * np.sin(turn) * turn_aside,
            np.sin(turn) + aside * np.cos(turn) * turn_aside,
        )
        return by_arc, by_aside, by_arc[0] * by_aside[1] - by_arc[1] * by_aside[0]

    def _tilt(self, arc: Points, derivative: int = 0) -> Points:
        """Tilt of the axis in radians, positive where it runs aside on its way down, or its derivative."""
        phase = np.pi * np.clip(arc / self.length_mm, 0.0, 1.0)
        half = np.deg2rad(self.degrees) / 2
        return -half * np.cos(phase) if derivative == 0 else half * np.pi / self.length_mm * np.sin(phase)

    @cached_property
    def _axis(self) -> tuple[PPoly, PPoly]:
        """Aside and up of the bent axis over arc length; on the average it does not move to a side."""
        knots = np.arange(-_BEYOND_MM, self.length_mm + _BEYOND_MM, _KNOT_MM)
        right, up = (
            CubicSpline(knots, slope).antiderivative()
            for slope in (np.sin(self._tilt(knots)), -np.cos(self._tilt(knots)))
        )
        right.c[-1] -= right(np.linspace(0, self.length_mm, 200)).mean()
        up.c[-1] -= up(0.0)
        return right, up


def _share(aside: Points, derivative: int = 0) -> Points:
    """Share of the tilt that holds at a distance from the axis, or its derivative."""
    t = np.clip((np.abs(aside) - WHOLE_MM) / (NOTHING_MM - WHOLE_MM), 0.0, 1.0)
    if derivative:
        return -6 * t * (1 - t) * np.sign(aside) / (NOTHING_MM - WHOLE_MM)
    return 1 - t * t * (3 - 2 * t)


def bent(scan: AnnotatedScan, degrees: float, axis: int = 0) -> AnnotatedScan:
    """A patient bent about the annotated bodies.

    :param scan: its volume's axes run along the patient's; it has annotated bodies.
    :param degrees: angle that is added.
    :param axis: 0 bends to the left, which is scoliosis; 1 forward, which is kyphosis.
    :return: the same patient on the same grid, keypoints and curve carried along; bodies that left the volume dropped.
    :raises ValueError: the annotated spine is too short for the angle, or the volume is oblique.
    """
    assert scan.curve is not None
    top, bottom = scan.keypoints_ras[..., 2].max(), scan.keypoints_ras[..., 2].min()
    bend = Bend(degrees, float(scan.curve.points_ras[:, axis].mean()), float(top), float(top - bottom))
    carried = replace(
        scan,
        keypoints_ras=_carried(scan.keypoints_ras, bend, axis),
        curve=SpineCurve(_carried(scan.curve.points_ras, bend, axis), scan.curve.confidence),
        landmarks={name: _carried(point, bend, axis) for name, point in scan.landmarks.items()},
    )
    return carried.seen_in(_bent_volume(scan.volume, bend, axis))


def _carried(points_ras: Points, bend: Bend, axis: int) -> Points:
    carried = points_ras.copy()
    carried[..., [axis, 2]] = bend.to_bent(points_ras[..., [axis, 2]])
    return carried


def _bent_volume(volume: Volume, bend: Bend, axis: int) -> Volume:
    """The image of the bent patient; all planes along the third axis are alike, so that one map serves them."""
    matrix, across = volume.ijk_to_ras, 1 - axis
    if np.abs(matrix[[0, 0, 1, 1, 2, 2], [1, 2, 0, 2, 0, 1]]).max() > 1e-6:
        raise ValueError("only a volume with axes (R, A, S) up to their signs can be bent")
    places = [matrix[one, 3] + matrix[one, one] * np.arange(count) for one, count in enumerate(volume.shape[::-1])]
    source = np.empty((len(places[2]), len(places[axis]), 3))
    source[..., [axis, 2]] = bend.to_straight(
        np.stack(np.broadcast_arrays(places[axis][None, :], places[2][:, None]), -1)
    )
    voxels = np.empty_like(volume.voxels)
    for index, place in enumerate(places[across]):
        source[..., across] = place
        values = volume.sample(source)
        plane = np.s_[:, :, index] if across == 0 else np.s_[:, index]
        voxels[plane] = np.rint(values) if np.issubdtype(voxels.dtype, np.integer) else values
    return Volume(voxels, matrix)
