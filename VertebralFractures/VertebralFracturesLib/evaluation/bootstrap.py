"""How sure the measures are: resampled patients, and folds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from .metrics import METRICS
from .results import CaseResult, Pool

Case = TypeVar("Case")


@dataclass(frozen=True)
class Estimate:
    """A measure; None where it is undefined.

    :param value: over all cases.
    :param error: standard error, the standard deviation over resampled patients.
    :param low: lower end of the 95 % interval.
    :param high: its upper end.
    """

    value: float | None
    error: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class FoldSpread:
    """A measure over the folds of a cross-validation in which it is defined.

    :param mean: mean over these folds.
    :param sd: standard deviation over them (n - 1); None for a single one.
    :param folds: how many they are.
    """

    mean: float
    sd: float | None
    folds: int


def estimate(cases: Sequence[CaseResult], resamples: int = 1000, seed: int = 0) -> dict[str, Estimate]:
    """All measures over some cases, with bootstrap intervals (Efron 1979, percentile method).

    Whole patients are drawn, because vertebrae of one patient err together; results that share their name are one
    patient. There is no interval for a single patient.

    :param cases: at least one.
    :param resamples: how often the patients are drawn anew.
    :param seed: of the draws.
    """
    pools = [Pool(drawn) for drawn in resampled_patients(cases, lambda case: case.name, resamples, seed)]
    whole = Pool(cases)
    return {metric.name: estimated(metric.of(whole), [metric.of(pool) for pool in pools]) for metric in METRICS}


def resampled_patients(
    cases: Sequence[Case], patient_of: Callable[[Case], str], resamples: int, seed: int
) -> list[list[Case]]:
    """Draw whole patients anew, each time as many as there are.

    :param cases: at least one.
    :param patient_of: names the patient of a case.
    :param resamples: how often.
    :param seed: of the draws.
    :return: the cases of each draw; no draws of a single patient.
    """
    patients: dict[str, list[Case]] = {}
    for case in cases:
        patients.setdefault(patient_of(case), []).append(case)
    groups = list(patients.values())
    generator = np.random.default_rng(seed)
    draws = generator.integers(0, len(groups), (resamples if len(groups) > 1 else 0, len(groups)))
    return [[case for i in draw for case in groups[i]] for draw in draws]


def interval(resampled: ArrayLike) -> tuple[float, float] | None:
    """The 95 % interval of a measure over draws (percentile method); None where it is defined in none."""
    values = np.asarray(resampled, dtype=np.float64)
    defined = values[~np.isnan(values)]
    if not defined.size:
        return None
    low, high = np.percentile(defined, [2.5, 97.5])
    return float(low), float(high)


def estimated(value: float, resampled: ArrayLike) -> Estimate:
    """A measure with its bootstrap interval.

    :param value: over all cases; NaN where it is undefined.
    :param resampled: the same over each draw of patients.
    """
    draws = np.asarray(resampled, dtype=np.float64)
    defined = draws[~np.isnan(draws)]
    ends = interval(defined)
    if np.isnan(value) or defined.size < 2 or ends is None:
        return Estimate(None if np.isnan(value) else value, None, None, None)
    return Estimate(value, float(defined.std(ddof=1)), *ends)


def fold_spreads(folds: Sequence[Sequence[CaseResult]]) -> dict[str, FoldSpread]:
    """Mean and standard deviation over folds of the measures that are defined in one at least (Pisov 2020, table 2).

    :param folds: the cases of each fold.
    """
    pools = [Pool(fold) for fold in folds]
    spreads = {}
    for metric in METRICS:
        values = np.array([metric.of(pool) for pool in pools])
        values = values[~np.isnan(values)]
        if values.size:
            sd = float(values.std(ddof=1)) if values.size > 1 else None
            spreads[metric.name] = FoldSpread(float(values.mean()), sd, values.size)
    return spreads
