"""Cheap smooth randomness: periodic noise lattices looked up at points, and the ramp that antialiases a surface."""

from functools import lru_cache

import numpy as np
from scipy.ndimage import gaussian_filter

_PERIOD = 64
"""Cells along each axis of a lattice, a power of two, so that a place in it is found by its last bits."""


@lru_cache(maxsize=16)
def noise_lattice(seed: int, sigma: float | tuple[float, float, float]) -> np.ndarray:
    """A periodic lattice of smooth noise with unit standard deviation.

    :param seed: which lattice.
    :param sigma: smoothing in lattice cells, along x, y, z if three.
    :return: (64 * 64 * 64,) float32, flattened.
    """
    white = np.random.default_rng(seed).standard_normal((_PERIOD,) * 3).astype(np.float32)
    smooth = gaussian_filter(white, sigma, mode="wrap")
    return (smooth / smooth.std()).ravel()


def noise(x: np.ndarray, y: np.ndarray, z: np.ndarray, lattice: np.ndarray) -> np.ndarray:
    """Look noise up at the nearest lattice cell.

    :param x: coordinate in lattice cells.
    :param y: as x, of the same shape.
    :param z: as x, of the same shape.
    :param lattice: from :func:`noise_lattice`.
    :return: noise of the same shape.
    """
    mask = _PERIOD - 1
    index = np.floor(x).astype(np.int32) & mask
    index = (index << 6) | (np.floor(y).astype(np.int32) & mask)
    index = (index << 6) | (np.floor(z).astype(np.int32) & mask)
    return lattice[index]


def coverage(distance_mm: np.ndarray, blur_mm: float) -> np.ndarray:
    """Share of a box of width ``blur_mm`` that lies inside a surface.

    :param distance_mm: signed distance, positive inside.
    :param blur_mm: width of the box.
    :return: 0 .. 1.
    """
    return np.clip(distance_mm * np.float32(1 / blur_mm) + np.float32(0.5), 0, 1)


def smooth_minimum(first: np.ndarray, second: np.ndarray, radius: float | np.ndarray) -> np.ndarray:
    """Minimum of two distances, rounded where they are nearly equal.

    :param first: any shape.
    :param second: the same shape.
    :param radius: difference below which it is rounded.
    :return: at most a quarter of the radius less than the minimum.
    """
    overlap = np.maximum(radius - np.abs(first - second), 0)
    return np.minimum(first, second) - overlap * overlap / (4 * radius)
