"""The image classifier of a CT: canal, slab, and the ensemble of the sequence networks along it."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from ..core.image_classification import ImageClassification
from ..core.spine_curve import SpineCurve
from ..core.spine_slab import cut_slab, slab_frame
from ..core.volume import Volume
from ..errors import Cancelled
from .canal import find_canal
from .networks import ImageClassifierNetworks

_LEAST_PROBABILITY = 1e-6
"""Keeps logarithms finite. Chosen; a third more or less moves probabilities by less than 0.0001 (experiments.md,
2026-12-01)."""


def classify_spine(
    networks: ImageClassifierNetworks, volume: Volume, curve: SpineCurve, cancel: Callable[[], bool] = lambda: False
) -> ImageClassification:
    """The probabilities of the grades along a spine, by the look of the image.

    :param networks: of the image classifier.
    :param volume: the CT in Hounsfield units.
    :param curve: through the vertebral bodies.
    :param cancel: asked before each network runs.
    :raises Cancelled: ``cancel`` said so.
    """
    canal = find_canal(networks.locate_canal, volume, curve, cancel)
    slab = cut_slab(volume, slab_frame(curve, canal))
    readings = []
    for sequence in networks.sequences:
        if cancel():
            raise Cancelled("cancelled during the image-based check")
        readings.append(sequence(slab.image))
    return ImageClassification(slab.frame, averaged(readings), networks.temperature, canal)


def averaged(readings: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """The mean of the logits of probabilities (positions, classes), as probabilities."""
    logits = np.mean([np.log(np.maximum(one, _LEAST_PROBABILITY)) for one in readings], axis=0)
    return np.asarray(softmax(logits, axis=1))
