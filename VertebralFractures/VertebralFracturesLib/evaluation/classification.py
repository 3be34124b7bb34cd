"""Fractured or not, of vertebrae and of patients: ROC curve, sensitivity and specificity (Pisov 2020, table 2)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.statistics import area_under_curve
from .results import NOT_FLAGGED, Pool

VERTEBRA_CUTOFFS = (0.80, 0.75, 0.74, 0.60)
"""Cut-offs of G for vertebrae: mild, moderate (Genant 25 % and Pisov 2020) and severe."""

PATIENT_CUTOFFS = (0.80, 0.74)
"""Cut-offs of the least G for patients: at least mild and at least moderate (Pisov 2020)."""


@dataclass(frozen=True)
class Task:
    """One question of yes or no.

    :param unit: "vertebra" or "patient"; a patient counts by the least G of its vertebrae.
    :param cutoff: positive is who has G at or below it by the reference, and flagged is who is measured so.
    """

    unit: str
    cutoff: float

    @property
    def key(self) -> str:
        """Ending of the names of its measures in files."""
        return f"{'patient_' if self.unit == 'patient' else ''}{round(100 * self.cutoff)}"

    @property
    def title(self) -> str:
        """Name for readers."""
        return f"{self.unit}, G <= {self.cutoff:.2f}"


TASKS = (
    *(Task("vertebra", cutoff) for cutoff in VERTEBRA_CUTOFFS),
    *(Task("patient", cutoff) for cutoff in PATIENT_CUTOFFS),
)


@dataclass(frozen=True, eq=False)
class Answers:
    """The answers to a task.

    :param is_positive: (n,) by the reference.
    :param index: (n,) G as measured; the lower, the more suspicious.
    :param cutoff: of the task.
    """

    is_positive: NDArray[np.bool_]
    index: NDArray[np.float64]
    cutoff: float

    @property
    def positives(self) -> int:
        """How many are positive by the reference."""
        return int(self.is_positive.sum())

    @property
    def negatives(self) -> int:
        """How many are negative by the reference."""
        return len(self.is_positive) - self.positives


def answers(pool: Pool, task: Task) -> Answers:
    """What was answered to a task.

    A positive of which nothing was found counts as negative. A negative of which nothing was found is left out:
    silence is no right answer.
    """
    if task.unit == "patient":
        truth = np.array([case.least_index for case in pool.cases])
        found = np.array([case.found_least_index for case in pool.cases])
        answered = np.array([bool(case.matched or case.false_finds) for case in pool.cases])
    else:
        truth = np.r_[pool.indices, pool.missed_indices]
        found = np.r_[pool.found_indices, np.full(len(pool.missed_indices), NOT_FLAGGED)]
        answered = np.arange(len(truth)) < len(pool.indices)
    is_positive = truth <= task.cutoff
    kept = answered | is_positive
    return Answers(is_positive[kept], found[kept], task.cutoff)


def sensitivity(given: Answers) -> float:
    """TP / (TP + FN): flagged share of the positives; NaN without positives."""
    return float((given.index[given.is_positive] <= given.cutoff).mean()) if given.positives else float("nan")


def specificity(given: Answers) -> float:
    """TN / (TN + FP): share of the negatives that are not flagged; NaN without negatives."""
    return float((given.index[~given.is_positive] > given.cutoff).mean()) if given.negatives else float("nan")


STATED_SPECIFICITY = 0.97
"""Specificity at which sensitivities are compared whatever the cut-off. Chosen; Pisov 2020 has 0.98 at G <= 0.74."""


def sensitivity_at_stated_specificity(given: Answers) -> float:
    """Greatest sensitivity of the cut-offs with at least :data:`STATED_SPECIFICITY`; NaN where a class is empty."""
    if not given.positives or not given.negatives:
        return float("nan")
    false_alarms, hits = roc_curve(given.is_positive, -given.index)
    return float(hits[1 - false_alarms >= STATED_SPECIFICITY].max())


def area_under_roc(given: Answers) -> float:
    """Area under the ROC curve with 1 - G as the score, see :func:`~.statistics.area_under_curve`."""
    return area_under_curve(given.is_positive, -given.index)


def roc_curve(truth: NDArray[np.bool_], score: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """1 - specificity and sensitivity (k,) each at every threshold, from (0, 0) to (1, 1); equal scores are one step.

    :raises ValueError: a class is empty.
    """
    if truth.all() or not truth.any():
        raise ValueError("a ROC curve needs positives and negatives")
    order = np.argsort(-score, kind="stable")
    ends = np.r_[np.flatnonzero(np.diff(score[order])), len(score) - 1]
    hits, alarms = np.cumsum(truth[order])[ends], np.cumsum(~truth[order])[ends]
    return np.r_[0.0, alarms / alarms[-1]], np.r_[0.0, hits / hits[-1]]
