"""The anchor detector's geometry (Pisov 2020, section 4.2): anchors, their encoding, and the way back."""

import numpy as np
from numpy.typing import NDArray

from .detection import Detection, intersection_over_union, keypoint_boxes, suppress_overlaps

SCALES_MM = (17.0, 23.0, 28.0, 35.0)
ASPECT_RATIOS = (0.8, 1.1, 1.3, 2.0)
POSITIVE_OVERLAP = 0.5
"""Anchors, and the overlap from which one answers for a body: Pisov 2020, section 4.2."""

_VOTING_OVERLAP = 0.6
"""Overlap from which candidates vote together. Pisov 2020 gives none; chosen: a third more or less moves keypoints by
less than 0.01 mm (experiments.md, 2026-12-01)."""

_MAX_CANDIDATES = 4000
"""Keeps the time in bounds that all pairs take. Chosen; a third more or less moves keypoints by up to 0.4 mm, and with
a third less one body of 32 goes (experiments.md, 2026-12-01)."""


def anchor_sizes_mm() -> NDArray[np.float64]:
    """Width and height (16, 2) of the anchors: a scale is the square root of the area, a ratio is width to height."""
    scales, ratios = np.meshgrid(SCALES_MM, ASPECT_RATIOS, indexing="ij")
    return np.stack([scales * np.sqrt(ratios), scales / np.sqrt(ratios)], -1).reshape(-1, 2)


def anchor_boxes(centres_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Boxes (..., 16, 4) of all anchors at centres (..., 2)."""
    half = anchor_sizes_mm() / 2
    centres = centres_mm[..., None, :]
    return np.concatenate([centres - half, centres + half], -1)


def decode(encoded: NDArray, centres_mm: NDArray, sizes_mm: NDArray) -> NDArray:
    """Keypoints (..., 6, 2) that are given relative to anchors at centres (..., 2), in units of their sizes (..., 2).

    The inverse of Pisov 2020, eq. 2.
    """
    return encoded * sizes_mm[..., None, :] + centres_mm[..., None, :]


def anchor_targets(
    keypoints_mm: NDArray[np.floating], shape: tuple[int, int], pixel_mm: float
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Objectness and the body each anchor answers for.

    :param keypoints_mm: (n, 6, 2).
    :param shape: rows and columns of the image.
    :param pixel_mm: side of a pixel.
    :return: objectness (16, rows, columns), 1 where the overlap exceeds one half; index of the body
        (16, rows, columns), -1 where there is none.
    """
    objectness = np.zeros((len(anchor_sizes_mm()), *shape), dtype=np.float32)
    best = np.full(objectness.shape, POSITIVE_OVERLAP)
    bodies = np.full(objectness.shape, -1, dtype=np.int64)
    for index, box in enumerate(keypoint_boxes(keypoints_mm)):
        rows, columns = _window(box, shape, pixel_mm)
        centres = np.stack(np.meshgrid(columns * pixel_mm, rows * pixel_mm), -1)
        overlap = np.moveaxis(intersection_over_union(anchor_boxes(centres), box), -1, 0)
        window = np.ix_(np.arange(len(best)), rows, columns)
        better = overlap > best[window]
        best[window] = np.where(better, overlap, best[window])
        bodies[window] = np.where(better, index, bodies[window])
    objectness[bodies >= 0] = 1.0
    return objectness, bodies


def decode_anchors(
    objectness: NDArray[np.float32], encoded: NDArray[np.float32], pixel_mm: float, threshold: float
) -> list[Detection]:
    """Detections from the anchor head, each a vote of the anchors that agree with its best one.

    The spread of the votes is the uncertainty: this head learns no scale.

    :param objectness: probabilities (16, rows, columns).
    :param encoded: (16, 12, rows, columns), the six encoded points as x, y pairs.
    :param pixel_mm: side of a pixel.
    :param threshold: least probability of a candidate.
    """
    anchors, rows, columns = np.nonzero(objectness > threshold)
    scores = objectness[anchors, rows, columns].astype(np.float64)
    order = np.argsort(-scores, kind="stable")[:_MAX_CANDIDATES]
    anchors, rows, columns, scores = anchors[order], rows[order], columns[order], scores[order]
    centres = np.column_stack([columns, rows]) * pixel_mm
    points = decode(encoded[anchors, :, rows, columns].reshape(-1, 6, 2), centres, anchor_sizes_mm()[anchors])
    boxes = keypoint_boxes(points)
    return [_vote(points, scores, intersection_over_union(boxes[i], boxes) > _VOTING_OVERLAP, scores[i])
            for i in suppress_overlaps(boxes, scores, 1 - _VOTING_OVERLAP)]  # fmt: skip


def _vote(points: NDArray, scores: NDArray, agreeing: NDArray[np.bool_], score: float) -> Detection:
    weights = scores[agreeing] / scores[agreeing].sum()
    mean = np.einsum("n,nij->ij", weights, points[agreeing])
    spread = np.sqrt(np.einsum("n,ni->i", weights, ((points[agreeing] - mean) ** 2).sum(-1)))
    return Detection(mean, float(score), spread)


def _window(box: NDArray, shape: tuple[int, int], pixel_mm: float) -> tuple[NDArray, NDArray]:
    """Rows and columns inside a box: an anchor centred elsewhere cannot overlap it by more than one half."""
    first = np.ceil(box[:2] / pixel_mm).astype(int)
    last = np.floor(box[2:] / pixel_mm).astype(int)
    columns = np.arange(max(first[0], 0), min(last[0] + 1, shape[1]))
    rows = np.arange(max(first[1], 0), min(last[1] + 1, shape[0]))
    return rows, columns
