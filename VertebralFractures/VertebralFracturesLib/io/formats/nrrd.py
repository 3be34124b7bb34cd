"""Headers of NRRD files, data attached or in files of their own (teem.sourceforge.net/nrrd/format.html)."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...errors import UnusableInput
from .stored_image import LPS_TO_RAS, Compression, DataPart, StoredImage, checked_matrix, tilt_warnings
from .text_header import numbered_files, numbers, printable, text_lines, unit_mm
from .whole_data import LARGEST_HEADER_BYTES, check_regular, read_start

_DAMAGED = "file is damaged or does not match its extension: it has no valid NRRD header"

_TYPES = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "long long int", "signed long long", "signed long long int", "int64", "int64_t"),
    "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "f4": ("float",),
    "f8": ("double",),
}
_ENCODINGS: dict[str, Compression] = {
    "raw": "raw", "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2",
}  # fmt: skip
_SPACES = {
    "right-anterior-superior": np.eye(4), "ras": np.eye(4),
    "left-anterior-superior": np.diag([-1.0, 1.0, 1.0, 1.0]), "las": np.diag([-1.0, 1.0, 1.0, 1.0]),
    "left-posterior-superior": LPS_TO_RAS, "lps": LPS_TO_RAS,
}  # fmt: skip
"""Matrices to RAS."""

_SPACE_AXES = {"domain", "space", "time", "???", "none"}
"""Kinds of axes along which voxels lie; along the others lie the values of one voxel."""

_NO_SPACE = (
    "The header does not state the orientation of the patient; left, posterior, superior was assumed. "
    "Verify left and right."
)


def read_nrrd(path: Path) -> StoredImage:
    """Read the header of an NRRD file, ``.nrrd`` or ``.nhdr``.

    :raises UnusableInput: a header that is damaged or of a kind that is not read.
    """
    check_regular(path)
    lines, offset = text_lines(read_start(path, LARGEST_HEADER_BYTES), stops_at="")
    if not lines or not lines[0].startswith("NRRD000"):
        raise UnusableInput(_DAMAGED)
    fields, listed = _fields(lines[1:])
    try:
        sizes = tuple(int(word) for word in fields["sizes"].split())
        stored = np.dtype(next(code for code, names in _TYPES.items() if fields["type"].lower() in names))
        dimension = int(fields["dimension"])
    except (KeyError, ValueError, StopIteration):
        raise UnusableInput(_DAMAGED) from None
    if len(sizes) != dimension or not 1 <= dimension <= 16 or min(sizes) < 1:
        raise UnusableInput(_DAMAGED)
    if stored.itemsize > 1 and fields.get("endian", "little") not in ("little", "big"):
        raise UnusableInput(_DAMAGED)
    stored = stored.newbyteorder(">" if fields.get("endian") == "big" else "<")
    axes, warnings = _axes(fields, dimension)
    components = 1
    if dimension > 2 and axes[0] is None:
        components, sizes, axes = sizes[0], sizes[1:], axes[1:]
    while len(sizes) > 3 and sizes[-1] == 1:
        sizes = sizes[:-1]
    matrix = _matrix(fields, axes)
    parts = _parts(path, fields, listed, offset)
    return StoredImage(
        path.suffix[1:].upper(), sizes, stored, matrix, parts, components, warnings=(*tilt_warnings(matrix), *warnings)
    )


def _fields(lines: list[str]) -> tuple[dict[str, str], list[str]]:
    """The fields of a header, and the names of files below ``data file: LIST``."""
    fields: dict[str, str] = {}
    for index, line in enumerate(lines):
        if line.startswith("#") or ":=" in line:
            continue
        name, colon, value = line.partition(":")
        if not colon:
            raise UnusableInput(_DAMAGED)
        name = name.strip().lower().replace("datafile", "data file")
        fields[name] = value.strip()
        if name == "data file" and fields[name].split()[:1] == ["LIST"]:
            return fields, [one.strip() for one in lines[index + 1 :] if one.strip()]
    return fields, []


def _axes(fields: dict[str, str], dimension: int) -> tuple[list[NDArray[np.float64] | None], tuple[str, ...]]:
    """Direction times spacing of each axis in the file's space; None where no voxels lie along it."""
    kinds = fields.get("kinds", "").lower().split()
    if "space directions" in fields:
        axes = [None if word == "none" else _vector(word) for word in _vectors(fields["space directions"])]
        warnings: tuple[str, ...] = () if fields.get("space", "").lower() in _SPACES else (_NO_SPACE,)
    elif "spacings" in fields:
        spacings = numbers(fields["spacings"], _DAMAGED)
        axes, place = [], 0
        for index, spacing in enumerate(spacings):
            is_space = np.isfinite(spacing) and (index >= len(kinds) or kinds[index] in _SPACE_AXES)
            axes.append(np.eye(3)[place % 3] * spacing if is_space else None)
            place += is_space
        warnings = (_NO_SPACE,)
    else:
        raise UnusableInput("the header has no voxel spacing")
    if len(axes) != dimension:
        raise UnusableInput(_DAMAGED)
    return axes, warnings


def _vectors(text: str) -> list[str]:
    """Words of a field of vectors: each in brackets, or ``none``."""
    return text.replace(", ", ",").replace("( ", "(").replace(" )", ")").split()


def _vector(word: str) -> NDArray[np.float64]:
    values = numbers(word.strip("()").replace(",", " "), _DAMAGED)
    if not 2 <= len(values) <= 4 or not word.startswith("("):
        raise UnusableInput(_DAMAGED)
    return np.array((*values, 0.0)[:3])


def _matrix(fields: dict[str, str], axes: list[NDArray[np.float64] | None]) -> NDArray[np.float64]:
    """4x4 matrix of the first three axes to RAS mm."""
    matrix = np.eye(4)
    for index, axis in enumerate(axes[:3]):
        if axis is None:
            raise UnusableInput(f"a 4D image: axis {index + 1} is not a spatial axis; export one 3D volume")
        matrix[:3, index] = axis
    if len(axes) == 2:
        matrix[:3, 2] = np.cross(*(axis / np.linalg.norm(axis) for axis in matrix[:3, :2].T))
    if not matrix[:3, :3].any(axis=0).all():
        raise UnusableInput("the voxel spacing of 0 mm is not plausible for a CT: the header is wrong")
    if "space origin" in fields:
        matrix[:3, 3] = _vector("".join(_vectors(fields["space origin"])))
    words = fields.get("space units", fields.get("units", "")).replace('"', " ").split()
    matrix[:3] *= unit_mm(words)
    return checked_matrix(matrix, _SPACES.get(fields.get("space", "").lower(), LPS_TO_RAS))


def _parts(path: Path, fields: dict[str, str], listed: list[str], offset: int) -> tuple[DataPart, ...]:
    """The files that hold the voxels."""
    encoding = fields.get("encoding", "").lower()
    if encoding not in _ENCODINGS:
        raise UnusableInput(
            f"the encoding '{printable(encoding, 20)}' is not supported: save the volume as raw or gzip"
        )
    compression = _ENCODINGS[encoding]
    try:
        lines, skip = int(fields.get("line skip", "0")), int(fields.get("byte skip", "0"))
    except ValueError:
        raise UnusableInput(_DAMAGED) from None
    if not 0 <= lines <= 1000 or not -1 <= skip <= LARGEST_HEADER_BYTES or (skip < 0 and compression != "raw"):
        raise UnusableInput(_DAMAGED)
    named = fields.get("data file", "")
    if listed:
        files = [path.parent / name for name in listed]
    elif named:
        files = numbered_files(path.parent, named, _DAMAGED)
    else:
        return (DataPart(path, -1 if skip < 0 else offset, compression, max(skip, 0)),)
    return tuple(
        DataPart(file, -1 if skip < 0 else _after_lines(file, lines), compression, max(skip, 0)) for file in files
    )


def _after_lines(file: Path, count: int) -> int:
    """Bytes of the first lines of a file."""
    if count == 0:
        return 0
    check_regular(file)
    start = read_start(file, LARGEST_HEADER_BYTES).split(b"\n", count)
    if len(start) <= count:
        raise UnusableInput(_DAMAGED)
    return sum(len(line) + 1 for line in start[:count])
