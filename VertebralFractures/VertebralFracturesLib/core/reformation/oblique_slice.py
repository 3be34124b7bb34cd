"""The oblique sagittal slice through the six points of one vertebral body, in which lengths are true."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..keypoints import (
    ANTERIOR_INFERIOR,
    ANTERIOR_SUPERIOR,
    POSTERIOR_INFERIOR,
    POSTERIOR_SUPERIOR,
    body_centre,
)
from ..straightening import SLAB_MM, slab_offsets_mm
from ..volume import Volume

_RIGHT_RAS = np.array([1.0, 0.0, 0.0])
_POSTERIOR_RAS = np.array([0.0, -1.0, 0.0])
"""Directions in the patient, by the definition of RAS."""

_SAGITTAL_MM = 0.5
"""Extent in the patient's sagittal plane that a body has at least. Chosen: points on one line lie in many planes and
get the one nearest to sagittal, while the plane of a whole body that is tilted by 40 degrees turns by less than 0.3
degrees (a test says so)."""

_ENDPLATE_MM = 1e-3
"""Length from front to back that endplates have at least. Chosen: much less than can be measured, so that points which
all coincide have a direction, too."""


@dataclass(frozen=True, eq=False)
class ObliquePlane:
    """A plane in the patient with coordinates in mm: x grows posteriorly along the endplates, y caudally.

    Both axes are perpendicular unit vectors, so that every length in the plane is a length in the patient.

    :param origin_ras: (3,) where x and y are 0, in RAS mm.
    :param axes_ras: (3, 3), rows are the unit vectors of x, of y and across the plane (x cross y, to the patient's
        right) in RAS.
    """

    origin_ras: NDArray[np.float64]
    axes_ras: NDArray[np.float64]

    def to_ras(self, points_mm: ArrayLike) -> NDArray[np.float64]:
        """RAS mm (..., 3) of points (..., 2) of the plane."""
        return np.asarray(points_mm, dtype=np.float64) @ self.axes_ras[:2] + self.origin_ras

    def from_ras(self, points_ras: ArrayLike) -> NDArray[np.float64]:
        """Points (..., 2) of the plane in mm onto which RAS points (..., 3) project."""
        return (np.asarray(points_ras, dtype=np.float64) - self.origin_ras) @ self.axes_ras[:2].T

    def distance_mm(self, points_ras: ArrayLike) -> NDArray[np.float64]:
        """Distance (...) of RAS points (..., 3) from the plane in mm."""
        return np.abs((np.asarray(points_ras, dtype=np.float64) - self.origin_ras) @ self.axes_ras[2])


def plane_through_body(keypoints_ras: ArrayLike) -> ObliquePlane:
    """The plane nearest to the six points of a body, turned so that its endplates lie horizontally.

    It minimizes the sum of the squared distances of the points. The x axis is the mean direction of both endplates.

    :param keypoints_ras: (6, 3) in RAS mm, in the order of :data:`~..keypoints.KEYPOINT_NAMES`.
    :return: the plane, its origin in the middle of the body.
    """
    points = np.asarray(keypoints_ras, dtype=np.float64)
    offsets = points - body_centre(points)
    spread = offsets.T @ offsets + _SAGITTAL_MM**2 * (np.eye(3) - np.outer(_RIGHT_RAS, _RIGHT_RAS))
    across = np.linalg.eigh(spread)[1][:, 0]
    ends = points[[POSTERIOR_SUPERIOR, POSTERIOR_INFERIOR]] - points[[ANTERIOR_SUPERIOR, ANTERIOR_INFERIOR]]
    endplates = ends.sum(0) + _ENDPLATE_MM * _POSTERIOR_RAS
    along = endplates - (endplates @ across) * across
    along /= np.linalg.norm(along)
    across = across if across @ _RIGHT_RAS >= 0 else -across
    return ObliquePlane(body_centre(points), np.stack([along, np.cross(across, along), across]))


@dataclass(frozen=True, eq=False)
class ObliqueSlice:
    """An image of a plane: anterior on the left, cranial on top.

    :param image: intensities (rows, columns), float32.
    :param pixel_mm: side of the square pixels.
    :param plane: what was cut.
    :param left_mm: x of the centres of the first column.
    :param top_mm: y of the centres of the first row.
    """

    image: NDArray[np.float32]
    pixel_mm: float
    plane: ObliquePlane
    left_mm: float
    top_mm: float

    @property
    def width_mm(self) -> float:
        """Width of the image."""
        return self.image.shape[1] * self.pixel_mm

    @property
    def height_mm(self) -> float:
        """Height of the image."""
        return self.image.shape[0] * self.pixel_mm


def cut_plane(
    volume: Volume, plane: ObliquePlane, size_mm: tuple[float, float], pixel_mm: float, slab_mm: float = SLAB_MM
) -> ObliqueSlice:
    """Sample a volume in a window around the origin of a plane, averaged across it as the straightened slice is.

    :param volume: the CT.
    :param plane: what to cut.
    :param size_mm: width and height of the window.
    :param pixel_mm: side of the square pixels.
    :param slab_mm: thickness across the plane over which intensities are averaged.
    :return: the slice; :data:`~..volume.AIR_HU` where the volume ends.
    """
    columns, rows = (round(side / pixel_mm) for side in size_mm)
    x_mm, y_mm = ((np.arange(count) - (count - 1) / 2) * pixel_mm for count in (columns, rows))
    points_ras = plane.to_ras(np.stack(np.meshgrid(x_mm, y_mm), -1))
    layers = [volume.sample(points_ras + offset * plane.axes_ras[2]) for offset in slab_offsets_mm(slab_mm)]
    image = np.mean(layers, axis=0).astype(np.float32)
    return ObliqueSlice(image, pixel_mm, plane, float(x_mm[0]), float(y_mm[0]))
