"""Images as text that a page holds."""

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .window import BONE_WINDOW


def bone_window_png(image: NDArray) -> str:
    """An image (rows, columns) in Hounsfield units, in the bone window, as a data URI."""
    return grey_png(BONE_WINDOW.grey(image))


def grey_png(grey: NDArray[np.uint8]) -> str:
    """Grey values (rows, columns) as a data URI."""
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
