"""Whether six points are those of a vertebral body: shape, size beside the neighbours and the norm, score, uncertainty.

A body that is not reliable is shown and measured, but neither graded nor counted in a conclusion.
"""

from collections.abc import Sequence
from functools import lru_cache
from statistics import median

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..keypoints import (
    ANTERIOR_INFERIOR,
    ANTERIOR_SUPERIOR,
    INFERIOR,
    POSTERIOR_INFERIOR,
    POSTERIOR_SUPERIOR,
    SUPERIOR,
    depths_mm,
)
from .genant import heights_mm, wedge_angle_deg
from .norms import HEIGHT_NORMS

LEAST_SCORE = 0.75
"""Detection score below which a body is not reliable. Chosen: all bodies detected in the six CTs of ct/val score above
0.99, C1 and S1 where they were taken for bodies 0.62 and 0.53."""

ASPECTS = (0.6, 3.5)
ENDPLATE_RATIOS = (0.6, 1.67)
LARGEST_ANGLE_DEG = 40.0
HEIGHTS_BY_NEIGHBOURS, DEPTHS_BY_NEIGHBOURS = (0.35, 1.6), (0.65, 1.5)
"""Mean depth over greatest height, depth of the superior over that of the inferior endplate, angle between the
endplates, and greatest height and mean depth over the medians of the neighbours. Chosen: of 3607 annotated bodies
(Zakharov 2023), fractured ones included, two lie outside, and none of the 193 of ct/train and ct/val; the largest angle
among them is 36 degrees, and a body crushed to 40 % is within all of them."""

HEIGHTS_BY_NORM = (0.35, 1.7)
"""Greatest height over that of the norm. Chosen: children's bodies and crushed ones of adults are within it."""

LARGEST_UNCERTAINTY = 0.15
"""Standard deviation of a height over the greatest height of the body. Chosen: 15 % of loss then cannot be told from
none."""

_REACH = 3
"""How many vertebrae up and down count as neighbours, as for height loss (core/heights/height_loss)."""


def unreliable_reasons(
    keypoints: ArrayLike, levels: Sequence[str | None], scores: ArrayLike, sd_mm: ArrayLike
) -> list[str | None]:
    """Why bodies are not reliable.

    :param keypoints: (n, 6, d) in mm, cranial to caudal, any space that keeps distances.
    :param levels: level of each, or None.
    :param scores: (n,) score of each detection; 1 for one that a user placed.
    :param sd_mm: (n, 3) standard deviation of the heights.
    :return: one reason each; None where a body is reliable.
    """
    points = np.asarray(keypoints, dtype=np.float64)
    heights, depths = heights_mm(points), depths_mm(points).mean(-1)
    greatest, deviations = heights.max(-1), np.asarray(sd_mm, dtype=np.float64).max(-1)
    reasons: list[str | None] = []
    for i in range(len(points)):
        reason = _shape_reason(points[i].tobytes(), points.shape[-1]) or _size_reason(i, greatest, depths, levels[i])
        if reason is None and np.asarray(scores)[i] < LEAST_SCORE:
            reason = "low detection score"
        if reason is None and deviations[i] > LARGEST_UNCERTAINTY * greatest[i]:
            reason = "uncertain landmarks"
        reasons.append(None if reason is None else f"not reliable: {reason}")
    return reasons


@lru_cache(maxsize=256)
def _shape_reason(points_bytes: bytes, dimensions: int) -> str | None:
    """What of the shape (6, d) no vertebral body has; kept, because a drag changes one vertebra at a time."""
    points = np.frombuffer(points_bytes).reshape(-1, dimensions)
    superior, inferior = depths_mm(points)
    aspect = (superior + inferior) / 2 / max(float(heights_mm(points).max()), 1e-6)
    if not _are_in_order(points):
        return "landmarks out of order"
    if not _within(aspect, ASPECTS) or not _within(superior / max(inferior, 1e-6), ENDPLATE_RATIOS):
        return "proportions implausible for a vertebra"
    if abs(float(wedge_angle_deg(points))) > LARGEST_ANGLE_DEG:
        return "implausible angle between the endplates"
    return None


def _are_in_order(points: NDArray[np.float64]) -> bool:
    """Whether the superior points lie above the inferior ones, and each endplate runs from front to back."""
    backward = points[[POSTERIOR_SUPERIOR, POSTERIOR_INFERIOR]].mean(0) - points[
        [ANTERIOR_SUPERIOR, ANTERIOR_INFERIOR]
    ].mean(0)
    upward = points[list(SUPERIOR)].mean(0) - points[list(INFERIOR)].mean(0)
    upward = upward - backward * (upward @ backward) / max(backward @ backward, 1e-9)
    is_upright = all(
        (points[top] - points[bottom]) @ upward > 0 for top, bottom in zip(SUPERIOR, INFERIOR, strict=True)
    )
    along = [points[list(plate)] @ backward for plate in (SUPERIOR, INFERIOR)]
    return is_upright and all((np.diff(plate) > 0).all() for plate in along)


def _size_reason(
    index: int, greatest: NDArray[np.float64], depths: NDArray[np.float64], level: str | None
) -> str | None:
    """What of the size does not go with the neighbours or the norm."""
    others = [j for j in range(max(0, index - _REACH), min(len(greatest), index + _REACH + 1)) if j != index]
    if len(others) > 1:
        height = greatest[index] / median(greatest[others].tolist())
        depth = depths[index] / median(depths[others].tolist())
        if not _within(height, HEIGHTS_BY_NEIGHBOURS) or not _within(depth, DEPTHS_BY_NEIGHBOURS):
            return "size inconsistent with adjacent vertebrae"
    norm = HEIGHT_NORMS.get(level or "")
    if norm is not None and not _within(greatest[index] / max(norm.mean_mm), HEIGHTS_BY_NORM):
        return "size inconsistent with the level"
    return None


def _within(value: float, limits: tuple[float, float]) -> bool:
    return bool(limits[0] <= value <= limits[1])
