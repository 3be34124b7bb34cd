"""Reading a CT: NIfTI, NRRD, MetaImage and DICOM, all to a Volume in RAS, or one clear line about why not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ..core.volume import Volume
from ..ct.check import check_spacing, fill_padding
from ..errors import USE_THE_RADIOGRAPH_COMMAND, UnusableInput
from .dicom import choose_series, find_series, other_series, passed_over, read_series
from .dicom_image import read_images
from .dicom_study import study_details
from .formats import StoredImage, read_stored_image
from .formats.whole_data import read_voxels
from .read_image import PICTURE_SUFFIXES, VOLUME_SUFFIXES, DicomFiles, ReadImage

_EXPECTED = "a NIfTI (.nii, .nii.gz), NRRD or MetaImage (.mha, .mhd) file or a DICOM folder is needed"

Progress = Callable[[float], None]


def read_volume(path: Path | str, series: str | None = None) -> Volume:
    """Read a CT; see :func:`read_input`."""
    return read_input(path, series).image


def read_input(
    path: Path | str, series: str | None = None, progress: Progress | None = None, identify: bool = False
) -> ReadImage[Volume]:
    """Read a CT from an image file, a DICOM folder or one file of a DICOM series.

    Intensities stay in the type they are stored in. Whether they are those of a CT is for
    :func:`~..ct.check.check_is_ct` to say.

    :param path: image file or DICOM folder.
    :param series: Series Instance UID or Series Number, for DICOM only; by default the CT with most slices.
    :param progress: called with the fraction read, for DICOM only.
    :param identify: whether the description names patient ID, age, sex and study date, for DICOM only.
    :raises UnusableInput: with one line that says what is wrong, with which input, and what to do.
    """
    source = Path(path)
    try:
        read = _read(source, series, progress, identify)
    except UnusableInput as error:
        raise UnusableInput(f"{source}: {error}") from error
    except MemoryError as error:
        raise UnusableInput(f"{source}: not enough memory to read it") from error
    except OSError as error:
        raise UnusableInput(f"{source}: cannot be read ({error.strerror or error})") from error
    return read


def _read(source: Path, series: str | None, progress: Progress | None, identify: bool) -> ReadImage[Volume]:
    """Choose the reader by what the path is."""
    if not source.exists():
        raise UnusableInput("no such file or folder")
    if source.is_dir():
        return _read_dicom(source, source, series, progress, identify)
    name = source.name.lower()
    if name.endswith(VOLUME_SUFFIXES):
        if series is not None:
            raise UnusableInput("--series is for DICOM folders, this is one image file")
        return _described(source, *_read_image_file(source))
    if name.endswith((*PICTURE_SUFFIXES, ".gif")):
        raise UnusableInput(f"not a CT volume (image file): {_EXPECTED}; {USE_THE_RADIOGRAPH_COMMAND}")
    if name == "dicomdir":
        return _read_dicom(source, source.parent, series, progress, identify)
    images = read_images(source)
    if images:
        wanted = series or images[0].header["SeriesInstanceUID"]
        return _read_dicom(source, source.parent, wanted, progress, identify)
    raise UnusableInput(f"unknown file format: {_EXPECTED}")


def _described(
    source: Path, volume: Volume, warnings: tuple[str, ...], image_format: str, **study: Any
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
    listed, dicom = study.pop("listed", ()), study.pop("dicom", None)
    return ReadImage(volume, {**description, **study}, warnings + padding_warnings, listed, dicom)


def _read_dicom(
    source: Path, folder: Path, wanted: str | None, progress: Progress | None, identify: bool
) -> ReadImage[Volume]:
    """Read the wanted series of a folder."""
    all_series, damaged = find_series(folder)
    chosen = choose_series(all_series, wanted)
    warnings = passed_over(damaged, chosen)
    volume, more_warnings = read_series(chosen, progress)
    warnings = (*warnings, *more_warnings)
    listed = other_series(all_series, chosen) if wanted is None else ()
    if len(all_series) > 1 and wanted is None:
        warnings = (f"The folder holds {len(all_series)} series; the one analyzed is {chosen}.", *warnings)
    study = study_details(chosen.slices[0].path, identify)
    study["series"] |= {"uid": chosen.uid, "number": chosen.number, "slices": chosen.slice_count}
    files = DicomFiles(tuple(dict.fromkeys(image.path for image in chosen.images)))
    return _described(source, volume, warnings, "DICOM", listed=listed, dicom=files, **study)


def _read_image_file(source: Path) -> tuple[Volume, tuple[str, ...], str]:
    """Read a NIfTI, NRRD or MetaImage file."""
    image = read_stored_image(source)
    _check_header(image)
    return Volume(_three_axes(read_voxels(image)), image.ijk_to_ras), image.warnings, image.format


def _check_header(image: StoredImage) -> None:
    """Refuse colour, 2D and 4D images and impossible spacings before the voxels are read."""
    shape = " x ".join(map(str, image.sizes))
    if image.components != 1:
        raise UnusableInput(f"a colour or vector image with {image.components} values per voxel")
    if len(image.sizes) < 3 or min(image.sizes[:3]) < 2:
        raise UnusableInput(f"a 2D image ({shape}): a volume is needed; {USE_THE_RADIOGRAPH_COMMAND}")
    if any(extent > 1 for extent in image.sizes[3:]):
        raise UnusableInput(f"a 4D image ({shape}): export one time point as a 3D volume")
    check_spacing(image.spacing_mm)


def _three_axes(voxels: NDArray) -> NDArray:
    """Drop leading axes of length one (a NIfTI with one time point)."""
    return voxels.reshape(voxels.shape[-3:])
