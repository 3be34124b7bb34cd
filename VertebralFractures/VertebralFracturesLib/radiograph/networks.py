"""What the stages of a radiograph ask of networks: functions from arrays to arrays, whatever computes them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

VIEW_QUESTIONS = ("mirrored", "inverted", "frontal")
"""What step 1 is asked of the whole image."""


@dataclass(frozen=True, eq=False)
class BodyDetections:
    """The vertebral bodies that step 1 detects in an image, and how the image lies.

    :param centres_mm: (n, 2) column and row.
    :param scores: (n,) 0 to 1.
    :param levels: (n, 26) probabilities.
    :param view_probabilities: (3,) of :data:`VIEW_QUESTIONS`.
    """

    centres_mm: NDArray[np.float64]
    scores: NDArray[np.float64]
    levels: NDArray[np.float64]
    view_probabilities: NDArray[np.float64]

    def selected(self, indices: NDArray[Any]) -> "BodyDetections":
        """Those with some indices or where a mask (n,) says so; the image lies as before."""
        parts = {name: getattr(self, name)[indices] for name in ("centres_mm", "scores", "levels")}
        return replace(self, **parts)


class RadiographNetworks(Protocol):
    """The networks that a radiograph needs (Cina 2021)."""

    @property
    def versions(self) -> Mapping[str, str]:
        """Version of each network by name, for the report."""

    def detect_bodies(self, image: NDArray[np.float32], pixel_mm: float, threshold: float) -> BodyDetections:
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
