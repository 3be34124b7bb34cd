"""Which of the detected bodies follow one another as those of a spine do, and how well their levels do."""

import numpy as np
from numpy.typing import NDArray

_NEXT_MM, _STEEPEST = (9.0, 90.0), 2.0
"""How far one body is from the next, and how far aside for a way down. Distances are chosen, from half the height of T1
to three times that of L4, as one may be missed. At up to 63 degrees S1 is found more often (experiments.md,
2026-11-27)."""

_LEAST_PROBABILITY = 0.0025
"""Of a level that the network excludes; chosen, so that one body that is read wrongly does not outweigh all others."""


def spine_chain(centres_mm: NDArray[np.float64], scores: NDArray[np.float64]) -> NDArray[np.int_]:
    """The bodies that follow one another downwards at the distances of vertebrae, with the greatest sum of scores.

    :param centres_mm: (n, 2) column and row, n > 0.
    :param scores: (n,).
    :return: their indices, from the top of the image downwards.
    """
    order = np.argsort(centres_mm[:, 1], kind="stable")
    best = scores[order].copy()
    before = np.full(len(order), -1)
    for place, body in enumerate(order):
        for earlier in range(place):
            across, down = centres_mm[body] - centres_mm[order[earlier]]
            is_next = _NEXT_MM[0] < np.hypot(across, down) < _NEXT_MM[1] and abs(across) < _STEEPEST * down
            if is_next and best[earlier] + scores[body] > best[place]:
                best[place], before[place] = best[earlier] + scores[body], earlier
    chain = [int(best.argmax())]
    while before[chain[0]] >= 0:
        chain.insert(0, int(before[chain[0]]))
    return np.asarray(order[chain])


def level_agreement(levels: NDArray[np.float64]) -> float:
    """How well the levels of bodies that follow one another fit a row without gaps.

    :param levels: (n, c) probabilities of each body, from the top downwards, n > 0.
    :return: the mean log probability of the best row; at least that of :data:`_LEAST_PROBABILITY`.
    """
    logs = np.log(np.maximum(levels, _LEAST_PROBABILITY))
    count, classes = logs.shape
    bodies = np.arange(count)
    rows = [float(logs[bodies, first + bodies].mean()) for first in range(classes - count + 1)]
    return max(rows, default=float(np.log(_LEAST_PROBABILITY)))
