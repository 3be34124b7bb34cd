"""What the header of an image file says: how large the image is, where it lies, and in which files its voxels are."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...errors import UnusableInput

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""Files count to the left and to the back, 3D Slicer to the right and to the front."""

Compression = Literal["raw", "gzip", "bzip2", "zlib"]

_TILT_DEGREES = 0.1
"""Chosen, as for DICOM: less moves no slice of a CT of 400 mm by more than 0.7 mm, about a pixel."""

_LARGEST_COORDINATE_MM = 1e8
"""Chosen: origins and spacings beyond 100 m, in micrometres for files in these, are damaged."""

_RIGHT_ANGLE_COSINE = 0.01
"""Chosen: rows and columns that are farther from a right angle than 0.6 degrees are not those of a scanner."""


@dataclass(frozen=True)
class DataPart:
    """A file that holds a part of the voxels.

    :param path: the file.
    :param offset: bytes before the data, or before the compressed stream; -1 for data at the end of the file.
    :param compression: of what follows.
    :param skip: bytes of the unpacked stream before the data.
    """

    path: Path
    offset: int = 0
    compression: Compression = "raw"
    skip: int = 0


@dataclass(frozen=True, eq=False)
class StoredImage:
    """An image in a file, by its header.

    :param format: name of the file format.
    :param sizes: number of voxels along i, j, k and further axes.
    :param stored: type of the numbers in the file, byte order included.
    :param ijk_to_ras: 4x4 matrix from voxel indices to RAS mm; the axes may be sheared.
    :param parts: the files that hold the voxels, each an equal share of them.
    :param components: values per voxel.
    :param slope: factor from stored numbers to intensities.
    :param intercept: added to them.
    :param warnings: what the reader of the report has to know.
    """

    format: str
    sizes: tuple[int, ...]
    stored: np.dtype
    ijk_to_ras: NDArray[np.float64]
    parts: tuple[DataPart, ...]
    components: int = 1
    slope: float = 1.0
    intercept: float = 0.0
    warnings: tuple[str, ...] = ()

    @property
    def spacing_mm(self) -> NDArray[np.float64]:
        """Distance between neighbouring voxels along (i, j, k) in mm."""
        return np.asarray(np.linalg.norm(self.ijk_to_ras[:3, :3], axis=0), dtype=np.float64)


def checked_matrix(
    from_file: NDArray[np.float64], file_to_ras: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """The matrix to RAS, whose axes span a volume; a shear is allowed between slices only, as a tilted gantry makes it.

    :param from_file: 4x4 from voxel indices to the space of the file.
    :param file_to_ras: 4x4 from there to RAS; none for a file that is in RAS.
    :raises UnusableInput: the axes are wrong, or sheared within a slice.
    """
    with np.errstate(all="ignore"):
        ijk_to_ras = from_file if file_to_ras is None else file_to_ras @ from_file
        axes = ijk_to_ras[:3, :3] / np.linalg.norm(ijk_to_ras[:3, :3], axis=0)
        is_sound = np.isfinite(axes).all() and np.abs(ijk_to_ras).max() <= _LARGEST_COORDINATE_MM
    if not is_sound or abs(np.linalg.det(axes)) < 0.1:
        raise UnusableInput("the orientation in the header is wrong: its axes do not span a volume")
    if abs(axes[:, 0] @ axes[:, 1]) > _RIGHT_ANGLE_COSINE:
        raise UnusableInput(
            "rows and columns in the header are not perpendicular, which no scanner produces: convert the original "
            "DICOM again"
        )
    return ijk_to_ras


def tilt_warnings(ijk_to_ras: NDArray[np.float64]) -> tuple[str, ...]:
    """The warning about slices that were measured with a tilted gantry, or none."""
    normal = np.cross(ijk_to_ras[:3, 0], ijk_to_ras[:3, 1])
    along = ijk_to_ras[:3, 2]
    cosine = abs(normal @ along) / (np.linalg.norm(normal) * np.linalg.norm(along))
    degrees = float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
    return (f"A gantry tilt of {degrees:.1f} degrees was taken into account.",) if degrees > _TILT_DEGREES else ()
