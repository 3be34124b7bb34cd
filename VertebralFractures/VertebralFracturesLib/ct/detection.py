"""The vertebral bodies that a detector gives in straightened slices: how rival detections of one body are settled, how
those of several slices are fused, and the overlap of boxes that both go by."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

OBJECTNESS_THRESHOLD = 0.35
"""Least objectness of a detection in a slice. Chosen; a third more or less changes no whole body, with either head
(experiments.md, 2026-12-01)."""

MAX_OVERLAP = 0.3
MIN_DISTANCE_MM = 8.0
"""From which overlap of their boxes, and below which distance along the spine, two detections are of one body. Chosen;
bodies do not overlap, and T1 is 15 to 17 mm high (core/heights/norms). A third more or less changes nothing
(experiments.md, 2026-12-01)."""

MOST_BODIES = 25
"""C1 to L5 with one vertebra more."""

UNCERTAINTY_COVERAGE = 0.68
"""Share of the keypoints that lie within their uncertainty in the sagittal plane, as within one standard deviation."""

SAME_BODY_OVERLAP = 0.5
"""From which overlap of their boxes detections in neighbouring slices are of one body. Chosen; a third more or less
changes nothing (experiments.md, 2026-12-01)."""


@dataclass(frozen=True, eq=False)
class Detection:
    """One vertebral body in a straightened slice.

    :param keypoints_mm: (6, 2) as (x, y): x posterior and y caudal from the first pixel's centre.
    :param score: objectness in 0..1.
    :param uncertainty_mm: (6,) radius around each point: what the network expects or, once :mod:`.point_uncertainty`
        has put it together, that within which the true one lies in :data:`UNCERTAINTY_COVERAGE` of all points.
    """

    keypoints_mm: NDArray[np.float64]
    score: float
    uncertainty_mm: NDArray[np.float64]


def settle(detections: Sequence[Detection]) -> list[Detection]:
    """Keep the best of every group of rivals, at most :data:`MOST_BODIES`, cranial to caudal.

    Rivals overlap by more than :data:`MAX_OVERLAP`, or lie closer than :data:`MIN_DISTANCE_MM` along the spine, which
    no two bodies do.
    """
    if not detections:
        return []
    boxes = keypoint_boxes(np.stack([detection.keypoints_mm for detection in detections]))
    scores = np.array([detection.score for detection in detections])
    kept: list[Detection] = []
    for index in suppress_overlaps(boxes, scores, MAX_OVERLAP):
        candidate = detections[index]
        if all(abs(_height(candidate) - _height(other)) >= MIN_DISTANCE_MM for other in kept):
            kept.append(candidate)
    return sorted(kept[:MOST_BODIES], key=_height)


def fuse(views: Sequence[Sequence[Detection]]) -> list[Detection]:
    """Average the results of several views of the same spine for each body.

    :param views: detections of each view in common coordinates.
    :return: one detection a body, cranial to caudal; its score counts the views that miss it as zeros, its points are
        means over the views that see it, weighted by score, and so is its uncertainty.
    """
    detections = [detection for view in views for detection in settle(view)]
    if not detections:
        return []
    boxes = keypoint_boxes(np.stack([detection.keypoints_mm for detection in detections]))
    fused = []
    for index in suppress_overlaps(boxes, np.array([detection.score for detection in detections]), MAX_OVERLAP):
        overlap = intersection_over_union(boxes[index], boxes)
        rivals = [detections[i] for i in np.flatnonzero(overlap > SAME_BODY_OVERLAP)]
        fused.append(_mean(rivals, len(views)))
    return settle(fused)


def _mean(detections: Sequence[Detection], views: int) -> Detection:
    scores = np.array([detection.score for detection in detections])
    weights = scores / scores.sum()
    keypoints = np.einsum("n,nij->ij", weights, np.stack([detection.keypoints_mm for detection in detections]))
    uncertainty = weights @ np.stack([detection.uncertainty_mm for detection in detections])
    return Detection(keypoints, float(min(1.0, scores.sum() / views)), uncertainty)


def _height(detection: Detection) -> float:
    return float(detection.keypoints_mm[:, 1].mean())


def keypoint_boxes(keypoints: NDArray) -> NDArray:
    """Smallest boxes (..., 4) as (left, top, right, bottom) around keypoints (..., 6, 2) given as (x, y)."""
    return np.concatenate([keypoints.min(-2), keypoints.max(-2)], -1)


def intersection_over_union(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Overlap (...) of boxes (..., 4) and (..., 4), which broadcast; 0 for disjoint boxes and 1 for equal ones."""
    corner = np.minimum(first[..., 2:], second[..., 2:]) - np.maximum(first[..., :2], second[..., :2])
    intersection = np.clip(corner, 0, None).prod(-1)
    union = _area(first) + _area(second) - intersection
    return intersection / np.maximum(union, 1e-12)


def _area(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.clip(boxes[..., 2:] - boxes[..., :2], 0, None).prod(-1)


def suppress_overlaps(boxes: NDArray[np.float64], scores: NDArray[np.float64], overlap: float) -> list[int]:
    """Non-maximum suppression: indices of the boxes to keep, best first.

    :param boxes: (n, 4) as (left, top, right, bottom).
    :param scores: (n,).
    :param overlap: a box that overlaps a better one by more than this goes.
    """
    keep: list[int] = []
    order = np.argsort(-scores, kind="stable")
    while len(order):
        best, others = order[0], order[1:]
        keep.append(int(best))
        order = others[intersection_over_union(boxes[best], boxes[others]) <= overlap]
    return keep
