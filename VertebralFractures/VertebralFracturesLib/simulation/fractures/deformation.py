"""Warping a straightened slice: affine, elastic, and by simulated fractures of bodies, keypoints carried along.

A warp maps points of the new slice to points of the old one, where the image is looked up; keypoints go the other way.
A fractured body leaves room beside it that the old image has nothing for: a warp also tells where disc tissue belongs.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.interpolate import PchipInterpolator

from ...core.heights.genant import heights_mm
from ...core.keypoints import INFERIOR, SUPERIOR

Points = NDArray[np.floating]
"""Points (..., 2) in mm, or one value for each."""

_INVERSION_STEPS = 12
"""Of a fixed-point iteration; after them elastic warps are inverted to 0.02 mm (tested)."""

_BORDER = 12
"""Knots repeated about a spline, so that points outside the slice have a displacement."""

# Chosen by eye on fractured slices of real CTs: how quickly a loss ends beside a body, what part of it the superior
# endplate takes, the least disc that is left, the thickness of an endplate that moves as a whole and its greatest share
# of the space beside it, the width of the edge of new disc tissue, and the growth from which a gap is all new tissue.
_TAPER_MM = 6.0
_UPPER_SHARE = 0.75
_LEAST_DISC_MM = 1.0
_ENDPLATE_MM, _BAND_SHARE = 2.0, 0.4
_RAMP_MM = 1.0
_FILLED_FROM_MM = 3.0

_LEAST_BODY_MM = 2.0
"""What is left between the endplates where the bowls of both touch. Chosen: two cortical lines of a millimetre."""


_NEW_TISSUE_SHARE, _BOWLS_SHARE, _RIM_SHARE = 0.5, 0.55, 0.04
"""Shares of varied fractures whose room new disc tissue fills, and of those with bowls; share of a body's depth that
stays as the rim at either end of a bowl. Chosen by eye."""


@dataclass(frozen=True, eq=False)
class Warp:
    """Maps between a new slice and the old one, points (..., 2) in mm.

    :param look_up: of points of the new slice those of the old one, and the share (...) of disc tissue there, in place
        of what the old one shows.
    :param to_new: of points of the old slice those of the new one.
    """

    look_up: Callable[[Points], tuple[Points, Points]]
    to_new: Callable[[Points], Points]

    @classmethod
    def without_filling(cls, to_old: Callable[[Points], Points], to_new: Callable[[Points], Points]) -> "Warp":
        """A warp that leaves no room for disc tissue."""
        return cls(lambda points: (to_old(points), np.zeros(points.shape[:-1])), to_new)

    def to_old(self, points: Points) -> Points:
        """Of points of the new slice those of the old one."""
        return self.look_up(points)[0]


def chain(warps: Sequence[Warp]) -> Warp:
    """One warp that applies several in their order.

    :param warps: none at all make the identity.
    """

    def look_up(points: Points) -> tuple[Points, Points]:
        share: Points = np.zeros(points.shape[:-1])
        for warp in reversed(warps):
            points, own = warp.look_up(points)
            share = np.maximum(share, own)
        return points, share

    def to_new(points: Points) -> Points:
        for warp in warps:
            points = warp.to_new(points)
        return points

    return Warp(look_up, to_new)


def affine_warp(matrix: NDArray[np.float64], old_centre: Points, new_centre: Points) -> Warp:
    """Points turn, stretch and shear about a centre, which moves to a new place.

    :param matrix: (2, 2), from the old slice to the new one.
    :param old_centre: (2,) mm.
    :param new_centre: (2,) mm.
    """
    inverse = np.linalg.inv(matrix)
    return Warp.without_filling(
        lambda points: (points - new_centre) @ inverse.T + old_centre,
        lambda points: (points - old_centre) @ matrix.T + new_centre,
    )


def elastic_warp(rng: np.random.Generator, size_mm: Points, knot_mm: float, strength_mm: float) -> Warp:
    """A smooth random displacement given at knots.

    :param rng: draws it.
    :param size_mm: (2,) of the slice.
    :param knot_mm: distance of the knots.
    :param strength_mm: standard deviation at the knots, to be kept well below their distance.
    """
    count = np.ceil(size_mm / knot_mm).astype(int) + 3
    knots = rng.normal(0, strength_mm, (2, *count))
    splines = [ndimage.spline_filter(np.pad(axis, _BORDER, "edge"), order=2) for axis in knots]

    def displacement(points: Points) -> Points:
        places = np.moveaxis(points / knot_mm + 1.0 + _BORDER, -1, 0)
        interpolated = partial(ndimage.map_coordinates, coordinates=places, order=2, mode="nearest", prefilter=False)
        return np.stack([interpolated(spline) for spline in splines], -1)

    def to_new(points: Points) -> Points:
        new = points
        for _ in range(_INVERSION_STEPS):
            new = points - displacement(new)
        return new

    return Warp.without_filling(lambda points: points + displacement(points), to_new)


@dataclass(frozen=True)
class Bowl:
    """A part of an endplate that has sunk into its body.

    :param superior: of the superior endplate rather than the inferior one.
    :param depth: greatest depth as a share of the body's middle height.
    :param centre: where it is deepest, 0 at the anterior wall and 1 at the posterior one.
    :param half_width: as a share of the depth of the body from front to back.
    :param flatness: 2 is round; the greater, the flatter its floor and the steeper its wall.
    """

    superior: bool
    depth: float
    centre: float
    half_width: float
    flatness: float = 2.0

    def sinks(self, share: Points) -> Points:
        """Depth, as a share of the body's middle height, at places from front (0) to back (1)."""
        aside = np.minimum(np.abs(share - self.centre) / self.half_width, 1.0)
        return np.asarray(self.depth * (1 - aside**self.flatness) ** 2)


@dataclass(frozen=True, eq=False)
class Fracture:
    """How a body is fractured.

    :param remaining: share of the anterior, middle and posterior height that remains (3,), without the bowls.
    :param upper_share: part of the loss that the superior endplate takes.
    :param bowls: of its endplates.
    :param filled: how much of the room is filled with new disc tissue, 0 to 1; otherwise the disc that is there
        stretches.
    """

    remaining: NDArray[np.float64]
    upper_share: float = _UPPER_SHARE
    bowls: tuple[Bowl, ...] = ()
    filled: float = 1.0


def fracture_warp(keypoints_mm: Points, index: int, fracture: Fracture) -> Warp:
    """Simulate a compression fracture of one body; the discs beside it take up the room.

    Endplates keep their thickness and so remain visible; the neighbours stay where they are. Where both endplates would
    meet, 2 mm of bone are left between them.

    :param keypoints_mm: all bodies (n, 6, 2), cranial to caudal.
    :param index: which of them.
    :param fracture: how.
    """
    remaining = fracture.remaining
    body = keypoints_mm[index]
    upper, lower = _endplate(body[list(SUPERIOR)]), _endplate(body[list(INFERIOR)])
    lost = _endplate(np.column_stack([body[list(SUPERIOR), 0], (1 - remaining) * heights_mm(body)]))
    above = _endplate(keypoints_mm[index - 1][list(INFERIOR)]) if index else None
    below = _endplate(keypoints_mm[index + 1][list(SUPERIOR)]) if index + 1 < len(keypoints_mm) else None
    left, right = body[:, 0].min(), body[:, 0].max()
    middle_mm = float(heights_mm(body)[1])

    def moves(x: Points) -> tuple[Points, Points]:
        """How far the superior endplate falls and the inferior one rises."""
        drop = lost(x) * np.exp(-((aside(x) / _TAPER_MM) ** 2))
        falls, rises = fracture.upper_share * drop, (1 - fracture.upper_share) * drop
        for bowl in fracture.bowls:
            sunk = middle_mm * bowl.sinks((x - left) / (right - left))
            falls, rises = (falls + sunk, rises) if bowl.superior else (falls, rises + sunk)
        room = np.maximum(lower(x) - upper(x) - _LEAST_BODY_MM, 0.0)
        share = np.minimum(1.0, room / np.maximum(falls + rises, 1e-6))
        return falls * share, rises * share

    def aside(x: Points) -> Points:
        return np.maximum(np.maximum(left - x, x - right), 0.0)

    def knots(x: Points) -> tuple[list[Points], list[Points]]:
        top, bottom = upper(x), lower(x)
        falls, rises = moves(x)
        new_top, new_bottom = top + falls, bottom - rises
        ceiling = np.minimum(above(x) if above else top - 8.0, np.minimum(top, new_top) - _LEAST_DISC_MM)
        floor = np.maximum(below(x) if below else bottom + 8.0, np.maximum(bottom, new_bottom) + _LEAST_DISC_MM)
        over = np.minimum(_BAND_SHARE * (np.minimum(top, new_top) - ceiling), _ENDPLATE_MM)
        under = np.minimum(_BAND_SHARE * (floor - np.maximum(bottom, new_bottom)), _ENDPLATE_MM)
        inside = np.clip(_BAND_SHARE * np.minimum(bottom - top, new_bottom - new_top), 0.0, _ENDPLATE_MM)
        first, last = [ceiling, ceiling + over], [floor - under, floor]
        old = [*first, top - over, top + inside, bottom - inside, bottom + under, *last]
        return old, [*first, new_top - over, new_top + inside, new_bottom - inside, new_bottom + under, *last]

    def look_up(points: Points) -> tuple[Points, Points]:
        x, y = points[..., 0], points[..., 1]
        old, new = knots(x)
        share = np.maximum(_grown(y, old, new, 1), _grown(y, old, new, 5))
        filled = fracture.filled * share * np.clip(1 - aside(x) / _FILLED_FROM_MM, 0.0, 1.0)
        return np.stack([x, _between(y, new, old)], -1), filled

    def to_new(points: Points) -> Points:
        old, new = knots(points[..., 0])
        return np.stack([points[..., 0], _between(points[..., 1], old, new)], -1)

    return Warp(look_up, to_new)


def _grown(y: Points, old: list[Points], new: list[Points], first: int) -> Points:
    """Share of new tissue at heights within the stretch that begins at a knot: all of it where that grew by 3 mm."""
    growth = (new[first + 1] - new[first]) - (old[first + 1] - old[first])
    edge = np.minimum(y - new[first], new[first + 1] - y)
    share: Points = np.clip(growth / _FILLED_FROM_MM, 0.0, 1.0) * np.clip(edge / _RAMP_MM + 0.5, 0.0, 1.0)
    return share


def pressed_fracture(rng: np.random.Generator) -> Fracture:
    """Draw a wedge, biconcave, crush or swollen body whose endplates stay smooth from front to back."""
    return Fracture(random_remaining(rng))


def varied_fracture(rng: np.random.Generator) -> Fracture:
    """Draw a fracture as they vary in patients: of either endplate, smooth or with bowls, the disc stretched or new.

    :param rng: draws it; shares chosen by eye on sagittal CTs of train cases.
    """
    filled = float(rng.uniform(0.0, 1.0)) if rng.random() < _NEW_TISSUE_SHARE else 0.0
    upper_share = float(rng.uniform(0.2, 1.0))
    if rng.random() < _BOWLS_SHARE:
        remaining = 1 - rng.uniform(0.0, 0.15) * rng.uniform(0.0, 1.0, 3)
        return Fracture(remaining, upper_share, _random_bowls(rng), filled)
    return Fracture(random_remaining(rng), upper_share, (), filled)


def _random_bowls(rng: np.random.Generator) -> tuple[Bowl, ...]:
    """A bowl of one endplate or of both, from shallow ones to such that touch."""
    depth, upper = rng.uniform(0.08, 0.9), rng.uniform(0.3, 0.7)
    depths = {"superior": (depth, 0.0), "inferior": (0.0, depth), "both": (depth * upper, depth * (1 - upper))}
    chosen = depths[str(rng.choice(list(depths), p=[0.45, 0.2, 0.35]))]
    place = str(rng.choice(["central", "anterior", "posterior"], p=[0.6, 0.2, 0.2]))
    centre = {"central": 0.5, "anterior": 0.36, "posterior": 0.64}[place]
    bowls = []
    for superior, share in zip((True, False), chosen, strict=True):
        middle = centre + rng.uniform(-0.06, 0.06)
        half_width = min(rng.uniform(0.26, 0.5), middle - _RIM_SHARE, 1 - _RIM_SHARE - middle)
        if share > 0:
            bowls.append(Bowl(superior, share, middle, half_width, rng.uniform(2.0, 5.0)))
    return tuple(bowls)


def simulate_fractures(
    keypoints_mm: Points,
    places: Iterable[int],
    rng: np.random.Generator,
    draw: Callable[[np.random.Generator], Fracture] = pressed_fracture,
) -> list[Warp]:
    """Simulate fractures of some bodies at random, one after the other: of those that are whole and have room.

    :param keypoints_mm: all bodies (n, 6, 2), cranial to caudal; points that are not known are not numbers.
    :param places: which of them.
    :param rng: draws the fractures.
    :param draw: of which kind.
    :return: one warp a fracture, in their order.
    """
    warps: list[Warp] = []
    for place in places:
        if (heights_mm(keypoints_mm[place]) > 0).all() and far_enough(keypoints_mm, place):
            warps.append(fracture_warp(keypoints_mm, place, draw(rng)))
            keypoints_mm = warps[-1].to_new(keypoints_mm)
    return warps


def random_remaining(rng: np.random.Generator) -> NDArray[np.float64]:
    """How much is left of a wedge, biconcave, crush or swollen body.

    :param rng: draws it.
    :return: share of the anterior, middle and posterior height (3,).
    """
    severity = rng.uniform(0.05, 0.55)
    shape = rng.choice(["wedge", "biconcave", "crush", "posterior", "swollen"], p=[0.4, 0.3, 0.15, 0.05, 0.1])
    loss = {
        "wedge": (1.0, rng.uniform(0.4, 0.8), rng.uniform(0.0, 0.2)),
        "biconcave": (rng.uniform(0.0, 0.3), 1.0, rng.uniform(0.0, 0.2)),
        "crush": (rng.uniform(0.8, 1.0), 1.0, rng.uniform(0.6, 1.0)),
        "posterior": (rng.uniform(0.0, 0.2), 0.5, 1.0),
        "swollen": (-0.15, -0.15, -0.1),
    }[str(shape)]
    return 1 - severity * np.array(loss)


def far_enough(keypoints_mm: Points, index: int) -> bool:
    """Whether a fracture of a body can be simulated without folding: endplates must not touch the neighbours'.

    A neighbour may be the sacrum, of which only the superior endplate is known.

    :param keypoints_mm: all bodies (n, 6, 2), cranial to caudal.
    :param index: which of them.
    """
    centres = np.nanmean(keypoints_mm, 1)[:, 1]
    return bool(np.diff(centres[max(0, index - 1) : index + 2]).min(initial=100.0) > 8.0)


def _endplate(points: Points) -> Callable[[Points], Points]:
    """Height y over x through three points, level beyond them."""
    order = np.argsort(points[:, 0])
    x, y = points[order, 0], points[order, 1]
    first, second = PchipInterpolator(x, y).c.T

    def curve(at: Points) -> Points:
        inside = np.clip(at, x[0], x[2])
        return np.where(inside < x[1], np.polyval(first, inside - x[0]), np.polyval(second, inside - x[1]))

    return curve


def _between(y: Points, source: list[Points], target: list[Points]) -> Points:
    """Piecewise linear map of y that takes each source knot to its target and is the identity outside them."""
    result: Points = y + 0.0
    for a, b, c, d in zip(source, source[1:], target, target[1:], strict=False):
        length = np.maximum(b - a, 1e-6)
        result += np.clip(y - a, 0.0, length) * ((d - c) / length - 1)
    return result
