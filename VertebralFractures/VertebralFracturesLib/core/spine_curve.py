"""The curve through the vertebral bodies, its sagittal-locked frame, and the straightened space around it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline, PPoly

_KNOT_MM = 1.0
"""Distance of the planes across the curve among which the nearest to a point is sought."""

_NEWTON_STEPS = 30
"""Steps of Newton's method from there, far more than it takes: no point of the tests moves by 1e-6 mm with knots of 0.5
to 2 mm and 15 to 60 steps."""

_ROUND_TRIP_MM = 1e-3
"""How far a point may lie from its plane, much less than anything can be measured and much more than rounding."""

_LONGEST_MM, _FARTHEST_MM = 10_000.0, 1e6
"""Length of a curve, and distance from the origin of its points; chosen, far beyond any patient and scanner, so that a
damaged file does not ask for more memory than there is."""


def chord_arcs(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Length (n,) of the polyline through points (n, d) from the first of them to each."""
    return np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))]


@dataclass(frozen=True, eq=False)
class SpineCurve:
    """A smooth curve parametrised by its arc length, from the cranial to the caudal end.

    Straightened space has the axes (right, anterior, superior) in mm: the arc length runs along minus superior, so that
    it is a right-handed space like RAS in which the spine stands upright. Beyond both ends the curve goes on straight.

    :param points_ras: at least four points (n, 3) on the curve in RAS mm, cranial to caudal.
    :param confidence: belief (n,) in 0..1 that the spine exists at each point.
    :raises ValueError: too few points, consecutive points that coincide, or a curve that is longer than any spine.
    """

    points_ras: NDArray[np.float64]
    confidence: NDArray[np.float64]

    def __post_init__(self) -> None:
        points = np.array(self.points_ras, dtype=np.float64)
        confidence = np.array(self.confidence, dtype=np.float64)
        if points.ndim != 2 or points.shape[1] != 3 or len(points) < 4 or not np.isfinite(points).all():
            raise ValueError("a spine curve needs at least four finite points (n, 3)")
        if confidence.shape != (len(points),) or not np.isfinite(confidence).all():
            raise ValueError("a spine curve needs one finite confidence per point")
        if np.abs(points).max() > _FARTHEST_MM or chord_arcs(points)[-1] > _LONGEST_MM:
            raise ValueError(f"a spine curve is at most {_LONGEST_MM / 1000:.0f} m long and lies in the scanner")
        if (np.linalg.norm(np.diff(points, axis=0), axis=1) < 1e-6).any():
            raise ValueError("consecutive points of a spine curve must not coincide")
        object.__setattr__(self, "points_ras", points)
        object.__setattr__(self, "confidence", confidence)

    @property
    def length_mm(self) -> float:
        """Arc length between the two ends."""
        return float(self._spline.x[-1])

    @cached_property
    def point_arcs_mm(self) -> NDArray[np.float64]:
        """Arc length (n,) of each of the given points."""
        chords = chord_arcs(self.points_ras)
        spline = CubicSpline(chords, self.points_ras)
        fine = np.linspace(0, chords[-1], max(64, int(4 * chords[-1])))
        return np.asarray(np.interp(chords, fine, chord_arcs(spline(fine))))

    @cached_property
    def _spline(self) -> CubicSpline:
        return CubicSpline(self.point_arcs_mm, self.points_ras, bc_type="natural")

    @cached_property
    def _derivatives(self) -> tuple[PPoly, PPoly]:
        return self._spline.derivative(1), self._spline.derivative(2)

    def position(self, arc_mm: ArrayLike) -> NDArray[np.float64]:
        """Points (..., 3) of the curve in RAS mm at arc lengths (...)."""
        arc = np.asarray(arc_mm, dtype=np.float64)
        inside = np.clip(arc, 0.0, self.length_mm)
        return self._spline(inside) + (arc - inside)[..., None] * self._derivatives[0](inside)

    def tangent(self, arc_mm: ArrayLike) -> NDArray[np.float64]:
        """Unit tangents (..., 3) in RAS, pointing caudally."""
        velocity = self._derivatives[0](np.clip(arc_mm, 0.0, self.length_mm))
        return velocity / np.linalg.norm(velocity, axis=-1, keepdims=True)

    def frame(self, arc_mm: ArrayLike) -> NDArray[np.float64]:
        """The frame locked to the patient's sagittal plane (Pisov 2020, section 4.1; no Frenet twist).

        Anterior is the unit vector without a left-right component that is perpendicular to the tangent's projection on
        the sagittal plane, so that it is perpendicular to the tangent too.

        :param arc_mm: arc lengths (...).
        :return: (..., 3, 3), rows are the unit vectors right, anterior and superior in RAS.
        """
        tangent = self.tangent(arc_mm)
        anterior = np.stack([np.zeros_like(tangent[..., 0]), -tangent[..., 2], tangent[..., 1]], -1)
        anterior /= np.maximum(np.linalg.norm(anterior, axis=-1, keepdims=True), 1e-9)
        return np.stack([np.cross(tangent, anterior), anterior, -tangent], -2)

    def confidence_at(self, arc_mm: ArrayLike) -> NDArray[np.float64]:
        """Confidence (...) at arc lengths (...); none beyond the ends."""
        return np.interp(np.asarray(arc_mm, dtype=np.float64), self.point_arcs_mm, self.confidence, left=0.0, right=0.0)

    def straight_to_ras(self, points_straight: ArrayLike) -> NDArray[np.float64]:
        """Map straightened points (..., 3) in mm to RAS mm."""
        points = np.asarray(points_straight, dtype=np.float64)
        arc = -points[..., 2]
        frame = self.frame(arc)
        return self.position(arc) + points[..., :1] * frame[..., 0, :] + points[..., 1:2] * frame[..., 1, :]

    def ras_to_straight(self, points_ras: ArrayLike) -> NDArray[np.float64]:
        """Map RAS points (..., 3) in mm to straightened mm.

        Every point lies in the plane across the curve that holds it; where several planes do, because they cross on the
        inner side of a bend, the one nearest along the curve is taken (see :meth:`planes_cross`).

        :raises ValueError: a point that no plane holds.
        """
        points = np.asarray(points_ras, dtype=np.float64)
        flat = points.reshape(-1, 3)
        arc = self._solve_arc(flat, self._nearest_plane(flat))
        offset = flat - self.position(arc)
        if (np.abs((offset * self.tangent(arc)).sum(-1)) > _ROUND_TRIP_MM).any():
            raise ValueError(
                "a point lies beyond the centre of curvature of the spine curve: no plane across it holds it"
            )
        frame = self.frame(arc)
        right = (offset * frame[:, 0]).sum(-1)
        anterior = (offset * frame[:, 1]).sum(-1)
        return np.stack([right, anterior, -arc], -1).reshape(points.shape)

    def planes_cross(self, points_straight: ArrayLike) -> NDArray[np.bool_]:
        """Where (...) straightened points (..., 3) lie beyond the centre of curvature: the map back is not unique.

        The straightening turns inside out where its determinant 1 - curvature . offset is not positive.
        """
        points = np.asarray(points_straight, dtype=np.float64)
        arc = -points[..., 2]
        inside = (arc >= 0) & (arc <= self.length_mm)
        frame = self.frame(arc)
        offset = points[..., :1] * frame[..., 0, :] + points[..., 1:2] * frame[..., 1, :]
        bend = self._derivatives[1](np.clip(arc, 0.0, self.length_mm))
        return inside & ((bend * offset).sum(-1) >= 1.0)

    def _nearest_plane(self, points_ras: NDArray[np.float64]) -> NDArray[np.float64]:
        """Arc length (n,) of a plane close to each point: the sign change of its distance nearest to the curve."""
        margin = 100.0
        knots = np.arange(-margin, self.length_mm + margin, _KNOT_MM)
        positions, tangents = self.position(knots), self.tangent(knots)
        plane_offsets = (positions * tangents).sum(-1)
        arcs = np.empty(len(points_ras))
        chunk = max(1, 4_000_000 // len(knots))
        for start in range(0, len(points_ras), chunk):
            part = points_ras[start : start + chunk]
            signed = part @ tangents.T - plane_offsets
            crossing = (signed[:, :-1] >= 0) & (signed[:, 1:] < 0)
            squared = ((part**2).sum(1)[:, None] - 2 * part @ positions[:-1].T) + (positions[:-1] ** 2).sum(1)
            nearest = np.where(crossing, squared, np.inf).argmin(1)
            found = crossing.any(1)
            beyond = np.where(signed[:, 0] < 0, 0, len(knots) - 1)
            arcs[start : start + chunk] = knots[np.where(found, nearest, beyond)]
        return arcs

    def _solve_arc(self, points_ras: NDArray[np.float64], start_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Newton's method on (point - position) . tangent = 0, with the step kept within a few knots."""
        arc = start_mm.copy()
        for _ in range(_NEWTON_STEPS):
            inside = np.clip(arc, 0.0, self.length_mm)
            velocity = self._derivatives[0](inside)
            bend = np.where(((arc > 0) & (arc < self.length_mm))[:, None], self._derivatives[1](inside), 0.0)
            offset = points_ras - self.position(arc)
            slope = (velocity**2).sum(-1) - (offset * bend).sum(-1)
            step = (offset * velocity).sum(-1) / np.where(np.abs(slope) < 0.05, 0.05, slope)
            arc += np.where(np.abs(arc - start_mm) < 5 * _KNOT_MM, np.clip(step, -_KNOT_MM, _KNOT_MM), step)
            if np.abs(step).max(initial=0.0) < 1e-10:
                break
        return arc


def curve_through_bodies(centres_ras: NDArray[np.float64]) -> SpineCurve:
    """A curve through known body centres that goes on for half a body's distance at both ends.

    :param centres_ras: (n, 3) in RAS mm, cranial to caudal, at least two.
    """
    first = 1.5 * centres_ras[0] - 0.5 * centres_ras[1]
    last = 1.5 * centres_ras[-1] - 0.5 * centres_ras[-2]
    points = np.concatenate([[first], centres_ras, [last]])
    return SpineCurve(points, np.ones(len(points)))
