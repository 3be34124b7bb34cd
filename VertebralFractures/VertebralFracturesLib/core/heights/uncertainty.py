"""What the uncertainty of the six points means for what is measured with them: heights, the index G, and a cut-off."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from ..keypoints import INFERIOR, SUPERIOR
from .genant import genant_index

ACROSS_SHARE = 0.65
"""Standard deviation of a point across its endplate, as a share of its uncertainty in the plane.

With errors that are the same in all directions it would be 0.66. With this share 68 % of the heights of six real CTs
(79 bodies) lie within one standard deviation and 92 % within two (experiments.md, 2026-12-01)."""


def _halton(base: int) -> NDArray[np.float64]:
    """Numbers (1024,) that fill 0..1 evenly: the digits of 1, 2, 3, ... in a base, mirrored at the point."""
    powers = float(base) ** np.arange(1, 12)
    return ((np.arange(1, 1025)[:, None] // (powers / base)) % base / powers).sum(-1)


_ERRORS = ndtri(np.column_stack([_halton(base) for base in (2, 3, 5)]))
"""Errors (1024, 3) of three heights in standard deviations: independent normal variables, drawn evenly instead of at
random (Halton 1960). With 1024 of them the standard deviation of G is within 2 % of that of 100 000 random errors (a
test)."""


def heights_sd_mm(uncertainty_mm: ArrayLike) -> NDArray[np.float64]:
    """Standard deviations of the three heights of a vertebral body.

    Each height joins two points, whose errors across the endplate add up as those of independent measurements do; an
    error along the endplate hardly changes a height.

    :param uncertainty_mm: (..., 6) of the points, each the radius in the sagittal plane that holds 68 % of such points.
    :return: (..., 3) of the anterior, middle and posterior height, in mm.
    """
    radius_mm = np.asarray(uncertainty_mm, dtype=np.float64)
    return ACROSS_SHARE * np.hypot(radius_mm[..., SUPERIOR], radius_mm[..., INFERIOR])


def height_ratio_sd(heights_mm: ArrayLike, sd_mm: ArrayLike) -> NDArray[np.float64]:
    """Standard deviation of the index G = min / max of three heights with independent normal errors.

    Simulated with a fixed set of errors. The delta method knows one least and one greatest height only: where all three
    are alike, so that any may be either, its result is half too large.

    :param heights_mm: (..., 3) anterior, middle and posterior.
    :param sd_mm: (..., 3) standard deviation of each; the shapes broadcast.
    :return: (...); not a number where all three heights are 0.
    """
    heights = np.asarray(heights_mm, dtype=np.float64)
    scattered_mm = heights[..., None, :] + np.asarray(sd_mm, dtype=np.float64)[..., None, :] * _ERRORS
    sd = genant_index(np.maximum(scattered_mm, 0.0)).std(-1)
    return np.where(np.isnan(genant_index(heights)), np.nan, sd)


def probability_at_or_below(value: ArrayLike, sd: ArrayLike, cutoff: ArrayLike) -> NDArray[np.float64]:
    """Probability that a true value lies at or below a cut-off.

    :param value: as measured, with a normal error.
    :param sd: standard deviation of that error; where it is 0, the measured value is the true one.
    :param cutoff: in the unit of the value; the shapes broadcast.
    :return: 0..1.
    """
    distance, spread = np.broadcast_arrays(np.subtract(cutoff, value, dtype=np.float64), np.asarray(sd, np.float64))
    certain = np.where(distance >= 0, np.inf, -np.inf)
    with np.errstate(over="ignore"):  # next to certain is certain
        return ndtr(np.divide(distance, spread, out=certain, where=spread > 0))
