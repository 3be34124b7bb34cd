"""DICOM series whose intensities tell where in the patient they were measured, and what a refusal looks like."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.small_ct import write_slice
from numpy.typing import NDArray
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.io.ct import read_input

SLOPE_PER_MM = np.array([1.0, 2.0, -3.0])  # of the ramp's HU along R, A, S


def ramp_hu(points_ras: NDArray) -> NDArray:
    """Intensities that tell where in the patient they were measured."""
    return points_ras @ SLOPE_PER_MM


def voxel_positions_ras(volume: Volume) -> NDArray:
    """(k, j, i, 3) RAS centres of all voxels."""
    k, j, i = volume.shape
    ijk = np.stack(np.meshgrid(range(i), range(j), range(k), indexing="ij"), -1).transpose(2, 1, 0, 3)
    return ijk @ volume.ijk_to_ras[:3, :3].T + volume.ijk_to_ras[:3, 3]


def ramp_slice(position_lps: NDArray, orientation_lps: NDArray, spacing: float, size: int = 12) -> NDArray:
    """One slice of the ramp at a place in the patient."""
    rows, columns = np.mgrid[:size, :size]
    points = position_lps + spacing * (columns[..., None] * orientation_lps[0] + rows[..., None] * orientation_lps[1])
    return ramp_hu(points * [-1, -1, 1])


def write_ramp_series(folder: Path, positions_lps: NDArray, orientation_lps: NDArray, **tags: object) -> Path:
    """A DICOM series of the ramp, file names against the order of the positions."""
    for index, position in enumerate(positions_lps):
        name = f"{len(positions_lps) - index if index % 2 else index:03d}-{index}.dcm"
        header = {"ImageOrientationPatient": list(np.ravel(orientation_lps)), "PixelSpacing": [1.5, 1.5], **tags}
        write_slice(folder / name, ramp_slice(position, orientation_lps, 1.5), position, **header)
    return folder


def assert_is_ramp(volume: Volume, tolerance_hu: float = 0.6) -> None:
    """Every voxel holds the intensity of its place."""
    np.testing.assert_allclose(volume.voxels, ramp_hu(voxel_positions_ras(volume)), atol=tolerance_hu)


def rotated(degrees: tuple[float, float, float]) -> NDArray:
    """Row and column directions of an oblique slice."""
    transform = sitk.Euler3DTransform((0, 0, 0), *np.radians(degrees))
    return np.reshape(transform.GetMatrix(), (3, 3)).T[:2]


def assert_refused(path: Path, expected: str, series: str | None = None) -> None:
    """Reading ends in one line that names the input and the reason."""
    with pytest.raises(UnusableInput) as raised:
        read_input(path, series)
    line = str(raised.value)
    assert expected in line, line
    assert str(path) in line
    assert "\n" not in line
