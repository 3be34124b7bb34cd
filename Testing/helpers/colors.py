"""How far apart colors are, for readers with normal and with impaired colour vision."""

import numpy as np
from numpy.typing import NDArray

_VISIONS = (
    np.eye(3),
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
)
"""Normal vision, and full protanopia, deuteranopia and tritanopia on linear RGB (Machado 2009)."""

_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_WHITE = (0.9505, 1.0, 1.089)


def rgb(text: str) -> tuple[float, float, float]:
    """A color such as "#ffa040" as numbers in 0..1."""
    red, green, blue = (int(text[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return red, green, blue


def distance(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """The least difference of two colors (CIE76) over the kinds of colour vision."""
    return min(float(np.linalg.norm(_lab(one, vision) - _lab(other, vision))) for vision in _VISIONS)


def _lab(color: tuple[float, ...], vision: object) -> NDArray[np.float64]:
    stored = np.asarray(color, dtype=np.float64)
    linear = np.where(stored <= 0.04045, stored / 12.92, ((stored + 0.055) / 1.055) ** 2.4)
    seen = _TO_XYZ @ np.clip(np.asarray(vision) @ linear, 0, 1) / _WHITE
    x, y, z = np.where(seen > 0.008856, np.cbrt(seen), 7.787 * seen + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])
