"""Degeneration drawn into a straightened slice: rim spurs, bridges, and discs as bright as bone or with gas.

All of it lies outside the annotated bodies, whose points are those of the rim without spurs and bridges; what is drawn
changes the image only.
"""

from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
from matplotlib.path import Path as Polygon
from numpy.typing import NDArray
from scipy import ndimage

from ...core.keypoints import INFERIOR, SUPERIOR

_SPURRED_SHARES, _SPURRED_CHANCES = (0.0, 0.2, 0.6), (0.5, 0.3, 0.2)
_BRIDGED_SHARES, _BRIDGED_CHANCES = (0.0, 0.15, 0.7), (0.75, 0.15, 0.1)
_BRIGHT_SHARES, _BRIGHT_CHANCES = (0.0, 0.3, 0.8), (0.7, 0.2, 0.1)
_GAS_SHARE = 0.03
"""Shares of corners with spurs, of disc spaces with bridges, with bright discs and with gas, and the chances of each
share in a slice. Chosen by eye: rare in half of the patients and common in some."""

_SPUR_MM, _BRIDGE_MM = (1.5, 6.0), (0.8, 2.5)
_POSTERIOR_SPUR = 0.7
"""Length of spurs, half the thickness of bridges, and how long posterior spurs are compared with anterior ones. Chosen:
spurs of a sagittal CT are 2 to 6 mm long, posterior ones shorter."""

_SPUR_HU, _BRIDGE_HU = (250.0, 900.0), (200.0, 900.0)
_BRIGHT_DISC = (0.6, 1.15)
_GAS_HU = (-900.0, -200.0)
"""Hounsfield units of spurs, bridges and gas, and those of bright discs as a share of those of the bodies. Chosen by
eye."""

_CORTEX_MM = 1.0
"""What of an endplate's outside stays as it is below a bright disc. Chosen: a pixel of the network."""

_CORNERS = (((0, 4), 1.0), ((1, 5), 1.0), ((4, 0), _POSTERIOR_SPUR), ((5, 1), _POSTERIOR_SPUR))
_OUTLINE = (0, 2, 4, 5, 3, 1)


@dataclass(frozen=True, eq=False)
class _Canvas:
    """An image that is drawn on around some bodies, which stay as they are.

    :param image: Hounsfield units (rows, columns), changed in place.
    :param pixel_mm: side of a pixel.
    :param bodies_mm: (n, 6, 2) that nothing is drawn onto.
    """

    image: NDArray[np.float32]
    pixel_mm: float
    bodies_mm: NDArray[np.float64]

    def window(self, points_mm: NDArray[np.float64], margin_mm: float) -> tuple[tuple[slice, slice], NDArray]:
        """Part of the image around points (n, 2), and its pixels (rows, columns, 2) in mm."""
        first = np.floor((points_mm.min(0) - margin_mm) / self.pixel_mm).astype(int)
        last = np.ceil((points_mm.max(0) + margin_mm) / self.pixel_mm).astype(int) + 1
        first, last = (np.clip(end, 0, self.image.shape[::-1]) for end in (first, last))
        grid = np.stack(np.meshgrid(np.arange(first[0], last[0]), np.arange(first[1], last[1])), -1)
        return (slice(first[1], last[1]), slice(first[0], last[0])), grid * self.pixel_mm

    def outside_bodies(self, grid_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which points (rows, columns, 2) lie in no body."""
        outside: NDArray[np.bool_] = np.ones(grid_mm.shape[:2], bool)
        for body in self.bodies_mm:
            if len(grid_mm) and grid_mm.size:
                outside &= ~Polygon(body[list(_OUTLINE)]).contains_points(grid_mm.reshape(-1, 2)).reshape(outside.shape)
        return outside

    def stroke(self, line_mm: NDArray[np.float64], radii_mm: NDArray[np.float64], hu: float) -> None:
        """A line (n, 2) of changing half thickness (n,), brighter than what is there."""
        part, grid = self.window(line_mm, float(radii_mm.max()) + 2.0)
        if not grid.size:
            return
        depth = np.max(
            [radius - np.linalg.norm(grid - at, axis=-1) for at, radius in zip(line_mm, radii_mm, strict=True)], 0
        )
        share = np.clip(depth / self.pixel_mm + 0.5, 0.0, 1.0) * self.outside_bodies(grid)
        below = self.image[part]
        self.image[part] = np.maximum(below, below + share * (hu - below))


def with_degeneration(
    image: NDArray[np.float32], pixel_mm: float, keypoints_mm: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float32]:
    """An image with spurs, bridges, bright discs and gas beside some of its bodies.

    :param image: Hounsfield units (rows, columns); not changed.
    :param pixel_mm: side of a pixel.
    :param keypoints_mm: (n, 6, 2) of neighbouring bodies, cranial to caudal.
    :param rng: draws what, where and how.
    :return: the new image.
    """
    canvas = _Canvas(image.copy(), pixel_mm, keypoints_mm)
    spurred, bridged, bright = (
        rng.choice(shares, p=chances)
        for shares, chances in ((_SPURRED_SHARES, _SPURRED_CHANCES), (_BRIDGED_SHARES, _BRIDGED_CHANCES),
                                (_BRIGHT_SHARES, _BRIGHT_CHANCES))
    )  # fmt: skip
    for upper, lower in pairwise(keypoints_mm):
        if not _are_neighbours(upper, lower):
            continue
        for chance, draw in ((bright, _draw_bright_disc), (_GAS_SHARE, _draw_gas), (bridged, _draw_bridge)):
            if rng.random() < chance:
                draw(canvas, upper, lower, rng)
    for body in keypoints_mm:
        for (corner, other), size in _CORNERS:
            if rng.random() < spurred:
                _draw_spur(canvas, body, body[corner], body[other], size, rng)
    return canvas.image


def _are_neighbours(upper: NDArray[np.float64], lower: NDArray[np.float64]) -> bool:
    """Whether two bodies follow one another, with no unmarked one between them."""
    gap_mm = float(lower[list(SUPERIOR), 1].mean() - upper[list(INFERIOR), 1].mean())
    return gap_mm < 0.8 * float(np.ptp(upper[:, 1]))


def _draw_spur(
    canvas: _Canvas,
    body: NDArray[np.float64],
    corner: NDArray[np.float64],
    other: NDArray[np.float64],
    size: float,
    rng: np.random.Generator,
) -> None:
    """A spur that leaves a corner away from the body and turns towards the disc."""
    outward = (corner - other) / np.linalg.norm(corner - other)
    to_disc = np.array([0.0, np.sign(corner[1] - body[:, 1].mean())])
    angle, length_mm = np.radians(rng.uniform(-5.0, 60.0)), size * rng.uniform(*_SPUR_MM)
    along = np.linspace(0.0, 1.0, 8)[:, None]
    turn = angle * along
    steps = np.cos(turn) * outward + np.sin(turn) * to_disc
    start = corner - 0.8 * to_disc * rng.uniform(0.5, 2.0)
    line = start + length_mm / len(along) * np.cumsum(steps, 0)
    radii = np.linspace(rng.uniform(0.9, 1.8), rng.uniform(0.4, 0.9), len(along))
    canvas.stroke(line, radii, rng.uniform(*_SPUR_HU))


def _draw_bridge(
    canvas: _Canvas, upper: NDArray[np.float64], lower: NDArray[np.float64], rng: np.random.Generator
) -> None:
    """A band in front of a disc from one body to the next, as flowing ossification makes it."""
    ends = np.array([upper[0] + 0.6 * (upper[1] - upper[0]), lower[0] + 0.4 * (lower[1] - lower[0])])
    forward = -(upper[5] - upper[1]) / np.linalg.norm(upper[5] - upper[1])
    radius_mm = rng.uniform(*_BRIDGE_MM)
    along = np.linspace(0.0, 1.0, 24)[:, None]
    bulge = radius_mm + rng.uniform(0.0, 4.0) * np.sin(np.pi * along)
    corners = np.array([ends[0], upper[1], lower[0], ends[1]])
    line = ndimage.map_coordinates(corners, [along * 3 + np.zeros((1, 2)), np.tile([[0, 1]], (len(along), 1))], order=1)
    radii = radius_mm * (1 + 0.3 * np.sin(2 * np.pi * (along[:, 0] + rng.random())))
    canvas.stroke(line + bulge * forward, radii, rng.uniform(*_BRIDGE_HU))


def _draw_bright_disc(
    canvas: _Canvas, upper: NDArray[np.float64], lower: NDArray[np.float64], rng: np.random.Generator
) -> None:
    """A calcified or degenerated disc: what lies between the endplates is at least about as bright as the bodies."""
    part, grid, share = _disc(canvas, upper, lower, _CORTEX_MM)
    if not grid.size:
        return
    bone_hu = _bone_hu(canvas, upper, lower)
    texture = ndimage.gaussian_filter(rng.normal(0, 1, share.shape), rng.uniform(0.5, 1.5))
    level = bone_hu * rng.uniform(*_BRIGHT_DISC) + texture / texture.std() * rng.uniform(5.0, 50.0)
    below = canvas.image[part]
    canvas.image[part] = np.maximum(below, below + share * rng.uniform(0.5, 1.0) * (level - below))


def _draw_gas(
    canvas: _Canvas, upper: NDArray[np.float64], lower: NDArray[np.float64], rng: np.random.Generator
) -> None:
    """A dark cleft in the middle of a disc."""
    gap_mm = float(lower[list(SUPERIOR), 1].mean() - upper[list(INFERIOR), 1].mean())
    part, grid, share = _disc(canvas, upper, lower, max(_CORTEX_MM, gap_mm / 2 - rng.uniform(0.4, 1.2)))
    if grid.size:
        below = canvas.image[part]
        canvas.image[part] = below + share * rng.uniform(0.5, 1.0) * (rng.uniform(*_GAS_HU) - below)


def _disc(
    canvas: _Canvas, upper: NDArray[np.float64], lower: NDArray[np.float64], away_mm: float
) -> tuple[tuple[slice, slice], NDArray, NDArray]:
    """Part of the image, its pixels, and how much of each is disc farther from the endplates than so much."""
    part, grid = canvas.window(np.concatenate([upper[list(INFERIOR)], lower[list(SUPERIOR)]]), 2.0)
    curves = []
    for points in (upper[list(INFERIOR)], lower[list(SUPERIOR)]):
        order = np.argsort(points[:, 0])
        curves.append(partial(np.interp, xp=points[order, 0], fp=points[order, 1]))
    x, y = grid[..., 0], grid[..., 1]
    left = max(upper[1, 0], lower[0, 0])
    right = min(upper[5, 0], lower[4, 0])
    inside = np.minimum(np.minimum(y - curves[0](x), curves[1](x) - y) - away_mm, np.minimum(x - left, right - x))
    return part, grid, np.clip(inside / canvas.pixel_mm, 0.0, 1.0) * canvas.outside_bodies(grid)


def _bone_hu(canvas: _Canvas, *bodies: NDArray[np.float64]) -> float:
    """Median between the endplates in the middle of some bodies."""
    values = []
    for body in bodies:
        line = body[2] + np.linspace(0.2, 0.8, 9)[:, None] * (body[3] - body[2])
        aside = np.array([[-4.0, 0.0], [0.0, 0.0], [4.0, 0.0]])
        places = (line[:, None] + aside).reshape(-1, 2).T[::-1] / canvas.pixel_mm
        values.append(ndimage.map_coordinates(canvas.image, places, order=1, mode="nearest"))
    return float(np.median(values))
