"""Names of the vertebral levels, and naming a row of detected vertebrae.

Where arithmetic is needed a level is an integer: C1 is 1, T1 is 8, L1 is 20, L5 is 24. A thirteenth thoracic and a
sixth lumbar vertebra exist as names.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

from .norms import CENTRES_MM, SPACING_LOG_SD, SPACING_PATIENT_LOG_SD

LEVEL_NAMES = (
    *(f"C{i}" for i in range(1, 8)),
    *(f"T{i}" for i in range(1, 13)),
    *(f"L{i}" for i in range(1, 6)),
)
"""The 24 regular levels, cranial to caudal."""

ALL_LEVEL_NAMES = (*LEVEL_NAMES[:19], "T13", *LEVEL_NAMES[19:], "L6")
"""The regular levels and the two supernumerary ones, cranial to caudal."""

CONFIDENT_LEVEL = 0.8
"""Confidence from which a level name is taken as known rather than as relative to its neighbours'."""

_SYNONYM = re.compile(r"(?:vertebrae?[\s_-]*)?(C|TH|T|D|L)[\s_-]*0?(\d{1,2})", re.IGNORECASE)
_VERSE_IDS = {**{name: i + 1 for i, name in enumerate(LEVEL_NAMES)}, "L6": 25, "T13": 28}
_VERSE_NAMES = {verse_id: name for name, verse_id in _VERSE_IDS.items()}


def parse_level(name: str | int) -> str:
    """The house name of a level.

    :param name: any common spelling ("T5", "Th5", "D5", "vertebrae_T5") or a VerSe id (1..25, 28).
    :return: for example "T5".
    :raises ValueError: not a vertebral level.
    """
    if not isinstance(name, str):
        if name in _VERSE_NAMES:
            return _VERSE_NAMES[name]
    elif match := _SYNONYM.fullmatch(name.strip()):
        region = match[1].upper()
        level = ("T" if region in ("TH", "D") else region) + match[2]
        if level in ALL_LEVEL_NAMES:
            return level
    raise ValueError(f"{name!r} is not a vertebral level; levels are C1-C7, T1-T13 and L1-L6")


def verse_id(level: str) -> int:
    """The number of a level in VerSe label maps: 1-24 for C1-L5, 25 for L6, 28 for T13."""
    return _VERSE_IDS[parse_level(level)]


def level_above(level: str) -> str | None:
    """The next level towards the head in a regular spine; None above C1."""
    place = ALL_LEVEL_NAMES.index(parse_level(level))
    return next((name for name in ALL_LEVEL_NAMES[:place][::-1] if name in LEVEL_NAMES), None)


def level_below(level: str) -> str | None:
    """The next level towards the feet in a regular spine; None below L5 and L6."""
    place = ALL_LEVEL_NAMES.index(parse_level(level))
    return next((name for name in ALL_LEVEL_NAMES[place + 1 :] if name in LEVEL_NAMES), None)


def steps_between(upper: str, lower: str) -> int:
    """How many levels one goes down from one level to another; a supernumerary level counts only where it is an end."""
    first, last = (ALL_LEVEL_NAMES.index(parse_level(level)) for level in (upper, lower))
    if first > last:
        return -steps_between(lower, upper)
    return last - first - sum(name not in LEVEL_NAMES for name in ALL_LEVEL_NAMES[first + 1 : last])


def rename_sequence(levels: Sequence[str | None], index: int, name: str) -> tuple[str, ...]:
    """Rename one vertebra and let the others follow, with the gaps between them kept.

    :param levels: present names, cranial to caudal; an unnamed vertebra counts as adjacent to the one above it.
    :param index: the vertebra that the reader names.
    :param name: its level; T13 and L6 are allowed.
    :return: all names.
    :raises ValueError: a vertebra would come to lie above C1 or below L6.
    """
    steps = [steps_between(a, b) if a and b else 1 for a, b in pairwise(levels)]
    renamed = [parse_level(name)]
    for count in steps[:index][::-1]:
        renamed.insert(0, _walk(renamed[0], -count, name))
    for count in steps[index:]:
        renamed.append(_walk(renamed[-1], count, name))
    return tuple(renamed)


def _walk(level: str, steps: int, cause: str) -> str:
    for _ in range(abs(steps)):
        following = level_above(level) if steps < 0 else level_below(level) or ("L6" if level == "L5" else None)
        if following is None:
            end = "above C1" if steps < 0 else "below L6"
            raise ValueError(f"naming this vertebra {cause} would push another one {end}")
        level = following
    return level


def shift_sequence(levels: Sequence[str | None], steps: int) -> tuple[str, ...]:
    """Rename all vertebrae by some levels, with the gaps between them kept.

    :param levels: present names as in :func:`rename_sequence`.
    :param steps: positive towards the feet.
    :return: all names.
    :raises ValueError: no vertebra has a name, or one would come to lie above C1 or below L6.
    """
    first = next((place for place, level in enumerate(levels) if level), None)
    if first is None:
        raise ValueError("no vertebra has a level to shift; label one first")
    present = parse_level(levels[first] or "")
    return rename_sequence(levels, first, _walk(present, steps, f"{abs(steps)} {'below' if steps > 0 else 'above'}"))


def level_between(upper: str | None, lower: str | None) -> str | None:
    """The name of a vertebra between two neighbours, the upper one's going first.

    :param upper: name of the vertebra above; None without one, or where it has no name.
    :param lower: name of the vertebra below, likewise.
    :return: the name, or None where the neighbours leave none free or have none.
    """
    if upper and lower and steps_between(upper, lower) < 2:
        return None
    if upper:
        return level_below(upper)
    return level_above(lower) if lower else None


def levels_are_relative(confidences: ArrayLike) -> bool:
    """Whether no name has at least :data:`CONFIDENT_LEVEL`: the names then only count from one another."""
    return bool((np.asarray(confidences, dtype=np.float64) < CONFIDENT_LEVEL).all())


_L6_MM = 33.0
_L6_LOG_PRIOR = np.log(0.025)
_POSITIONS_MM = np.append(CENTRES_MM, CENTRES_MM[-1] + _L6_MM)
_NAMEABLE = (*LEVEL_NAMES, "L6")
_MISSED_LOG_PRIOR = np.log(0.02)
_ESTIMATE_CORRELATION = 0.7
_LEAST_SCALE = 0.1
_STUDENT_FREEDOM = 3.0
_SCALE_DEVIATES = np.linspace(-2.5, 2.5, 11)


def name_sequence(
    level_estimates: ArrayLike, level_scales: ArrayLike, centres_arc_mm: ArrayLike
) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Name a row of detected vertebrae as a whole.

    The names are a hidden Markov chain: levels increase downwards, a level may be missed in between, and the distance
    between two centres tells how many were, up to the patient's scale, which is summed over. Estimates along one spine
    err together, so that n of them count as n / (1 + 0.7 (n - 1)) independent ones (the design effect of a correlation
    of 0.7): a long row of doubtful estimates stays doubtful. A sixth lumbar vertebra is possible but rare.

    :param level_estimates: level coordinate (n,) of each vertebra as the network sees it, C1 = 1 .. L5 = 24.
    :param level_scales: Laplace scale (n,) of each estimate in levels; infinite where there is no estimate.
    :param centres_arc_mm: arc length (n,) of the centres along the curve, increasing caudally.
    :return: the most probable names, and for each the probability (n,) that this vertebra has this name.
    :raises ValueError: centres that do not increase, or more vertebrae than there are levels.
    """
    estimates, scales, arcs = (np.asarray(a, dtype=np.float64) for a in (level_estimates, level_scales, centres_arc_mm))
    if len(arcs) == 0:
        return (), np.zeros(0)
    if len(arcs) > len(_NAMEABLE):
        raise ValueError(f"{len(arcs)} vertebrae are more than the {len(_NAMEABLE)} levels that could be named")
    if (np.diff(arcs) <= 0).any():
        raise ValueError("vertebrae must be given from cranial to caudal, each at another arc length")
    emission = _emission(estimates, scales)
    transition = _transition(np.diff(arcs))
    path = _best_path(emission, transition)
    return tuple(_NAMEABLE[i] for i in path), _marginals(emission, transition)[np.arange(len(path)), path]


def _emission(estimates: NDArray[np.float64], scales: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log likelihood (n, levels) of each estimate, tempered for the correlation between them."""
    votes = 1.0 + (len(estimates) - 1) * _ESTIMATE_CORRELATION
    levels = np.arange(1, len(_NAMEABLE) + 1)
    known = np.isfinite(scales)
    misfit = np.abs(np.where(known, estimates, 0.0)[:, None] - levels) / np.maximum(scales, _LEAST_SCALE)[:, None]
    emission: NDArray[np.float64] = np.where(known[:, None], -misfit / votes, 0.0)
    emission[-1, -1] += _L6_LOG_PRIOR
    return emission


def _transition(spacings_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log probability (scales, n - 1, levels, levels) of going from one level to the next given the distance."""
    expected = _POSITIONS_MM[None, :] - _POSITIONS_MM[:, None]
    steps = np.arange(len(_NAMEABLE))[None, :] - np.arange(len(_NAMEABLE))[:, None]
    log_scale = _SCALE_DEVIATES[:, None, None, None] * SPACING_PATIENT_LOG_SD
    log_expected = np.log(np.where(steps > 0, expected, 1.0))
    deviate = (np.log(spacings_mm)[None, :, None, None] - log_expected - log_scale) / SPACING_LOG_SD
    log_fit = -(_STUDENT_FREEDOM + 1) / 2 * np.log1p(deviate**2 / _STUDENT_FREEDOM)
    transition: NDArray[np.float64] = np.where(steps > 0, log_fit + (steps - 1) * _MISSED_LOG_PRIOR, -np.inf)
    return transition


def _scale_log_prior() -> NDArray[np.float64]:
    return -(_SCALE_DEVIATES**2) / 2


def _best_path(emission: NDArray[np.float64], transition: NDArray[np.float64]) -> NDArray[np.int_]:
    """The most probable levels (n,) over all scales of the patient (Viterbi)."""
    score = _scale_log_prior()[:, None] + emission[0]
    origins = []
    for log_step, log_estimate in zip(np.moveaxis(transition, 1, 0), emission[1:], strict=True):
        candidates = score[:, :, None] + log_step
        origins.append(candidates.argmax(1))
        score = candidates.max(1) + log_estimate
    scale, level = np.unravel_index(score.argmax(), score.shape)
    path = [int(level)]
    for origin in origins[::-1]:
        path.insert(0, int(origin[scale, path[0]]))
    return np.array(path)


def _marginals(emission: NDArray[np.float64], transition: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability (n, levels) of each level for each vertebra, summed over everything else (forward-backward)."""
    steps = np.moveaxis(transition, 1, 0)
    forward = [_scale_log_prior()[:, None] + emission[0]]
    for log_step, log_estimate in zip(steps, emission[1:], strict=True):
        forward.append(logsumexp(forward[-1][:, :, None] + log_step, axis=1) + log_estimate)
    backward = [np.zeros_like(forward[0])]
    for log_step, log_estimate in zip(steps[::-1], emission[:0:-1], strict=True):
        backward.insert(0, logsumexp(log_step + (log_estimate + backward[0])[:, None, :], axis=2))
    joint = logsumexp(np.stack(forward) + np.stack(backward), axis=1)
    probability: NDArray[np.float64] = np.exp(joint - logsumexp(joint, axis=1, keepdims=True))
    return probability
