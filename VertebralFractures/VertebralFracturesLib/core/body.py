"""Where the patient's body is in a volume."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .volume import Volume

BODY_HU = -300.0
_OPENING_MM = 8.0


def body_bounds_ijk(volume: Volume, margin_mm: float = 6.0) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Bounding box of the largest object denser than air, without thin things such as the table and cables.

    :param volume: a CT.
    :param margin_mm: added on every side.
    :return: first voxel and one past the last voxel along (i, j, k).
    """
    size = np.array(volume.shape[::-1])
    opening = np.maximum(1, np.round(_OPENING_MM / volume.spacing_mm)).astype(int)
    solid = ndimage.uniform_filter(np.clip(volume.voxels, -1000, 0).astype(np.float32), opening[::-1]) > BODY_HU
    labels, count = ndimage.label(solid)
    if count == 0:
        return np.zeros(3, dtype=np.int64), size
    largest = np.bincount(labels.ravel())[1:].argmax() + 1
    box = ndimage.find_objects(labels)[largest - 1][::-1]
    margin = np.ceil(margin_mm / volume.spacing_mm).astype(int) + opening
    lower = np.maximum(0, np.array([side.start for side in box]) - margin)
    upper = np.minimum(size, np.array([side.stop for side in box]) + margin)
    return lower, upper
