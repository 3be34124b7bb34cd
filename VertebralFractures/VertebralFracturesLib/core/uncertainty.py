"""From the uncertainty of keypoints to that of heights, height ratios and grades."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from .keypoints import INFERIOR, SUPERIOR

_ACROSS_SHARE = 0.6


def heights_sd_mm(uncertainty_mm: ArrayLike) -> NDArray[np.float64]:
    """Standard deviation (..., 3) of the heights from the uncertainty (..., 6) of the keypoints, in mm."""
    across = _ACROSS_SHARE * np.asarray(uncertainty_mm, dtype=np.float64)
    return np.hypot(across[..., list(SUPERIOR)], across[..., list(INFERIOR)])


def height_ratio_sd(heights_mm: ArrayLike, sd_mm: ArrayLike) -> NDArray[np.float64]:
    """Standard deviation (...) of the least over the greatest of heights (..., 3) by the delta method."""
    heights, sd = np.asarray(heights_mm, dtype=np.float64), np.asarray(sd_mm, dtype=np.float64)
    least, greatest = heights.argmin(-1)[..., None], heights.argmax(-1)[..., None]
    low, high = (np.take_along_axis(heights, one, -1)[..., 0] for one in (least, greatest))
    low_sd, high_sd = (np.take_along_axis(sd, one, -1)[..., 0] for one in (least, greatest))
    return low / high * np.hypot(low_sd / low, high_sd / high)


def probability_at_or_below(value: ArrayLike, sd: ArrayLike, cutoff: ArrayLike) -> NDArray[np.float64]:
    """Probability that a true value is at or below a cut-off, given the measured one and its standard deviation."""
    distance, sd = np.subtract(cutoff, value), np.asarray(sd, dtype=np.float64)
    scaled = np.divide(distance, sd, out=np.where(distance >= 0, np.inf, -np.inf), where=sd > 0)
    return np.asarray(ndtr(scaled))
