"""How sure the measures are: resampled patients, and folds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .metrics import METRICS
from .results import CaseResult, Pool


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
    patients: dict[str, list[CaseResult]] = {}
    for case in cases:
        patients.setdefault(case.name, []).append(case)
    groups = list(patients.values())
    generator = np.random.default_rng(seed)
    draws = generator.integers(0, len(groups), (resamples if len(groups) > 1 else 0, len(groups)))
    pools = [Pool([case for i in draw for case in groups[i]]) for draw in draws]
    whole = Pool(cases)
    return {metric.name: _estimate(metric.of(whole), [metric.of(pool) for pool in pools]) for metric in METRICS}


def _estimate(value: float, resampled: Sequence[float]) -> Estimate:
    defined = np.array([one for one in resampled if not np.isnan(one)])
    if np.isnan(value) or defined.size < 2:
        return Estimate(None if np.isnan(value) else value, None, None, None)
    low, high = np.percentile(defined, [2.5, 97.5])
    return Estimate(value, float(defined.std(ddof=1)), float(low), float(high))


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
