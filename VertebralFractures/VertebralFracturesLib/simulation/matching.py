"""Which detected vertebra is which reference vertebra."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree

from ..core.keypoints import body_centre
from ..core.spine_curve import SpineCurve

MATCH_MM = 8.0
"""Farthest distance of two body centres that are the same vertebra: less than half of the least distance between
neighbours (16.5 mm, ``core/heights/norms``), so that a detection is never nearer to another vertebra."""

_BEYOND_MM = 200.0
"""How far beyond the ends of a curve points are sought: some vertebrae of those that a reference leaves out."""


@dataclass(frozen=True)
class Matching:
    """Detected vertebrae set against reference vertebrae; all entries are indices into the two rows.

    :param pairs: (detected, reference) of each vertebra of the reference that was detected.
    :param missed: reference vertebrae that were not detected.
    :param false: detected vertebrae within the annotated range that are none of the reference.
    :param outside: detected vertebrae beyond the annotated range, of which the reference says nothing.
    """

    pairs: tuple[tuple[int, int], ...]
    missed: tuple[int, ...]
    false: tuple[int, ...]
    outside: tuple[int, ...]


def match_vertebrae(detected_ras: ArrayLike, reference_ras: ArrayLike, curve: SpineCurve) -> Matching:
    """Match one to one: as many pairs within :data:`MATCH_MM` as possible, and of those the closest.

    The annotated range goes along the curve from the highest to the lowest point of the reference vertebrae.

    :param detected_ras: (m, 6, 3) keypoints in RAS mm.
    :param reference_ras: (n, 6, 3) keypoints in RAS mm.
    :param curve: reference curve.
    """
    detected = np.asarray(detected_ras, dtype=np.float64).reshape(-1, 6, 3)
    reference = np.asarray(reference_ras, dtype=np.float64).reshape(-1, 6, 3)
    pairs = closest_pairs(body_centre(detected), body_centre(reference))
    arcs = nearest_arc_mm(curve, reference.reshape(-1, 3))
    centre_arcs = nearest_arc_mm(curve, body_centre(detected))
    inside = (centre_arcs >= arcs.min(initial=np.inf)) & (centre_arcs <= arcs.max(initial=-np.inf))
    unmatched = [i for i in range(len(detected)) if i not in {pair[0] for pair in pairs}]
    return Matching(
        pairs=pairs,
        missed=tuple(sorted(set(range(len(reference))) - {pair[1] for pair in pairs})),
        false=tuple(i for i in unmatched if inside[i]),
        outside=tuple(i for i in unmatched if not inside[i]),
    )


def closest_pairs(detected: NDArray[np.float64], reference: NDArray[np.float64]) -> tuple[tuple[int, int], ...]:
    """Match points (m, 3) and (n, 3) one to one: as many pairs within :data:`MATCH_MM` as possible, the closest.

    :return: indices (detected, reference) of each pair.
    """
    distance = np.linalg.norm(detected[:, None] - reference[None], axis=-1)
    too_far = MATCH_MM * (1 + min(distance.shape))
    rows, columns = linear_sum_assignment(np.where(distance <= MATCH_MM, distance, too_far))
    return tuple((int(i), int(j)) for i, j in zip(rows, columns, strict=True) if distance[i, j] <= MATCH_MM)


def nearest_arc_mm(curve: SpineCurve, points_ras: NDArray[np.float64]) -> NDArray[np.float64]:
    """Arc length (n,), to half a millimetre, of the point of the curve nearest to each point (n, 3), its straight
    continuation beyond both ends included."""
    arcs = np.arange(-_BEYOND_MM, curve.length_mm + _BEYOND_MM, 0.5)
    if len(points_ras) == 0:
        return np.zeros(0)
    nearest: NDArray[np.float64] = arcs[cKDTree(curve.position(arcs)).query(points_ras)[1]]
    return nearest
