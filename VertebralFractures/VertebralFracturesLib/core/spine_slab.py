"""The compact image of a spine: a slab along the spine curve, turned about it so that the canal lies straight behind.

A CT of a whole spine becomes 16 x 48 x about 300 voxels of 1.5 mm, 0.5 MB, without losing a body (after the compact 3D
representation of Chettrit 2020, of which only the abstract is public: sizes and frame are ours).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from .spine_curve import SpineCurve
from .volume import Volume

SLAB_SIZE = (16, 48)
"""Voxels of a slab to the right and to the front (24 x 72 mm); along the spine as many as it needs."""

VOXEL_MM = 1.5
"""Side of the voxels of a slab."""

FRONT_MM = 25.5
"""Anterior coordinate of the foremost voxels; the hindmost lie behind the canal, in the laminae."""

MARGIN_MM = 12.0
"""How far a slab goes beyond both ends of the curve."""

# Size, side and place of the voxels and what is averaged in them are those that the sequence networks are trained with.
_LAYERS = 2

_KNOT_MM = 3.0
"""Distance of the angles along the curve. Chosen: small against what they are smoothed with."""

_SMOOTH_MM = 20.0
"""Standard deviation of the smoothing of the angles: less than a vertebra, which turns as a whole. Chosen."""

_MOST_TURN_RAD = np.radians(35.0)
"""Vertebrae turn no further, even in severe scoliosis: what seems to is no canal. Chosen."""


@dataclass(frozen=True, eq=False)
class SlabFrame:
    """Where the voxels of a slab are: an exact map to the patient and back.

    Slab coordinates are (right, anterior, superior) in mm like straightened ones, turned about the curve by an angle
    that changes along it. Voxel indices are (right, front, row): the first is to the patient's left, the second counts
    backwards from :data:`FRONT_MM`, the third caudally from :data:`MARGIN_MM` above the curve's cranial end.

    :param curve: the spine curve.
    :param turns_rad: (m,) angle at equally spaced arc lengths from the cranial to the caudal end of the curve, positive
        where the front of the vertebra looks to the patient's right.
    """

    curve: SpineCurve
    turns_rad: NDArray[np.float64]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels along (right, front, row)."""
        return *SLAB_SIZE, int(np.ceil((self.curve.length_mm + 2 * MARGIN_MM) / VOXEL_MM)) + 1

    @property
    def rows_mm(self) -> NDArray[np.float64]:
        """Arc length (rows,) of each row."""
        return np.arange(self.shape[2], dtype=np.float64) * VOXEL_MM - MARGIN_MM

    def turn_at(self, arc_mm: ArrayLike) -> NDArray[np.float64]:
        """Angle (...) in radians at arc lengths (...)."""
        knots = np.linspace(0.0, self.curve.length_mm, len(self.turns_rad))
        return np.interp(np.asarray(arc_mm, dtype=np.float64), knots, self.turns_rad)

    def slab_to_ras(self, points_slab: ArrayLike) -> NDArray[np.float64]:
        """Map slab points (..., 3) in mm to RAS mm."""
        points = np.asarray(points_slab, dtype=np.float64)
        return self.curve.straight_to_ras(self._turned(points, self.turn_at(-points[..., 2])))

    def ras_to_slab(self, points_ras: ArrayLike) -> NDArray[np.float64]:
        """Map RAS points (..., 3) in mm to slab mm.

        :raises ValueError: as :meth:`~.spine_curve.SpineCurve.ras_to_straight`.
        """
        points = self.curve.ras_to_straight(points_ras)
        return self._turned(points, -self.turn_at(-points[..., 2]))

    def voxels_to_slab(self, indices: ArrayLike) -> NDArray[np.float64]:
        """Slab mm (..., 3) of voxel positions (..., 3)."""
        voxels = np.asarray(indices, dtype=np.float64)
        right = (voxels[..., 0] - (SLAB_SIZE[0] - 1) / 2) * VOXEL_MM
        return np.stack([right, FRONT_MM - voxels[..., 1] * VOXEL_MM, MARGIN_MM - voxels[..., 2] * VOXEL_MM], -1)

    def voxels_to_ras(self, indices: ArrayLike) -> NDArray[np.float64]:
        """RAS mm (..., 3) of voxel positions (..., 3)."""
        return self.slab_to_ras(self.voxels_to_slab(indices))

    def ras_to_voxels(self, points_ras: ArrayLike) -> NDArray[np.float64]:
        """Voxel positions (..., 3) of RAS points (..., 3) in mm."""
        points = self.ras_to_slab(points_ras)
        right = points[..., 0] / VOXEL_MM + (SLAB_SIZE[0] - 1) / 2
        return np.stack([right, (FRONT_MM - points[..., 1]) / VOXEL_MM, (MARGIN_MM - points[..., 2]) / VOXEL_MM], -1)

    @staticmethod
    def _turned(points: NDArray[np.float64], angle_rad: NDArray[np.float64]) -> NDArray[np.float64]:
        cos, sin = np.cos(angle_rad), np.sin(angle_rad)
        right, anterior = points[..., 0], points[..., 1]
        return np.stack([cos * right + sin * anterior, cos * anterior - sin * right, points[..., 2]], -1)


@dataclass(frozen=True, eq=False)
class SpineSlab:
    """A slab cut out of a CT.

    :param image: Hounsfield units (right, front, row), float32; :data:`~.volume.AIR_HU` where the volume ends.
    :param frame: where its voxels are.
    """

    image: NDArray[np.float32]
    frame: SlabFrame


def slab_frame(curve: SpineCurve, canal: SpineCurve | None) -> SlabFrame:
    """The frame along a curve in which the canal lies straight behind the bodies.

    :param curve: through the vertebral bodies.
    :param canal: through the spinal canal; None where it was not found: the frame is not turned then.
    """
    arcs = np.linspace(0.0, curve.length_mm, max(2, round(curve.length_mm / _KNOT_MM) + 1))
    if canal is None:
        return SlabFrame(curve, np.zeros(len(arcs)))
    samples = canal.position(np.linspace(0.0, canal.length_mm, max(4, round(canal.length_mm / _KNOT_MM))))
    behind = curve.ras_to_straight(samples)
    order = np.argsort(-behind[:, 2])
    right, anterior = (np.interp(arcs, -behind[order, 2], behind[order, axis]) for axis in (0, 1))
    turns = np.clip(np.arctan2(-right, np.maximum(-anterior, 1.0)), -_MOST_TURN_RAD, _MOST_TURN_RAD)
    return SlabFrame(curve, ndimage.gaussian_filter1d(turns, _SMOOTH_MM / _KNOT_MM, mode="nearest"))


def cut_slab(volume: Volume, frame: SlabFrame) -> SpineSlab:
    """Cut a slab out of a CT; every voxel averages :data:`_LAYERS` points from side to side."""
    right, front, rows = frame.shape
    grid = np.stack(np.meshgrid(np.arange(right), np.arange(front), np.arange(rows), indexing="ij"), -1)
    image = np.zeros(frame.shape, np.float32)
    for layer in range(_LAYERS):
        aside = (layer - (_LAYERS - 1) / 2) / _LAYERS
        image += volume.sample(frame.voxels_to_ras(grid + np.array([aside, 0.0, 0.0]))) / _LAYERS
    return SpineSlab(image, frame)
