"""The networks of the second opinion together: canal, slab, and every sequence network of the ensemble."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from ..core.image_classification import SecondOpinion
from ..core.spine_curve import SpineCurve
from ..core.spine_slab import cut_slab, slab_frame
from ..core.volume import Volume
from ..errors import Cancelled
from ..networks.canal_net import CanalNet, find_canal
from ..networks.fracture_sequence_net import FractureSequenceNet, read_rows


@dataclass(frozen=True, eq=False)
class SecondOpinionNets:
    """The networks, in evaluation mode on one device.

    :param canal: finds the spinal canal.
    :param sequences: read the slab; their logits are averaged.
    :param temperature: calibrates the ensemble, see :class:`~..core.image_classification.SecondOpinion`.
    """

    canal: CanalNet
    sequences: tuple[FractureSequenceNet, ...]
    temperature: float


def second_opinion(
    nets: SecondOpinionNets, volume: Volume, curve: SpineCurve, cancel: Callable[[], bool] = lambda: False
) -> SecondOpinion:
    """Read a spine a second time.

    :param nets: the networks.
    :param volume: the CT in Hounsfield units.
    :param curve: through the vertebral bodies.
    :param cancel: asked between the networks.
    :raises Cancelled: ``cancel`` said so.
    """
    canal = find_canal(nets.canal, volume, curve, cancel)
    slab = cut_slab(volume, slab_frame(curve, canal))
    readings = []
    for net in nets.sequences:
        if cancel():
            raise Cancelled("cancelled while reading the spine a second time")
        readings.append(read_rows(net, slab))
    return SecondOpinion(slab.frame, averaged(readings), nets.temperature, canal)


def averaged(readings: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """The mean of the logits of probabilities (positions, classes), as probabilities."""
    logits = np.mean([np.log(np.maximum(one, 1e-6)) for one in readings], axis=0)
    return np.asarray(softmax(logits, axis=1))
