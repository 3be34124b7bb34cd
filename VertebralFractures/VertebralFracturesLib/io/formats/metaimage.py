"""Headers of MetaImage files, ``.mha`` and ``.mhd`` (itk.org/Wiki/MetaIO/Documentation)."""

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...errors import UnusableInput
from .stored_image import LPS_TO_RAS, Compression, DataPart, StoredImage, checked_matrix, tilt_warnings
from .text_header import MOST_FILES, numbered_files, numbers, text_lines, unit_mm
from .whole_data import LARGEST_HEADER_BYTES, check_regular, read_start

_DAMAGED = "file is damaged or does not match its extension: it has no valid MetaImage header"

_TYPES = {
    "MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4", "MET_UINT": "u4",
    "MET_LONG": "i4", "MET_ULONG": "u4", "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4", "MET_DOUBLE": "f8",
}  # fmt: skip

_DATA_FILE = "ElementDataFile"


def read_metaimage(path: Path) -> StoredImage:
    """Read the header of a MetaImage file.

    :raises UnusableInput: a header that is damaged or of a kind that is not read.
    """
    check_regular(path)
    data = read_start(path, LARGEST_HEADER_BYTES)
    lines, offset = text_lines(data, stops_at=_DATA_FILE)
    fields = dict(_field(line) for line in lines if line.strip())
    try:
        sizes = tuple(int(word) for word in fields["DimSize"].split())
        dimension, named = int(fields["NDims"]), fields[_DATA_FILE]
        stored = np.dtype(_TYPES[fields["ElementType"].upper()])
        components = int(fields.get("ElementNumberOfChannels", "1"))
    except (KeyError, ValueError):
        raise UnusableInput(_DAMAGED) from None
    if not 1 <= dimension <= 10 or len(sizes) != dimension or min(sizes) < 1 or not 1 <= components <= 100:
        raise UnusableInput(_DAMAGED)
    if fields.get("ObjectType", "Image").lower() != "image" or not _is_true(fields, "BinaryData", "True"):
        raise UnusableInput("the voxels are stored as text: save the volume in binary form")
    is_big = _is_true(fields, "BinaryDataByteOrderMSB") or _is_true(fields, "ElementByteOrderMSB")
    matrix = _matrix(fields, dimension)
    parts = _parts(path, fields, named, data[offset:], offset)
    while len(sizes) > 3 and sizes[-1] == 1:
        sizes = sizes[:-1]
    stored = stored.newbyteorder(">" if is_big else "<")
    return StoredImage(
        path.suffix[1:].upper(), sizes, stored, matrix, parts, components, warnings=tilt_warnings(matrix)
    )


def _field(line: str) -> tuple[str, str]:
    """Name and value of a line."""
    name, equals, value = line.partition("=")
    if not equals:
        raise UnusableInput(_DAMAGED)
    return name.strip(), value.strip()


def _is_true(fields: dict[str, str], name: str, default: str = "False") -> bool:
    return fields.get(name, default)[:1].upper() in ("T", "1", "Y")


def _matrix(fields: dict[str, str], dimension: int) -> NDArray[np.float64]:
    """4x4 matrix of the first three axes to RAS mm."""

    def values(names: tuple[str, ...], count: int) -> NDArray[np.float64] | None:
        text = next((fields[name] for name in names if name in fields), None)
        if text is None:
            return None
        found = numbers(text, _DAMAGED)
        if len(found) != count:
            raise UnusableInput(_DAMAGED)
        return np.array(found)

    spacing = values(("ElementSpacing", "ElementSize"), dimension)
    if spacing is None:
        raise UnusableInput("the header has no voxel spacing")
    if not np.isfinite(spacing).all() or (spacing[:3] <= 0).any():
        text = " x ".join(f"{value:.4g}" for value in spacing)
        raise UnusableInput(f"the voxel spacing of {text} mm is not plausible for a CT: the header is wrong")
    directions = values(("TransformMatrix", "Rotation", "Orientation"), dimension**2)
    origin = values(("Offset", "Position", "Origin"), dimension)
    count = min(dimension, 3)
    matrix = np.eye(4)
    if directions is not None:
        matrix[:count, :count] = directions.reshape(dimension, dimension)[:count, :count].T
    matrix[:3, :count] *= spacing[:count]
    if origin is not None:
        matrix[:count, 3] = origin[:count]
    matrix[:3] *= unit_mm(fields.get("DistanceUnits", "").split())
    if count < 3:
        matrix[2, 2] = 1.0
    return checked_matrix(matrix, LPS_TO_RAS)


def _parts(path: Path, fields: dict[str, str], named: str, rest: bytes, offset: int) -> tuple[DataPart, ...]:
    """The files that hold the voxels."""
    compression: Compression = "zlib" if _is_true(fields, "CompressedData") else "raw"
    try:
        skip = int(fields.get("HeaderSize", "0"))
        packed = float(fields.get("CompressedDataSize", "0"))
    except ValueError:
        raise UnusableInput(_DAMAGED) from None
    if not -1 <= skip <= LARGEST_HEADER_BYTES or not math.isfinite(packed):
        raise UnusableInput(_DAMAGED)
    if named.split()[:1] == ["LIST"]:
        names = [line.strip() for line in rest.decode("utf-8", "replace").splitlines() if line.strip()]
        if not names or len(names) > MOST_FILES:
            raise UnusableInput(_DAMAGED)
        return tuple(DataPart(path.parent / name, skip, compression) for name in names)
    if named.upper() in ("LOCAL", "LOCAL_FILE"):
        if compression == "zlib" and packed > path.stat().st_size - offset:
            share = (path.stat().st_size - offset) / packed
            raise UnusableInput(f"file is incomplete: {100 * share:.0f} % of its compressed data")
        return (DataPart(path, -1 if skip < 0 else offset + skip, compression),)
    return tuple(DataPart(file, skip, compression) for file in numbered_files(path.parent, named, _DAMAGED))
