"""The camera of a lateral radiograph: where points of the patient appear, and the rays that see them.

Its frame has its origin in the isocentre; the axes run along the central ray (towards the tube), forwards and
upwards. The picture is laid into the plane through the isocentre across the central ray, so that its pixels measure
the patient and not the detector.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

_OFF_MIDDLE = 0.15
"""Of the height of the picture, how far off its middle the central ray meets it; chosen."""

_NEAREST_MM, _FARTHEST_MM = 850.0, 1900.0
"""Distance of the tube from the isocentre; chosen for films that are taken from 1 to 2 m."""

_LEAST_DISTANCE = 2.2
"""Of the tube over the height of the picture: the beam opens by 17 degrees at most (tested)."""


@dataclass(frozen=True, eq=False)
class Camera:
    """The geometry of one exposure.

    :param isocentre_ras: (3,) point that the central ray meets, RAS mm.
    :param axes: (3, 3) rows: towards the tube, forwards, upwards in RAS.
    :param source_mm: distance of the focus from the isocentre.
    :param shape: rows and columns of the picture; anterior is on the left.
    :param pixel_mm: side of a pixel in the plane of the isocentre.
    :param centre_pixels: (column, row) of the isocentre.
    """

    isocentre_ras: NDArray[np.float64]
    axes: NDArray[np.float64]
    source_mm: float
    shape: tuple[int, int]
    pixel_mm: float
    centre_pixels: tuple[float, float]

    def project(self, points_ras: ArrayLike) -> NDArray[np.float64]:
        """Where points appear.

        :param points_ras: (..., 3) RAS mm.
        :return: (..., 2) column and row.
        """
        seen = (np.asarray(points_ras, dtype=np.float64) - self.isocentre_ras) @ self.axes.T
        nearer = self.source_mm / (self.source_mm - seen[..., 0])
        return np.asarray(self.centre_pixels) - seen[..., 1:] * nearer[..., None] / self.pixel_mm

    @property
    def source_ras(self) -> NDArray[np.float64]:
        """The focus (3,), RAS mm."""
        return self.isocentre_ras + self.source_mm * self.axes[0]

    def window(self, corners_ras: ArrayLike) -> tuple[slice, slice]:
        """Rows and columns of the part of the picture in which points appear.

        :param corners_ras: (n, 3) RAS mm.
        """
        columns, rows = self.project(corners_ras).T
        low, high = (np.array([edge(rows), edge(columns)]) for edge in (np.min, np.max))
        first, last = (np.clip(edge, 0, self.shape).astype(int) for edge in (np.floor(low), np.ceil(high) + 1))
        return slice(first[0], last[0]), slice(first[1], last[1])

    def rays_ras(self, step: int = 1) -> NDArray[np.float64]:
        """From the focus to the places of pixels in the plane of the isocentre.

        :param step: take every step-th pixel of a row and column.
        :return: (rows, columns, 3) RAS mm.
        """
        rows, columns = (np.arange(0, count + step - 1, step, dtype=np.float64) for count in self.shape)
        forwards = (self.centre_pixels[0] - columns) * self.pixel_mm
        upwards = (self.centre_pixels[1] - rows) * self.pixel_mm
        plane = forwards[None, :, None] * self.axes[1] + upwards[:, None, None] * self.axes[2]
        return plane - self.source_mm * self.axes[0]


def lateral_axes(axial_deg: float = 0.0, bend_deg: float = 0.0, tilt_deg: float = 0.0) -> NDArray[np.float64]:
    """Axes of a camera on the patient's right.

    :param axial_deg: how far it is turned about the patient's long axis.
    :param bend_deg: about the forward axis.
    :param tilt_deg: about the right axis.
    :return: (3, 3) rows as of :class:`Camera`.
    """
    turned = Rotation.from_euler("XYZ", [-tilt_deg, bend_deg, -axial_deg], degrees=True)
    return np.asarray(turned.as_matrix())


def random_camera(
    keypoints_ras: NDArray[np.float64],
    superior_range_mm: tuple[float, float],
    pixel_mm: float,
    rng: np.random.Generator,
) -> Camera:
    """A lateral exposure as it is taken in practice, the patient turned and tilted a little.

    The central ray meets about the middle of what is to be seen, and the tube is as far away as that takes: its beam
    opens by no more than about 17 degrees upwards or downwards.

    :param keypoints_ras: (n, 6, 3) of the bodies that the picture has to hold from front to back.
    :param superior_range_mm: lowest and highest point to be seen.
    :param pixel_mm: side of a pixel.
    :param rng: draws the camera.
    """
    points = np.asarray(keypoints_ras, dtype=np.float64).reshape(-1, 3)
    low, high = superior_range_mm
    height_mm = high - low
    aimed_at = (low + high) / 2 + height_mm * rng.uniform(-_OFF_MIDDLE, _OFF_MIDDLE)
    isocentre = np.array([points[:, 0].mean(), points[:, 1].mean(), aimed_at])
    axes = lateral_axes(rng.normal(0, 5), rng.normal(0, 2.5), rng.normal(0, 4))
    nearest_mm = max(_NEAREST_MM, _LEAST_DISTANCE * height_mm)
    source = float(rng.uniform(nearest_mm, max(_FARTHEST_MM, nearest_mm))) * (1 if rng.random() < 0.5 else -1)
    forwards = (points - isocentre) @ axes[1]
    front, back = forwards.max() + rng.uniform(60, 130), forwards.min() - rng.uniform(60, 110)
    shape = (int(height_mm / pixel_mm), int((front - back) / pixel_mm))
    centre = (float(front / pixel_mm), float((high - isocentre[2]) / pixel_mm))
    return Camera(isocentre, axes, source, shape, pixel_mm, centre)
