"""The anchor-free detector's geometry: centre regions and offsets.

Zakharov 2023 publishes no details; this is our design in the spirit of FCOS and CenterNet. A pixel inside the inner
part of a body votes for all six points (long offsets); pixels around a point correct it (short offsets).
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .detection import Detection

OFFSET_UNIT_MM = 30.0
SHORT_UNIT_MM = 5.0
"""What 1 means in the long and the short offsets of the network. Chosen, about their range; the weights have learned in
these units, and others would need other weights."""

SHORT_RADIUS_MM = 5.0
"""How far from a point short offsets are learned. Chosen; the weights have learned them so far."""

INNER_PART, OUTER_PART = 0.5, 0.85
"""Shares of a body, about its centre, within which a pixel is its centre region, and beyond which it is background.
Chosen; the weights have learned them."""

_CORNERS = (0, 4, 5, 1)
"""The keypoints at the corners, around the body."""

_SMOOTHING_MM = 1.5
_VOTING_MM = 5.0
"""How far probabilities are smoothed, and from how far votes are counted. Chosen; a third more or less moves keypoints
by less than 0.01 mm (experiments.md, 2026-12-01)."""

_REFINEMENTS = 2
"""Rounds of correction by short offsets: three instead of two move keypoints by 0.01 mm at most, one by 0.14 mm
(experiments.md, 2026-12-01); six measure no better (2026-11-21)."""


def region_targets(
    keypoints_mm: NDArray[np.floating], shape: tuple[int, int], pixel_mm: float
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Which body the centre region at each pixel belongs to, and which pixels are undecided.

    :param keypoints_mm: (n, 6, 2).
    :param shape: rows and columns of the image.
    :param pixel_mm: side of a pixel.
    :return: index of the body (rows, columns), -1 outside of centre regions; mask (rows, columns) of the seam between a
        centre region and the background, where either answer is right.
    """
    bodies = np.full(shape, -1, dtype=np.int64)
    seam = np.zeros(shape, dtype=bool)
    for index, points in enumerate(keypoints_mm):
        corners = points[list(_CORNERS)]
        first = np.clip(np.floor(corners.min(0) / pixel_mm).astype(int), 0, shape[::-1])
        last = np.clip(np.ceil(corners.max(0) / pixel_mm).astype(int) + 1, 0, shape[::-1])
        window = (slice(first[1], last[1]), slice(first[0], last[0]))
        grid = np.stack(np.meshgrid(np.arange(first[0], last[0]), np.arange(first[1], last[1])), -1) * pixel_mm
        seam[window] |= _inside(grid, corners, OUTER_PART)
        bodies[window][_inside(grid, corners, INNER_PART)] = index
    return bodies, seam & (bodies < 0)


def _inside(grid: NDArray[np.float64], corners: NDArray[np.float64], part: float) -> NDArray[np.bool_]:
    """Pixels of a grid (rows, columns, 2) inside the quadrilateral of corners (4, 2), shrunk about its centre."""
    shrunk = corners.mean(0) + part * (corners - corners.mean(0))
    edges = np.roll(shrunk, -1, 0) - shrunk
    relative = grid[..., None, :] - shrunk
    side = edges[:, 0] * relative[..., 1] - edges[:, 1] * relative[..., 0]
    return (side >= 0).all(-1) | (side <= 0).all(-1)


def decode_regions(
    probability: NDArray[np.float32],
    offsets_mm: NDArray[np.float32],
    short_offsets_mm: NDArray[np.float32],
    scale_mm: NDArray[np.float32],
    pixel_mm: float,
    threshold: float,
) -> list[Detection]:
    """Detections from the anchor-free head.

    Around each maximum of the smoothed probability the votes are averaged, weighted by probability: the mean varies
    less than any one pixel. Each point then follows the short offsets at its place.

    :param probability: of a centre region, (rows, columns).
    :param offsets_mm: (6, 2, rows, columns) from a pixel to the points, x and y.
    :param short_offsets_mm: (6, 2, rows, columns) from a pixel near a point to that point.
    :param scale_mm: expected error of each point, (6, rows, columns).
    :param pixel_mm: side of a pixel.
    :param threshold: least smoothed probability of a maximum.
    """
    smooth = ndimage.gaussian_filter(probability, _SMOOTHING_MM / pixel_mm)
    window = 2 * round(_VOTING_MM / pixel_mm) + 1
    peaks = np.argwhere((smooth == ndimage.maximum_filter(smooth, window)) & (smooth > threshold))
    radius = round(_VOTING_MM / pixel_mm)
    detections = []
    for row, column in peaks:
        rows = np.arange(max(row - radius, 0), min(row + radius + 1, probability.shape[0]))
        columns = np.arange(max(column - radius, 0), min(column + radius + 1, probability.shape[1]))
        part = np.ix_(rows, columns)
        weights = probability[part] * (probability[part] > threshold / 2)
        weights = weights / max(float(weights.sum()), 1e-9)
        pixels_mm = np.stack(np.meshgrid(columns, rows)) * pixel_mm
        votes = pixels_mm + offsets_mm[:, :, rows[:, None], columns]
        points = np.einsum("rc,krc->k", weights, votes.reshape(12, *weights.shape)).reshape(6, 2)
        points = _refine(points, short_offsets_mm, pixel_mm)
        scale = np.einsum("rc,krc->k", weights, scale_mm[:, rows[:, None], columns])
        detections.append(Detection(points, float(smooth[row, column]), scale))
    return detections


def _refine(
    points_mm: NDArray[np.float64], short_offsets_mm: NDArray[np.float32], pixel_mm: float
) -> NDArray[np.float64]:
    """Move points (6, 2) by the short offsets found around them."""
    ring = np.array([(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)], dtype=np.float64)
    upper = (np.array(short_offsets_mm.shape[:1:-1]) - 1) * pixel_mm
    for _ in range(_REFINEMENTS):
        around = np.clip(points_mm[:, None] + ring, 0, upper)
        moved = np.empty_like(points_mm)
        for index in range(6):
            places = around[index].T[::-1] / pixel_mm
            offsets = [ndimage.map_coordinates(short_offsets_mm[index, axis], places, order=1) for axis in (0, 1)]
            moved[index] = (around[index] + np.stack(offsets, -1)).mean(0)
        points_mm = moved
    return points_mm
