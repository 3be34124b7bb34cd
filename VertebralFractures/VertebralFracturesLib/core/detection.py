"""What a detector says of one vertebra in a straightened slice, and how rival answers are settled."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .boxes import keypoint_boxes, suppress_overlaps

MAX_OVERLAP = 0.3
MIN_DISTANCE_MM = 8.0


@dataclass(frozen=True, eq=False)
class Detection:
    """One vertebral body in a straightened slice.

    :param keypoints_mm: (6, 2) as (x, y): x posterior and y caudal from the first pixel's centre.
    :param score: objectness in 0..1.
    :param uncertainty_mm: (6,) expected error of each point.
    """

    keypoints_mm: NDArray[np.float64]
    score: float
    uncertainty_mm: NDArray[np.float64]


def settle(detections: Sequence[Detection]) -> list[Detection]:
    """Keep the best of every group of rivals, cranial to caudal.

    Rivals overlap by more than :data:`MAX_OVERLAP`, or lie closer than :data:`MIN_DISTANCE_MM` along the spine, which no
    two bodies do.
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
    return sorted(kept, key=_height)


def _height(detection: Detection) -> float:
    return float(detection.keypoints_mm[:, 1].mean())
