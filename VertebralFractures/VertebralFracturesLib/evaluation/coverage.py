"""Whether stated uncertainties hold as many errors as they should, and know where the large errors are."""

import numpy as np
from numpy.typing import NDArray

from ..core.heights.uncertainty import height_ratio_sd, heights_sd_mm
from ..ct.detection import UNCERTAINTY_COVERAGE
from .results import Pool

LARGE_ERROR_MM = 2.0
"""Above it the error of a height is large, a tenth of a thoracic height (T8: 20 mm, core/heights/norms)."""

NORMAL_95 = 1.96
"""Standard deviations that hold 95 % of normal errors."""

LARGEST_SHARE = 0.1
"""The share of the heights, those that are said to be least certain, among which large errors are looked for."""


def keypoint_coverage(pool: Pool, times: float) -> float:
    """Share of the keypoints whose error in the sagittal plane is at most this multiple of their uncertainty."""
    return _share((pool.sagittal_errors_mm <= times * pool.uncertainty_mm)[_is_known(pool)])


def uncertainty_factor(pool: Pool) -> float:
    """Multiple of the uncertainty that would hold 68 % of the keypoints (split conformal, Vovk 2005)."""
    known = _is_known(pool)
    with np.errstate(divide="ignore"):  # the uncertainty of a single reading is 0 mm
        ratios = pool.sagittal_errors_mm[known] / pool.uncertainty_mm[known]
    return float(np.quantile(ratios, UNCERTAINTY_COVERAGE)) if known.any() else np.nan


def height_coverage(pool: Pool, times: float) -> float:
    """Share of the heights whose absolute error is at most this multiple of their standard deviation."""
    errors_mm, sd_mm = _known_heights(pool)
    return _share(errors_mm <= times * sd_mm)


def index_coverage(pool: Pool, times: float) -> float:
    """Share of the indices G whose absolute error is at most this multiple of their standard deviation."""
    known = _is_known(pool).all(1)
    sd = height_ratio_sd(pool.found_heights_mm[known], heights_sd_mm(pool.uncertainty_mm[known]))
    return _share(np.abs(pool.index_errors[known]) <= times * sd)


def large_errors_foreseen(pool: Pool) -> float:
    """Share of the large height errors that are among the heights with the largest standard deviations."""
    errors_mm, sd_mm = _known_heights(pool)
    least_certain = np.argsort(-sd_mm, kind="stable")[: round(LARGEST_SHARE * len(sd_mm))]
    is_large = errors_mm > LARGE_ERROR_MM
    return float(is_large[least_certain].sum() / is_large.sum()) if is_large.any() else float("nan")


def _is_known(pool: Pool) -> NDArray[np.bool_]:
    """Where (n, 6) an uncertainty was reported."""
    return ~np.isnan(pool.uncertainty_mm)


def _known_heights(pool: Pool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Absolute errors (n,) of the heights whose points have an uncertainty, and their standard deviations (n,)."""
    sd_mm = heights_sd_mm(pool.uncertainty_mm)
    known = ~np.isnan(sd_mm)
    return np.abs(pool.height_errors_mm)[known], sd_mm[known]


def _share(holds: NDArray[np.bool_]) -> float:
    return float(holds.mean()) if holds.size else float("nan")
