"""Measures of error, pooled over cases, with intervals from resampling whole cases."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from ..core.genant import PRESETS, genant_index, grade

PISOV_CUTOFF = PRESETS["pisov"].moderate
"""At or below this index G, Pisov 2020 reports the localisation of fractured vertebrae apart (table 1)."""

CUTOFFS = (0.80, 0.75, 0.74, 0.60)
"""Cut-offs of G at which sensitivity and specificity are given where the reference has both classes."""


@dataclass(frozen=True, eq=False)
class MatchedVertebra:
    """A reference vertebra that was found.

    :param level: its level by the reference.
    :param found_level: the level it was given, or None.
    :param centre_error_mm: distance of the body centres.
    :param keypoint_errors_mm: (6,) distances of the keypoints.
    :param heights_mm: (3,) anterior, middle and posterior height by the reference.
    :param found_heights_mm: (3,) the heights measured.
    """

    level: str
    found_level: str | None
    centre_error_mm: float
    keypoint_errors_mm: NDArray[np.float64]
    heights_mm: NDArray[np.float64]
    found_heights_mm: NDArray[np.float64]

    @property
    def index(self) -> float:
        """G by the reference."""
        return float(genant_index(self.heights_mm))

    @property
    def found_index(self) -> float:
        """G as measured."""
        return float(genant_index(self.found_heights_mm))

    @property
    def height_error_mm(self) -> float:
        """The greatest absolute error of the three heights."""
        return float(np.abs(self.found_heights_mm - self.heights_mm).max())


@dataclass(frozen=True, eq=False)
class MissedVertebra:
    """A reference vertebra that was not found: its level and its index G by the reference."""

    level: str
    index: float


@dataclass(frozen=True, eq=False)
class CaseResult:
    """What came of one case.

    :param name: name of the case.
    :param matched: the reference vertebrae that were found.
    :param missed: those that were not.
    :param false_finds: number of finds in the marked range that are no reference vertebra.
    :param outside_finds: number of finds beyond the marked range.
    :param seconds: duration of the analysis.
    :param failure: why there is no result at all, or None.
    """

    name: str
    matched: tuple[MatchedVertebra, ...]
    missed: tuple[MissedVertebra, ...]
    false_finds: int
    outside_finds: int
    seconds: float
    failure: str | None = None


class Pool:
    """The vertebrae of several cases as arrays.

    :param cases: the cases; the same one may come several times.
    """

    def __init__(self, cases: Sequence[CaseResult]) -> None:
        self.cases = cases
        self.matched = [vertebra for case in cases for vertebra in case.matched]
        self.missed = [vertebra for case in cases for vertebra in case.missed]
        self.false_finds = sum(case.false_finds for case in cases)

    @cached_property
    def centre_errors_mm(self) -> NDArray[np.float64]:
        """(n,) distances of the body centres."""
        return np.array([v.centre_error_mm for v in self.matched])

    @cached_property
    def keypoint_errors_mm(self) -> NDArray[np.float64]:
        """(6 n,) distances of the keypoints."""
        return np.array([v.keypoint_errors_mm for v in self.matched]).ravel()

    @cached_property
    def heights_mm(self) -> NDArray[np.float64]:
        """(n, 3) heights by the reference."""
        return np.array([v.heights_mm for v in self.matched]).reshape(-1, 3)

    @cached_property
    def height_errors_mm(self) -> NDArray[np.float64]:
        """(n, 3) measured minus reference height."""
        return np.array([v.found_heights_mm for v in self.matched]).reshape(-1, 3) - self.heights_mm

    @cached_property
    def indices(self) -> NDArray[np.float64]:
        """(n,) G by the reference."""
        return np.array([v.index for v in self.matched])

    @cached_property
    def found_indices(self) -> NDArray[np.float64]:
        """(n,) G as measured."""
        return np.array([v.found_index for v in self.matched])

    @cached_property
    def missed_indices(self) -> NDArray[np.float64]:
        """(m,) G by the reference of the vertebrae that were missed."""
        return np.array([v.index for v in self.missed])

    @cached_property
    def patient_indices(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Least G by the reference and as measured, (cases,) each; 1 where nothing was found."""
        truth = [min([v.index for v in c.matched] + [v.index for v in c.missed]) for c in self.cases]
        found = [min((v.found_index for v in case.matched), default=1.0) for case in self.cases]
        return np.array(truth), np.array(found)


def recall(pool: Pool) -> float:
    """Found share of the reference vertebrae."""
    return _share(len(pool.matched), len(pool.matched) + len(pool.missed))


def precision(pool: Pool) -> float:
    """Share of the finds in the marked range that are reference vertebrae."""
    return _share(len(pool.matched), len(pool.matched) + pool.false_finds)


def severe_recall(pool: Pool) -> float:
    """Found share of the reference vertebrae with G at or below :data:`PISOV_CUTOFF`."""
    found = int((pool.indices <= PISOV_CUTOFF).sum())
    return _share(found, found + int((pool.missed_indices <= PISOV_CUTOFF).sum()))


def level_correctness(pool: Pool) -> float:
    """Share of the found vertebrae that were given the level of the reference."""
    return _share(sum(v.level == v.found_level for v in pool.matched), len(pool.matched))


def sensitivity(pool: Pool, cutoff: float) -> float:
    """Share of the reference vertebrae with G at or below the cut-off that were measured so; a missed one was not."""
    positive = pool.indices <= cutoff
    flagged = int((pool.found_indices[positive] <= cutoff).sum())
    return _share(flagged, int(positive.sum()) + int((pool.missed_indices <= cutoff).sum()))


def specificity(pool: Pool, cutoff: float) -> float:
    """Share of the found reference vertebrae with G above the cut-off that were measured so."""
    negative = pool.indices > cutoff
    return _share(int((pool.found_indices[negative] > cutoff).sum()), int(negative.sum()))


def area_under_curve(truth: NDArray[np.bool_], score: NDArray[np.float64]) -> float:
    """Area under the ROC curve: how often a positive scores higher than a negative, ties counting half."""
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if not positives or not negatives:
        return float("nan")
    return float((rankdata(score)[truth].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def grade_kappa(pool: Pool) -> float:
    """Linearly weighted kappa of the four Genant grades; not a number where the reference has but one grade."""
    truth, found = (grade(values, PRESETS["genant"]) for values in (pool.indices, pool.found_indices))
    if len(np.unique(truth)) < 2:
        return float("nan")
    table = np.zeros((4, 4))
    np.add.at(table, (truth, found), 1)
    weight = np.abs(np.subtract.outer(np.arange(4), np.arange(4)))
    expected = np.outer(table.sum(1), table.sum(0)) / table.sum()
    return float(1 - (weight * table).sum() / (weight * expected).sum())


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def _over(values: Callable[[Pool], NDArray[np.float64]], by: Callable[..., np.floating]) -> Callable[[Pool], float]:
    """A statistic of an array of the pool; not a number where the array is empty."""

    def statistic(pool: Pool) -> float:
        array = values(pool)
        return float(by(array)) if array.size else float("nan")

    return statistic


def _percentile_95(values: NDArray[np.float64]) -> np.floating:
    return np.percentile(values, 95)


def _severe_centre_errors(pool: Pool) -> NDArray[np.float64]:
    return pool.centre_errors_mm[pool.indices <= PISOV_CUTOFF] if pool.matched else np.zeros(0)


def _absolute_height_errors(pool: Pool) -> NDArray[np.float64]:
    return np.abs(pool.height_errors_mm)


def _relative_height_errors(pool: Pool) -> NDArray[np.float64]:
    return 100 * np.abs(pool.height_errors_mm) / pool.heights_mm


def _index_errors(pool: Pool) -> NDArray[np.float64]:
    return pool.found_indices - pool.indices


def _patient_index_errors(pool: Pool) -> NDArray[np.float64]:
    truth, found = pool.patient_indices
    return np.abs(found - truth)


@dataclass(frozen=True)
class Metric:
    """One measure of error.

    :param name: key in files.
    :param title: name for readers.
    :param unit: unit, "1" for ratios.
    :param decimals: decimals that mean something.
    :param of: computes it; not a number where it is undefined.
    """

    name: str
    title: str
    unit: str
    decimals: int
    of: Callable[[Pool], float]


def _at_cutoff(cutoff: float) -> tuple[Metric, Metric, Metric]:
    mark, text = f"{round(100 * cutoff)}", f"G <= {cutoff:.2f}"

    def area(pool: Pool) -> float:
        return area_under_curve(pool.indices <= cutoff, -pool.found_indices)

    return (
        Metric(f"sensitivity_{mark}", f"sensitivity, {text}", "1", 3, lambda pool: sensitivity(pool, cutoff)),
        Metric(f"specificity_{mark}", f"specificity, {text}", "1", 3, lambda pool: specificity(pool, cutoff)),
        Metric(f"area_under_curve_{mark}", f"ROC area, {text}", "1", 3, area),
    )


METRICS = (
    Metric("recall", "recall", "1", 3, recall),
    Metric("precision", "precision", "1", 3, precision),
    Metric("centre_error_mm", "centre error, mean", "mm", 2, _over(lambda p: p.centre_errors_mm, np.mean)),
    Metric("centre_error_sd_mm", "centre error, SD", "mm", 2, _over(lambda p: p.centre_errors_mm, np.std)),
    Metric("centre_error_median_mm", "centre error, median", "mm", 2, _over(lambda p: p.centre_errors_mm, np.median)),
    Metric("centre_error_p95_mm", "centre error, p95", "mm", 2, _over(lambda p: p.centre_errors_mm, _percentile_95)),
    Metric("severe_recall", "recall, G <= 0.74", "1", 3, severe_recall),
    Metric("severe_centre_error_mm", "centre error, G <= 0.74, mean", "mm", 2, _over(_severe_centre_errors, np.mean)),
    Metric("severe_centre_error_sd_mm", "centre error, G <= 0.74, SD", "mm", 2, _over(_severe_centre_errors, np.std)),
    Metric("keypoint_error_mm", "keypoint error, mean", "mm", 2, _over(lambda p: p.keypoint_errors_mm, np.mean)),
    Metric(
        "keypoint_error_median_mm", "keypoint error, median", "mm", 2, _over(lambda p: p.keypoint_errors_mm, np.median)
    ),
    Metric(
        "keypoint_error_p95_mm", "keypoint error, p95", "mm", 2, _over(lambda p: p.keypoint_errors_mm, _percentile_95)
    ),
    Metric("height_error_mm", "height error, mean absolute", "mm", 2, _over(_absolute_height_errors, np.mean)),
    Metric(
        "height_error_p95_mm", "height error, absolute, p95", "mm", 2, _over(_absolute_height_errors, _percentile_95)
    ),
    Metric("height_error_percent", "height error, mean absolute", "%", 1, _over(_relative_height_errors, np.mean)),
    Metric(
        "height_bias_mm", "height bias, measured - reference", "mm", 2, _over(lambda p: p.height_errors_mm, np.mean)
    ),
    Metric("index_error", "|dG|, mean", "1", 3, _over(lambda p: np.abs(_index_errors(p)), np.mean)),
    Metric("index_error_p95", "|dG|, p95", "1", 3, _over(lambda p: np.abs(_index_errors(p)), _percentile_95)),
    Metric("index_bias", "G bias, measured - reference", "1", 3, _over(_index_errors, np.mean)),
    Metric("patient_index_error", "|d least G| of a patient, mean", "1", 3, _over(_patient_index_errors, np.mean)),
    Metric("grade_kappa", "grade kappa, linear weights", "1", 2, grade_kappa),
    Metric("level_correctness", "levels right", "1", 3, level_correctness),
    *(metric for cutoff in CUTOFFS for metric in _at_cutoff(cutoff)),
)
"""All measures, in the order of the tables."""


@dataclass(frozen=True)
class Estimate:
    """A measure with its 95 % interval; None where it is undefined."""

    value: float | None
    low: float | None
    high: float | None


def estimate(cases: Sequence[CaseResult], resamples: int = 1000, seed: int = 0) -> dict[str, Estimate]:
    """All measures over some cases.

    The intervals are percentiles over resampled cases (vertebrae of one patient err together); there are none for a
    single case.

    :param cases: at least one.
    :param resamples: how often the cases are drawn anew.
    :param seed: of the draws.
    """
    generator = np.random.default_rng(seed)
    draws = generator.integers(0, len(cases), (resamples if len(cases) > 1 else 0, len(cases)))
    pools = [Pool([cases[i] for i in draw]) for draw in draws]
    whole = Pool(cases)
    return {metric.name: _interval(metric.of(whole), [metric.of(pool) for pool in pools]) for metric in METRICS}


def _interval(value: float, resampled: list[float]) -> Estimate:
    defined = np.array(resampled)[~np.isnan(resampled)] if resampled else np.zeros(0)
    if np.isnan(value) or not defined.size:
        return Estimate(None if np.isnan(value) else value, None, None)
    low, high = np.percentile(defined, [2.5, 97.5])
    return Estimate(value, float(low), float(high))
