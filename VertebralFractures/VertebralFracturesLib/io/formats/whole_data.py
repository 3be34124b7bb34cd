"""Voxels read from files that are whole: sizes agree with the header, compressed streams end with their checksum."""

import bz2
import gzip
import io
import math
import os
import stat
import zlib
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from ...errors import UnusableInput
from .stored_image import DataPart, StoredImage
from .text_header import printable

LARGEST_IMAGE_BYTES = 2 << 30
"""Chosen: 4000 slices of 512 x 512 voxels in 16 bits; the longest CTs of a trunk have half as many. Analysis needs
about as much memory again."""

LARGEST_HEADER_BYTES = 1 << 20
"""Chosen: headers of images have some hundred bytes; the longest ones, of enhanced NRRD files, some ten thousand."""

_LARGEST_EXPANSION = 1100
"""Deflate makes at most 1032 bytes of one (RFC 1951: 258 bytes in two bits). For bzip2 there is no such limit."""

_PADDING_BYTES = 512
"""How much may follow the voxels. Chosen: the block to which tapes and archives fill files up."""

_CHUNK_BYTES = 1 << 20
"""Read at once. It bounds memory, not what is read."""

_DAMAGED = "file is damaged: its compressed data or their checksum are wrong; copy or export it again"


def check_regular(path: Path) -> int:
    """Size in bytes of a file that is neither a pipe nor a device, which could be read without an end.

    :raises UnusableInput: it is something else, or empty.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise UnusableInput(f"{printable(path.name)} is a pipe or a device and not a file")
    if status.st_size == 0:
        raise UnusableInput("the file is empty")
    return status.st_size


def check_size(byte_count: float) -> None:
    """Refuse an image that is larger than :data:`LARGEST_IMAGE_BYTES` or than the memory that is free.

    :raises UnusableInput: before memory is asked for.
    """
    if byte_count > LARGEST_IMAGE_BYTES:
        raise UnusableInput(
            f"the image would take {byte_count / 2**30:.3g} GB of memory; at most {LARGEST_IMAGE_BYTES >> 30} GB can "
            "be read: the header is wrong, or the volume has to be cropped"
        )
    free = free_memory_bytes()
    if free is not None and byte_count > free:
        raise UnusableInput(
            f"not enough memory to read it: {byte_count / 2**30:.3g} GB are needed, {free / 2**30:.3g} GB are free"
        )


def free_memory_bytes() -> int | None:
    """Memory that can be had without swapping; None where the system does not say (it does on Linux)."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    kilobytes = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(kilobytes[0]) * 1024 if kilobytes else None


def read_voxels(image: StoredImage) -> NDArray:
    """Every voxel of an image, (..., k, j, i); double precision is read as single.

    :raises UnusableInput: data are missing, damaged, more than the header says, or too large.
    """
    shape = (*image.sizes[::-1], image.components) if image.components > 1 else image.sizes[::-1]
    in_memory = _type_in_memory(image)
    count = math.prod(shape)
    if count % len(image.parts):
        raise UnusableInput(f"the voxels cannot be divided evenly among {len(image.parts)} files")
    check_size(count * in_memory.itemsize)
    _check_file_sizes(image, count // len(image.parts))
    voxels = np.empty(shape, in_memory)
    flat = voxels.reshape(-1)
    share = count // len(image.parts)
    slice_bytes = image.stored.itemsize * image.components * math.prod(image.sizes[:2])
    for index, part in enumerate(image.parts):
        got = _fill(flat[index * share : (index + 1) * share], part, image)
        if got < share * image.stored.itemsize:
            raise _incomplete(index * share * image.stored.itemsize + got, slice_bytes, image)
    return voxels


def _type_in_memory(image: StoredImage) -> np.dtype:
    """The type in which intensities are kept: the stored one, or single precision."""
    if image.stored.kind == "f" or (image.slope, image.intercept) != (1.0, 0.0) or image.stored.itemsize > 4:
        return np.dtype(np.float32)
    return image.stored.newbyteorder("=")


def _check_file_sizes(image: StoredImage, share: int) -> None:
    """Refuse files that are too short for what the header says before any of it is read."""
    wanted = share * image.stored.itemsize
    slice_bytes = image.stored.itemsize * image.components * math.prod(image.sizes[:2])
    for index, part in enumerate(image.parts):
        if not part.path.exists():
            raise UnusableInput(
                f"file is incomplete: {printable(part.path.name)}, which should hold its voxels, is missing"
            )
        there = check_regular(part.path) - max(part.offset, 0)
        if part.compression == "raw":
            there -= part.skip
        elif part.compression == "bzip2":
            there = wanted
        else:
            there = max(there, 0) * _LARGEST_EXPANSION
        if there < wanted:
            raise _incomplete(index * wanted + max(there, 0), slice_bytes, image)


def _incomplete(got_bytes: int, slice_bytes: int, image: StoredImage) -> UnusableInput:
    wanted = math.prod(image.sizes[2:])
    return UnusableInput(f"file is incomplete: {min(got_bytes // slice_bytes, wanted - 1)} of {wanted} slices")


def _fill(flat: NDArray, part: DataPart, image: StoredImage) -> int:
    """Read one part into its share of the voxels; the number of bytes that were there."""
    wanted = flat.size * image.stored.itemsize
    got = 0
    try:
        with part.path.open("rb") as file, opened(file, part, wanted) as stream:
            while got < wanted:
                data = stream.read(min(_CHUNK_BYTES, wanted - got))
                if len(data) % image.stored.itemsize or not data:
                    return got + len(data)
                numbers = np.frombuffer(data, image.stored)
                start = got // image.stored.itemsize
                flat[start : start + numbers.size] = _intensities(numbers, image)
                got += len(data)
            _check_end(stream)
    except EOFError:
        return min(got, wanted - 1)
    except (gzip.BadGzipFile, zlib.error) as error:
        raise UnusableInput(_DAMAGED) from error
    except OSError as error:
        if error.errno is None:
            raise UnusableInput(_DAMAGED) from error
        raise
    return got


def _intensities(numbers: NDArray, image: StoredImage) -> NDArray:
    if (image.slope, image.intercept) == (1.0, 0.0):
        return numbers
    return numbers.astype(np.float64) * image.slope + image.intercept


def _check_end(stream: BinaryIO) -> None:
    """Read to the end, where compressed streams have their checksum; refuse what the header does not speak of."""
    surplus = 0
    while data := stream.read(_PADDING_BYTES + 1):
        surplus += len(data)
        if surplus > _PADDING_BYTES:
            raise UnusableInput("file is damaged: it holds more voxels than its header states")


def opened(file: BinaryIO, part: DataPart, wanted: int = 0) -> BinaryIO:
    """The unpacked data of a part, from its first byte on.

    :param file: the part's file, open.
    :param wanted: size of the unpacked data, for data at the end of the file.
    """
    if part.offset >= 0:
        file.seek(part.offset)
    else:
        file.seek(-wanted, os.SEEK_END)
    stream: BinaryIO = file
    if part.compression == "gzip":
        stream = cast(BinaryIO, gzip.GzipFile(fileobj=file))
    elif part.compression == "bzip2":
        stream = cast(BinaryIO, bz2.BZ2File(file))
    elif part.compression == "zlib":
        stream = cast(BinaryIO, io.BufferedReader(_Inflated(file), _CHUNK_BYTES))
    skip = part.skip
    while skip > 0 and (data := stream.read(min(skip, _CHUNK_BYTES))):
        skip -= len(data)
    return stream


class _Inflated(io.RawIOBase):
    """A zlib stream, unpacked; it ends with an error where it is cut, and where its checksum is wrong."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file
        self._inflate = zlib.decompressobj(wbits=47)

    def readable(self) -> bool:
        """Whether it can be read."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Unpack into a buffer."""
        while not self._inflate.eof:
            data = self._inflate.unconsumed_tail or self._file.read(1 << 16)
            if not data:
                raise EOFError
            unpacked = self._inflate.decompress(data, len(buffer))
            if unpacked:
                buffer[: len(unpacked)] = unpacked
                return len(unpacked)
        return 0


def read_start(path: Path, count: int, compression: str = "raw") -> bytes:
    """The first bytes of a file, unpacked; fewer where it is shorter.

    :raises UnusableInput: a compressed stream that is damaged there.
    """
    opener = gzip.open if compression == "gzip" else open
    try:
        with opener(path, "rb") as stream:
            return stream.read(count)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UnusableInput(_DAMAGED) from error
