"""Images as text that a page holds, and the window that they are shown in."""

import base64
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

BONE_WINDOW_HU = (-250.0, 800.0)
"""Intensities shown as black and as white. Chosen for display, as in the views of 3D Slicer; nothing is measured in
it."""


@dataclass(frozen=True)
class Window:
    """Which intensities are shown as black and as white.

    :param low: shown as black, as is everything below.
    :param high: shown as white, as is everything above.
    :raises ValueError: the window has no width.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.high > self.low:
            raise ValueError(f"a window goes from black up to white, not from {self.low} to {self.high}")

    def png(self, image: NDArray) -> str:
        """An image (rows, columns) in this window, as a data URI."""
        grey = np.clip((image - self.low) / (self.high - self.low), 0, 1) * 255
        return grey_png(grey.round().astype(np.uint8))


BONE_WINDOW = Window(*BONE_WINDOW_HU)
"""The window from fat to cortical bone."""


def bone_window_png(image: NDArray) -> str:
    """An image (rows, columns) in Hounsfield units, in the bone window, as a data URI."""
    return BONE_WINDOW.png(image)


def grey_png(grey: NDArray[np.uint8]) -> str:
    """Grey values (rows, columns) as a data URI."""
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
