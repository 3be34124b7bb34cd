"""How a vertebra deviates from its neighbours and from what is normal at its level: height loss, shape and z-scores."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .norms import (
    ANTERIOR_POSTERIOR_NORMS,
    HEIGHT_NORMS,
    MIDDLE_POSTERIOR_NORMS,
    RatioNorm,
    height_growth,
    normal_shape,
)

NEIGHBOUR_REACH = 3
"""How many vertebrae up or down a vertebra may be compared with.

Chosen. Of 193 annotated vertebrae (17 CTs of ct/train and ct/val) none changes its shape with 4 or 5, and one with 2.
"""

CRUSH_LOSS = 0.20
"""Loss of posterior height against the neighbours from which a body counts as crushed: Genant's limit of grade 1.

Of those 193 vertebrae none changes its shape at 0.18 and one at 0.22 to 0.26.
"""

DEFORMITY_Z = -3.0
"""A height ratio below this z-score is outside what is normal at its level (Eastell 1991, McCloskey 1993)."""

SHAPES = ("none", "wedge", "biconcave", "crush")
"""Shapes of a deformity: the anterior, the middle or the posterior height is the most reduced one."""


@dataclass(frozen=True)
class NeighbourLoss:
    """Height lost against the intact vertebrae above and below.

    :param losses: anterior, middle and posterior loss, as fractions; negative where the body is higher.
    :param references: indices of the vertebrae compared with, the nearest first.
    """

    losses: tuple[float, float, float]
    references: tuple[int, ...]

    @property
    def greatest(self) -> float:
        """The greatest of the three losses."""
        return max(self.losses)

    @property
    def posterior(self) -> float:
        """The posterior loss, which a height ratio of the body alone cannot show."""
        return self.losses[2]


@dataclass(frozen=True)
class LevelScores:
    """Robust z-scores against the norms of the level; None where there is no norm.

    :param anterior_posterior: of the anterior over the posterior height.
    :param middle_posterior: of the middle over the posterior height.
    :param heights: of the anterior, middle and posterior height; they depend on the patient's size too.
    """

    anterior_posterior: float | None
    middle_posterior: float | None
    heights: tuple[float, float, float] | None

    @property
    def is_deformed(self) -> bool | None:
        """Whether a ratio lies below :data:`DEFORMITY_Z`; None where there is no norm."""
        scores = [score for score in (self.anterior_posterior, self.middle_posterior) if score is not None]
        return min(scores) < DEFORMITY_Z if scores else None


def level_scores(heights: ArrayLike, level: str | None) -> LevelScores:
    """Compare one body with the norms of its level.

    :param heights: (3,) anterior, middle and posterior in mm.
    :param level: house name of the level, or None.
    """
    anterior, middle, posterior = np.asarray(heights, dtype=np.float64)
    norm = HEIGHT_NORMS.get(level) if level else None
    by_height = None
    if norm and norm.sd_mm:
        scores = (np.asarray(heights, dtype=np.float64) - norm.mean_mm) / norm.sd_mm
        by_height = (float(scores[0]), float(scores[1]), float(scores[2]))
    return LevelScores(
        _ratio_score(anterior / posterior, ANTERIOR_POSTERIOR_NORMS.get(level or "")),
        _ratio_score(middle / posterior, MIDDLE_POSTERIOR_NORMS.get(level or "")),
        by_height,
    )


def _ratio_score(ratio: float, norm: RatioNorm | None) -> float | None:
    return None if norm is None else float((ratio - norm.median) / norm.sd)


def neighbour_loss(
    heights: ArrayLike, levels: Sequence[str | None], intact: Sequence[bool]
) -> list[NeighbourLoss | None]:
    """Height lost against what the neighbours let expect (Buckens 2013, with the median of several neighbours).

    Expected is, for each of the three heights, the median of the intact vertebrae up to :data:`NEIGHBOUR_REACH` above
    and below, each scaled to this level by the ratio of the level norms, because a normal body is higher than the one
    above it; where a level is unknown they are taken as they are.

    :param heights: (n, 3) anterior, middle and posterior in mm, cranial to caudal.
    :param levels: level of each, or None.
    :param intact: which of them may serve as a neighbour.
    :return: one loss per vertebra; None where no neighbour is intact.
    """
    values = np.asarray(heights, dtype=np.float64).reshape(-1, 3)
    losses: list[NeighbourLoss | None] = []
    for i in range(len(values)):
        references = _neighbours(i, intact)
        if not references:
            losses.append(None)
            continue
        scaled = [(values[j] * height_growth(levels[j], levels[i])).tolist() for j in references]
        expected = np.array([median(heights_of_one) for heights_of_one in zip(*scaled, strict=True)])
        anterior, middle, posterior = (float(loss) for loss in 1 - values[i] / expected)
        losses.append(NeighbourLoss((anterior, middle, posterior), tuple(references)))
    return losses


def _neighbours(index: int, intact: Sequence[bool]) -> list[int]:
    """Indices of the intact neighbours, the nearest first and of two equally near ones the cranial first."""
    indices = [index + step * sign for step in range(1, NEIGHBOUR_REACH + 1) for sign in (-1, 1)]
    return [j for j in indices if 0 <= j < len(intact) and intact[j]]


def shape(heights: ArrayLike, level: str | None, grade: int, crush: float | None) -> str:
    """The shape of a deformity, one of :data:`SHAPES`.

    A body whose posterior height is reduced against its neighbours is a crush, whatever its index G: that compares a
    body only with itself and cannot see an even loss. Else each height is taken relative to the normal shape of the
    level, and the one most reduced names the shape: anterior wedge, middle biconcave. Posterior is crush only where no
    neighbour could refute it; a lumbar body that is merely higher in front is not crushed.

    :param heights: (3,) anterior, middle and posterior in mm.
    :param level: house name of the level, or None.
    :param grade: grade of the body; a body of grade 0 has no shape unless it is crushed.
    :param crush: its posterior :func:`neighbour_loss`; None without neighbours.
    """
    if crush is not None and crush >= CRUSH_LOSS:
        return "crush"
    if grade == 0:
        return "none"
    relative: NDArray[np.float64] = np.asarray(heights, dtype=np.float64) / normal_shape(level)
    candidates = relative if crush is None else relative[:2]
    return SHAPES[1 + int(candidates.argmin())]
