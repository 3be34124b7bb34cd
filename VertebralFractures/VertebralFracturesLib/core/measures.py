"""Everything that follows from the keypoints of a spine's vertebrae, computed together because neighbours matter."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from .genant import Preset, genant_index, grade, heights_mm, is_borderline, posterior_loss, wedge_angle_deg
from .height_loss import CRUSH_LOSS, LevelScores, NeighbourLoss, crush_loss, level_scores, neighbour_loss, shape
from .keypoints import KEYPOINT_NAMES, depths_mm


@dataclass(frozen=True)
class Measures:
    """Measures of one vertebra.

    :param heights_mm: anterior, middle and posterior height.
    :param depths_mm: depth of the superior and of the inferior endplate.
    :param genant_index: the index G (Pisov 2020, eq. 1).
    :param grade: 0 to 3.
    :param is_borderline: the index lies close to a cut-off.
    :param shape: one of :data:`~.height_loss.SHAPES`.
    :param posterior_loss: height lost against the body's own posterior height, a fraction.
    :param neighbour_loss: height lost against the nearest intact vertebra; None without one.
    :param crush_loss: posterior height lost against the neighbours, a fraction; None without any.
    :param wedge_angle_deg: angle between the endplates, positive where the body is lower in front.
    :param scores: z-scores against the norms of the level.
    """

    heights_mm: tuple[float, float, float]
    depths_mm: tuple[float, float]
    genant_index: float
    grade: int
    is_borderline: bool
    shape: str
    posterior_loss: float
    neighbour_loss: NeighbourLoss | None
    crush_loss: float | None
    wedge_angle_deg: float
    scores: LevelScores


def measure_spine(
    keypoints: ArrayLike, levels: Sequence[str | None], evaluable: Sequence[bool], preset: Preset
) -> list[Measures | None]:
    """Measure all vertebrae of a spine.

    A vertebra serves as a neighbour where it is evaluable, has grade 0 and is not crushed.

    :param keypoints: (n, 6, d) in mm, cranial to caudal.
    :param levels: level of each, or None.
    :param evaluable: which vertebrae the reader can judge; the others are not measured.
    :param preset: cut-offs of the grades.
    :return: the measures of each; None where it is not evaluable.
    :raises ValueError: an evaluable vertebra of which a height is 0.
    """
    points = np.asarray(keypoints, dtype=np.float64)
    if len(points) == 0:
        return []
    heights = heights_mm(points)
    if (heights[np.asarray(evaluable, dtype=bool)] <= 0).any():
        raise ValueError("a height of a vertebra is 0: two paired keypoints coincide")
    index = genant_index(heights)
    grades = [int(grade(index[i], preset)) if evaluable[i] else None for i in range(len(points))]
    crush = crush_loss(heights, levels, [value == 0 for value in grades])
    intact = [value == 0 and (loss is None or loss < CRUSH_LOSS) for value, loss in zip(grades, crush, strict=True)]
    by_neighbour = neighbour_loss(heights, levels, intact)
    return [
        None if value is None else _measure(points[i].tobytes(), levels[i], value, crush[i], by_neighbour[i], preset)
        for i, value in enumerate(grades)
    ]


@lru_cache(maxsize=256)
def _measure(
    keypoints_bytes: bytes,
    level: str | None,
    value: int,
    crush: float | None,
    by_neighbour: NeighbourLoss | None,
    preset: Preset,
) -> Measures:
    """Kept, because a drag measures the whole spine at every move and changes one vertebra."""
    keypoints = np.frombuffer(keypoints_bytes).reshape(len(KEYPOINT_NAMES), -1)
    heights = heights_mm(keypoints)
    index = float(genant_index(heights))
    superior, inferior = depths_mm(keypoints)
    return Measures(
        heights_mm=(float(heights[0]), float(heights[1]), float(heights[2])),
        depths_mm=(float(superior), float(inferior)),
        genant_index=index,
        grade=value,
        is_borderline=bool(is_borderline(index, preset)),
        shape=shape(heights, level, value, crush),
        posterior_loss=float(posterior_loss(heights)),
        neighbour_loss=by_neighbour,
        crush_loss=crush,
        wedge_angle_deg=float(wedge_angle_deg(keypoints)),
        scores=level_scores(heights, level),
    )
