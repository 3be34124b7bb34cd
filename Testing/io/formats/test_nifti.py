"""NIfTI-1 and NIfTI-2 lie where their headers say; of two geometries the true one is taken."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from helpers.ramp_series import assert_refused
from helpers.small_ct import body_hu, write_image
from VertebralFracturesLib.io.ct import read_input, read_volume

AFFINE = np.array([[0.8, 0, 0, -60], [0, 0.9, 0, -50], [0, 0, 2.0, 30], [0, 0, 0, 1]])


def changed(path: Path, offset: int, layout: str, *values: float) -> Path:
    """The same file with some fields of its header replaced."""
    content = bytearray(path.read_bytes())
    struct.pack_into(layout, content, offset, *values)
    path.write_bytes(content)
    return path


def write_nifti2(path: Path, voxels: np.ndarray, order: str = "<") -> Path:
    """A valid NIfTI-2 file of 16-bit voxels."""
    header = bytearray(544)
    struct.pack_into(f"{order}i8s", header, 0, 540, b"n+2\0\r\n\x1a\n")
    struct.pack_into(f"{order}2h", header, 12, 4, 16)
    struct.pack_into(f"{order}8q", header, 16, 3, *voxels.shape[::-1], 1, 1, 1, 1)
    struct.pack_into(f"{order}8d", header, 104, 1, 0.8, 0.9, 2, 0, 0, 0, 0)
    struct.pack_into(f"{order}q2d", header, 168, 544, 1.0, 0.0)
    struct.pack_into(f"{order}2i", header, 344, 0, 1)
    struct.pack_into(f"{order}12d", header, 400, *AFFINE[:3].ravel())
    struct.pack_into(f"{order}i", header, 500, 2)
    path.write_bytes(bytes(header) + voxels.astype(f"{order}i2").tobytes())
    return path


@pytest.mark.parametrize("order", ["<", ">"])
def test_nifti_2_is_read_in_either_byte_order(tmp_path: Path, order: str) -> None:
    volume = read_volume(write_nifti2(tmp_path / "ct.nii", body_hu(), order))
    np.testing.assert_array_equal(volume.voxels, body_hu())
    np.testing.assert_allclose(volume.ijk_to_ras, AFFINE)


def tilted(path: Path, qform_code: int, sform_code: int) -> Path:
    """A CT with the shear of a gantry tilt of 20 degrees in its sform and the nearest rotation in its qform."""
    write_image(path, body_hu())
    sheared = [[3, 0, 0, 0], [0, 3 * np.cos(0.35), 0, 0], [0, 3 * np.sin(0.35), 3, 0]]
    changed(path, 280, "<12f", *np.ravel(sheared))
    changed(path, 256, "<6f", np.sin(0.35 / 2), 0, 0, 0, 0, 0)
    return changed(path, 252, "<2h", qform_code, sform_code)


@pytest.mark.parametrize("codes", [(1, 1), (1, 2), (0, 1), (4, 4)])
def test_the_sform_holds_the_tilt_and_is_taken(tmp_path: Path, codes: tuple[int, int]) -> None:
    read = read_input(tilted(tmp_path / "ct.nii", *codes))
    np.testing.assert_allclose(read.image.ijk_to_ras[:3, 1], [0, 3 * np.cos(0.35), 3 * np.sin(0.35)], atol=1e-6)
    np.testing.assert_allclose(read.image.ijk_to_ras[:3, 2], [0, 0, 3], atol=1e-6)
    assert "A gantry tilt of 20.1 degrees was taken into account." in read.warnings
    assert any("the sform was used" in warning for warning in read.warnings) == (codes[0] > 0)


@pytest.mark.parametrize("codes", [(1, 4), (1, 0)])
def test_the_scanners_qform_is_taken_where_the_sform_is_an_atlas_or_missing(
    tmp_path: Path, codes: tuple[int, int]
) -> None:
    read = read_input(tilted(tmp_path / "ct.nii", *codes))
    np.testing.assert_allclose(read.image.ijk_to_ras[:3, 2], [0, -3 * np.sin(0.35), 3 * np.cos(0.35)], atol=1e-6)
    assert any("the qform was used" in warning for warning in read.warnings) == (codes[1] > 0)


def test_two_geometries_that_agree_are_not_worth_a_word(tmp_path: Path) -> None:
    path = write_image(tmp_path / "ct.nii", body_hu())
    assert read_input(changed(path, 252, "<2h", 1, 1)).warnings == ()


def test_rows_and_columns_that_are_sheared_are_refused(tmp_path: Path) -> None:
    path = write_image(tmp_path / "ct.nii", body_hu())
    changed(path, 280, "<12f", 3, 1, 0, 0, 0, 3, 0, 0, 0, 0, 3, 0)
    assert_refused(changed(path, 252, "<2h", 0, 1), "not perpendicular")


def test_stored_numbers_are_scaled(tmp_path: Path) -> None:
    path = changed(write_image(tmp_path / "ct.nii", body_hu() + 2048), 112, "<2f", 0.5, -1024)
    np.testing.assert_allclose(read_volume(path).voxels, np.maximum(body_hu() / 2, -1024))
    assert read_volume(path).voxels.dtype == np.float32


@pytest.mark.parametrize(
    ("offset", "layout", "values"),
    [
        (40, "<h", (9,)), (42, "<h", (-3,)), (42, "<h", (0,)), (70, "<h", (99,)), (72, "<h", (7,)),
        (108, "<f", (np.nan,)), (108, "<f", (1e30,)), (108, "<f", (12.0,)), (0, "<i", (347,)), (344, "<i", (0,)),
    ],
)  # fmt: skip
def test_headers_that_are_none_are_refused(tmp_path: Path, offset: int, layout: str, values: tuple) -> None:
    assert_refused(changed(write_image(tmp_path / "ct.nii", body_hu()), offset, layout, *values), "valid NIfTI header")


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_small_file_that_claims_to_be_large_is_refused_at_once(tmp_path: Path, suffix: str) -> None:
    path = changed(write_image(tmp_path / "ct.nii", body_hu()), 42, "<3h", 512, 512, 3000)
    large = changed(write_image(tmp_path / "large.nii", body_hu()), 42, "<3h", 2000, 2000, 2000)
    if suffix:
        for one in (path, large):
            one.with_name(one.name + ".gz").write_bytes(gzip.compress(one.read_bytes()))
    assert_refused(path.with_name("ct.nii" + suffix), "file is incomplete")
    assert_refused(path.with_name("large.nii" + suffix), "14.9 GB of memory; at most 2 GB")
