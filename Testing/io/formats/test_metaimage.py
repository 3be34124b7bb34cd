"""MetaImage with its data in the file or beside it, packed or not."""

import zlib
from pathlib import Path

import numpy as np
import pytest
from helpers.ramp_series import assert_refused
from helpers.small_ct import body_hu
from VertebralFracturesLib.io.ct import read_volume

VOXELS = body_hu((8, 10, 12)).astype("<i2")

HEADER = {
    "ObjectType": "Image",
    "NDims": "3",
    "BinaryData": "True",
    "BinaryDataByteOrderMSB": "False",
    "CompressedData": "False",
    "TransformMatrix": "0 1 0 -1 0 0 0 0 1",
    "Offset": "5 6 7",
    "ElementSpacing": "2 2.5 3",
    "DimSize": "12 10 8",
    "ElementType": "MET_SHORT",
    "ElementDataFile": "LOCAL",
}


def write_metaimage(path: Path, data: bytes, **changes: str | None) -> Path:
    """A MetaImage file whose header differs by these fields; None leaves one out."""
    fields = {**HEADER, **changes}
    fields["ElementDataFile"] = fields.pop("ElementDataFile")
    lines = [f"{name} = {value}" for name, value in fields.items() if value is not None]
    path.write_bytes("\n".join(lines).encode() + b"\n" + data)
    return path


def test_each_line_of_the_matrix_is_an_axis(tmp_path: Path) -> None:
    volume = read_volume(write_metaimage(tmp_path / "a.mha", VOXELS.tobytes()))
    np.testing.assert_array_equal(volume.voxels, VOXELS)
    expected = [[0, 2.5, 0, -5], [-2, 0, 0, -6], [0, 0, 3, 7], [0, 0, 0, 1]]
    np.testing.assert_allclose(volume.ijk_to_ras, expected)


def test_packed_data_and_big_endian_data(tmp_path: Path) -> None:
    packed = zlib.compress(VOXELS.astype(">i2").tobytes())
    changes = {"CompressedData": "True", "BinaryDataByteOrderMSB": "True"}
    for size in (None, str(len(packed))):
        path = write_metaimage(tmp_path / "a.mha", packed, CompressedDataSize=size, **changes)
        np.testing.assert_array_equal(read_volume(path).voxels, VOXELS)


def test_slices_in_files_of_their_own(tmp_path: Path) -> None:
    for index, one in enumerate(VOXELS):
        (tmp_path / f"s{index:02d}.raw").write_bytes(b"before" + one.tobytes())
    names = "\n".join(f"s{index:02d}.raw" for index in range(8))
    listed = write_metaimage(tmp_path / "a.mhd", names.encode(), ElementDataFile="LIST", HeaderSize="6")
    np.testing.assert_array_equal(read_volume(listed).voxels, VOXELS)
    numbered = write_metaimage(tmp_path / "b.mhd", b"", ElementDataFile="s%02d.raw 0 7 1", HeaderSize="-1")
    np.testing.assert_array_equal(read_volume(numbered).voxels, VOXELS)
    too_few = write_metaimage(tmp_path / "c.mhd", names[:-7].encode(), ElementDataFile="LIST", HeaderSize="6")
    assert_refused(too_few, "cannot be divided evenly among 7 files")
    few_whole = write_metaimage(tmp_path / "d.mhd", names[:27].encode(), ElementDataFile="LIST", HeaderSize="6")
    assert_refused(few_whole, "file is incomplete: 1 of 8 slices")


@pytest.mark.parametrize(("unit", "spacing"), [("um", "2000 2500 3000"), ("cm", "0.2 0.25 0.3"), ("?", "2 2.5 3")])
def test_lengths_in_other_units_become_mm(tmp_path: Path, unit: str, spacing: str) -> None:
    path = write_metaimage(tmp_path / "a.mha", VOXELS.tobytes(), DistanceUnits=unit, ElementSpacing=spacing)
    np.testing.assert_allclose(read_volume(path).spacing_mm, [2, 2.5, 3])


@pytest.mark.parametrize(
    "changes",
    [
        {"NDims": "-1"}, {"NDims": "2147483647"}, {"NDims": "x"}, {"DimSize": "12 10"}, {"DimSize": "12 10 -8"},
        {"ElementType": "MET_OTHER"}, {"ElementType": None}, {"ElementNumberOfChannels": "-1"},
        {"TransformMatrix": "1 0 0"}, {"TransformMatrix": "a b c d e f g h i"}, {"Offset": "0 0"},
        {"HeaderSize": "-9"}, {"HeaderSize": "1e9"}, {"CompressedDataSize": "nan"}, {"ElementDataFile": "%s%n 1 8 1"},
        {"ElementDataFile": "LIST"}, {"ElementDataFile": "%500d 1 8 1"},
    ],
)  # fmt: skip
def test_headers_that_are_none_are_refused(tmp_path: Path, changes: dict[str, str | None]) -> None:
    assert_refused(write_metaimage(tmp_path / "a.mha", b"", **changes), "no valid MetaImage header")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"BinaryData": "False"}, "stored as text"),
        ({"ElementSpacing": None}, "no voxel spacing"),
        ({"ElementSpacing": "0 0 0"}, "spacing of 0 x 0 x 0"),
        ({"TransformMatrix": "0 0 0 0 0 0 0 0 0"}, "do not span a volume"),
        ({"DistanceUnits": "in"}, "units that are not supported"),
        ({"ElementDataFile": "x" * 5000}, "cannot be read"),
        ({"ElementNumberOfChannels": "3"}, "a colour or vector image with 3 values"),
        ({"DimSize": "4000 4000 4000"}, "119 GB of memory"),
    ],
)
def test_what_is_not_read_is_said_in_one_line(tmp_path: Path, changes: dict[str, str | None], message: str) -> None:
    assert_refused(write_metaimage(tmp_path / "a.mha", VOXELS.tobytes(), **changes), message)
