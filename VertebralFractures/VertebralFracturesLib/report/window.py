"""Which intensities of an image are shown as black and as white."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Window:
    """A window of intensities.

    :param low: shown as black, as is everything below.
    :param high: shown as white, as is everything above.
    :raises ValueError: the window has no width.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.high > self.low:
            raise ValueError(f"a window goes from black up to white, not from {self.low} to {self.high}")

    def grey(self, image: NDArray) -> NDArray[np.uint8]:
        """Grey values 0 to 255 of an image of any shape."""
        return (np.clip((image - self.low) / (self.high - self.low), 0, 1) * 255).round().astype(np.uint8)


BONE_WINDOW_HU = (-250.0, 800.0)
"""From fat to cortical bone. Chosen for display, as in the views of 3D Slicer; nothing is measured in it."""

BONE_WINDOW = Window(*BONE_WINDOW_HU)
"""The window in which bone is shown where none is fitted to the case."""
