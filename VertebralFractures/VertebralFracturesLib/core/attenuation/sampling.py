"""Hounsfield units at points of a CT, whatever its padding."""

import numpy as np
from numpy.typing import NDArray

from ..volume import AIR_HU, Volume


def sampled_hu(volume: Volume, points_ras: NDArray[np.float64], order: int = 1) -> NDArray[np.float64]:
    """Hounsfield units at points; padding and voxels without a number are air.

    The analysis reads a CT whose padding is set to air, a scene the CT as it was loaded: here both are the same.

    :param volume: the CT in Hounsfield units.
    :param points_ras: (..., 3) in RAS mm.
    :param order: 1 is trilinear, 0 the nearest voxel.
    :return: (...) at least :data:`~..volume.AIR_HU`.
    """
    values = np.asarray(volume.sample(points_ras, order), dtype=np.float64)
    return np.maximum(np.where(np.isfinite(values), values, AIR_HU), AIR_HU)
