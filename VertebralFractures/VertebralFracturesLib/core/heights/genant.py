"""Heights, the index G, grades and their sums: the measures of Genant 1993 as Pisov 2020 puts them in figures."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..keypoints import ANTERIOR_INFERIOR, ANTERIOR_SUPERIOR, INFERIOR, POSTERIOR_INFERIOR, POSTERIOR_SUPERIOR, SUPERIOR
from ..levels import LEVEL_NAMES

GRADE_NAMES = ("normal", "mild", "moderate", "severe")
"""Names of the grades 0 to 3."""

GRADE_COLORS = ((0.34, 0.71, 0.91), (0.94, 0.89, 0.26), (0.90, 0.62, 0.0), (0.80, 0.16, 0.47))
"""RGB in 0..1 of the grades 0 to 3; told apart by colour-blind readers and visible on bone (after Okabe and Ito)."""

NOT_EVALUABLE_COLOR = (0.62, 0.62, 0.62)
"""RGB in 0..1 of a vertebra that carries no grade."""

DEFORMITY_INDEX_LEVELS = LEVEL_NAMES[LEVEL_NAMES.index("T4") : LEVEL_NAMES.index("L4") + 1]
"""The 13 levels that the spinal deformity index sums over, those that Genant 1993 grades."""


@dataclass(frozen=True)
class Preset:
    """How vertebrae are graded: a grade begins at or below its cut-off of the height ratio.

    :param title: name for users.
    :param mild: cut-off of grade 1.
    :param moderate: cut-off of grade 2.
    :param severe: cut-off of grade 3.
    :param is_level_aware: whether the level's normal shape and the neighbours count, see :mod:`.grading`; otherwise the
        grade follows from the height ratio G alone.
    """

    title: str
    mild: float
    moderate: float
    severe: float
    is_level_aware: bool = False

    @property
    def cutoffs(self) -> tuple[float, float, float]:
        """The cut-offs of grades 1, 2 and 3."""
        return self.mild, self.moderate, self.severe


PLAIN_PRESETS = {
    "genant": Preset("Genant 20/25/40 %", 0.80, 0.75, 0.60),
    "pisov": Preset("Pisov 2020 (0.80/0.74/0.60)", 0.80, 0.74, 0.60),
}
"""Grades by the height ratio G alone: the losses of height of Genant 1993, and the values of G of Pisov 2020."""

DEFAULT_PRESET = "level-aware"

PRESETS = {
    DEFAULT_PRESET: Preset("Level-aware, Genant 20/25/40 %", 0.80, 0.75, 0.60, is_level_aware=True),
    **PLAIN_PRESETS,
}
"""All ways of grading by name."""


def find_preset(name: str) -> Preset:
    """The preset of a name.

    :raises ValueError: no such preset.
    """
    if name not in PRESETS:
        raise ValueError(f"unknown grading preset {name!r}; known presets are {', '.join(PRESETS)}")
    return PRESETS[name]


def heights_mm(keypoints: ArrayLike) -> NDArray[np.float64]:
    """Anterior, middle and posterior height of a vertebral body.

    :param keypoints: (..., 6, d) in mm, any space that keeps distances.
    :return: (..., 3), distances between the paired keypoints in mm.
    """
    points = np.asarray(keypoints, dtype=np.float64)
    return np.linalg.norm(points[..., SUPERIOR, :] - points[..., INFERIOR, :], axis=-1)


def genant_index(heights: ArrayLike) -> NDArray[np.float64]:
    """The index G: least over greatest height (Pisov 2020, eq. 1).

    :param heights: (..., 3) anterior, middle and posterior, any unit.
    :return: (...) in 0..1; not a number where all three heights are 0.
    """
    values = np.asarray(heights, dtype=np.float64)
    greatest = values.max(-1)
    return np.divide(values.min(-1), greatest, out=np.full_like(greatest, np.nan), where=greatest > 0)


def grade(index: ArrayLike, preset: Preset) -> NDArray[np.int_]:
    """Grades (...) 0 to 3 of indices G (...).

    :raises ValueError: an index that is not a number.
    """
    values = np.asarray(index, dtype=np.float64)
    if np.isnan(values).any():
        raise ValueError("a vertebra without height has no height ratio and no grade")
    return (values[..., None] <= np.asarray(preset.cutoffs)).sum(-1)


def posterior_loss(heights: ArrayLike) -> NDArray[np.float64]:
    """Height lost against the body's own posterior height: 1 - min(anterior, middle) / posterior, as in HealthOST.

    :param heights: (..., 3) anterior, middle and posterior; posterior greater than 0.
    :return: (...) fraction; negative where the posterior height is the least.
    """
    values = np.asarray(heights, dtype=np.float64)
    return 1.0 - values[..., :2].min(-1) / values[..., 2]


def wedge_angle_deg(keypoints: ArrayLike) -> NDArray[np.float64]:
    """Angle between the endplates, rim to rim; positive where the body is lower in front.

    :param keypoints: (..., 6, d) in mm, d 2 or 3, any space that keeps angles.
    :return: (...) degrees, measured in the plane of the body's depth and height.
    """
    points = np.asarray(keypoints, dtype=np.float64)
    superior = points[..., POSTERIOR_SUPERIOR, :] - points[..., ANTERIOR_SUPERIOR, :]
    inferior = points[..., POSTERIOR_INFERIOR, :] - points[..., ANTERIOR_INFERIOR, :]
    upward = points[..., SUPERIOR, :].mean(-2) - points[..., INFERIOR, :].mean(-2)
    depth = _unit(superior + inferior)
    upward = _unit(upward - (upward * depth).sum(-1, keepdims=True) * depth)
    rise = [np.arctan2((plate * upward).sum(-1), (plate * depth).sum(-1)) for plate in (superior, inferior)]
    return np.degrees(rise[0] - rise[1])


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


@dataclass(frozen=True)
class DeformityIndex:
    """Spinal deformity index: the sum of the grades from T4 to L4.

    :param total: sum over the evaluated levels.
    :param evaluated: how many of the 13 levels were evaluated.
    """

    total: int
    evaluated: int


def spinal_deformity_index(graded_levels: Iterable[tuple[str | None, int]]) -> DeformityIndex:
    """Sum the grades of T4 to L4.

    :param graded_levels: level and grade of every vertebra that was evaluated.
    """
    grades = [value for level, value in graded_levels if level in DEFORMITY_INDEX_LEVELS]
    return DeformityIndex(sum(grades), len(grades))
