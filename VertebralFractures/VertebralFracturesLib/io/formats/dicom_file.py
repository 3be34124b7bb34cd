"""The outline of a DICOM file: whether it is all there, and how much pixel data it holds (DICOM PS3.5, section 7)."""

import io
import struct
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ...errors import UnusableInput
from .whole_data import check_regular

_PREAMBLE = 128
"""Bytes before "DICM" (DICOM PS3.10, section 7.1)."""

_FIRST_TAGS = (b"\x08\x00\x00\x00", b"\x08\x00\x05\x00", b"\x08\x00\x08\x00")
"""How files without a preamble begin: the first element of group 8, little endian."""

_LONG_VALUES = (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
"""Value representations whose length takes four bytes (PS3.5, table 7.1-1)."""

_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = (0xFFFE, 0xE000), (0xFFFE, 0xE00D), (0xFFFE, 0xE0DD)
"""Length and tags of PS3.5, section 7.5."""

PIXEL_DATA = ((0x7FE0, 0x0010), (0x7FE0, 0x0008), (0x7FE0, 0x0009))
"""Pixel data as integers, in single and in double precision (PS3.6)."""

_NOTED = {(0x0002, 0x0002): "sop_class", (0x0002, 0x0010): "syntax", (0x0008, 0x0016): "sop_class",
          (0x0008, 0x0060): "modality", (0x0020, 0x000E): "series_uid"}  # fmt: skip
"""Elements whose values are kept (PS3.6)."""

_IMPLICIT, _BIG, _DEFLATED = "1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"
_JPEG = ("1.2.840.10008.1.2.4.5", "1.2.840.10008.1.2.4.7", "1.2.840.10008.1.2.4.8")
"""Transfer syntaxes (PS3.6, annex A); those of JPEG and JPEG-LS by how they begin."""

_CT_CLASSES = ("1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.2.2")
"""Storage of CT, enhanced CT and legacy converted enhanced CT (PS3.6, annex A)."""

DEEPEST_NESTING = 40
"""Chosen: sequences of CTs are nested up to five deep, structured reports some ten."""

_LARGEST_DEFLATED_BYTES = 1 << 28
"""Chosen: a deflated file holds one slice, or reports; 256 MB are 500 slices."""


@dataclass
class DicomOutline:
    """What a walk over the elements of a DICOM file found.

    :param has_preamble: whether the file says that it is DICOM; otherwise it may be anything.
    :param syntax: UID of the transfer syntax.
    :param sop_class: UID of the kind of object, "" where it is not known.
    :param modality: of the image, "" where it is not known.
    :param series_uid: "" where it is not known.
    :param pixel_bytes: stated length of pixel data that are not packed.
    :param fragments: number of pieces of packed pixel data.
    :param has_pixels: whether there are pixel data.
    :param header_is_whole: whether the elements before the pixel data are all there.
    :param pixels_are_whole: whether the pixel data are.
    """

    has_preamble: bool
    syntax: str = ""
    sop_class: str = ""
    modality: str = ""
    series_uid: str = ""
    pixel_bytes: int | None = None
    fragments: int = 0
    has_pixels: bool = False
    header_is_whole: bool = False
    pixels_are_whole: bool = False
    _stack: list[bool] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing of it: an image of a CT has pixel data."""
        if self.has_pixels or self.sop_class not in _CT_CLASSES:
            return self.header_is_whole
        return False

    @property
    def may_be_ct(self) -> bool:
        """Whether an object that is not whole may have been a slice of a CT."""
        if self.sop_class:
            return self.sop_class in _CT_CLASSES
        return self.modality in ("", "CT")


def read_outline(path: Path) -> DicomOutline | None:
    """Walk over the elements of a file; None if it is no DICOM file.

    :raises UnusableInput: a file that is none of a disk, or one that is nested or packed as no image is.
    """
    try:
        size = check_regular(path)
    except UnusableInput:
        if path.is_file():
            return _beginning(path, b"")
        raise
    with path.open("rb") as file:
        start = file.read(_PREAMBLE + 4)
        has_preamble = start[_PREAMBLE:] == b"DICM"
        if not has_preamble and start[:4] not in _FIRST_TAGS:
            return _beginning(path, start)
        outline = DicomOutline(has_preamble)
        file.seek(_PREAMBLE + 4 if has_preamble else 0)
        with suppress(EOFError):
            _walk(file, size, outline)
    return outline


def _beginning(path: Path, start: bytes) -> DicomOutline | None:
    """The outline of a file that was cut before it says that it is DICOM, known by its name or its empty preamble."""
    is_cut = len(start) < _PREAMBLE + 4 and (
        path.suffix.lower() == ".dcm" or (len(start) > 4 and not any(start[:_PREAMBLE]))
    )
    return DicomOutline(has_preamble=True) if is_cut else None


def _walk(file: BinaryIO, size: int, outline: DicomOutline) -> None:
    """Walk over the group of the file, which is explicit and little endian, and over the data set."""
    order, explicit = "<", True
    if outline.has_preamble:
        while (start := file.read(2)) == b"\x02\x00":
            file.seek(-2, io.SEEK_CUR)
            _element(file, size, outline, "<", explicit=True)
        if not start:
            outline.header_is_whole = bool(outline.syntax)
            return
        file.seek(-len(start), io.SEEK_CUR)
    if outline.syntax == _DEFLATED:
        file = io.BytesIO(_inflated(file))
        size = len(file.getvalue())
    elif outline.syntax == _BIG:
        order = ">"
    elif outline.syntax == _IMPLICIT:
        explicit = False
    elif not outline.syntax:
        explicit = file.read(6)[4:].isalpha()
        file.seek(-6, io.SEEK_CUR)
    while file.tell() < size and not outline.has_pixels:
        _element(file, size, outline, order, outline._stack[-1] if outline._stack else explicit)
    outline.header_is_whole = outline.header_is_whole or not outline._stack


def _inflated(file: BinaryIO) -> bytes:
    """The data set of a deflated file."""
    try:
        inflate = zlib.decompressobj(wbits=-15)
        data = inflate.decompress(file.read(), _LARGEST_DEFLATED_BYTES)
    except zlib.error:
        raise EOFError from None
    if inflate.unconsumed_tail:
        raise UnusableInput(f"a deflated DICOM file that unpacks to more than {_LARGEST_DEFLATED_BYTES >> 20} MB")
    if not inflate.eof:
        raise EOFError
    return data


def _read(file: BinaryIO, layout: str) -> tuple:
    data = file.read(struct.calcsize(layout))
    if len(data) < struct.calcsize(layout):
        raise EOFError
    return struct.unpack(layout, data)


def _element(file: BinaryIO, size: int, outline: DicomOutline, order: str, explicit: bool) -> None:
    """Step over one element, into sequences of undefined length, or out of them."""
    tag = _read(file, f"{order}HH")
    if tag in (_ITEM, _ITEM_END, _SEQUENCE_END):
        (length,) = _read(file, f"{order}I")
        if tag == _ITEM and length == _UNDEFINED:
            _enter(outline, explicit)
        elif tag == _ITEM:
            _skip(file, size, length)
        elif outline._stack:
            outline._stack.pop()
        return
    kind = b""
    if explicit:
        (kind,) = _read(file, "2s")
        (length,) = _read(file, f"{order}2xI") if kind in _LONG_VALUES else _read(file, f"{order}H")
    else:
        (length,) = _read(file, f"{order}I")
    if tag in PIXEL_DATA and not outline._stack:
        outline.has_pixels = outline.header_is_whole = True
        _pixels(file, size, outline, order, length)
    elif length == _UNDEFINED:
        _enter(outline, explicit and kind != b"UN")
    elif tag in _NOTED and not outline._stack and file.tell() + length <= size:
        text = file.read(length).decode("latin-1").strip("\0 ")
        setattr(outline, _NOTED[tag], text)
    else:
        _skip(file, size, length)


def _enter(outline: DicomOutline, explicit: bool) -> None:
    outline._stack.append(explicit)
    if len(outline._stack) > 2 * DEEPEST_NESTING:
        raise UnusableInput(f"a DICOM file with sequences nested more than {DEEPEST_NESTING} deep")


def _skip(file: BinaryIO, size: int, length: int) -> None:
    if file.tell() + length > size:
        raise EOFError
    file.seek(length, io.SEEK_CUR)


def _pixels(file: BinaryIO, size: int, outline: DicomOutline, order: str, length: int) -> None:
    """Step over the pixel data: one value, or pieces that follow a table of offsets (PS3.5, annex A.4)."""
    if length != _UNDEFINED:
        outline.pixel_bytes = length
        _skip(file, size, length)
        outline.pixels_are_whole = True
        return
    ends_well, pieces = True, -1
    while (tag := _read(file, f"{order}HH")) == _ITEM:
        (length,) = _read(file, f"{order}I")
        start = file.tell()
        _skip(file, size, length)
        pieces += 1
        outline.fragments = pieces
        if pieces > 0 and length and outline.syntax.startswith(_JPEG):
            file.seek(max(start, file.tell() - 16))
            ends_well = file.read(start + length - file.tell()).rstrip(b"\0").endswith(b"\xff\xd9")
    _read(file, "4s")
    outline.pixels_are_whole = tag == _SEQUENCE_END and ends_well
