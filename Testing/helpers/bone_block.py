"""A block of bone in soft tissue, with one vertebral body in it and a vessel in front."""

import numpy as np
from VertebralFracturesLib.core.volume import Volume

BODY_RAS = np.array([[0, 16, 13], [0, 16, -13], [0, 0, 12], [0, 0, -12], [0, -16, 13], [0, -16, -13]], dtype=np.float64)
"""Keypoints (6, 3) of a body of 32 mm depth and 26 mm height around the origin, RAS mm."""

SPACING_MM = 1.0
_CENTRE = 50.0


def bone_block(trabecular: float = 140.0, cortex: float = 700.0, blood: float = 45.0) -> Volume:
    """Trabecular bone with a wall of 1.5 mm, blood of 24 mm diameter to the left in front, muscle around, in HU."""
    right, anterior, superior = _places()
    inside = np.maximum.reduce([np.abs(right) - 20, np.abs(anterior) - 16, np.abs(superior) - 12.5])
    voxels = np.full(right.shape, 50.0, np.float32)
    voxels[(right + 12) ** 2 + (anterior - 30) ** 2 < 12**2] = blood
    voxels[inside < 0] = cortex
    voxels[inside < -1.5] = trabecular
    return Volume(voxels, _matrix())


def painted(volume: Volume, centre_ras: tuple[float, float, float], radius_mm: float, hounsfield: float) -> Volume:
    """The same with a ball of other Hounsfield units."""
    squared = sum((axis - middle) ** 2 for axis, middle in zip(_places(), centre_ras, strict=True))
    voxels = volume.voxels.copy()
    voxels[squared < radius_mm**2] = hounsfield
    return Volume(voxels, volume.ijk_to_ras)


def _places() -> list[np.ndarray]:
    """Right, anterior and superior coordinate (k, j, i) of every voxel."""
    along = np.arange(101) * SPACING_MM - _CENTRE
    superior, anterior, right = np.meshgrid(along, along, along, indexing="ij")
    return [right, anterior, superior]


def _matrix() -> np.ndarray:
    matrix = np.diag([SPACING_MM, SPACING_MM, SPACING_MM, 1.0])
    matrix[:3, 3] = -_CENTRE
    return matrix
