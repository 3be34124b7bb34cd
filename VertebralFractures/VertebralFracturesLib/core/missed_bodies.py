"""Where one vertebra is missing in a row of found ones."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

_NEIGHBOURS = 3
_FEWEST_NEIGHBOURS = 2
_LEAST_RATIO, _GREATEST_RATIO = 1.5, 2.5


def missed_places(centres_mm: ArrayLike) -> NDArray[np.int_]:
    """Where the distance from one body to the next is about twice that of the bodies around.

    :param centres_mm: (n, d) of bodies that follow one another, any space.
    :return: places i, rising, such that one body is missing between i and i + 1; none in rows of fewer than four.
    """
    distances = np.linalg.norm(np.diff(np.asarray(centres_mm, dtype=np.float64), axis=0), axis=1)
    return np.array([place for place in range(len(distances)) if _is_double(distances, place)], dtype=int)


def _is_double(distances: NDArray[np.float64], place: int) -> bool:
    others = np.r_[distances[max(0, place - _NEIGHBOURS) : place], distances[place + 1 : place + 1 + _NEIGHBOURS]]
    if len(others) < _FEWEST_NEIGHBOURS:
        return False
    return bool(_LEAST_RATIO < distances[place] / np.median(others) < _GREATEST_RATIO)
