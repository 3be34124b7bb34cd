"""Reading lateral radiographs: DICOM (CR, DX, scouts and reformats of CTs), pictures, NIfTI, NRRD, MetaImage."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from ..errors import UnusableInput
from ..radiograph.record import Radiograph
from .dicom_image import read_images
from .dicom_study import study_details
from .formats import read_stored_image
from .formats.dicom_file import read_outline
from .formats.picture import check_picture, check_pixels
from .formats.stored_image import LPS_TO_RAS
from .formats.text_header import printable
from .formats.whole_data import read_voxels
from .quiet import quiet
from .read_image import PICTURE_SUFFIXES, VOLUME_SUFFIXES, DicomFiles, ReadImage

NEEDED = "a lateral radiograph of the spine is needed (DICOM, PNG, JPEG, TIFF, or a single slice as NIfTI or NRRD)"

_PROJECTION_MODALITIES = ("CR", "DX", "RG", "RF", "XA", "PX", "OT", "SC", "")
_FRONTAL_VIEWS = ("AP", "PA")

_PIXEL_RANGE_MM = (0.02, 5.0)
"""Chosen to refuse wrong headers only: detectors have pixels of 0.1 to 0.2 mm, scouts and reformats of CTs up to 2."""

_FEWEST_PIXELS = 64
"""Chosen: fewer cannot show a spine, as the refiner takes crops of 144 pixels around a single body."""

_GREY_TOLERANCE = 2.0
"""Mean difference of colours, of 256 levels, up to which an image is grey: chosen, as JPEG turns grey by about one."""

_TAGS = {
    "modality": "0008|0060",
    "image_type": "0008|0008",
    "view": "0018|5101",
    "spacing": "0028|0030",
    "detector_spacing": "0018|1164",
    "magnification": "0018|1114",
    "source_to_detector": "0018|1110",
    "source_to_patient": "0018|1111",
    "sides": "0020|0020",
    "orientation": "0020|0037",
    "frames": "0028|0008",
}
"""Elements of the DICOM header that matter, by group and number."""

Side = Literal["left", "right"] | None


@dataclass(frozen=True, eq=False)
class _Picture:
    """An image as its file has it: brightness, spacing of rows and columns in mm, and the values of its header.

    ``dicom`` says where it came from, with the pixels as they lie here.
    """

    pixels: NDArray[np.float32]
    spacing_mm: tuple[float, float] | None
    anterior_is: Side
    format: str
    warnings: tuple[str, ...] = ()
    dicom: DicomFiles | None = None


def read_radiograph(path: Path | str, pixel_mm: float | None = None, identify: bool = False) -> ReadImage[Radiograph]:
    """Read a lateral radiograph.

    :param path: an image file, or a folder that holds one DICOM image.
    :param pixel_mm: side of a pixel in the patient; overrules the header.
    :param identify: whether the description names patient ID, age, sex and study date, for DICOM only.
    :raises UnusableInput: with one line that says what is wrong, with which input, and what to do.
    """
    source = Path(path)
    try:
        picture = _read(source)
        study = {} if picture.dicom is None else study_details(picture.dicom.files[0], identify)
        return _described(source, picture, pixel_mm, study)
    except UnusableInput as error:
        raise UnusableInput(f"{source}: {error}") from error
    except MemoryError as error:
        raise UnusableInput(f"{source}: not enough memory to read it") from error
    except OSError as error:
        raise UnusableInput(f"{source}: cannot be read ({error.strerror or error})") from error


def _described(source: Path, picture: _Picture, pixel_mm: float | None, study: dict[str, Any]) -> ReadImage[Radiograph]:
    pixels, spacing = picture.pixels, picture.spacing_mm
    if min(pixels.shape) < _FEWEST_PIXELS:
        raise UnusableInput(f"an image of {pixels.shape[1]} x {pixels.shape[0]} pixels is too small: {NEEDED}")
    if not np.isfinite(pixels).all() or np.ptp(pixels) <= 0:
        raise UnusableInput(f"the image is empty (all pixels have the same value or are NaN): {NEEDED}")
    description = {"path": str(source), "format": picture.format, "shape": [pixels.shape[1], pixels.shape[0]]}
    description |= study
    if pixel_mm is not None:
        spacing = (pixel_mm, pixel_mm)
    if spacing is not None:
        _check_spacing(spacing)
        pixels, side_mm = _square(pixels, spacing)
        dicom = picture.dicom
        if dicom is not None and pixels is not picture.pixels:
            steps = side_mm / spacing[1], side_mm / spacing[0], 1.0
            dicom = DicomFiles(dicom.files, dicom.to_stored_pixels * steps)
        description["spacing_mm"] = [round(spacing[1], 6), round(spacing[0], 6)]
        placed = Radiograph(pixels, side_mm, picture.anterior_is)
        return ReadImage(placed, description, picture.warnings, dicom=dicom)
    unscaled = Radiograph(pixels, None, picture.anterior_is)
    return ReadImage(unscaled, description, picture.warnings, dicom=picture.dicom)


def _check_spacing(spacing_mm: tuple[float, float]) -> None:
    low, high = _PIXEL_RANGE_MM
    if not all(low <= one <= high for one in spacing_mm):
        text = " x ".join(f"{one:.4g}" for one in spacing_mm)
        raise UnusableInput(f"pixels of {text} mm are not plausible for a radiograph ({low:g} to {high:g} mm)")


def _square(pixels: NDArray[np.float32], spacing_mm: tuple[float, float]) -> tuple[NDArray[np.float32], float]:
    """The image with square pixels: the coarser axis is interpolated."""
    side = min(spacing_mm)
    if max(spacing_mm) < side * 1.001:
        return pixels, side
    counts = [int((n - 1) * one / side) + 1 for n, one in zip(pixels.shape, spacing_mm, strict=True)]
    check_pixels(counts[1], counts[0])
    steps = [side / one for one in spacing_mm]
    square = ndimage.affine_transform(
        pixels, steps, output_shape=tuple(counts), order=1, mode="nearest", output=np.float32
    )
    return square, side


def _read(source: Path) -> _Picture:
    if not source.exists():
        raise UnusableInput("no such file or folder")
    if source.is_dir():
        return _read_dicom(_only_image(source))
    name = source.name.lower()
    if name.endswith(PICTURE_SUFFIXES):
        check_picture(source)
        return _Picture(_grey(*_load(source)), None, None, source.suffix[1:].upper())
    if name.endswith(VOLUME_SUFFIXES):
        return _read_slice(source)
    return _read_dicom(source)


def _only_image(folder: Path) -> Path:
    """The one DICOM image of a folder."""
    files = [file for file in sorted(folder.rglob("*")) if file.is_file() and _is_dicom(file)]
    if not files:
        raise UnusableInput(f"no DICOM image in this folder: {NEEDED}")
    if len(files) > 1:
        raise UnusableInput(
            f"the folder holds {len(files)} DICOM files: give the file of the radiograph; for a CT use "
            "'vertebral-fractures analyze'"
        )
    return files[0]


def _is_dicom(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(132)[128:] == b"DICM"


def _load(source: Path, image_io: str = "") -> tuple[NDArray, int]:
    """Pixels of a picture or a DICOM image, and how many values each has."""
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(source))
    if image_io:
        reader.SetImageIO(image_io)
    try:
        with quiet():
            image = reader.Execute()
    except RuntimeError as error:
        raise UnusableInput(f"damaged or not an image: {NEEDED}") from error
    return sitk.GetArrayFromImage(image), image.GetNumberOfComponentsPerPixel()


def _grey(pixels: NDArray, components: int) -> NDArray[np.float32]:
    """Brightness (rows, columns); colour is taken only where it is grey."""
    values = np.squeeze(pixels).astype(np.float32)
    if components > 1:
        colours = values[..., :3]
        if values.ndim != 3 or np.abs(colours - colours.mean(-1, keepdims=True)).mean() > _GREY_TOLERANCE:
            raise UnusableInput(f"a colour image: {NEEDED}")
        values = colours.mean(-1)
    if values.ndim != 2:
        raise UnusableInput(f"an image with {values.ndim} dimensions: {NEEDED}")
    return np.ascontiguousarray(values, dtype=np.float32)


def _read_slice(source: Path) -> _Picture:
    """A single slice; where it lies in a sagittal plane, the header says how."""
    image = read_stored_image(source)
    thick = [axis for axis, count in enumerate(image.sizes) if count > 1]
    if len(thick) != 2 or max(thick) > 2:
        text = " x ".join(map(str, image.sizes))
        raise UnusableInput(f"a volume of {text} voxels: use 'vertebral-fractures analyze' for a CT; {NEEDED}")
    check_pixels(image.sizes[thick[0]], image.sizes[thick[1]])
    pixels = _grey(read_voxels(image), image.components)
    spacing = image.spacing_mm[thick]
    directions_lps = (LPS_TO_RAS @ image.ijk_to_ras)[:3, thick].T / spacing[:, None]
    upright = _sagittal(pixels, (float(spacing[1]), float(spacing[0])), *directions_lps)
    if upright is None:
        return _Picture(pixels, (float(spacing[1]), float(spacing[0])), None, image.format)
    return _Picture(*upright, image.format)


def _sagittal(
    pixels: NDArray[np.float32],
    spacing_mm: tuple[float, float],
    columns_lps: NDArray[np.float64],
    rows_lps: NDArray[np.float64],
) -> tuple[NDArray[np.float32], tuple[float, float], Side] | None:
    """The image upright with the side of its front, or None where its plane is not about sagittal."""
    along = [int(np.abs(direction).argmax()) for direction in (columns_lps, rows_lps)]
    if sorted(along) != [1, 2]:
        return None
    if along[0] == 2:
        pixels, spacing_mm = pixels.T, (spacing_mm[1], spacing_mm[0])
        columns_lps, rows_lps = rows_lps, columns_lps
    if rows_lps[2] > 0:
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels), spacing_mm, "right" if columns_lps[1] < 0 else "left"


def _read_dicom(source: Path) -> _Picture:
    """A single DICOM image; ITK turns MONOCHROME1 bright bone up."""
    _check_whole(source)
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(source))
    reader.SetImageIO("GDCMImageIO")
    try:
        with quiet():
            reader.ReadImageInformation()
        keys = set(reader.GetMetaDataKeys())
        header = {name: reader.GetMetaData(tag).strip() if tag in keys else "" for name, tag in _TAGS.items()}
    except (RuntimeError, UnicodeError) as error:
        raise UnusableInput(f"unknown file format: {NEEDED}") from error
    check_pixels(*reader.GetSize()[:2])
    _check_kind(header)
    pixels = _grey(*_load(source, "GDCMImageIO"))
    if header["modality"] == "CT":
        upright = _of_ct(pixels, header)
        if upright is not None:
            return _Picture(*upright, "DICOM", dicom=_dicom_files(source, pixels, lambda one: _upright(one, header)))
    spacing, warnings = _patient_spacing(header)
    across, down = (*header["sides"].upper().split("\\"), "", "")[:2]
    side: Side = "right" if across.startswith("A") else "left" if across.startswith("P") else None
    turned = (lambda one: one[::-1]) if down.startswith("H") else (lambda one: one)
    return _Picture(turned(pixels), spacing, side, "DICOM", warnings, _dicom_files(source, pixels, turned))


def _upright(pixels: NDArray[np.float32], header: Mapping[str, str]) -> NDArray[np.float32]:
    """A scout or a reformat as :func:`_of_ct` turns it."""
    upright = _of_ct(pixels, header)
    return pixels if upright is None else upright[0]


def _dicom_files(
    source: Path, pixels: NDArray[np.float32], turned: Callable[[NDArray[np.float32]], NDArray[np.float32]]
) -> DicomFiles:
    """The file of an image, and where its pixels lay before they were turned.

    :param source: the file.
    :param pixels: (rows, columns) as stored.
    :param turned: what was done with them; columns and rows only change their order.
    """
    index: NDArray[np.float32] = np.indices(pixels.shape, dtype=np.float32)
    stored = np.stack([turned(index[1]), turned(index[0])]).astype(np.float64)
    first = stored[:, 0, 0]
    return DicomFiles((source,), np.stack([stored[:, 0, 1] - first, stored[:, 1, 0] - first, first], -1))


def _check_whole(source: Path) -> None:
    """Refuse what is no DICOM image, or one that ends too early, before a library reads it."""
    outline = read_outline(source)
    if outline is None:
        raise UnusableInput(f"unknown file format: {NEEDED}")
    if not outline.header_is_whole:
        raise UnusableInput("file is incomplete: it ends within its header")
    if not outline.has_pixels:
        raise UnusableInput(f"a DICOM file without an image: {NEEDED}")
    if not outline.pixels_are_whole:
        raise UnusableInput("file is incomplete: its pixel data end too early")
    read_images(source)


def _check_kind(header: Mapping[str, str]) -> None:
    """Refuse other modalities, frontal views and films."""
    modality, image_type = header["modality"], header["image_type"].upper()
    if modality == "CT":
        orientation = _numbers(header["orientation"])
        normal = np.cross(orientation[:3], orientation[3:]) if len(orientation) == 6 else np.array([1.0, 0.0, 0.0])
        if "LOCALIZER" not in image_type and np.abs(normal).argmax() != 0:
            raise UnusableInput(f"a slice of a CT: use 'vertebral-fractures analyze' for the whole series; {NEEDED}")
    elif modality not in _PROJECTION_MODALITIES:
        raise UnusableInput(f"an image of the modality {printable(modality)}: {NEEDED}")
    if header["view"].upper() in _FRONTAL_VIEWS:
        raise UnusableInput(f"a frontal view ({printable(header['view'])}): {NEEDED}")
    if _numbers(header["frames"] or "1") != [1.0]:
        raise UnusableInput(f"a multi-frame image ({printable(header['frames'])} frames): export one frame; {NEEDED}")


def _of_ct(
    pixels: NDArray[np.float32], header: Mapping[str, str]
) -> tuple[NDArray[np.float32], tuple[float, float], Side] | None:
    """A scout or a reformat of a CT with the plane that its header states."""
    orientation, spacing = _numbers(header["orientation"]), _numbers(header["spacing"])
    if len(orientation) != 6 or len(spacing) != 2:
        return None
    upright = _sagittal(pixels, (spacing[0], spacing[1]), np.array(orientation[:3]), np.array(orientation[3:]))
    if upright is None:
        raise UnusableInput(f"a frontal scout of a CT: {NEEDED}")
    return upright


def _patient_spacing(header: Mapping[str, str]) -> tuple[tuple[float, float] | None, tuple[str, ...]]:
    """Spacing of rows and columns in the patient: calibrated, or that of the detector over the magnification."""
    spacing, detector = _numbers(header["spacing"]), _numbers(header["detector_spacing"])
    if len(spacing) == 2 and spacing != detector:
        return (spacing[0], spacing[1]), ()
    if len(detector) != 2:
        return None, ()
    factor = _magnification(header)
    if factor is None:
        text = (
            "Pixel spacing is that of the detector: lengths are overestimated by the magnification; height ratios and "
            "angles remain valid."
        )
        return (detector[0], detector[1]), (text,)
    return (detector[0] / factor, detector[1] / factor), ()


def _magnification(header: Mapping[str, str]) -> float | None:
    stated = _numbers(header["magnification"])
    distances = _numbers(header["source_to_detector"]), _numbers(header["source_to_patient"])
    if stated and stated[0] >= 1:
        return stated[0]
    if all(distances) and distances[0][0] > distances[1][0] > 0:
        return distances[0][0] / distances[1][0]
    return None


def _numbers(text: str) -> list[float]:
    """Values of a DICOM decimal string; none where it is empty or damaged."""
    try:
        return [float(part) for part in text.split("\\") if part.strip()]
    except ValueError:
        return []
