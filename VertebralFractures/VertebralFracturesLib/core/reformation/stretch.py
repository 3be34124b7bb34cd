"""How much too long or too short the straightened slice draws the heights of a body."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..keypoints import INFERIOR, SUPERIOR
from ..straightening import StraightenedSlice


def height_stretch(straightened: StraightenedSlice, keypoints_ras: ArrayLike) -> NDArray[np.float64]:
    """Length that the straightened slice draws over true length of the three heights of a body.

    Straightening spreads the inner side of a bend of the spine and compresses its outer side. On the curve itself, and
    across it, lengths stay what they are.

    :param straightened: the slice, in square pixels.
    :param keypoints_ras: (..., 6, 3) in RAS mm, in the order of :data:`~..keypoints.KEYPOINT_NAMES`.
    :return: (..., 3) ratio of the anterior, middle and posterior height; NaN where a height is 0.
    """
    points_ras = np.asarray(keypoints_ras, dtype=np.float64)
    drawn_mm = straightened.ras_to_pixels(points_ras) * straightened.pixel_mm
    true = _heights(points_ras)
    return np.divide(_heights(drawn_mm), true, out=np.full(true.shape, np.nan), where=true > 0)


def _heights(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.linalg.norm(points[..., SUPERIOR, :] - points[..., INFERIOR, :], axis=-1)
