"""Headers of NIfTI-1 and NIfTI-2 files in either byte order (nifti.nimh.nih.gov)."""

import math
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...errors import UnusableInput
from .stored_image import Compression, DataPart, StoredImage, checked_matrix, tilt_warnings
from .whole_data import LARGEST_HEADER_BYTES, check_regular, read_start

_DAMAGED = "file is damaged or does not match its extension: it has no valid NIfTI header"

_TYPES = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8",
}  # fmt: skip
_COLOURS = {128: 3, 2304: 4, 32: 2, 1792: 2}
"""Codes of the types of numbers (nifti1.h), and of those with several values a voxel, with their number."""

_MM_PER_UNIT = {1: 1e3, 3: 1e-3}
"""Metres and micrometres; other codes mean mm or nothing."""

_ATLAS_CODE = 3
"""From this code on (Talairach, MNI) a geometry is that of an atlas to which the patient was fitted."""

_DISAGREEMENT_MM = 1.0
"""Chosen, about a voxel: geometries that lie farther apart at a corner are two, not one that was rounded."""


@dataclass(frozen=True)
class _Layout:
    """Where the fields of a version are, and how they are packed (nifti1.h, nifti2.h)."""

    size: int
    magic: tuple[int, bytes]
    dim: tuple[int, str]
    datatype: int
    pixdim: tuple[int, str]
    vox_offset: tuple[int, str]
    scaling: tuple[int, str]
    codes: tuple[int, str]
    quatern: tuple[int, str]
    srow: tuple[int, str]
    units: tuple[int, str]


_LAYOUTS = (
    _Layout(
        348, (344, b"n+1\0"), (40, "8h"), 70, (76, "8f"), (108, "f"), (112, "2f"), (252, "2h"), (256, "6f"),
        (280, "12f"), (123, "b"),
    ),
    _Layout(
        540, (4, b"n+2\0"), (16, "8q"), 12, (104, "8d"), (168, "q"), (176, "2d"), (344, "2i"), (352, "6d"),
        (400, "12d"), (500, "i"),
    ),
)  # fmt: skip
"""NIfTI-1 and NIfTI-2 (nifti1.h, nifti2.h)."""


def read_nifti(path: Path) -> StoredImage:
    """Read the header of a NIfTI file, ``.nii`` or ``.nii.gz``.

    Of two geometries the sform is taken, which alone can hold the shear of a tilted gantry, unless it is that of an
    atlas and the qform is the scanner's.

    :raises UnusableInput: a header that is damaged, or that does not say how the patient lies.
    """
    check_regular(path)
    compression: Compression = "gzip" if path.name.lower().endswith(".gz") else "raw"
    data = read_start(path, 544, compression)
    layout, order = _layout_of(data)

    def field(place: tuple[int, str]) -> tuple:
        return struct.unpack_from(order + place[1], data, place[0])

    dim, (datatype, bits) = field(layout.dim), field((layout.datatype, "2h"))
    if not 1 <= dim[0] <= 7 or min(dim[1 : dim[0] + 1]) < 1:
        raise UnusableInput(_DAMAGED)
    sizes = dim[1 : dim[0] + 1]
    while len(sizes) > 3 and sizes[-1] == 1:
        sizes = sizes[:-1]
    offset = field(layout.vox_offset)[0]
    if not math.isfinite(offset) or not layout.size <= offset <= LARGEST_HEADER_BYTES or offset != int(offset):
        raise UnusableInput(_DAMAGED)
    components = _COLOURS.get(datatype, 1)
    stored = np.dtype(_TYPES.get(datatype, "u1")).newbyteorder(">" if order == ">" else "<")
    if (datatype not in _TYPES and datatype not in _COLOURS) or (datatype in _TYPES and bits != 8 * stored.itemsize):
        raise UnusableInput(_DAMAGED)
    matrix, warnings = _geometry(
        field(layout.pixdim), field(layout.codes), field(layout.quatern), field(layout.srow), sizes
    )
    matrix[:3] *= _MM_PER_UNIT.get(field(layout.units)[0] & 7, 1.0)
    slope, intercept = field(layout.scaling)
    if slope == 0 or not math.isfinite(slope) or not math.isfinite(intercept):
        slope, intercept = 1.0, 0.0
    part = DataPart(path, 0, compression, int(offset)) if compression == "gzip" else DataPart(path, int(offset))
    return StoredImage("NIfTI", sizes, stored, matrix, (part,), components, slope, intercept, warnings)


def _layout_of(data: bytes) -> tuple[_Layout, str]:
    """Version and byte order."""
    for layout in _LAYOUTS:
        for order in "<>":
            at, magic = layout.magic
            is_long = len(data) >= layout.size
            if is_long and struct.unpack_from(f"{order}i", data)[0] == layout.size and data[at : at + 4] == magic:
                return layout, order
    raise UnusableInput(_DAMAGED)


def _geometry(
    pixdim: tuple[float, ...],
    codes: tuple[int, int],
    quatern: tuple[float, ...],
    srow: tuple[float, ...],
    sizes: tuple[int, ...],
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Matrix from voxel indices to RAS, in the units of the file, and warnings."""
    spacing = np.abs(pixdim[1:4])
    if not np.isfinite(spacing).all() or spacing[: min(3, len(sizes))].min() == 0:
        text = " x ".join(f"{value:.4g}" for value in pixdim[1:4])
        raise UnusableInput(f"the voxel spacing of {text} mm is not plausible for a CT: the header is wrong")
    qform_code, sform_code = codes
    if max(codes) <= 0:
        raise UnusableInput(
            "the header does not state the orientation of the patient (qform and sform codes are 0): "
            "convert the original DICOM again"
        )
    spacing[spacing == 0] = 1.0
    qform = _qform(quatern, spacing, pixdim[0])
    sform = np.vstack([np.reshape(srow, (3, 4)), [0.0, 0.0, 0.0, 1.0]]).astype(np.float64)
    if qform_code <= 0 or (0 < sform_code < _ATLAS_CODE):
        name, chosen, other = "sform", sform, qform
    elif sform_code <= 0 or qform_code < _ATLAS_CODE:
        name, chosen, other = "qform", qform, sform
    else:
        name, chosen, other = "sform", sform, qform
    chosen = checked_matrix(chosen)
    warnings = tilt_warnings(chosen)
    if min(codes) > 0:
        apart_mm = _largest_distance(chosen, other, sizes)
        if not apart_mm <= _DISAGREEMENT_MM:
            text = f"The two geometries in the header (qform and sform) differ by up to {apart_mm:.3g} mm"
            warnings = (*warnings, f"{text}; the {name} was used.")
    return chosen, warnings


def _qform(quatern: tuple[float, ...], spacing: NDArray[np.float64], handedness: float) -> NDArray[np.float64]:
    """Matrix of a rotation as a quaternion, and an offset (nifti1.h, method 2)."""
    b, c, d = quatern[:3]
    square = b * b + c * c + d * d
    a = math.sqrt(max(0.0, 1.0 - square)) if math.isfinite(square) else math.nan
    if square > 1.0:
        b, c, d = (value / math.sqrt(square) for value in (b, c, d))
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    matrix = np.eye(4)
    with np.errstate(all="ignore"):
        matrix[:3, :3] = rotation * spacing * [1.0, 1.0, -1.0 if handedness < 0 else 1.0]
    matrix[:3, 3] = quatern[3:6]
    return matrix


def _largest_distance(one: NDArray[np.float64], other: NDArray[np.float64], sizes: tuple[int, ...]) -> float:
    """How far apart two matrices place the corners of a volume, in mm."""
    ends = [(0, count - 1) for count in (*sizes, 1, 1)[:3]]
    corners = np.stack([*(axis.ravel() for axis in np.meshgrid(*ends)), np.ones(8)])
    with np.errstate(all="ignore"):
        return float(np.linalg.norm((one - other)[:3] @ corners, axis=0).max())
