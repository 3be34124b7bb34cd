"""The six keypoints of a vertebral body in the mid-sagittal plane: their order, and the points derived from them."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import UnusableInput

KEYPOINT_NAMES = (
    "anterior superior",
    "anterior inferior",
    "middle superior",
    "middle inferior",
    "posterior superior",
    "posterior inferior",
)
"""Order of the keypoints everywhere (Pisov 2020): each pair spans one height."""

# Indices into KEYPOINT_NAMES.
ANTERIOR_SUPERIOR, ANTERIOR_INFERIOR = 0, 1
MIDDLE_SUPERIOR, MIDDLE_INFERIOR = 2, 3
POSTERIOR_SUPERIOR, POSTERIOR_INFERIOR = 4, 5

SUPERIOR = (ANTERIOR_SUPERIOR, MIDDLE_SUPERIOR, POSTERIOR_SUPERIOR)
INFERIOR = (ANTERIOR_INFERIOR, MIDDLE_INFERIOR, POSTERIOR_INFERIOR)
OUTLINE = (*SUPERIOR, *INFERIOR[::-1])
"""Order in which the keypoints follow one another around the body."""

SMALLEST_SEPARATION_MM = 1.0
"""How far apart points have to be for their order to be beyond doubt.

About the distance at which two readers annotate one point: 0.89 mm on average in the annotation of Zakharov 2023.
"""


def body_centre(keypoints: ArrayLike) -> NDArray[np.float64]:
    """Centre of a vertebral body.

    :param keypoints: (..., 6, d), any space.
    :return: (..., d), the mean of the six keypoints in the same space.
    """
    return np.asarray(keypoints, dtype=np.float64).mean(-2)


def beyond_walls(keypoints: ArrayLike, distance_mm: float) -> NDArray[np.float64]:
    """Points in front of and behind a vertebral body, at the height of its endplates.

    :param keypoints: (..., 6, d) in mm, any space; the endplates are longer than nothing.
    :param distance_mm: how far beyond the anterior and posterior keypoints, along the endplates.
    :return: (..., 4, d) in the same space.
    """
    points = np.asarray(keypoints, dtype=np.float64)
    front = points[..., [ANTERIOR_SUPERIOR, ANTERIOR_INFERIOR], :]
    back = points[..., [POSTERIOR_SUPERIOR, POSTERIOR_INFERIOR], :]
    ahead = (front - back) * (distance_mm / np.linalg.norm(front - back, axis=-1, keepdims=True))
    return np.concatenate([front + ahead, back - ahead], -2)


def beyond_endplates(keypoints: ArrayLike, distance_mm: float) -> NDArray[np.float64]:
    """Points above and below a vertebral body, where its endplates end and in their middle.

    :param keypoints: (..., 6, d) in mm, any space; the heights are longer than nothing.
    :param distance_mm: how far beyond the keypoints, along the heights.
    :return: (..., 6, d) in the same space, in the order of the keypoints.
    """
    points = np.asarray(keypoints, dtype=np.float64)
    superior, inferior = points[..., SUPERIOR, :], points[..., INFERIOR, :]
    upwards = (superior - inferior) * (distance_mm / np.linalg.norm(superior - inferior, axis=-1, keepdims=True))
    return np.stack([superior + upwards, inferior - upwards], -2).reshape(points.shape)


def depths_mm(keypoints: ArrayLike) -> NDArray[np.float64]:
    """Anterior-posterior depth of a vertebral body.

    :param keypoints: (..., 6, d) in mm.
    :return: (..., 2), length of the superior and of the inferior endplate from rim to rim.
    """
    points = np.asarray(keypoints, dtype=np.float64)
    anterior = points[..., [ANTERIOR_SUPERIOR, ANTERIOR_INFERIOR], :]
    posterior = points[..., [POSTERIOR_SUPERIOR, POSTERIOR_INFERIOR], :]
    return np.linalg.norm(posterior - anterior, axis=-1)


def ordered_keypoints(points_straight: ArrayLike) -> NDArray[np.float64]:
    """Tell the six keypoints of a body apart by where they lie, whatever order they were marked in.

    In straightened space a body stands upright: its rims and its middle follow one another from front to back, and
    within each pair the upper point is superior. This holds for bodies that are tilted by up to 20 degrees.

    :param points_straight: (6, 3) right, anterior and superior in straightened mm, in any order.
    :return: (6, 3) in the order of :data:`KEYPOINT_NAMES`.
    :raises UnusableInput: not six points, or points that are too close for their order to be told.
    """
    points = np.asarray(points_straight, dtype=np.float64)
    if points.shape != (len(KEYPOINT_NAMES), 3) or not np.isfinite(points).all():
        raise UnusableInput("a vertebra needs six points: anterior, middle and posterior on both endplates")
    pairs = points[np.argsort(-points[:, 1], kind="stable")].reshape(3, 2, 3)
    pairs = np.take_along_axis(pairs, np.argsort(-pairs[..., 2], axis=1, kind="stable")[..., None], axis=1)
    gaps_mm = pairs[:-1, :, 1].min(1) - pairs[1:, :, 1].max(1)
    heights_mm = pairs[:, 0, 2] - pairs[:, 1, 2]
    if min(gaps_mm.min(), heights_mm.min()) < SMALLEST_SEPARATION_MM:
        raise UnusableInput(
            "the six points cannot be told apart: place the anterior, middle and posterior point of the superior "
            "endplate, and below each of them one on the inferior endplate"
        )
    return pairs.reshape(len(KEYPOINT_NAMES), 3)
