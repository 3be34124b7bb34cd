"""Axis-aligned boxes around keypoints: overlap and non-maximum suppression."""

import numpy as np
from numpy.typing import NDArray


def keypoint_boxes(keypoints: NDArray) -> NDArray:
    """Smallest boxes (..., 4) as (left, top, right, bottom) around keypoints (..., 6, 2) given as (x, y)."""
    return np.concatenate([keypoints.min(-2), keypoints.max(-2)], -1)


def intersection_over_union(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Overlap (...) of boxes (..., 4) and (..., 4), which broadcast; 0 for disjoint boxes and 1 for equal ones."""
    corner = np.minimum(first[..., 2:], second[..., 2:]) - np.maximum(first[..., :2], second[..., :2])
    intersection = np.clip(corner, 0, None).prod(-1)
    union = _area(first) + _area(second) - intersection
    return intersection / np.maximum(union, 1e-12)


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


def _area(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.clip(boxes[..., 2:] - boxes[..., :2], 0, None).prod(-1)
