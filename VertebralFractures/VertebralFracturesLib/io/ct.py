"""Reading a CT: NIfTI, NRRD, MetaImage and DICOM, all to a Volume in RAS, or one clear line about why not."""

import gzip
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..core.volume import Volume
from ..ct.check import check_spacing, fill_padding
from ..errors import USE_THE_RADIOGRAPH_COMMAND, UnusableInput
from .dicom import choose_series, list_series, read_series
from .dicom_image import read_images
from .read_image import PICTURE_SUFFIXES, VOLUME_SUFFIXES, ReadImage

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""Files count to the left and to the back, 3D Slicer to the right and to the front."""

_EXPECTED = "a NIfTI (.nii, .nii.gz), NRRD or MetaImage (.mha, .mhd) file or a DICOM folder is needed"
_DAMAGED = f"damaged or not what its name says: {_EXPECTED}"

Progress = Callable[[float], None]


def read_volume(path: Path | str, series: str | None = None) -> Volume:
    """Read a CT; see :func:`read_input`."""
    return read_input(path, series).image


def read_input(path: Path | str, series: str | None = None, progress: Progress | None = None) -> ReadImage[Volume]:
    """Read a CT from an image file, a DICOM folder or one file of a DICOM series.

    Intensities stay in the type they are stored in. Whether they are those of a CT is for
    :func:`~..ct.check.check_is_ct` to say.

    :param path: image file or DICOM folder.
    :param series: Series Instance UID or Series Number, for DICOM only; by default the CT with most slices.
    :param progress: called with the fraction read, for DICOM only.
    :raises UnusableInput: with one line that says what is wrong, with which input, and what to do.
    """
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    source = Path(path)
    try:
        read = _read(source, series, progress)
    except UnusableInput as error:
        raise UnusableInput(f"{source}: {error}") from error
    except MemoryError as error:
        raise UnusableInput(f"{source}: not enough memory to read it") from error
    except OSError as error:
        raise UnusableInput(f"{source}: cannot be read ({error.strerror or error})") from error
    return read


def _read(source: Path, series: str | None, progress: Progress | None) -> ReadImage[Volume]:
    """Choose the reader by what the path is."""
    if not source.exists():
        raise UnusableInput("no such file or folder")
    if source.is_dir():
        return _read_dicom(source, source, series, progress)
    name = source.name.lower()
    if name.endswith(VOLUME_SUFFIXES):
        if series is not None:
            raise UnusableInput("--series is for DICOM folders, this is one image file")
        return _described(source, *_read_image_file(source))
    if name.endswith((*PICTURE_SUFFIXES, ".gif")):
        raise UnusableInput(f"a picture, not a volume in Hounsfield units: {_EXPECTED}; {USE_THE_RADIOGRAPH_COMMAND}")
    if name == "dicomdir":
        return _read_dicom(source, source.parent, series, progress)
    images = read_images(source)
    if images:
        return _read_dicom(source, source.parent, series or images[0].header["SeriesInstanceUID"], progress)
    raise UnusableInput(f"unknown file format: {_EXPECTED}")


def _described(
    source: Path, volume: Volume, warnings: tuple[str, ...], image_format: str, **series: Any
) -> ReadImage[Volume]:
    """Clear padding away and put the description together."""
    voxels, padding_warnings = fill_padding(volume.voxels)
    volume = Volume(voxels, volume.ijk_to_ras)
    description = {
        "path": str(source),
        "format": image_format,
        "shape": list(volume.shape[::-1]),
        "spacing_mm": [round(float(value), 6) for value in volume.spacing_mm],
    }
    listed = series.pop("listed", ())
    return ReadImage(volume, {**description, **series}, warnings + padding_warnings, listed)


def _read_dicom(source: Path, folder: Path, wanted: str | None, progress: Progress | None) -> ReadImage[Volume]:
    """Read the wanted series of a folder."""
    all_series = list_series(folder)
    chosen = choose_series(all_series, wanted)
    volume, warnings = read_series(chosen, progress)
    check_spacing(volume.spacing_mm)
    listed = (str(chosen), *(str(one) for one in all_series if one is not chosen))
    if len(all_series) > 1 and wanted is None:
        warnings = (f"{len(all_series)} series in the folder; read {chosen}", *warnings)
    details = {"uid": chosen.uid, "number": chosen.number, "slices": chosen.slice_count}
    return _described(source, volume, warnings, "DICOM", series=details, listed=listed)


def _read_image_file(source: Path) -> tuple[Volume, tuple[str, ...], str]:
    """Read a NIfTI, NRRD or MetaImage file."""
    if source.stat().st_size == 0:
        raise UnusableInput("the file is empty")
    is_nifti = source.name.lower().endswith((".nii", ".nii.gz"))
    if is_nifti:
        _check_nifti_header(source)
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(source))
    try:
        reader.ReadImageInformation()
        _check_header(reader)
        image = reader.Execute()
    except RuntimeError as error:
        raise UnusableInput(_why_unreadable(error)) from error
    voxels = sitk.GetArrayFromImage(image)
    if voxels.dtype == np.float64:
        voxels = voxels.astype(np.float32)
    matrix = _LPS_TO_RAS @ _ijk_to_lps(image)
    return Volume(_three_axes(voxels), matrix), (), "NIfTI" if is_nifti else source.suffix[1:].upper()


def _check_header(reader: sitk.ImageFileReader) -> None:
    """Refuse colour, 2D and 4D images and impossible spacings before the voxels are read."""
    size = list(reader.GetSize())
    if reader.GetNumberOfComponents() != 1:
        raise UnusableInput(f"a colour or vector image with {reader.GetNumberOfComponents()} values per voxel")
    if len(size) < 3 or min(size[:3]) < 2:
        shape = " x ".join(map(str, size))
        raise UnusableInput(f"a 2D image ({shape}): a volume is needed; {USE_THE_RADIOGRAPH_COMMAND}")
    if any(extent > 1 for extent in size[3:]):
        raise UnusableInput(f"a 4D image ({' x '.join(map(str, size))}): export one time point as a 3D volume")
    check_spacing(np.array(reader.GetSpacing()[:3]))


def _ijk_to_lps(image: sitk.Image) -> NDArray[np.float64]:
    """4x4 matrix of the first three axes of an image."""
    dimension = image.GetDimension()
    direction = np.reshape(image.GetDirection(), (dimension, dimension))[:3, :3]
    matrix = np.eye(4)
    matrix[:3, :3] = direction * np.array(image.GetSpacing()[:3])
    matrix[:3, 3] = image.GetOrigin()[:3]
    if not np.isfinite(matrix).all() or abs(np.linalg.det(direction)) < 0.1:
        raise UnusableInput("the orientation in the header is wrong: its axes do not span a volume")
    return matrix


def _three_axes(voxels: NDArray) -> NDArray:
    """Drop leading axes of length one (a NIfTI with one time point)."""
    return voxels.reshape(voxels.shape[-3:])


def _why_unreadable(error: RuntimeError) -> str:
    """One line out of ITK's report."""
    text = str(error)
    if "orthonormal" in text.lower() or "orthogonal" in text.lower():
        return "the axes in the header are sheared (a tilted gantry?): convert the original DICOM with tilt correction"
    return _DAMAGED


def _check_nifti_header(source: Path) -> None:
    """Refuse what ITK would replace by a guess: zero spacing and a missing orientation.

    NIfTI-1 and NIfTI-2 differ in where the fields lie and how wide they are.
    """
    opener = gzip.open if source.name.lower().endswith(".gz") else open
    try:
        with opener(source, "rb") as file:
            header = file.read(540)
    except (EOFError, OSError) as error:
        raise UnusableInput(_DAMAGED) from error
    spacing, codes = _nifti_spacing_and_codes(header)
    if not np.isfinite(spacing).all() or min(map(abs, spacing)) == 0:
        text = " x ".join(f"{value:.4g}" for value in spacing)
        raise UnusableInput(f"the voxel spacing of {text} mm is not one of a CT: the file's header is wrong")
    if max(codes) <= 0:
        raise UnusableInput(
            "the header does not say how the patient lies in it (qform and sform codes are 0): "
            "convert the original DICOM again"
        )


def _nifti_spacing_and_codes(header: bytes) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Spacing and the codes of qform and sform in a NIfTI-1 or NIfTI-2 header of either byte order."""
    layouts = ((348, "3f", 80, "2h", 252), (540, "3d", 112, "2i", 344))
    for size, spacing_type, spacing_at, code_type, code_at in layouts:
        for order in "<>":
            if len(header) >= size and struct.unpack_from(f"{order}i", header)[0] == size:
                spacing = struct.unpack_from(order + spacing_type, header, spacing_at)
                return spacing, struct.unpack_from(order + code_type, header, code_at)
    raise UnusableInput(_DAMAGED)
