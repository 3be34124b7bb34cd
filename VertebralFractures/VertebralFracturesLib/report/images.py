"""Images as text that a page holds."""

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

BONE_WINDOW_HU = (-250.0, 800.0)
"""Intensities shown as black and as white. Chosen for display, as in the views of 3D Slicer; nothing is measured in
it."""


def bone_window_png(image: NDArray) -> str:
    """An image (rows, columns) in Hounsfield units, in the bone window, as a data URI."""
    low, high = BONE_WINDOW_HU
    grey = np.clip((image - low) / (high - low), 0, 1) * 255
    return grey_png(grey.round().astype(np.uint8))


def grey_png(grey: NDArray[np.uint8]) -> str:
    """Grey values (rows, columns) as a data URI."""
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
