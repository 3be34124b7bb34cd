"""The outline of a DICOM file: what is missing of it, in every transfer syntax that says so."""

import struct
from pathlib import Path

import pydicom
import pytest
from helpers.small_ct import body_hu, write_slice
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEGExtended12Bit,
    RLELossless,
)
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.io.formats.dicom_file import read_outline

META = b"\0" * 128 + b"DICM\x02\x00\x10\x00UI\x14\x001.2.840.10008.1.2.1\0"
SEQUENCE = struct.pack("<HH2sHIHHI", 0x0040, 0xA730, b"SQ", 0, 0xFFFFFFFF, 0xFFFE, 0xE000, 0xFFFFFFFF)
CLOSE = struct.pack("<HHIHHI", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)


def slice_in(path: Path, syntax: str, fragments: list[bytes] | None = None) -> Path:
    """One slice of a CT in a transfer syntax, with a nested sequence in its header."""
    dataset = pydicom.dcmread(write_slice(path, body_hu()[0], (0, 0, 0)))
    inner, outer = pydicom.Dataset(), pydicom.Dataset()
    inner.CodeValue = "1"
    outer.ContentSequence = [inner]
    dataset.ReferencedStudySequence = [outer, inner]
    dataset["ReferencedStudySequence"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = syntax
    if fragments is not None:
        dataset.PixelData = encapsulate(fragments)
        dataset["PixelData"].VR = "OB"
    pydicom.dcmwrite(path, dataset, implicit_vr=syntax == ImplicitVRLittleEndian,
                     little_endian=syntax != ExplicitVRBigEndian, force_encoding=True)  # fmt: skip
    return path


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, pydicom.uid.ExplicitVRLittleEndian])
def test_every_cut_shows(tmp_path: Path, syntax: str) -> None:
    path = slice_in(tmp_path / "a.dcm", syntax)
    data = path.read_bytes()
    outline = read_outline(path)
    assert outline is not None
    assert (outline.is_whole, outline.pixels_are_whole, outline.pixel_bytes) == (True, True, 36 * 36 * 2)
    assert (outline.modality, outline.series_uid) == ("CT", "1.2.3.4.1")
    for cut in (*range(140, len(data) - 2592, 7), *range(len(data) - 2592, len(data), 500), len(data) - 1):
        path.write_bytes(data[:cut])
        outline = read_outline(path)
        assert outline is not None
        assert not (outline.is_whole and outline.pixels_are_whole), cut
        assert outline.may_be_ct


def test_a_deflated_file(tmp_path: Path) -> None:
    path = slice_in(tmp_path / "a.dcm", DeflatedExplicitVRLittleEndian)
    outline = read_outline(path)
    assert outline is not None
    assert (outline.is_whole, outline.pixels_are_whole) == (True, True)
    path.write_bytes(path.read_bytes()[:-30])
    outline = read_outline(path)
    assert outline is not None
    assert not outline.is_whole


def test_packed_pixel_data_have_pieces_and_an_end(tmp_path: Path) -> None:
    path = slice_in(tmp_path / "a.dcm", RLELossless, [b"12", b"3456", b"78"])
    data = path.read_bytes()
    outline = read_outline(path)
    assert outline is not None
    assert (outline.fragments, outline.pixels_are_whole) == (3, True)
    for left_out in (1, 8, 10, 20):
        path.write_bytes(data[:-left_out])
        outline = read_outline(path)
        assert outline is not None
        assert not outline.pixels_are_whole


@pytest.mark.parametrize(("end", "is_whole"), [(b"\xff\xd9", True), (b"\xff\xd9\0\0", True), (b"\x11\x22", False)])
def test_a_jpeg_image_has_an_end(tmp_path: Path, end: bytes, is_whole: bool) -> None:
    outline = read_outline(slice_in(tmp_path / "a.dcm", JPEGExtended12Bit, [b"\xff\xd8" + bytes(40) + end]))
    assert outline is not None
    assert outline.pixels_are_whole == is_whole


def test_an_object_without_pixels_is_no_image(tmp_path: Path) -> None:
    path = tmp_path / "report.dcm"
    path.write_bytes(META + b"\x08\x00\x60\x00CS\x02\x00SR" + 30 * SEQUENCE + 30 * CLOSE)
    outline = read_outline(path)
    assert outline is not None
    assert (outline.is_whole, outline.has_pixels, outline.may_be_ct) == (True, False, False)
    path.write_bytes(META + b"\x08\x00\x60\x00CS\x02\x00SR" + SEQUENCE)
    outline = read_outline(path)
    assert outline is not None
    assert not outline.is_whole


def test_nesting_without_an_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "report.dcm"
    path.write_bytes(META + 400 * SEQUENCE + 400 * CLOSE)
    with pytest.raises(UnusableInput, match="nested more than 40 deep"):
        read_outline(path)


def test_other_files_have_no_outline(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / "empty").touch()
    assert read_outline(tmp_path / "a.txt") is None
    assert read_outline(tmp_path / "empty") is None


@pytest.mark.parametrize(("name", "keep"), [("a.dcm", 0), ("a.dcm", 60), ("IM0001", 60), ("IM0001", 131)])
def test_a_file_that_was_cut_before_it_says_what_it_is_is_missed(tmp_path: Path, name: str, keep: int) -> None:
    (tmp_path / name).write_bytes(META[:keep])
    outline = read_outline(tmp_path / name)
    assert outline is not None
    assert not outline.is_whole
    assert outline.may_be_ct
