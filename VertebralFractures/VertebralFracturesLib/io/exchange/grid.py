"""The voxel grid of a CT as other tools see it: the letters of its axes, and coordinates in voxels."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core.volume import Volume

_LETTERS = (("L", "R"), ("P", "A"), ("I", "S"))
"""Letters of the three axes of RAS, towards smaller and larger coordinates."""


@dataclass(frozen=True, eq=False)
class Grid:
    """A voxel grid in the patient.

    :param shape_ijk: number of voxels along i, j and k.
    :param ijk_to_ras: (4, 4) from voxel indices to RAS millimetres.
    """

    shape_ijk: tuple[int, int, int]
    ijk_to_ras: NDArray[np.float64]

    @classmethod
    def of(cls, volume: Volume) -> "Grid":
        """The grid of a CT."""
        k, j, i = volume.shape
        return cls((i, j, k), volume.ijk_to_ras)

    @cached_property
    def direction(self) -> tuple[str, str, str]:
        """The letters of the axes, such as ("L", "A", "S"): towards what side of the patient each index grows.

        As nibabel has them: those of the rotation that is nearest to the axes of the grid.
        """
        axes = self.ijk_to_ras[:3, :3] / np.linalg.norm(self.ijk_to_ras[:3, :3], axis=0)
        left, _, right = np.linalg.svd(axes)
        rotation = left @ right
        letters = ["", "", ""]
        free = np.ones((3, 3), dtype=bool)
        for _ in range(3):
            ras, ijk = np.unravel_index(np.argmax(np.where(free, np.abs(rotation), -1.0)), (3, 3))
            letters[ijk] = _LETTERS[ras][int(rotation[ras, ijk] > 0)]
            free[ras, :] = free[:, ijk] = False
        return letters[0], letters[1], letters[2]

    def to_ijk(self, points_ras: ArrayLike) -> NDArray[np.float64]:
        """Continuous voxel indices of RAS points (..., 3)."""
        inverse = np.linalg.inv(self.ijk_to_ras)
        return np.asarray(points_ras, dtype=np.float64) @ inverse[:3, :3].T + inverse[:3, 3]

    def to_ras(self, points_ijk: ArrayLike) -> NDArray[np.float64]:
        """RAS millimetres of continuous voxel indices (..., 3)."""
        return np.asarray(points_ijk, dtype=np.float64) @ self.ijk_to_ras[:3, :3].T + self.ijk_to_ras[:3, 3]

    def contains(self, point_ras: ArrayLike) -> bool:
        """Whether a RAS point (3,) lies in a voxel of the grid."""
        point_ijk = self.to_ijk(point_ras)
        return bool(np.all((point_ijk >= -0.5) & (point_ijk <= np.array(self.shape_ijk) - 0.5)))

    def from_direction(self, points: ArrayLike, direction: Sequence[str]) -> NDArray[np.float64]:
        """Voxel indices (..., 3) of this grid from those of the same voxels with their axes in other directions.

        :param points: (..., 3) voxel indices along axes towards ``direction``.
        :param direction: three letters, one of each pair L and R, P and A, I and S.
        :raises ValueError: other letters.
        """
        own = [_axis(letter) for letter in self.direction]
        given = [_axis(letter) for letter in direction]
        if sorted(given) != [0, 1, 2]:
            raise ValueError(f"{tuple(direction)} are not directions of three axes")
        values = np.asarray(points, dtype=np.float64)
        found = np.empty_like(values)
        for place, (axis, letter) in enumerate(zip(given, direction, strict=True)):
            target = own.index(axis)
            is_same = self.direction[target] == letter
            along = values[..., place]
            found[..., target] = along if is_same else self.shape_ijk[target] - 1 - along
        return found


def _axis(letter: object) -> int:
    """Index of the axis of RAS that a letter belongs to.

    :raises ValueError: no such letter.
    """
    for axis, pair in enumerate(_LETTERS):
        if letter in pair:
            return axis
    raise ValueError(f"{letter!r} is not the direction of an axis (L, R, P, A, I or S)")
