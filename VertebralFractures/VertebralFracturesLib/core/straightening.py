"""Straightening: the mid-sagittal slice along the spine curve, with exact maps between its pixels and the patient."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .spine_curve import SpineCurve
from .volume import Volume

PIXEL_MM = 1.0
"""Side of the pixels that the detection network reads, 1 mm as in the code that the group of Pisov 2020 released."""

SLAB_MM = 3.0
"""Thickness across the image over which intensities are averaged; the detection network has learned from such."""

_LAYER_MM = 1.0
"""Distance of the layers that a slab averages: that of its pixels."""


@dataclass(frozen=True, eq=False)
class StraightenedSlice:
    """A sagittal image in which the spine stands upright: the first row is cranial, the first column anterior.

    :param image: Hounsfield units (rows, columns), float32.
    :param pixel_mm: side of the square pixels.
    :param curve: the curve that was straightened.
    :param anterior_mm: straightened anterior coordinate of the first column's centre.
    :param superior_mm: straightened superior coordinate of the first row's centre.
    :param lateral_mm: straightened right coordinate of the image plane.
    """

    image: NDArray[np.float32]
    pixel_mm: float
    curve: SpineCurve
    anterior_mm: float
    superior_mm: float
    lateral_mm: float = 0.0

    def pixels_to_straight(self, points_pixels: ArrayLike) -> NDArray[np.float64]:
        """Straightened mm (..., 3) of pixel positions (..., 2) given as (column, row)."""
        points = np.asarray(points_pixels, dtype=np.float64)
        anterior = self.anterior_mm - points[..., 0] * self.pixel_mm
        superior = self.superior_mm - points[..., 1] * self.pixel_mm
        return np.stack([np.full_like(anterior, self.lateral_mm), anterior, superior], -1)

    def pixels_to_ras(self, points_pixels: ArrayLike) -> NDArray[np.float64]:
        """RAS mm (..., 3) of pixel positions (..., 2) given as (column, row)."""
        return self.curve.straight_to_ras(self.pixels_to_straight(points_pixels))

    def ras_to_pixels(self, points_ras: ArrayLike) -> NDArray[np.float64]:
        """Pixel positions (..., 2) as (column, row) of RAS points (..., 3), whose offset from the plane is dropped."""
        points = self.curve.ras_to_straight(points_ras)
        column = (self.anterior_mm - points[..., 1]) / self.pixel_mm
        row = (self.superior_mm - points[..., 2]) / self.pixel_mm
        return np.stack([column, row], -1)


def straighten(
    volume: Volume,
    curve: SpineCurve,
    pixel_mm: float = PIXEL_MM,
    width_mm: float = 96.0,
    margin_mm: float = 20.0,
    slab_mm: float = SLAB_MM,
    lateral_mm: float = 0.0,
) -> StraightenedSlice:
    """Cut the straightened mid-sagittal slice out of a volume (Pisov 2020, section 4.1).

    :param volume: the CT.
    :param curve: the curve to straighten.
    :param pixel_mm: side of the square pixels.
    :param width_mm: extent of the image from anterior to posterior, centred on the curve.
    :param margin_mm: how far the image goes beyond both ends of the curve.
    :param slab_mm: thickness across the image over which intensities are averaged.
    :param lateral_mm: offset of the slab's middle to the patient's right.
    :return: the slice; :data:`~.volume.AIR_HU` where the volume ends.
    """
    columns = round(width_mm / pixel_mm)
    rows = int(np.ceil((curve.length_mm + 2 * margin_mm) / pixel_mm))
    anterior_mm = (columns - 1) / 2 * pixel_mm
    anterior = anterior_mm - np.arange(columns) * pixel_mm
    superior = margin_mm - np.arange(rows) * pixel_mm
    offsets = lateral_mm + slab_offsets_mm(slab_mm)
    image = np.mean([volume.sample(_plane_ras(curve, offset, anterior, superior)) for offset in offsets], axis=0)
    return StraightenedSlice(image.astype(np.float32), pixel_mm, curve, anterior_mm, margin_mm, lateral_mm)


def slab_offsets_mm(slab_mm: float) -> NDArray[np.float64]:
    """Where the layers that a slab averages lie across it, its middle being 0."""
    layers = max(1, round(slab_mm / _LAYER_MM))
    return (np.arange(layers) - (layers - 1) / 2) * slab_mm / layers


def _plane_ras(
    curve: SpineCurve, lateral_mm: float, anterior_mm: NDArray[np.floating], superior_mm: NDArray[np.floating]
) -> NDArray[np.float64]:
    """RAS points (rows, columns, 3) of one straightened sagittal plane; the frame is computed once per row."""
    frame = curve.frame(-superior_mm)
    middle = curve.position(-superior_mm) + lateral_mm * frame[:, 0]
    return middle[:, None] + anterior_mm[None, :, None] * frame[:, None, 1]
