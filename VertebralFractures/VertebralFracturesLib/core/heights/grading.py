"""The grade of a vertebra: what its height loss means at its level, beside its neighbours, and how sure that is.

The one place for the rule. Under a plain preset the grade follows from the height ratio G alone (Genant 1993 in the
figures of Pisov 2020). Under a level-aware preset

1. each height is also divided by what is normal at the level and brought to the shape of a typical body
   (:func:`level_adjusted_heights`); only a loss that G and this level-adjusted ratio both show is graded, with the
   cut-offs of G, so that a lordotic L5, which is lower behind, or a physiologically wedged T7 is no fracture for that;
2. a loss of 20 to 25 % counts as grade 1 only where the height lies more than three standard deviations below the norm
   of its level (Eastell 1991, McCloskey 1993) or the body is lower than its neighbours; otherwise it is a mild height
   reduction that is probably physiological (Jiang 2004: reduced height without a depressed endplate is no fracture);
3. a body that is low all over is graded by its loss against its neighbours with Genant's 20, 25 and 40 %, which a ratio
   of its own heights cannot show.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..levels import LEVEL_NAMES
from .genant import GRADE_NAMES, Preset, genant_index, grade
from .height_loss import DEFORMITY_Z, NeighbourLoss
from .norms import TYPICAL_SHAPE, normal_shape, ratio_deviations
from .uncertainty import height_ratio_sd, probability_at_or_below

GRADED_LEVELS = LEVEL_NAMES[LEVEL_NAMES.index("T1") :]
"""The levels whose bodies are graded; no norm and no published rule covers the others."""

NEIGHBOUR_CUTOFFS = (0.20, 0.25, 0.40)
"""Height loss against the neighbours from which grades 1 to 3 begin (Genant 1993)."""

NEIGHBOURS_NEEDED = 2
"""How many intact neighbours a grade by neighbours takes. Chosen; one alone may be the abnormal one."""

NOTICEABLE_NEIGHBOUR_LOSS = 0.15
"""Loss against the neighbours that supports a mild loss of the body's own. It occurs in 0.3 % of 1049 bodies with
G > 0.8 (mean over readers, annotation of Zakharov 2023), and in 66 % of the 97 with G <= 0.75."""

NEIGHBOUR_LOSS_SD = 0.035
"""Standard deviation of the loss against the neighbours among those normal bodies."""

BORDERLINE_PROBABILITY = 1 / 3
"""Probability of another grade from which a grade is borderline. Chosen: twice as likely to hold as not."""

CERVICAL, TRANSITIONAL = "cervical level, not graded", "transitional level, not graded"

_COVERAGE_95 = 1.959964
"""Standard deviations on either side of the mean that hold 95 % of a normal distribution."""


@dataclass(frozen=True)
class Grading:
    """The grade of one vertebra.

    :param grade: 0 to 3; None where the body is measured but not graded.
    :param height_loss: fraction of height lost that the grade is about: 1 minus the height ratio that is graded, or the
        loss against the neighbours where that gives the higher grade. It includes the normal concavity of the
        endplates, about 0.15.
    :param interval: 95 % interval of the height loss.
    :param other_grade_probability: probability that the grade is another one, by the uncertainty of the keypoints.
    :param is_physiological: a loss of 20 to 25 % within the norm of the level and without loss against the neighbours.
    :param is_by_neighbours: the grade rests on the loss against the neighbours.
    :param not_graded: why there is no grade; None where there is one.
    """

    grade: int | None
    height_loss: float
    interval: tuple[float, float]
    other_grade_probability: float = 0.0
    is_physiological: bool = False
    is_by_neighbours: bool = False
    not_graded: str | None = None

    @property
    def is_borderline(self) -> bool:
        """Whether another grade is at least :data:`BORDERLINE_PROBABILITY` likely."""
        return self.other_grade_probability >= BORDERLINE_PROBABILITY

    @property
    def name(self) -> str:
        """The grade in words; why there is none where there is none."""
        if self.grade is None:
            return self.not_graded or "not graded"
        return "mild height reduction, probably physiological" if self.is_physiological else GRADE_NAMES[self.grade]


def level_adjusted_heights(heights: ArrayLike, level: str | None) -> NDArray[np.float64]:
    """Heights as they were if the level had the typical shape.

    :param heights: (3,) anterior, middle and posterior, any unit.
    :param level: house name of the level, or None for one that is unknown.
    :return: (3,) in the same unit; (0.93, 0.86, 1) times a factor for a body of the level's normal shape.
    """
    return np.asarray(heights, dtype=np.float64) / normal_shape(level) * TYPICAL_SHAPE


def not_graded_reason(level: str | None) -> str | None:
    """Why vertebrae of a level are measured and not graded; None where they are graded, unknown levels included."""
    if level is None or level in GRADED_LEVELS:
        return None
    return CERVICAL if level.startswith("C") else TRANSITIONAL


def own_grade(heights: ArrayLike, level: str | None, preset: Preset) -> int:
    """Grade 0 to 3 of the height ratio that a preset grades, without norms and neighbours."""
    return int(grade(genant_index(_graded_heights(heights, level, preset)), preset))


def grade_vertebra(
    heights: Sequence[float],
    sd_mm: Sequence[float],
    level: str | None,
    by_neighbours: NeighbourLoss | None,
    preset: Preset,
    unreliable: str | None = None,
) -> Grading:
    """Grade one vertebra.

    :param heights: (3,) anterior, middle and posterior in mm.
    :param sd_mm: (3,) standard deviation of each.
    :param level: house name of the level, or None.
    :param by_neighbours: its loss against the neighbours; None without any.
    :param preset: the rule and its cut-offs.
    :param unreliable: why its points are not to be relied on; None where they are.
    """
    graded = _graded_heights(heights, level, preset)
    ratio = float(genant_index(graded))
    ratio_sd = float(height_ratio_sd(graded, np.asarray(sd_mm) * graded / np.asarray(heights)))
    reason = unreliable or not_graded_reason(level)
    if reason is not None:
        return Grading(None, 1 - ratio, _interval(1 - ratio, ratio_sd), not_graded=reason)
    neighbours = _counting(by_neighbours, preset)
    own = _own_probabilities(ratio, ratio_sd, _cutoffs(graded, heights, level, neighbours, preset))
    beside = _neighbour_probabilities(neighbours, heights, sd_mm)
    own_value, beside_value = int(own.measured), int(beside.measured)
    value = max(own_value, beside_value)
    is_by_neighbours = beside_value > own_value
    loss = neighbours.greatest if is_by_neighbours and neighbours else 1 - ratio
    loss_sd = beside.sd if is_by_neighbours else ratio_sd
    together = np.diff(np.cumsum(own.grades) * np.cumsum(beside.grades), prepend=0.0)
    return Grading(
        value,
        loss,
        _interval(loss, loss_sd),
        float(np.clip(1 - together[value], 0.0, 1.0)),
        is_physiological=value == 0 and ratio <= preset.mild,
        is_by_neighbours=is_by_neighbours,
    )


@dataclass(frozen=True, eq=False)
class _GradeProbabilities:
    """The grade by one criterion as measured, and the probability (4,) of each grade given the uncertainty."""

    measured: int
    grades: NDArray[np.float64]
    sd: float


def _graded_heights(heights: ArrayLike, level: str | None, preset: Preset) -> NDArray[np.float64]:
    """The heights (3,) whose ratio is graded: as measured, or level-adjusted where these show less loss."""
    measured = np.asarray(heights, dtype=np.float64)
    adjusted = level_adjusted_heights(measured, level)
    is_adjusted = preset.is_level_aware and genant_index(adjusted) > genant_index(measured)
    return adjusted if is_adjusted else measured


def _interval(loss: float, sd: float) -> tuple[float, float]:
    return max(0.0, loss - _COVERAGE_95 * sd), min(1.0, loss + _COVERAGE_95 * sd)


def _counting(by_neighbours: NeighbourLoss | None, preset: Preset) -> NeighbourLoss | None:
    """The loss against the neighbours where it may count for the grade."""
    if not preset.is_level_aware or by_neighbours is None or len(by_neighbours.references) < NEIGHBOURS_NEEDED:
        return None
    return by_neighbours


def _cutoffs(
    graded: NDArray[np.float64],
    heights: Sequence[float],
    level: str | None,
    neighbours: NeighbourLoss | None,
    preset: Preset,
) -> NDArray[np.float64]:
    """Cut-offs (3,) of the graded ratio for this body: that of grade 1 is the norm's lower limit where it is lower."""
    cutoffs = np.asarray(preset.cutoffs)
    is_supported = neighbours is not None and neighbours.greatest >= NOTICEABLE_NEIGHBOUR_LOSS
    if not preset.is_level_aware or is_supported:
        return cutoffs
    relative = np.asarray(heights, dtype=np.float64) / normal_shape(level)
    least = int(graded.argmin())
    deviation = relative[least] / max(relative[0], relative[2])
    limit = genant_index(graded) / deviation * (1 + DEFORMITY_Z * ratio_deviations(level)[least])
    return np.maximum.accumulate([max(min(cutoffs[0], float(limit)), cutoffs[1]), cutoffs[1], cutoffs[2]][::-1])[::-1]


def _own_probabilities(ratio: float, sd: float, cutoffs: NDArray[np.float64]) -> _GradeProbabilities:
    at_least = probability_at_or_below(ratio, sd, cutoffs)
    return _GradeProbabilities(int((ratio <= cutoffs).sum()), _by_grade(at_least), sd)


def _neighbour_probabilities(
    neighbours: NeighbourLoss | None, heights: Sequence[float], sd_mm: Sequence[float]
) -> _GradeProbabilities:
    if neighbours is None:
        return _GradeProbabilities(0, np.array([1.0, 0.0, 0.0, 0.0]), 0.0)
    worst = int(np.argmax(neighbours.losses))
    left = 1 - neighbours.losses[worst]
    sd = float(np.hypot(left * sd_mm[worst] / heights[worst], NEIGHBOUR_LOSS_SD))
    remaining = 1 - np.asarray(NEIGHBOUR_CUTOFFS)
    at_least = probability_at_or_below(left, sd, remaining)
    return _GradeProbabilities(int((left <= remaining).sum()), _by_grade(at_least), sd)


def _by_grade(at_least: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities (4,) of the grades from those (3,) of at least grade 1, 2 and 3."""
    return -np.diff(at_least, prepend=1.0, append=0.0)
