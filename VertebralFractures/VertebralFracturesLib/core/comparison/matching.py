"""Which vertebra of a current study is which of a prior study of the same patient, without trusting either's levels.

Both studies show a row of vertebrae. What is sought is the one offset between the rows: by how many vertebrae the
current one has to be moved. Sizes and shapes of a patient's vertebrae, and above all the distances between their
centres, repeat from study to study far better than neighbouring vertebrae resemble one another. Level names are
further evidence, as strong as the studies are sure of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from ...errors import UnusableInput
from ..heights.genant import heights_mm, wedge_angle_deg
from ..heights.uncertainty import heights_sd_mm
from ..keypoints import depths_mm
from ..levels import LEVEL_NAMES, LEVEL_NUMBERS

_FEATURES = 7
"""Three heights, two depths, the distance to the centre below, and the wedge angle."""

_SAME_SD = np.array([0.03, 0.03, 0.03, 0.03, 0.03, 0.008, 2.0])
"""Standard deviations between two measurements of one vertebra, beside what the uncertainty of the landmarks explains:
of logarithms of lengths, and of degrees. Chosen: robust deviations between the landmarks of annotators and of the
networks are 0.022 to 0.036, 0.007 to 0.009 and 2.0 (six CTs of val, 30 synthetic whole spines; experiments.md,
2026-12-01)."""

_NEIGHBOUR_SD = np.array([0.06, 0.06, 0.05, 0.035, 0.035, 0.035, 3.6])
"""How far a vertebra lies from the mean of its two neighbours, in the same units: the robust deviations there, 0.043 to
0.072, 0.020 to 0.029, 0.022 to 0.038 and 3.4 to 3.5."""

_FREEDOM = 4.0
"""Freedom of the Student distribution of differences. Chosen."""

_CHANGED_SD = np.array([0.25, 0.25, 0.15, 0.08, 0.08, 0.06, 10.0])
"""The same of a vertebra that fractured in between, so that it does not outweigh the others. Chosen: the fractures that
are simulated in CTs of val lie within twice of it."""

_CHANGED_SHARE = 0.15
"""Share of the vertebrae that are expected to have changed. Chosen."""

_TEMPERATURE = 2.0
"""Divides the logarithms of the odds of offsets, since the measures of one body err together. Chosen: with 2, all of
8600 pairs of partial rows are matched rightly or refused; with 1.5 one of 2900 is not (experiments.md, 2026-12-01)."""

LEAST_CONFIDENCE = 0.9
"""Probability of the best offset from which it counts. Chosen."""

LEAST_SHARED = 3
"""Vertebrae that two studies have to share. Chosen: with two, sizes cannot tell one pair from the next."""

_LEAST_LIKENESS = 1.0
"""Median logarithm of the odds of the vertebrae that two rows are of one patient. Chosen: 99 % of the rows of a patient
and 3 % of those of two patients lie above it in synthetic whole spines, 90 and 7 % in CTs of val (experiments.md)."""

_KNOWN_SCALE_SD, _UNKNOWN_SCALE_SD = 0.01, 0.15
"""Standard deviation of the logarithm of the scale between two studies in mm, and where one has no scale. Chosen."""

_SCALES = np.linspace(-2.5, 2.5, 21)
"""Scales that are summed over, in standard deviations."""


class StudiesDoNotMatch(UnusableInput):
    """Two studies cannot be compared: which vertebra is which is not known."""


@dataclass(frozen=True, eq=False)
class SpineRow:
    """The vertebrae of one study, cranial to caudal.

    :param keypoints_mm: (n, 6, d) in mm of the patient, or in any unit where the scale is not known.
    :param uncertainty_mm: (n, 6) uncertainty of the points, in the same unit.
    :param levels: level of each, or None.
    :param level_confidences: (n,) probability that each level is right.
    :param is_scale_known: whether lengths are in millimetres.
    """

    keypoints_mm: NDArray[np.float64]
    uncertainty_mm: NDArray[np.float64]
    levels: Sequence[str | None]
    level_confidences: Sequence[float]
    is_scale_known: bool = True

    def __len__(self) -> int:
        return len(self.keypoints_mm)


@dataclass(frozen=True)
class Match:
    """Which vertebrae of two studies are the same.

    :param pairs: index in the prior and in the current study of each shared vertebra, cranial to caudal.
    :param confidence: probability that the pairs are right.
    :param steps: levels that the names of the current study lie below those of the prior; None without names.
    """

    pairs: tuple[tuple[int, int], ...]
    confidence: float
    steps: int | None


def match_spines(prior: SpineRow, current: SpineRow) -> Match:
    """Find the vertebrae that two studies share.

    :raises StudiesDoNotMatch: too few are shared, the rows are not alike, or two offsets are about as likely.
    """
    slots = _slots(prior), _slots(current)
    offsets = np.arange(-slots[1][-1] if len(slots[1]) else 0, slots[0][-1] + 1 if len(slots[0]) else 0)
    candidates = [_pairs(slots[0], slots[1] + offset) for offset in offsets]
    candidates = [pairs for pairs in candidates if len(pairs)]
    if max(map(len, candidates), default=0) < LEAST_SHARED:
        raise StudiesDoNotMatch(
            f"the studies have {len(prior)} and {len(current)} vertebrae: at least {LEAST_SHARED} have to be shared"
        )
    features = _features(prior), _features(current)
    evidence = [_evidence(features, pairs, prior, current) for pairs in candidates]
    steps = [_steps(prior, current, pairs) for pairs in candidates]
    odds = np.array([one.sum() for one in evidence]) / _TEMPERATURE + [
        _log_prior(step, prior, current) for step in steps
    ]
    best = int(np.argmax(odds))
    confidence = float(np.exp(odds[best] - logsumexp(odds)))
    pairs = candidates[best]
    if np.median(evidence[best]) < _LEAST_LIKENESS:
        raise StudiesDoNotMatch("sizes and distances of the vertebrae do not agree: is it the same patient?")
    if len(pairs) < LEAST_SHARED or confidence < LEAST_CONFIDENCE:
        raise StudiesDoNotMatch(
            f"it is not certain which vertebrae are shared (probability {confidence:.2f}, {len(pairs)} vertebrae): "
            "correct the levels of both studies"
        )
    return Match(tuple((int(i), int(j)) for i, j in pairs), confidence, steps[best])


def _slots(row: SpineRow) -> NDArray[np.int_]:
    """Places (n,) of the vertebrae in the row, from 0, with room for those that the names leave out between two."""
    places = [0] if len(row) else []
    for upper, lower in zip(row.levels, row.levels[1:], strict=False):
        left_out = 0
        if upper is not None and lower is not None:
            left_out = sum(LEVEL_NUMBERS[upper] < LEVEL_NUMBERS[one] < LEVEL_NUMBERS[lower] for one in LEVEL_NAMES)
        places.append(places[-1] + 1 + left_out)
    return np.array(places, dtype=int)


def _pairs(prior: NDArray[np.int_], current: NDArray[np.int_]) -> NDArray[np.int_]:
    """Indices (m, 2) of the vertebrae at the same places."""
    return np.argwhere(prior[:, None] == current[None, :])


def _features(row: SpineRow) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What is compared (n, 7), logarithms of lengths and degrees, and the standard deviations (n, 7) of it."""
    points = np.asarray(row.keypoints_mm, dtype=np.float64)
    heights, depths = heights_mm(points), np.array([depths_mm(one) for one in points])
    gaps = np.linalg.norm(np.diff(points.mean(1), axis=0), axis=-1)
    spread = np.asarray(row.uncertainty_mm, dtype=np.float64).mean(1)
    lengths = np.column_stack([heights, depths, np.r_[gaps, np.nan]])
    across = heights_sd_mm(row.uncertainty_mm)
    centre_mm = spread / np.sqrt(6)
    errors_mm = np.column_stack([across, spread, spread, np.hypot(centre_mm, np.r_[centre_mm[1:], np.nan])])
    angle = np.array([float(wedge_angle_deg(one)) for one in points])
    angle_sd = np.degrees(np.hypot(across[:, 0], across[:, 2]) / depths.mean(1))
    with np.errstate(invalid="ignore"):
        return np.column_stack([np.log(lengths), angle]), np.column_stack([errors_mm / lengths, angle_sd])


def _evidence(
    features: tuple[tuple[NDArray, NDArray], tuple[NDArray, NDArray]],
    pairs: NDArray[np.int_],
    prior: SpineRow,
    current: SpineRow,
) -> NDArray[np.float64]:
    """For each pair (m,), the logarithm of the odds that it is one vertebra and not two neighbours.

    A vertebra may have changed in between. Both the changed and the unchanged ones have the scale that fits best.
    """
    (before, before_sd), (after, after_sd) = features
    first, second = pairs.T
    difference = after[second] - before[first]
    consecutive = np.r_[(np.diff(first) == 1) & (np.diff(second) == 1), False]
    difference[~consecutive, 5] = np.nan
    noise = 0.5 * (before_sd[first] ** 2 + after_sd[second] ** 2)
    is_known = prior.is_scale_known and current.is_scale_known
    scales = _SCALES * (_KNOWN_SCALE_SD if is_known else _UNKNOWN_SCALE_SD)
    difference = difference - scales[:, None, None] * (np.arange(_FEATURES) < _FEATURES - 1)
    unchanged = _log_odds(difference, _SAME_SD, noise) + np.log(1 - _CHANGED_SHARE)
    changed = _log_odds(difference, _CHANGED_SD, noise) + np.log(_CHANGED_SHARE)
    evidence = np.logaddexp(unchanged, changed)
    best = int(np.argmax(evidence.sum(1) - _SCALES**2 / 2))
    scaled: NDArray[np.float64] = evidence[best]
    return scaled


def _log_odds(
    difference: NDArray[np.float64], sd: NDArray[np.float64], noise: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Sum over the features of the logarithms of the odds of differences (scales, m, 7) against those of neighbours.

    :param sd: (7,) deviations between two studies of one vertebra.
    :param noise: (m, 7) variances that the landmarks add to the differences of any two vertebrae.
    """
    expected, of_neighbours = np.sqrt(sd**2 + noise), np.sqrt(_NEIGHBOUR_SD**2 + noise)
    likely = (_FREEDOM + 1) / 2 * np.log1p((difference / expected) ** 2 / _FREEDOM)
    odds: NDArray[np.float64] = np.nansum(np.log(of_neighbours / expected) + 0.5 - likely, axis=-1)
    return odds


def _steps(prior: SpineRow, current: SpineRow, pairs: NDArray[np.int_]) -> int | None:
    """How many levels the names of the current study lie below those of the prior, for most pairs."""
    steps = [
        LEVEL_NUMBERS[after] - LEVEL_NUMBERS[before]
        for before, after in ((prior.levels[i], current.levels[j]) for i, j in pairs)
        if before is not None and after is not None
    ]
    return round(float(np.median(steps))) if steps else None


def _log_prior(steps: int | None, prior: SpineRow, current: SpineRow) -> float:
    """Logarithm of the probability of an offset by the names alone.

    The names of both studies are right with the product of their confidences; else they are more often one level off
    than two.
    """
    if steps is None:
        return 0.0
    right = float(np.mean(prior.level_confidences)) * float(np.mean(current.level_confidences))
    right = min(max(right, 0.05), 0.99)
    return float(np.log(right if steps == 0 else (1 - right) * 0.5 ** (abs(steps) + 1)))
