"""What the stages of a CT ask of networks: functions from arrays to arrays, whatever computes them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from .point_uncertainty import UncertaintyWeights

DetectorName = Literal["anchor-free", "anchor"]
"""The heads of step 2: Zakharov 2023 or Pisov 2020."""

ArrayFunction = Callable[[NDArray[np.float32]], NDArray[np.float64]]
LocateSpine = Callable[
    [NDArray[np.float32], bool], tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
]
"""As :meth:`CtNetworks.locate_spine`."""

LocateCanal = Callable[[NDArray[np.float32]], tuple[NDArray[np.float64], NDArray[np.float64]]]
"""As :meth:`ImageClassifierNetworks.locate_canal`."""


class ImageClassifierNetworks(Protocol):
    """The networks of the image classifier (after Chettrit 2020)."""

    @property
    def temperature(self) -> float:
        """Calibrates the probabilities, see :class:`~..core.image_classification.ImageClassification`."""

    @property
    def sequences(self) -> Sequence[ArrayFunction]:
        """The ensemble. Each takes a slab (right, front, row) in Hounsfield units and gives the probabilities
        (positions, classes) of no body and of a body of grade 0 to 3 at each position along it."""

    def locate_canal(self, window_hu: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Where the spinal canal is in cross-sections of the straightened spine.

        :param window_hu: (sections, back, right) in Hounsfield units.
        :return: the centre (sections, 2) as (right, back) in pixels, and how surely (sections,) it lies there.
        """


class CtNetworks(Protocol):
    """The networks that a CT needs."""

    @property
    def detector(self) -> DetectorName:
        """Which head :meth:`detect_vertebrae` has."""

    @property
    def versions(self) -> Mapping[str, str]:
        """Version of each network by name, for the report."""

    @property
    def uncertainty_weights(self) -> UncertaintyWeights:
        """What the uncertainties of step 2 are made of."""

    @property
    def image_classifier(self) -> ImageClassifierNetworks | None:
        """Those of the image classifier; None where it is not wanted."""

    def locate_spine(
        self, image_hu: NDArray[np.float32], is_mirrored: bool
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Step 1: where the vertebral bodies are in axial slices (Pisov 2020, section 4.1).

        :param image_hu: (slices, rows, columns) in Hounsfield units at 3 mm, cranial to caudal.
        :param is_mirrored: whether the mirror image is read; the result is that of the image as it is.
        :return: probabilities (slices, rows, columns) of the place of the body's centre, one in sum per slice; the
            probability (slices,) that the mobile spine is in the slice; and that (slices, 26) of each level, C1 first,
            then L6 and the sacrum.
        """

    def detect_vertebrae(self, images_hu: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        """Step 2: maps of the vertebrae in straightened slices.

        :param images_hu: (batch, rows, columns) in Hounsfield units.
        :return: of the anchor-free head the four maps that :func:`~.anchor_free.decode_regions` takes, of the
            anchor-based one the two that :func:`~.anchors.decode_anchors` takes, each with the batch in front.
        """
