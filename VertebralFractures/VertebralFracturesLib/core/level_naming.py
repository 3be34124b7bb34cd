"""Naming a row of detected vertebrae as a whole, and what the names rest on."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma, logit, logsumexp

from .heights.norms import CENTRES_MM, SPACING_LOG_SD, SPACING_PATIENT_LOG_SD
from .levels import ALL_LEVEL_NAMES, LEVEL_NAMES, LEVEL_NUMBERS, NEVER_MEASURED

LEVEL_CLASSES = 25
"""Levels that the networks tell apart: C1 to L5 and L6."""

SACRUM = LEVEL_CLASSES
"""Column of the sacrum, which follows the levels."""

SPINE_CLASSES = LEVEL_CLASSES + 1
"""The levels and the sacrum."""

_NUMBERS = np.array([LEVEL_NUMBERS[name] for name in ALL_LEVEL_NAMES])
_T11, _T12, _T13, _L1, _L4, _L5, _L6 = (
    ALL_LEVEL_NAMES.index(name) for name in ("T11", "T12", "T13", "L1", "L4", "L5", "L6")
)

_SUPERNUMERARY_MM = 33.0
"""Distance of a supernumerary vertebra from its neighbour: between those of T12 to L1 and of L1 to L2. Chosen; the
names of the rows below do not change from 16 to 66."""

_T13_LOG_PRIOR, _L6_LOG_PRIOR, _NO_T12_LOG_PRIOR = np.log([0.02, 0.025, 0.015])
"""How rare these variants are. Chosen; see below."""

_MISSED_LOG_PRIOR = np.log(0.02)
"""How rarely the detection misses a vertebra. Chosen; see below."""

_LEAST_PROBABILITY = 1e-3
"""No estimate rules a level out. Chosen.

The names of 34 rows (those of the six CTs of val and their parts of six vertebrae) do not change where any of these
probabilities is half or twice as large, and their confidences change by less than 0.04.
"""

_LAST_LUMBAR_LOG_PRIOR = np.full(len(ALL_LEVEL_NAMES), -np.inf)
_LAST_LUMBAR_LOG_PRIOR[[_L4, _L5, _L6]] = np.log(0.05), 0.0, 0.0
"""What may lie on the sacrum; L6 has its own prior. Chosen."""

_ESTIMATE_CORRELATION = 0.4
"""Correlation of the estimates along one spine. Chosen; the names of those rows do not change between 0.28 and 0.52."""

_TEMPERATURE = 2.0
"""Divides the logarithms of the odds of names where nothing else is asked for. Set after a case of val was named one
level off with a confidence of 0.97 (Documentation/experiments.md, "levels as classes")."""

_STUDENT_FREEDOM = 3.0
"""Freedom of the Student distribution of distances. Chosen; the names of those rows do not change from 1.5 to 3.9."""

_MEAN_FIT = -(_STUDENT_FREEDOM + 1) / 2 * (digamma((_STUDENT_FREEDOM + 1) / 2) - digamma(_STUDENT_FREEDOM / 2))
"""Mean log likelihood of a distance drawn from its own distribution."""

_LEAST_SACRAL = 1e-4
"""No estimate rules the sacrum out. Chosen; results of the tests do not change between 1e-6 and 1e-2."""

_SACRAL_FROM, _SACRAL_WEIGHT = 0.3, 2.0
"""From which probability the slice through a body's centre speaks for S1, and how much its odds weigh. Chosen: in 20
synthetic patients and five CTs it is 0.29 at most for the last lumbar vertebra and 0.35 or more for S1, but for one."""

_MOST_SACRAL = 5
"""A sacrum has five segments."""

_SCALE_DEVIATES = np.linspace(-2.5, 2.5, 11)
"""Scales of the patient that are summed over, in standard deviations: 99 % of patients, in steps so small that twice as
many change no confidence by 0.01."""


BASES = AXIS, FIRST_RIB, SACRAL_BASE = ("C2", "first rib", "sacrum")
"""Landmarks that a numbering can rest on: both ends of the mobile spine, and T1, which bears the first rib.

The last rib is none of them: of a training case left out, the bodies seen as T12 and L1 were L1 and L2
(experiments.md, 2026-12-01).
"""

SHAPE_ONLY = "shape and size only"
"""What a numbering rests on without any of them."""

_T1_COLUMN = LEVEL_NAMES.index("T1")

_AXIS_PROBABILITY, _T1_PROBABILITY, _SACRAL_PROBABILITY = 0.8, 0.5, 0.5
"""How surely slices have to be at a landmark so that it counts as seen. That of T1 is chosen between 0.3 and 0.6, where
all levels without a mark are right that are counted from it in training cases left out; the others are chosen."""

_NEXT_BODY_MM, _HALF_BODY_MM = 34.0, 6.0
"""How far below the centre of the last vertebra slices have to be sacral if it lies on the sacrum, and to where none
may be. Chosen: the sacrum begins about 17 mm below the centre of L5 and, where L5 was not found, 53 mm below that of
L4; where it seems to begin beside the last body, that may be S1."""

_LEAST_AGREEMENT = 0.5
"""Mean probability of the names by the slices of each body alone from which a single landmark founds a numbering.
Chosen: in synthetic patients one with L6 that was counted wrongly from the sacrum has 0.46, the others 0.64 or more."""

_RIGHT_WITHOUT_LANDMARK = 0.6
"""Share of the bodies that are named right without such a foundation: 0.71 in training cases left out, 0.61 in
synthetic patients (experiments.md, 2026-12-01)."""

_TEMPERATURE_OF_CTS = 1.5
"""Temperature of the confidences of CTs. Chosen between 1 and 2: with each of them all levels without a mark are right
in training cases left out; 2 leaves a quarter fewer without a mark."""


@dataclass(frozen=True, eq=False)
class SliceLevels:
    """Probabilities of the vertebral levels at the axial slices of a CT, as step 1, the curve network, gives them.

    :param heights_mm: (m,) height of each slice in the patient, falling.
    :param probabilities: (m, 26) of C1 to L5, L6 and the sacrum.
    """

    heights_mm: NDArray[np.float64]
    probabilities: NDArray[np.float64]

    def at(self, heights_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probabilities (n, 26) at heights (n,) between the slices."""
        return np.column_stack([np.interp(-heights_mm, -self.heights_mm, one) for one in self.probabilities.T])

    def greatest(self, low_mm: float, high_mm: float, classes: Sequence[int]) -> float:
        """Greatest probability of any of some classes together in the slices between two heights; 0 without one."""
        between = (self.heights_mm > low_mm) & (self.heights_mm < high_mm)
        return float(self.probabilities[between][:, list(classes)].sum(1).max(initial=0.0))


@dataclass(frozen=True, eq=False)
class Numbering:
    """The names of the vertebrae among the detected bodies.

    :param names: of the bodies above the sacrum, cranial to caudal.
    :param confidences: (n,) probability that each has its name.
    :param basis: what the names rest on: some of :data:`BASES`, or :data:`SHAPE_ONLY` alone.
    """

    names: tuple[str, ...]
    confidences: NDArray[np.float64]
    basis: tuple[str, ...]


def number_vertebrae(slices: SliceLevels, heights_mm: ArrayLike, centres_arc_mm: ArrayLike) -> Numbering:
    """Tell the vertebrae of a CT from the sacrum, and name them.

    A body is sacral if both the sequence of levels and the slices through it agree. The last lumbar vertebra of a spine
    with T13 or L6 lies where the sequence expects S1, but its own slices are lumbar, so that it stays a vertebra.
    Likewise a first body whose own slices are those of C1 or C2 is called C2 whatever the sequence expects, so that it
    is not measured.

    :param slices: level probabilities of the slices, from step 1 (the curve network).
    :param heights_mm: (n,) height of the bodies' centres in the patient.
    :param centres_arc_mm: (n,) their arc length along the curve, increasing caudally.
    """
    heights, arcs = (np.asarray(values, dtype=np.float64) for values in (heights_mm, centres_arc_mm))
    levels = slices.at(heights)
    count = sacrum_index(levels, arcs, of_slices=True)
    while count < len(levels) and levels[count, SACRUM] < _SACRAL_PROBABILITY:
        count += 1
    if count == 0:
        return Numbering((), np.zeros(0), ())
    last = float(heights[count - 1])
    on_sacrum = slices.greatest(last - _NEXT_BODY_MM, last, [SACRUM]) > _SACRAL_PROBABILITY
    levels, arcs = levels[:count, :LEVEL_CLASSES], arcs[:count]
    names, confidences = name_sequence(levels, arcs, ends_at_sacrum=on_sacrum, temperature=_TEMPERATURE_OF_CTS)
    is_end_clear = slices.greatest(last - _HALF_BODY_MM, np.inf, [SACRUM]) < _SACRAL_PROBABILITY
    shows_axis = slices.greatest(heights[0] - 1, np.inf, [0, 1]) > _AXIS_PROBABILITY
    is_start_clear = not shows_axis or _starts_at_axis(names[0], levels[0])
    landmarks = _landmarks(names, levels, shows_axis and is_start_clear, on_sacrum and is_end_clear)
    agrees = len(landmarks) > 1 or _agreement(names, levels) > _LEAST_AGREEMENT
    is_founded = bool(landmarks) and agrees and is_end_clear and _is_regular(names)
    if levels[0, :2].sum() > _AXIS_PROBABILITY and names[0] not in NEVER_MEASURED:
        names = (NEVER_MEASURED[-1], *names[1:])
    is_doubtful = _without_foundation(names, landmarks, is_founded, is_start_clear)
    confidences = np.where(is_doubtful, _RIGHT_WITHOUT_LANDMARK, 1.0) * confidences
    return Numbering(names, confidences, landmarks or (SHAPE_ONLY,))


def _without_foundation(
    names: Sequence[str], landmarks: Sequence[str], is_founded: bool, is_start_clear: bool
) -> NDArray[np.bool_]:
    """Which names (n,) rest on no landmark.

    Where it is not clear which body is C3, the names of the neck are in doubt, and all others too, unless the first rib
    and the sacrum are both where the names expect them.
    """
    if is_founded and is_start_clear:
        return np.zeros(len(names), dtype=bool)
    if is_founded and {FIRST_RIB, SACRAL_BASE} <= set(landmarks):
        return np.array([name.startswith("C") for name in names])
    return np.ones(len(names), dtype=bool)


def _is_regular(names: Sequence[str]) -> bool:
    """Whether no name is that of a supernumerary vertebra, and T12 is not left out between its neighbours."""
    return set(names) <= set(LEVEL_NAMES) and ("T11", "L1") not in pairwise(names)


def _agreement(names: Sequence[str], levels: NDArray[np.float64]) -> float:
    """Mean probability that each body has its name by its own slices alone."""
    columns = [min(int(LEVEL_NUMBERS[name] + 0.5), LEVEL_CLASSES) - 1 for name in names]
    return float(levels[np.arange(len(names)), columns].mean())


def _starts_at_axis(name: str, levels: NDArray[np.float64]) -> bool:
    """Whether the first body below the skull is C3, or looks like one of the two above it and is named so."""
    looks_upper = levels[:2].sum() > levels[2]
    return name in NEVER_MEASURED if looks_upper else name == "C3"


def _landmarks(names: Sequence[str], levels: NDArray[np.float64], shows_axis: bool, on_sacrum: bool) -> tuple[str, ...]:
    """The landmarks that are seen where the names say that they are."""
    seen = {
        AXIS: shows_axis,
        FIRST_RIB: "T1" in names and levels[names.index("T1"), _T1_COLUMN] > _T1_PROBABILITY,
        SACRAL_BASE: on_sacrum,
    }
    return tuple(name for name in BASES if seen[name])


def numbering_sentence(basis: Sequence[str]) -> str:
    """The sentence that tells readers of a report what the levels are counted from.

    :param basis: of a :class:`Numbering`; empty where it is not known, and nothing is said.
    """
    if not basis:
        return ""
    if tuple(basis) == (SHAPE_ONLY,):
        return (
            "No landmark for counting is in view: the levels are estimated from shape and size only and can all be "
            "wrong by one or two."
        )
    landmarks = [one if one == AXIS else f"the {one}" for one in basis]
    return f"The levels are counted from {' and '.join(filter(None, [', '.join(landmarks[:-1]), landmarks[-1]]))}."


def name_sequence(
    level_probabilities: ArrayLike,
    centres_arc_mm: ArrayLike,
    *,
    ends_at_sacrum: bool = False,
    temperature: float | None = None,
) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Name a row of detected vertebrae as a whole.

    The names are a hidden Markov chain: levels increase downwards, a level may be missed in between, and the distance
    between two centres tells how many were, up to the patient's scale, which is summed over. Estimates along one spine
    err together, so that n of them count as n / (1 + 0.4 (n - 1)) independent ones (the design effect of a correlation
    of 0.4): a long row of doubtful estimates stays doubtful. A thirteenth thoracic vertebra, a sixth lumbar one and a
    spine without T12 are possible but rare. The logarithms of the odds of a name are divided by a temperature: the
    network has learnt on few real patients and is surer of its levels than it can be.

    :param level_probabilities: (n, 25) of each vertebra by the network, C1 to L5 and L6; equal ones where there is no
        estimate.
    :param centres_arc_mm: arc length (n,) of the centres along the curve, increasing caudally.
    :param ends_at_sacrum: the last one lies on the sacrum, and is L5, rarely L4 or L6.
    :param temperature: that of the confidences, instead of the one that is set here; changes no name.
    :return: the most probable names, and for each the probability (n,) that this vertebra has this name.
    :raises ValueError: centres that do not increase, or more vertebrae than there are levels.
    """
    arcs = np.asarray(centres_arc_mm, dtype=np.float64)
    if len(arcs) == 0:
        return (), np.zeros(0)
    if len(arcs) > len(ALL_LEVEL_NAMES):
        raise ValueError(f"{len(arcs)} vertebrae are more than the {len(ALL_LEVEL_NAMES)} levels that could be named")
    if (np.diff(arcs) <= 0).any():
        raise ValueError("vertebrae must be given from cranial to caudal, each at another arc length")
    emission = _emission(np.asarray(level_probabilities, dtype=np.float64))
    if ends_at_sacrum:
        emission[-1] += _LAST_LUMBAR_LOG_PRIOR
    transition = _transition(np.diff(arcs))
    path = _best_path(emission, transition)
    confidences = _marginals(emission, transition, temperature or _TEMPERATURE)[np.arange(len(path)), path]
    return tuple(ALL_LEVEL_NAMES[i] for i in path), confidences


def sacrum_index(level_probabilities: ArrayLike, centres_arc_mm: ArrayLike, *, of_slices: bool = False) -> int:
    """Where the sacrum begins in a row of detected bodies, by the names of all of them.

    A single body that is taken for the one above or below it moves the sacrum by one; the row as a whole does not: it
    has to end in L5, rarely in L4 or L6, and what follows has to look like the sacrum.

    :param level_probabilities: (n, 26) of each body, C1 to L5, L6 and the sacrum.
    :param centres_arc_mm: arc length (n,) of the centres, increasing caudally.
    :param of_slices: the probabilities are those of axial slices, of which the one through a body's centre shows its
        neighbours, too: how sacral it is is then weighed against how sacral those of L5 and of S1 are.
    :return: index of S1; n where the row ends above it, 0 where all bodies are sacral.
    """
    probabilities = np.asarray(level_probabilities, dtype=np.float64)
    arcs = np.asarray(centres_arc_mm, dtype=np.float64)
    emission = _emission(probabilities[:, :LEVEL_CLASSES])
    forward = _forward(emission, _transition(np.diff(arcs)))
    sacral = np.log(np.maximum(probabilities[:, SACRUM], _LEAST_SACRAL)) + _MEAN_FIT
    if of_slices:
        odds = logit(np.clip(probabilities[:, SACRUM], _LEAST_SACRAL, 1 - _LEAST_SACRAL))
        sacral = _SACRAL_WEIGHT * (odds - logit(_SACRAL_FROM)) + _MEAN_FIT
    belief = {len(arcs): logsumexp(forward[-1])}
    for index in range(max(0, len(arcs) - _MOST_SACRAL), len(arcs)):
        above = logsumexp(forward[index - 1] + _LAST_LUMBAR_LOG_PRIOR if index else _scale_log_prior())
        belief[index] = above + sacral[index:].sum()
    return max(belief, key=lambda index: belief[index])


def _emission(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log likelihood (n, levels) of each estimate, tempered for the correlation between them."""
    votes = 1.0 + (len(probabilities) - 1) * _ESTIMATE_CORRELATION
    classes = np.arange(1, LEVEL_CLASSES + 1)
    weights = np.maximum(1 - np.abs(_NUMBERS[:, None] - classes), 0.0)
    emission: NDArray[np.float64] = np.log(np.maximum(probabilities, _LEAST_PROBABILITY)) @ weights.T / votes
    emission[:, _T13] += _T13_LOG_PRIOR
    emission[:, _L6] += _L6_LOG_PRIOR
    return emission


def _expected_mm() -> NDArray[np.float64]:
    """Distance (levels, levels) from one level down to another; a supernumerary one counts only where it is an end."""
    regular = np.interp(_NUMBERS, np.arange(1, len(CENTRES_MM) + 1), CENTRES_MM)
    as_lower, as_upper = regular.copy(), regular.copy()
    as_lower[[_T13, _L6]] = regular[[_T12, _L6 - 1]] + _SUPERNUMERARY_MM
    as_upper[_T13] = regular[_L1] - _SUPERNUMERARY_MM
    return as_lower[None, :] - as_upper[:, None]


def _transition(spacings_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log probability (scales, n - 1, levels, levels) of going from one level to the next given the distance."""
    indices = np.arange(len(ALL_LEVEL_NAMES))
    upper, lower = indices[:, None], indices[None, :]
    passed = sum((upper < one) & (one < lower) for one in indices if one not in (_T13, _L6))
    expected = _expected_mm()
    seen = _fit(spacings_mm, expected) + passed * _MISSED_LOG_PRIOR
    over_t12 = (upper <= _T11) & (lower >= _L1)
    without_t12 = _fit(spacings_mm, expected - expected[_T11, _T12]) + (passed - 1) * _MISSED_LOG_PRIOR
    seen = np.where(over_t12, np.logaddexp(seen, without_t12 + _NO_T12_LOG_PRIOR), seen)
    transition: NDArray[np.float64] = np.where(lower > upper, seen, -np.inf)
    return transition


def _fit(spacings_mm: NDArray[np.float64], expected_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log likelihood (scales, n - 1, levels, levels) of distances, for each scale of the patient."""
    log_scale = _SCALE_DEVIATES[:, None, None, None] * SPACING_PATIENT_LOG_SD
    log_expected = np.log(np.where(expected_mm > 0, expected_mm, 1.0))
    deviate = (np.log(spacings_mm)[None, :, None, None] - log_expected - log_scale) / SPACING_LOG_SD
    fit: NDArray[np.float64] = -(_STUDENT_FREEDOM + 1) / 2 * np.log1p(deviate**2 / _STUDENT_FREEDOM)
    return fit


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


def _forward(emission: NDArray[np.float64], transition: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Log probability (scales, levels) of each vertebra's level and all estimates down to it, a vertebra each."""
    forward = [_scale_log_prior()[:, None] + emission[0]]
    for log_step, log_estimate in zip(np.moveaxis(transition, 1, 0), emission[1:], strict=True):
        forward.append(logsumexp(forward[-1][:, :, None] + log_step, axis=1) + log_estimate)
    return forward


def _marginals(
    emission: NDArray[np.float64], transition: NDArray[np.float64], temperature: float
) -> NDArray[np.float64]:
    """Tempered probability (n, levels) of each level for each vertebra, summed over the rest (forward-backward)."""
    steps, forward = np.moveaxis(transition, 1, 0), _forward(emission, transition)
    backward = [np.zeros_like(forward[0])]
    for log_step, log_estimate in zip(steps[::-1], emission[:0:-1], strict=True):
        backward.insert(0, logsumexp(log_step + (log_estimate + backward[0])[:, None, :], axis=2))
    joint = logsumexp(np.stack(forward) + np.stack(backward), axis=1) / temperature
    probability: NDArray[np.float64] = np.exp(joint - logsumexp(joint, axis=1, keepdims=True))
    return probability
