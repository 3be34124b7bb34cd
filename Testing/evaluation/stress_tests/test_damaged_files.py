"""Damaged files are not the files that were written, and what they hold is cut or wrong."""

import gzip
import zlib

import numpy as np
import pytest
from helpers.blob_scan import SCAN
from VertebralFracturesLib.evaluation.stress_tests.damaged_files import DAMAGES, cut, with_a_damaged_byte
from VertebralFracturesLib.io.ct import read_volume


def test_a_whole_file_is_read_as_it_was(tmp_path):
    for name in ("ct.nii.gz", "ct.nii", "ct.nrrd", "ct.mha"):
        volume = read_volume(cut(SCAN.volume, tmp_path, name, 1.0))
        np.testing.assert_array_equal(volume.voxels, SCAN.volume.voxels)
        np.testing.assert_allclose(volume.ijk_to_ras, SCAN.volume.ijk_to_ras, atol=1e-5)


def test_a_cut_file_ends_too_early(tmp_path):
    whole = cut(SCAN.volume, tmp_path, "ct.nii.gz", 1.0).read_bytes()
    part = cut(SCAN.volume, tmp_path, "ct.nii.gz", 0.7).read_bytes()
    assert part == whole[: int(0.7 * len(whole))]
    with pytest.raises(EOFError):
        gzip.decompress(part)


def test_a_damaged_byte_changes_the_data_behind_it(tmp_path):
    whole = cut(SCAN.volume, tmp_path, "ct.nii.gz", 1.0).read_bytes()
    damaged = with_a_damaged_byte(SCAN.volume, tmp_path, "ct.nii.gz", 0.5).read_bytes()
    assert [one for one, other in enumerate(zip(whole, damaged, strict=True)) if other[0] != other[1]] == [
        len(whole) // 2
    ]
    with pytest.raises((zlib.error, gzip.BadGzipFile, EOFError)):
        gzip.decompress(damaged)


def test_every_damage_has_a_name_of_its_own_and_changes_its_file(tmp_path):
    assert len({name for name, _ in DAMAGES}) == len(DAMAGES) == 9
    for place, (name, damage) in enumerate(DAMAGES):
        folder = tmp_path / str(place)
        folder.mkdir()
        file = damage(SCAN.volume, folder)
        assert name.startswith(file.name)
        assert file.read_bytes() != cut(SCAN.volume, tmp_path, file.name, 1.0).read_bytes()
