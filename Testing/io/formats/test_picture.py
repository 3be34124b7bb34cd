"""Pictures that are cut, damaged or too large are refused before a library sees them."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.io.formats.picture import LARGEST_PICTURE_PIXELS, check_picture, check_pixels

GREY = np.random.default_rng(0).integers(0, 255, (70, 91), dtype=np.uint8)

KINDS = {
    "a.png": {}, "a.jpg": {}, "progressive.jpg": {"progressive": True}, "a.bmp": {}, "a.tif": {},
    "deflated.tif": {"compression": "tiff_adobe_deflate"}, "lzw.tif": {"compression": "tiff_lzw"},
}  # fmt: skip


def write(folder: Path, name: str) -> Path:
    Image.fromarray(GREY).save(folder / name, **KINDS[name])
    return folder / name


@pytest.mark.parametrize("name", KINDS)
def test_every_cut_is_refused(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, name)
    check_picture(path)
    data = path.read_bytes()
    for keep in (*range(8, len(data) - 20, 97), len(data) - 2, len(data) - 1):
        path.write_bytes(data[:keep])
        with pytest.raises(UnusableInput, match=r"incomplete|damaged"):
            check_picture(path)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA", "P", "I;16"])
def test_png_of_every_kind(tmp_path: Path, mode: str) -> None:
    image = Image.fromarray(GREY.astype(np.uint16)) if mode == "I;16" else Image.fromarray(GREY).convert(mode)
    image.save(tmp_path / "a.png")
    check_picture(tmp_path / "a.png")


def png(header: bytes, pixels: bytes) -> bytes:
    """A PNG of three chunks."""
    chunks = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    made = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(made)


def test_an_interlaced_png(tmp_path: Path) -> None:
    passes = ((1, 1), (1, 1), (1, 2), (2, 1), (1, 3), (3, 2), (2, 5))
    rows = bytes(sum(count * (1 + width) for count, width in passes))
    header = struct.pack(">IIBBBBB", 5, 5, 8, 0, 0, 0, 1)
    (tmp_path / "a.png").write_bytes(png(header, zlib.compress(rows)))
    with Image.open(tmp_path / "a.png") as image:
        image.load()
    check_picture(tmp_path / "a.png")


def test_every_flipped_bit_of_a_png_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "a.png")
    data = path.read_bytes()
    for position in range(0, len(data) - 12, 13):
        flipped = bytearray(data)
        flipped[position] ^= 1 << position % 8
        path.write_bytes(flipped)
        with pytest.raises(UnusableInput):
            check_picture(path)


def test_bombs_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    zeros = zlib.compress(bytes(1 << 26))
    path.write_bytes(png(struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0), zeros))
    with pytest.raises(UnusableInput, match="60000 x 60000 pixels is too large"):
        check_picture(path)
    path.write_bytes(png(struct.pack(">IIBBBBB", 100, 100, 8, 2, 0, 0, 0), zeros))
    with pytest.raises(UnusableInput, match="damaged"):
        check_picture(path)


def test_directories_of_a_tiff_that_form_a_loop_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "a.tif")
    data = bytearray(path.read_bytes())
    (first,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, first)
    struct.pack_into("<I", data, first + 2 + 12 * count, first)
    path.write_bytes(data)
    with pytest.raises(UnusableInput, match="several pages"):
        check_picture(path)


def test_no_byte_ends_in_a_traceback(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in KINDS:
        path = write(tmp_path, name)
        data = path.read_bytes()
        for _ in range(60):
            damaged = bytearray(data)
            damaged[int(rng.integers(2, min(len(data), 300)))] = rng.integers(256)
            path.write_bytes(damaged)
            try:
                check_picture(path)
            except UnusableInput:
                continue


@pytest.mark.parametrize(("columns", "rows", "is_taken"), [(1e4, 1e4, True), (1e4, 10001, False), (0, 5, False)])
def test_the_number_of_pixels_is_limited(columns: float, rows: float, is_taken: bool) -> None:
    assert LARGEST_PICTURE_PIXELS == 1e8
    if is_taken:
        check_pixels(columns, rows)
    else:
        with pytest.raises(UnusableInput):
            check_pixels(columns, rows)


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("no picture")
    with pytest.raises(UnusableInput, match="not a PNG, JPEG, BMP or TIFF"):
        check_picture(tmp_path / "a.png")
