"""What the stages of a radiograph ask of networks: functions from arrays to arrays, whatever computes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

VIEW_QUESTIONS = ("mirrored", "inverted", "frontal")
"""What step 1 is asked of the whole image."""


@dataclass(frozen=True, eq=False)
class FoundBodies:
    """What step 1 gives of an image.

    :param centres_mm: (n, 2) column and row.
    :param scores: (n,) 0 to 1.
    :param levels: (n, 26) probabilities.
    :param view: (3,) probabilities of :data:`VIEW_QUESTIONS`.
    """

    centres_mm: NDArray[np.float64]
    scores: NDArray[np.float64]
    levels: NDArray[np.float64]
    view: NDArray[np.float64]


class RadiographNetworks(Protocol):
    """The networks that a radiograph needs (Cina 2021)."""

    @property
    def versions(self) -> Mapping[str, str]:
        """Version of each network by name, for the report."""

    def find_bodies(self, image: NDArray[np.float32], pixel_mm: float, threshold: float) -> FoundBodies:
        """Step 1, first network: the bodies in an image, several to a body where it is in doubt.

        :param image: brightness (rows, columns).
        :param pixel_mm: side of a pixel.
        :param threshold: least score.
        """

    def regress_landmarks(
        self, image: NDArray[np.float32], pixel_mm: float, centres_mm: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Step 1, second network: rough landmarks (n, 6, 2) in mm, column and row.

        :param image: brightness (rows, columns).
        :param pixel_mm: side of a pixel.
        :param centres_mm: (n, 2) column and row of the bodies, about known.
        """

    def refine_landmarks(self, windows: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Step 2: landmarks in crops, which lie in the middle of windows of the image.

        :param windows: (n, side, side) brightness, from :meth:`~.network_input.CropFrames.cut`.
        :return: places (n, 6, 2), column and row from -1 to 1 across the crop, and their spreads (n, 6) in pixels.
        """
