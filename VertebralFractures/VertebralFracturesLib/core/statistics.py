"""Statistics of two sets of measurements: limits of agreement, weighted kappa of grades, area under the ROC curve.

Those of published names are as scikit-learn has them, which tests compare with; it is not needed to run this.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

LIMITS_SD = 1.96
"""How many standard deviations of the differences the limits of agreement lie from the bias."""


@dataclass(frozen=True)
class Agreement:
    """Bland and Altman 1986: the differences d = measured - reference.

    :param bias: mean of d.
    :param half_width: 1.96 times the standard deviation of d (n - 1); NaN for a single pair.
    """

    bias: float
    half_width: float

    @property
    def limits(self) -> tuple[float, float]:
        """Between these about 95 % of the differences lie."""
        return self.bias - self.half_width, self.bias + self.half_width


def bland_altman(measured: ArrayLike, reference: ArrayLike) -> Agreement:
    """The limits of agreement of paired measurements (n,); NaN where there are none."""
    differences = np.asarray(measured, dtype=np.float64) - np.asarray(reference, dtype=np.float64)
    if differences.size == 0:
        return Agreement(float("nan"), float("nan"))
    spread = differences.std(ddof=1) if differences.size > 1 else float("nan")
    return Agreement(float(differences.mean()), LIMITS_SD * float(spread))


def confusion(reference: NDArray[np.int_], measured: NDArray[np.int_], classes: int) -> NDArray[np.int_]:
    """How often (classes, classes) each class of the reference (rows) was measured as each class (columns)."""
    table = np.zeros((classes, classes), dtype=np.int_)
    np.add.at(table, (reference, measured), 1)
    return table


def weighted_kappa(table: ArrayLike, power: int = 1) -> float:
    """Weighted kappa (Cohen 1968): 1 - sum w_ij o_ij / sum w_ij e_ij, w_ij = |i - j| ** power, e from the margins.

    :param table: (classes, classes) counts, see :func:`confusion`.
    :param power: 1 for linear weights, 2 for quadratic ones.
    :return: 1 for full agreement, 0 for that of chance; NaN where the reference has but one class.
    """
    observed = np.asarray(table, dtype=np.float64)
    if (observed.sum(1) > 0).sum() < 2:
        return float("nan")
    weight = np.abs(np.subtract.outer(np.arange(len(observed)), np.arange(len(observed)))) ** power
    expected = np.outer(observed.sum(1), observed.sum(0)) / observed.sum()
    return float(1 - (weight * observed).sum() / (weight * expected).sum())


def area_under_curve(truth: NDArray[np.bool_], score: NDArray[np.float64]) -> float:
    """Area under the ROC curve: how often a positive scores higher than a negative, ties counting half.

    (R - P (P + 1) / 2) / (P N) with R the sum of the mid-ranks of the P positives among P + N (Mann and Whitney 1947;
    Hanley and McNeil 1982). NaN where a class is empty.

    :param truth: (n,) which are positive.
    :param score: (n,) the higher, the more suspicious.
    """
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if not positives or not negatives:
        return float("nan")
    return float((rankdata(score)[truth].sum() - positives * (positives + 1) / 2) / (positives * negatives))
