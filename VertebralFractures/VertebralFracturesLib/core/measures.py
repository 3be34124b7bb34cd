"""Everything that follows from the keypoints of a spine's vertebrae, computed together because neighbours matter."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from .heights.genant import Preset, genant_index, heights_mm, posterior_loss, wedge_angle_deg
from .heights.grading import Grading, grade_vertebra, own_grade
from .heights.height_loss import CRUSH_LOSS, LevelScores, NeighbourLoss, level_scores, neighbour_loss, shape
from .heights.reliability import unreliable_reasons
from .heights.uncertainty import height_ratio_sd, heights_sd_mm
from .keypoints import KEYPOINT_NAMES, depths_mm

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Measures:
    """Measures of one vertebra.

    :param heights_mm: anterior, middle and posterior height.
    :param heights_sd_mm: standard deviation of each.
    :param depths_mm: depth of the superior and of the inferior endplate.
    :param genant_index: the height ratio G (Pisov 2020, eq. 1).
    :param genant_index_sd: its standard deviation.
    :param grading: its grade under the preset, with the height loss and how sure it is.
    :param shape: one of :data:`~.heights.height_loss.SHAPES`.
    :param posterior_loss: height lost against the body's own posterior height, a fraction.
    :param neighbour_loss: height lost against the intact neighbours; None without any.
    :param wedge_angle_deg: angle between the endplates, positive where the body is lower in front.
    :param scores: z-scores against the norms of the level.
    """

    heights_mm: Triple
    heights_sd_mm: Triple
    depths_mm: tuple[float, float]
    genant_index: float
    genant_index_sd: float
    grading: Grading
    shape: str
    posterior_loss: float
    neighbour_loss: NeighbourLoss | None
    wedge_angle_deg: float
    scores: LevelScores

    @property
    def grade(self) -> int | None:
        """Grade 0 to 3; None where the vertebra is measured but not graded."""
        return self.grading.grade


def measure_spine(
    keypoints: ArrayLike,
    levels: Sequence[str | None],
    evaluable: Sequence[bool],
    preset: Preset,
    uncertainty_mm: ArrayLike | None = None,
    scores: ArrayLike | None = None,
) -> list[Measures | None]:
    """Measure all vertebrae of a spine.

    A vertebra serves as a neighbour where it is evaluable and reliable, has grade 0 by its own shape and has not lost
    its posterior height against the others.

    :param keypoints: (n, 6, d) in mm, cranial to caudal.
    :param levels: level of each, or None.
    :param evaluable: which vertebrae the user can judge; the others are not measured.
    :param preset: the rule and the cut-offs of the grades.
    :param uncertainty_mm: (n, 6) uncertainty of the keypoints; none when it is left out.
    :param scores: (n,) score of each detection; 1 when it is left out.
    :return: the measures of each; None where it is not evaluable.
    :raises ValueError: an evaluable vertebra of which a height is 0.
    """
    points = np.asarray(keypoints, dtype=np.float64)
    if len(points) == 0:
        return []
    heights = heights_mm(points)
    usable = np.asarray(evaluable, dtype=bool)
    if (heights[usable] <= 0).any():
        raise ValueError("a height of a vertebra is 0: two paired keypoints coincide")
    sd_mm = np.zeros_like(heights) if uncertainty_mm is None else heights_sd_mm(uncertainty_mm)
    reasons: list[str | None] = [None] * len(points)
    judged = unreliable_reasons(
        points[usable],
        [level for level, one in zip(levels, usable, strict=True) if one],
        np.ones(usable.sum()) if scores is None else np.asarray(scores)[usable],
        sd_mm[usable],
    )
    for index, reason in zip(np.flatnonzero(usable), judged, strict=True):
        reasons[index] = reason
    candidates = [
        bool(usable[i]) and reasons[i] is None and own_grade(heights[i], levels[i], preset) == 0
        for i in range(len(points))
    ]
    first = neighbour_loss(heights, levels, candidates)
    intact = [
        one and (loss is None or loss.posterior < CRUSH_LOSS) for one, loss in zip(candidates, first, strict=True)
    ]
    by_neighbours = neighbour_loss(heights, levels, intact)
    return [
        _measure(points[i].tobytes(), tuple(map(float, sd_mm[i])), levels[i], by_neighbours[i], preset, reasons[i])
        if usable[i]
        else None
        for i in range(len(points))
    ]


@lru_cache(maxsize=256)
def _measure(
    keypoints_bytes: bytes,
    sd_mm: Triple,
    level: str | None,
    by_neighbours: NeighbourLoss | None,
    preset: Preset,
    unreliable: str | None,
) -> Measures:
    """Kept, because a drag measures the whole spine at every move and changes one vertebra."""
    keypoints = np.frombuffer(keypoints_bytes).reshape(len(KEYPOINT_NAMES), -1)
    anterior, middle, posterior = (float(height) for height in heights_mm(keypoints))
    heights = anterior, middle, posterior
    superior, inferior = depths_mm(keypoints)
    grading = grade_vertebra(heights, sd_mm, level, by_neighbours, preset, unreliable)
    crush = None if by_neighbours is None else by_neighbours.posterior
    return Measures(
        heights_mm=heights,
        heights_sd_mm=sd_mm,
        depths_mm=(float(superior), float(inferior)),
        genant_index=float(genant_index(heights)),
        genant_index_sd=float(height_ratio_sd(heights, sd_mm)),
        grading=grading,
        shape=shape(heights, level, grading.grade or 0, crush),
        posterior_loss=float(posterior_loss(heights)),
        neighbour_loss=by_neighbours,
        wedge_angle_deg=float(wedge_angle_deg(keypoints)),
        scores=level_scores(heights, level),
    )
