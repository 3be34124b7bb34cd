"""Pictures (PNG, JPEG, BMP, TIFF) checked to be whole before a library decodes them."""

import math
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from ...errors import UnusableInput
from .whole_data import check_regular

LARGEST_PICTURE_PIXELS = 100_000_000
"""Chosen: films of 35 x 43 cm scanned at 50 pixels a millimetre have 38 million; detectors have a tenth of these."""

_LARGEST_FILE_BYTES = 1 << 30
"""Chosen: pictures of that many pixels with three values of 16 bits have 600 MB."""

_CUT = "file is incomplete: the image ends too early"
_DAMAGED = "file is damaged: its checksum or its structure is wrong"

_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Signature, values per pixel by colour type, and first column, first row and steps of interlaced passes (PNG
specification, sections 5.2, 6.1 and 8.2)."""

_TIFF_TYPES = {1: "B", 3: "H", 4: "I", 16: "Q"}
_TIFF_WIDTH, _TIFF_ROWS, _TIFF_BITS, _TIFF_PACKING, _TIFF_SAMPLES = 256, 257, 258, 259, 277
_TIFF_DATA = ((273, 279), (324, 325))
_TIFF_DEFLATE = (8, 32946)
"""Types of whole numbers, tags of a directory, tags of offsets and sizes of strips and of tiles, and codes of deflate
(TIFF 6.0 and its supplements)."""

_MOST_ENTRIES = 10_000
"""Chosen: entries of a directory of a TIFF, and strips of a picture; pictures have some tens and some thousands."""


def check_picture(path: Path) -> None:
    """Refuse a picture that is cut or damaged, as far as its format tells, or too large.

    :param path: the file; its content says what it is.
    :raises UnusableInput: with the reason.
    """
    if check_regular(path) > _LARGEST_FILE_BYTES:
        raise UnusableInput(f"an image file of more than {_LARGEST_FILE_BYTES >> 30} GB")
    data = path.read_bytes()
    checks = {
        _PNG_START: _check_png,
        b"\xff\xd8": _check_jpeg,
        b"BM": _check_bmp,
        b"II": _check_tiff,
        b"MM": _check_tiff,
    }
    for start, check in checks.items():
        if data.startswith(start):
            try:
                return check(data)
            except (struct.error, IndexError):
                raise UnusableInput(_CUT) from None
    raise UnusableInput("file is damaged or does not match its extension: it is not a PNG, JPEG, BMP or TIFF image")


def check_pixels(columns: float, rows: float) -> None:
    """Refuse more pixels than a radiograph has.

    :raises UnusableInput: before memory is asked for.
    """
    if columns < 1 or rows < 1:
        raise UnusableInput(_DAMAGED)
    if columns * rows > LARGEST_PICTURE_PIXELS:
        raise UnusableInput(
            f"an image of {columns:.0f} x {rows:.0f} pixels is too large: at most {LARGEST_PICTURE_PIXELS // 10**6} "
            "million can be read"
        )


def _check_png(data: bytes) -> None:
    """Each chunk has its checksum, and the pixels unpack to the size that the header states."""
    offset, packed, wanted, kind = len(_PNG_START), [], 0, b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, offset)
        content = data[offset + 8 : offset + 8 + length]
        (checksum,) = struct.unpack_from(">I", data, offset + 8 + length)
        if zlib.crc32(content, zlib.crc32(kind)) != checksum:
            raise UnusableInput(_DAMAGED)
        if kind == b"IHDR":
            wanted = _png_bytes(content)
        elif kind == b"IDAT":
            packed.append(content)
        offset += 12 + length
    if wanted == 0 or _inflated_size(b"".join(packed), wanted) != wanted:
        raise UnusableInput(_DAMAGED)


def _png_bytes(header: bytes) -> int:
    """Size of the unpacked rows, each after a byte for its filter."""
    columns, rows, bits, colour, _, _, interlaced = struct.unpack_from(">IIBBBBB", header)
    check_pixels(columns, rows)
    if colour not in _PNG_CHANNELS or bits not in (1, 2, 4, 8, 16):
        raise UnusableInput(_DAMAGED)
    pixel_bits = bits * _PNG_CHANNELS[colour]
    passes = _ADAM7 if interlaced else ((0, 0, 1, 1),)
    size = 0
    for left, top, across, down in passes:
        width, height = max(0, math.ceil((columns - left) / across)), max(0, math.ceil((rows - top) / down))
        size += height * (1 + math.ceil(width * pixel_bits / 8)) if width else 0
    return size


def _inflated_size(data: bytes, most: int) -> int:
    """Size of a zlib stream that is whole, its checksum included; more than `most` is not unpacked.

    :raises UnusableInput: a stream that is cut or damaged.
    """
    inflate, size = zlib.decompressobj(), 0
    try:
        while not inflate.eof and data and size <= most:
            size += len(inflate.decompress(data, 1 << 20))
            data = inflate.unconsumed_tail
    except zlib.error:
        raise UnusableInput(_DAMAGED) from None
    if size <= most and not inflate.eof:
        raise UnusableInput(_CUT)
    return size


def _check_jpeg(data: bytes) -> None:
    """Segments follow one another up to the end of the image; a thumbnail within one does not count."""
    offset, has_size = 2, False
    while True:
        if data[offset] != 0xFF:
            raise UnusableInput(_DAMAGED)
        marker = data[offset + 1]
        if marker == 0xFF:
            offset += 1
            continue
        if marker == 0xD9:
            if not has_size:
                raise UnusableInput(_DAMAGED)
            return
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:
            offset += 2
            continue
        (length,) = struct.unpack_from(">H", data, offset + 2)
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            rows, columns = struct.unpack_from(">HH", data, offset + 5)
            check_pixels(columns, rows)
            has_size = True
        offset += 2 + length
        if marker == 0xDA:
            offset = _after_scan(data, offset)


def _after_scan(data: bytes, offset: int) -> int:
    """Where the next marker is that is no part of the compressed pixels."""
    while True:
        offset = data.find(b"\xff", offset)
        if offset < 0:
            raise UnusableInput(_CUT)
        if data[offset + 1] not in (0x00, *range(0xD0, 0xD8)):
            return offset
        offset += 2


def _check_bmp(data: bytes) -> None:
    """The file is as long as its header says, and as long as its rows are."""
    stated, pixels_at, header_size = struct.unpack_from("<I4xII", data, 2)
    layout = "<HH2xH" if header_size == 12 else "<ii2xH"
    columns, rows, bits = struct.unpack_from(layout, data, 18)
    (packing,) = struct.unpack_from("<I", data, 30) if header_size >= 40 else (0,)
    check_pixels(columns, abs(rows))
    wanted = pixels_at
    if packing in (0, 3):
        wanted += abs(rows) * ((columns * bits + 31) // 32 * 4)
    if len(data) < max(wanted, stated):
        raise UnusableInput(_CUT)


def _check_tiff(data: bytes) -> None:
    """The directory lies in the file, and so do the strips or tiles that it names; no second one follows."""
    order = "<" if data.startswith(b"II") else ">"
    version, first = struct.unpack_from(f"{order}HI", data, 2)
    if version != 42:
        raise UnusableInput("this kind of TIFF is not supported: save the image as PNG")
    entries, following = _directory(data, order, first)
    if following:
        raise UnusableInput("a TIFF with several pages: save the page with the radiograph")
    columns, rows = (entries.get(tag, (0,))[0] for tag in (_TIFF_WIDTH, _TIFF_ROWS))
    check_pixels(columns, rows)
    bits = sum(entries.get(_TIFF_BITS, (1,)))
    samples = entries.get(_TIFF_SAMPLES, (1,))[0]
    bits = bits * samples if len(entries.get(_TIFF_BITS, (1,))) == 1 else bits
    packing = entries.get(_TIFF_PACKING, (1,))[0]
    offsets, sizes = next(
        ((entries[at], entries[size]) for at, size in _TIFF_DATA if at in entries and size in entries), ((), ())
    )
    if not offsets or len(offsets) != len(sizes):
        raise UnusableInput(_DAMAGED)
    if any(at + size > len(data) for at, size in zip(offsets, sizes, strict=True)):
        raise UnusableInput(_CUT)
    wanted = rows * ((columns * bits + 7) // 8)
    if packing == 1 and sum(sizes) < wanted:
        raise UnusableInput(_CUT)
    if packing in _TIFF_DEFLATE:
        unpacked = 0
        for at, size in zip(offsets, sizes, strict=True):
            unpacked += _inflated_size(data[at : at + size], 2 * wanted + (1 << 20))
            if unpacked > 2 * wanted + (1 << 20):
                raise UnusableInput(_DAMAGED)
        if unpacked < wanted:
            raise UnusableInput(_CUT)


def _directory(data: bytes, order: str, offset: int) -> tuple[dict[int, tuple[int, ...]], int]:
    """The whole numbers of a directory by their tags, and where the next directory is, 0 for none."""
    (count,) = struct.unpack_from(f"{order}H", data, offset)
    if count > _MOST_ENTRIES:
        raise UnusableInput(_DAMAGED)
    entries = dict(_entries(data, order, offset + 2, count))
    (following,) = struct.unpack_from(f"{order}I", data, offset + 2 + 12 * count)
    return entries, following


def _entries(data: bytes, order: str, offset: int, count: int) -> Iterator[tuple[int, tuple[int, ...]]]:
    for index in range(count):
        place = offset + 12 * index
        tag, kind, number = struct.unpack_from(f"{order}HHI", data, place)
        if kind not in _TIFF_TYPES:
            continue
        if number > LARGEST_PICTURE_PIXELS:
            raise UnusableInput(_DAMAGED)
        layout = f"{order}{number}{_TIFF_TYPES[kind]}"
        if struct.calcsize(layout) > 4:
            (place_of_values,) = struct.unpack_from(f"{order}I", data, place + 8)
        else:
            place_of_values = place + 8
        yield tag, struct.unpack_from(layout, data, place_of_values)
