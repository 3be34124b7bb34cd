"""What was read knows its file, and what could be read in its place."""

from pathlib import Path

import numpy as np
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.io.read_image import ReadImage

VOLUME = Volume(np.zeros((2, 2, 2), np.int16), np.eye(4))


def test_the_path_is_that_of_the_description() -> None:
    assert ReadImage(VOLUME, {"path": "a/ct.nii"}).path == Path("a", "ct.nii")


def test_other_series_are_named_where_there_are() -> None:
    assert ReadImage(VOLUME, {}).series_hint == ""
    assert ReadImage(VOLUME, {}, series=("1: CT, 30 slices",)).series_hint == ""
    several = ReadImage(VOLUME, {}, series=("1: CT, 30 slices", "7: CT, 20 slices", "9: MR, 5 slices"))
    expected = "; this was series 1: CT, 30 slices: try --series with 7: CT, 20 slices, 9: MR, 5 slices"
    assert several.series_hint == expected
