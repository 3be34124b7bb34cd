"""What was read knows its file, and what could be read in its place."""

from pathlib import Path

import numpy as np
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.io.read_image import DicomFiles, ReadImage

VOLUME = Volume(np.zeros((2, 2, 2), np.int16), np.eye(4))


def test_the_path_is_that_of_the_description() -> None:
    assert ReadImage(VOLUME, {"path": "a/ct.nii"}).path == Path("a", "ct.nii")


def test_other_series_are_named_where_there_are() -> None:
    assert ReadImage(VOLUME, {}).series_hint == ""
    assert ReadImage(VOLUME, {}, series=("1: CT, 30 slices",)).series_hint == ""
    several = ReadImage(VOLUME, {}, series=("1: CT, 30 slices", "7: CT, 20 slices", "9: MR, 5 slices"))
    expected = "; this was series 1: CT, 30 slices: try --series with 7: CT, 20 slices, 9: MR, 5 slices"
    assert several.series_hint == expected


def test_pixels_are_found_in_the_file_again() -> None:
    files = DicomFiles((Path("a.dcm"),), np.array([[-1.0, 0.0, 89.0], [0.0, 0.5, 0.0]]))
    np.testing.assert_array_equal(files.stored_pixels([[0, 0], [10, 4]]), [[89, 0], [79, 2]])
    np.testing.assert_array_equal(DicomFiles((Path("a.dcm"),)).stored_pixels([3, 4]), [3, 4])
