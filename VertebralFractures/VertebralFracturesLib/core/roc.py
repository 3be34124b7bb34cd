"""How well a score tells positives from negatives."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata


def area_under_curve(truth: NDArray[np.bool_], score: NDArray[np.float64]) -> float:
    """Area under the ROC curve: how often a positive scores higher than a negative, ties counting half.

    (R - P (P + 1) / 2) / (P N) with R the sum of the mid-ranks of the P positives among P + N (Mann and Whitney 1947;
    Hanley and McNeil 1982). Not a number where a class is empty.

    :param truth: (n,) which are positive.
    :param score: (n,) the higher, the more suspicious.
    """
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if not positives or not negatives:
        return float("nan")
    return float((rankdata(score)[truth].sum() - positives * (positives + 1) / 2) / (positives * negatives))
