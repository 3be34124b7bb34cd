"""The six keypoints of a vertebral body in the mid-sagittal plane: their order, and the points derived from them."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

KEYPOINT_NAMES = (
    "anterior superior",
    "anterior inferior",
    "middle superior",
    "middle inferior",
    "posterior superior",
    "posterior inferior",
)
"""Order of the keypoints everywhere (Pisov 2020): each pair spans one height."""

ANTERIOR_SUPERIOR, ANTERIOR_INFERIOR = 0, 1
MIDDLE_SUPERIOR, MIDDLE_INFERIOR = 2, 3
POSTERIOR_SUPERIOR, POSTERIOR_INFERIOR = 4, 5

SUPERIOR = (ANTERIOR_SUPERIOR, MIDDLE_SUPERIOR, POSTERIOR_SUPERIOR)
INFERIOR = (ANTERIOR_INFERIOR, MIDDLE_INFERIOR, POSTERIOR_INFERIOR)
OUTLINE = (*SUPERIOR, *INFERIOR[::-1])
"""Order in which the keypoints follow one another around the body."""


def body_centre(keypoints: ArrayLike) -> NDArray[np.float64]:
    """Centre of a vertebral body.

    :param keypoints: (..., 6, d), any space.
    :return: (..., d), the mean of the six keypoints in the same space.
    """
    return np.asarray(keypoints, dtype=np.float64).mean(-2)


def depths_mm(keypoints: ArrayLike) -> NDArray[np.float64]:
    """Anterior-posterior depth of a vertebral body.

    :param keypoints: (..., 6, d) in mm.
    :return: (..., 2), length of the superior and of the inferior endplate from rim to rim.
    """
    points = np.asarray(keypoints, dtype=np.float64)
    anterior = points[..., [ANTERIOR_SUPERIOR, ANTERIOR_INFERIOR], :]
    posterior = points[..., [POSTERIOR_SUPERIOR, POSTERIOR_INFERIOR], :]
    return np.linalg.norm(posterior - anterior, axis=-1)
