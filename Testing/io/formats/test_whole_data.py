"""No cut file, and no flipped bit where there is a checksum, is taken for whole."""

import os
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from helpers.ramp_series import assert_refused
from helpers.small_ct import body_hu
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.io.ct import read_volume
from VertebralFracturesLib.io.formats import whole_data
from VertebralFracturesLib.io.formats.whole_data import check_regular, check_size, free_memory_bytes, read_start

FORMATS = ("ct.nii", "ct.nii.gz", "raw.nrrd", "gzip.nrrd", "raw.mha", "packed.mha")
WITH_CHECKSUM = ("ct.nii.gz", "gzip.nrrd", "packed.mha")


def write(folder: Path, name: str) -> Path:
    image = sitk.GetImageFromArray(body_hu())
    image.SetSpacing((3, 3, 3))
    sitk.WriteImage(image, str(folder / name), useCompression=not name.startswith("raw"))
    return folder / name


@pytest.mark.parametrize("name", FORMATS)
def test_every_cut_is_refused(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, name)
    data = path.read_bytes()
    assert read_volume(path).shape == (30, 36, 36)
    for share in (0.02, 0.1, 0.3, 0.5, 0.7, 0.92, 0.99):
        path.write_bytes(data[: int(share * len(data))])
        with pytest.raises(UnusableInput, match=r"incomplete|damaged"):
            read_volume(path)
    for left_out in (1, 4, 8, 9):
        path.write_bytes(data[:-left_out])
        assert_refused(path, "incomplete")


def test_how_much_is_there_is_told_in_slices(tmp_path: Path) -> None:
    path = write(tmp_path, "ct.nii")
    data = path.read_bytes()
    path.write_bytes(data[: 352 + int(10.5 * 36 * 36 * 2)])
    assert_refused(path, "file is incomplete: 10 of 30 slices")


@pytest.mark.parametrize("name", WITH_CHECKSUM)
def test_every_flipped_bit_of_a_packed_file_is_refused(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, name)
    data = path.read_bytes()
    start = 1000 if name != "ct.nii.gz" else 10
    voxels = read_volume(path).voxels
    unnoticed = 0
    for position in np.random.default_rng(0).integers(start, len(data) - 1, 40):
        flipped = bytearray(data)
        flipped[position] ^= 1 << int(position) % 8
        path.write_bytes(flipped)
        read = voxels
        with suppress(UnusableInput):
            read = read_volume(path).voxels
            unnoticed += 1
        np.testing.assert_array_equal(read, voxels, f"byte {position}")
    assert unnoticed <= 2


@pytest.mark.parametrize("name", FORMATS)
def test_more_data_than_the_header_says_are_refused(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, name)
    content = path.read_bytes()
    if name.startswith("raw") or name == "ct.nii":
        path.write_bytes(content + bytes(500))
        assert read_volume(path).shape == (30, 36, 36)
        path.write_bytes(content + bytes(600))
    elif name == "ct.nii.gz":
        path.write_bytes(content + content)
    else:
        assert b"sizes: 36 36 30" in content or b"DimSize = 36 36 30" in content
        path.write_bytes(content.replace(b"36 36 30", b"36 36 29"))
    assert_refused(path, "more voxels than its header states")


def test_pipes_devices_and_empty_files_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.nii")
    (tmp_path / "zero.nrrd").symlink_to("/dev/zero")
    (tmp_path / "empty.mha").touch()
    assert_refused(tmp_path / "pipe.nii", "a pipe or a device")
    assert_refused(tmp_path / "zero.nrrd", "a pipe or a device")
    assert_refused(tmp_path / "empty.mha", "the file is empty")
    assert check_regular(write(tmp_path, "ct.nii")) == 352 + 30 * 36 * 36 * 2


def test_more_than_there_is_memory_for_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    check_size(1000)
    monkeypatch.setattr(whole_data, "free_memory_bytes", lambda: 1 << 30)
    with pytest.raises(UnusableInput, match=r"1\.5 GB are needed, 1 GB are free"):
        check_size(1.5 * 2**30)
    monkeypatch.setattr(whole_data, "free_memory_bytes", lambda: None)
    check_size(1.5 * 2**30)


def test_free_memory_is_known_or_not() -> None:
    free = free_memory_bytes()
    assert free is None or free > 1 << 20


def test_the_start_of_a_file(tmp_path: Path) -> None:
    path = write(tmp_path, "ct.nii.gz")
    assert read_start(path, 4, "gzip") == b"\x5c\x01\x00\x00"
    assert read_start(path, 2) == b"\x1f\x8b"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(UnusableInput, match="damaged"):
        read_start(path, 10_000, "gzip")
