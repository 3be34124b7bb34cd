"""A CT volume in patient space, in any orientation, obliquity and spacing."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

AIR_HU = -1024.0
"""What lies outside of an image: the least value of CTs of 12 bits, which scanners write where they measure nothing."""

_BLOCK_MM = 4.0
"""Side of the blocks that have to hold one value to be padding. Chosen: so large that noise never leaves one in tissue,
lung or air, and small against a vertebral body."""

_DENSEST_PADDING_HU = -500.0
"""What padding is filled with: air or less, or zero, which programs fill with where nothing else is asked for. Chosen
between -1000 and -160 HU: intensities that a window cut off at -160 leave every body of the six CTs of ct/val, at -100
one of them lies against lung that has this one value (experiments.md, 2026-12-01)."""

_POINTS_PER_CHUNK = 2_000_000
"""Points sampled at once: 48 MB of coordinates. Results do not depend on it."""


@dataclass(frozen=True, eq=False)
class Volume:
    """Voxels and the affine map from voxel indices to the patient.

    :param voxels: intensities of shape (k, j, i), Hounsfield units for CT, any real type.
    :param ijk_to_ras: 4x4 matrix from voxel indices (i, j, k, 1) to RAS millimetres; axes may be oblique or sheared.
    """

    voxels: NDArray
    ijk_to_ras: NDArray[np.float64]

    def __post_init__(self) -> None:
        matrix = np.array(self.ijk_to_ras, dtype=np.float64)
        if self.voxels.ndim != 3:
            raise ValueError(f"a volume has three axes, this one has {self.voxels.ndim}")
        if matrix.shape != (4, 4) or not np.isfinite(matrix).all() or abs(np.linalg.det(matrix[:3, :3])) < 1e-9:
            raise ValueError("ijk_to_ras must be a finite, invertible 4x4 matrix")
        object.__setattr__(self, "ijk_to_ras", matrix)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels along (k, j, i)."""
        k, j, i = self.voxels.shape
        return k, j, i

    @cached_property
    def ras_to_ijk(self) -> NDArray[np.float64]:
        """4x4 matrix from RAS millimetres to voxel indices."""
        return np.asarray(np.linalg.inv(self.ijk_to_ras), dtype=np.float64)

    @cached_property
    def spacing_mm(self) -> NDArray[np.float64]:
        """Distance between neighbouring voxels along (i, j, k) in mm."""
        return np.asarray(np.linalg.norm(self.ijk_to_ras[:3, :3], axis=0), dtype=np.float64)

    def corners_ras(self) -> NDArray[np.float64]:
        """Centres of the eight corner voxels, (8, 3) RAS mm."""
        ends_ijk = [(0, n - 1) for n in self.shape[::-1]]
        corners_ijk = np.stack(np.meshgrid(*ends_ijk, indexing="ij"), -1).reshape(-1, 3)
        return corners_ijk @ self.ijk_to_ras[:3, :3].T + self.ijk_to_ras[:3, 3]

    def to_ijk(self, points_ras: ArrayLike) -> NDArray[np.float64]:
        """Continuous voxel indices (i, j, k) of RAS points (..., 3)."""
        return np.asarray(points_ras, dtype=np.float64) @ self.ras_to_ijk[:3, :3].T + self.ras_to_ijk[:3, 3]

    def contains(self, points_ras: ArrayLike) -> NDArray[np.bool_]:
        """Whether RAS points (..., 3) lie between the outer voxel centres."""
        points_ijk = self.to_ijk(points_ras)
        upper = np.array(self.shape[::-1]) - 1
        return np.all((points_ijk >= -1e-6) & (points_ijk <= upper + 1e-6), axis=-1)

    def measures(self, points_ras: ArrayLike) -> NDArray[np.bool_]:
        """Whether RAS points (..., 3) lie where the scanner measured something.

        Nothing was measured beyond the outer voxel centres, in slices along any axis of the grid that hold one value
        (a file that was written in part, slices that were lost), and in padding: what resampling, registration, the
        correction of a tilt or a scanner adds around the image. A point whose interpolation needs such a voxel counts
        as not measured, as it does next to the border of the grid.
        """
        points_ijk = self.to_ijk(points_ras)
        upper = np.array(self.shape[::-1]) - 1
        low_ijk = np.clip(np.floor(points_ijk + 1e-6).astype(int), 0, upper)
        high_ijk = np.clip(np.ceil(points_ijk - 1e-6).astype(int), 0, upper)
        measured = self.contains(points_ras)
        for corner in np.ndindex(2, 2, 2):
            measured &= ~self._unmeasured.holds(self.voxels, np.where(corner, high_ijk, low_ijk))
        return measured

    @cached_property
    def _unmeasured(self) -> "_Unmeasured":
        return _Unmeasured.of(self.voxels, self.spacing_mm)

    def sample(self, points_ras: ArrayLike, order: int = 1, fill: float = AIR_HU) -> NDArray[np.float32]:
        """Interpolate the intensities at points of the patient.

        :param points_ras: points (..., 3) in RAS mm.
        :param order: 1 is trilinear, 0 the nearest voxel.
        :param fill: value beyond the outer voxel centres, where nothing was measured.
        :return: intensities (...), float32.
        """
        points = np.asarray(points_ras, dtype=np.float64)
        flat = points.reshape(-1, 3)
        values = np.empty(len(flat), dtype=np.float32)
        for start in range(0, len(flat), _POINTS_PER_CHUNK):
            part = slice(start, start + _POINTS_PER_CHUNK)
            coordinates_kji = np.ascontiguousarray(self.to_ijk(flat[part]).T[::-1])
            ndimage.map_coordinates(
                self.voxels, coordinates_kji, values[part], order, "constant", fill, prefilter=False
            )
        return values.reshape(points.shape[:-1])

    def resampled(self, spacing_mm: float) -> "Volume":
        """Resample to a cubic grid along the patient's axes that covers the whole volume.

        Each axis is averaged over the new spacing first where it is finer, so that thin structures keep their weight.

        :param spacing_mm: new distance between voxels along R, A and S.
        :return: a float32 volume whose i, j, k axes point to R, A, S; :data:`AIR_HU` where nothing was measured.
        """
        smooth = self._averaged(spacing_mm)
        corners = self.corners_ras()
        origin = corners.min(0)
        size = np.floor((corners.max(0) - origin) / spacing_mm + 1e-6).astype(int) + 1
        matrix = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
        matrix[:3, 3] = origin
        to_source = (smooth.ras_to_ijk @ matrix)[[2, 1, 0, 3]][:, [2, 1, 0, 3]]
        voxels = ndimage.affine_transform(
            smooth.voxels, to_source, output_shape=tuple(size[::-1]), output=np.float32, order=1, cval=AIR_HU
        )
        return Volume(voxels, matrix)

    def _averaged(self, spacing_mm: float) -> "Volume":
        """Average whole voxels along each axis as far as they stay within the new spacing."""
        factors = np.maximum(1, np.floor(spacing_mm / self.spacing_mm + 1e-3).astype(int))
        factors = np.minimum(factors, np.array(self.shape[::-1]))
        if (factors == 1).all():
            return self
        count = np.array(self.shape[::-1]) // factors
        voxels = np.empty(count[::-1], dtype=np.float32)
        for index, slab in enumerate(_slabs(self.voxels, factors[2], count[2])):
            block = slab[:, : count[1] * factors[1], : count[0] * factors[0]]
            blocks = block.reshape(factors[2], count[1], factors[1], count[0], factors[0])
            voxels[index] = blocks.mean((0, 2, 4), dtype=np.float32)
        matrix = self.ijk_to_ras.copy()
        matrix[:3, 3] += matrix[:3, :3] @ ((factors - 1) / 2)
        matrix[:3, :3] *= factors
        return Volume(voxels, matrix)


@dataclass(frozen=True, eq=False)
class _Unmeasured:
    """Which voxels of a grid hold no measurement.

    :param constant: for each axis i, j, k, which of its slices hold one value.
    :param block_size: voxels of a block along i, j, k.
    :param near_padding: blocks (k, j, i) of padding and those beside them.
    :param values: what padding is filled with.
    """

    constant: tuple[NDArray[np.bool_], ...]
    block_size: NDArray[np.int64]
    near_padding: NDArray[np.bool_]
    values: NDArray

    @staticmethod
    def of(voxels: NDArray, spacing_mm: NDArray[np.float64]) -> "_Unmeasured":
        """Look for constant slices, and for blocks of one value that hang together with the border of the grid."""
        constant = tuple(_constant_slices(voxels, axis) for axis in (2, 1, 0))
        block_size = np.maximum(2, np.round(_BLOCK_MM / spacing_mm)).astype(int)
        lowest = highest = voxels
        for axis, size in enumerate(block_size[::-1]):
            lowest = _reduced(np.minimum, lowest, axis, size)
            highest = _reduced(np.maximum, highest, axis, size)
        flat = (lowest == highest) & ((lowest <= _DENSEST_PADDING_HU) | (lowest == 0))
        border = np.ones(flat.shape, dtype=bool)
        border[1:-1, 1:-1, 1:-1] = False
        labels, _ = ndimage.label(flat)
        padding = np.isin(labels, np.setdiff1d(labels[border], [0]))
        near_padding = ndimage.binary_dilation(padding, np.ones((3, 3, 3)))
        return _Unmeasured(constant, block_size, near_padding, np.unique(lowest[padding]))

    def holds(self, voxels: NDArray, places_ijk: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether voxels (..., 3) of the grid are among them."""
        i, j, k = np.moveaxis(places_ijk, -1, 0)
        block_i, block_j, block_k = np.moveaxis(places_ijk // self.block_size, -1, 0)
        in_slice = self.constant[0][i] | self.constant[1][j] | self.constant[2][k]
        is_filled = self.near_padding[block_k, block_j, block_i] & np.isin(voxels[k, j, i], self.values)
        return np.asarray(in_slice | is_filled, dtype=bool)


def _constant_slices(voxels: NDArray, axis: int) -> NDArray[np.bool_]:
    """Which slices across an axis hold one value; most differ within every eighth voxel already."""
    across = np.moveaxis(voxels, axis, 0)
    sparse = across[:, ::8, ::8]
    constant = sparse.min((1, 2)) == sparse.max((1, 2))
    for index in np.flatnonzero(constant):
        constant[index] = across[index].min() == across[index].max()
    return np.asarray(constant, dtype=bool)


def _reduced(function: np.ufunc, values: NDArray, axis: int, size: int) -> NDArray:
    """The least or greatest value of so many neighbours along an axis; the last ones may be fewer."""
    along = np.moveaxis(values, axis, 0)
    found = along[::size].copy()
    for offset in range(1, size):
        part = along[offset::size]
        function(found[: len(part)], part, out=found[: len(part)])
    return np.moveaxis(found, 0, axis)


def _slabs(voxels: NDArray, thickness: int, count: int) -> Iterator[NDArray]:
    """Consecutive slabs of slices, so that no second copy of a large volume is made."""
    for index in range(count):
        yield voxels[index * thickness : (index + 1) * thickness]
