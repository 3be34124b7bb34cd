"""NRRD with its data in the file or beside it, in the spaces, units and encodings that are read."""

import bz2
import gzip
from pathlib import Path

import numpy as np
import pytest
from helpers.ramp_series import assert_refused
from helpers.small_ct import body_hu
from VertebralFracturesLib.io.ct import read_input, read_volume

VOXELS = body_hu((8, 10, 12)).astype("<i2")

HEADER = {
    "type": "short",
    "dimension": "3",
    "space": "left-posterior-superior",
    "sizes": "12 10 8",
    "space directions": "(2,0,0) (0,2,0) (0,0,3)",
    "kinds": "domain domain domain",
    "endian": "little",
    "encoding": "raw",
    "space origin": "(5,6,7)",
}


def write_nrrd(path: Path, data: bytes, changes: dict[str, str | None] | None = None) -> Path:
    """A NRRD file whose header differs by these fields; None leaves one out, and data files come last."""
    fields = {**HEADER, **(changes or {})}
    lines = ["NRRD0004", *(f"{name}: {value}" for name, value in fields.items() if value is not None)]
    path.write_bytes("\n".join(lines).encode() + b"\n\n" + data)
    return path


@pytest.mark.parametrize(
    ("encoding", "pack"), [("raw", bytes), ("gzip", gzip.compress), ("gz", gzip.compress), ("bzip2", bz2.compress)]
)
def test_encodings(tmp_path: Path, encoding: str, pack) -> None:
    data = pack(VOXELS.tobytes())
    volume = read_volume(write_nrrd(tmp_path / "a.nrrd", data, {"encoding": encoding}))
    np.testing.assert_array_equal(volume.voxels, VOXELS)
    expected = [[-2, 0, 0, -5], [0, -2, 0, -6], [0, 0, 3, 7], [0, 0, 0, 1]]
    np.testing.assert_allclose(volume.ijk_to_ras, expected)
    beside = write_nrrd(tmp_path / "a.nhdr", b"", {"encoding": encoding, "data file": "a.dat"})
    (tmp_path / "a.dat").write_bytes(data)
    np.testing.assert_array_equal(read_volume(beside).voxels, VOXELS)


def test_big_endian_data_and_other_spaces(tmp_path: Path) -> None:
    data = VOXELS.astype(">i2").tobytes()
    changes = {"endian": "big", "space": "RAS"}
    volume = read_volume(write_nrrd(tmp_path / "a.nrrd", data, changes))
    np.testing.assert_array_equal(volume.voxels, VOXELS)
    np.testing.assert_allclose(volume.ijk_to_ras[:3, 3], [5, 6, 7])
    volume = read_volume(write_nrrd(tmp_path / "a.nrrd", data, {**changes, "space": "left-anterior-superior"}))
    np.testing.assert_allclose(volume.ijk_to_ras[:3, 3], [-5, 6, 7])


@pytest.mark.parametrize(("unit", "factor"), [("um", 1e3), ("cm", 0.1), ("m", 1e-3), ("mm", 1.0)])
def test_lengths_in_other_units_become_mm(tmp_path: Path, unit: str, factor: float) -> None:
    directions = " ".join(f"({','.join(str(value * factor) for value in row)})" for row in np.diag([2.0, 2.0, 3.0]))
    changes = {"space directions": directions, "space units": f'"{unit}" "{unit}" "{unit}"'}
    path = write_nrrd(tmp_path / "a.nrrd", VOXELS.tobytes(), changes)
    np.testing.assert_allclose(read_volume(path).spacing_mm, [2, 2, 3])


def test_unknown_units_are_refused(tmp_path: Path) -> None:
    path = write_nrrd(tmp_path / "a.nrrd", VOXELS.tobytes(), {"space units": '"in" "in" "in"'})
    assert_refused(path, "units that are not supported: in in in")


def test_slices_in_files_of_their_own(tmp_path: Path) -> None:
    for index, one in enumerate(VOXELS):
        (tmp_path / f"s{index:02d}.raw").write_bytes(b"two lines\nbefore it\n" + one.tobytes())
    numbered = {"line skip": "2", "data file": "s%02d.raw 0 7 1 2"}
    np.testing.assert_array_equal(read_volume(write_nrrd(tmp_path / "a.nhdr", b"", numbered)).voxels, VOXELS)
    names = "\n".join(["LIST 2", *(f"s{index:02d}.raw" for index in range(8))])
    listed = {"byte skip": "20", "data file": names}
    np.testing.assert_array_equal(read_volume(write_nrrd(tmp_path / "b.nhdr", b"", listed)).voxels, VOXELS)
    (tmp_path / "s05.raw").write_bytes((tmp_path / "s05.raw").read_bytes()[:-1])
    assert_refused(tmp_path / "b.nhdr", "file is incomplete: 5 of 8 slices")
    (tmp_path / "s03.raw").unlink()
    assert_refused(tmp_path / "b.nhdr", "file is incomplete: s03.raw")


def test_data_at_the_end_of_their_file(tmp_path: Path) -> None:
    (tmp_path / "a.dat").write_bytes(b"anything" + VOXELS.tobytes())
    path = write_nrrd(tmp_path / "a.nhdr", b"", {"byte skip": "-1", "data file": "a.dat"})
    np.testing.assert_array_equal(read_volume(path).voxels, VOXELS)


def test_spacings_alone_leave_the_side_open(tmp_path: Path) -> None:
    changes: dict[str, str | None] = {"space": None, "space directions": None, "space origin": None}
    read = read_input(write_nrrd(tmp_path / "a.nrrd", VOXELS.tobytes(), {**changes, "spacings": "2 2 3"}))
    np.testing.assert_allclose(read.image.spacing_mm, [2, 2, 3])
    assert any("orientation of the patient" in warning for warning in read.warnings)


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "block"}, {"type": None}, {"dimension": "x"}, {"dimension": "4"}, {"sizes": "12 10"},
        {"sizes": "12 10 -8"}, {"sizes": "12 0 8"}, {"endian": "middle"},
        {"space directions": "(2,0,0) (0,2,0)"}, {"space directions": "(2,0,0) (0,2,0) (0,0,z)"},
        {"space directions": "2 2 3"}, {"byte skip": "-7"}, {"line skip": "many"},
        {"data file": "%s%n 1 8 1"}, {"data file": "s%d.raw 1 8 0"}, {"data file": "s%d.raw 1 99999999999 1"},
        {"data file": "s%99999999d.raw 1 8 1"},
    ],
)  # fmt: skip
def test_headers_that_are_none_are_refused(tmp_path: Path, changes: dict[str, str | None]) -> None:
    assert_refused(write_nrrd(tmp_path / "a.nrrd", VOXELS.tobytes(), changes), "no valid NRRD header")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"encoding": "hex"}, "encoding 'hex' is not supported"),
        ({"space directions": "(2,0,0) (0,2,0) (0,0,0)"}, "spacing of 0 mm"),
        ({"space directions": "(2,0,0) (0,2,0) (2,2,0)"}, "do not span a volume"),
        ({"space directions": None}, "no voxel spacing"),
        ({"data file": "x" * 5000}, "cannot be read"),
        ({"data file": "/dev/zero"}, "zero is a pipe or a device"),
        ({"data file": "\x1b[31m.raw"}, "file is incomplete: [31m.raw"),
        ({"dimension": "4", "sizes": "12 10 2 4", "space directions": "(2,0,0) (0,2,0) (0,0,3) none"}, "a 4D image"),
        ({"dimension": "4", "sizes": "2 6 10 8", "space directions": "none (2,0,0) (0,2,0) (0,0,3)"}, "a colour"),
    ],
)
def test_what_is_not_read_is_said_in_one_line(tmp_path: Path, changes: dict[str, str | None], message: str) -> None:
    assert_refused(write_nrrd(tmp_path / "a.nrrd", VOXELS.tobytes(), changes), message)
