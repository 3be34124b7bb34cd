"""Small CTs for tests of reading: bodies of air, fat, soft tissue and bone, and DICOM files with chosen headers."""

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import SimpleITK as sitk
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
SERIES = "1.2.3.4.1"


def body_hu(size_kji: tuple[int, int, int] = (30, 36, 36)) -> NDArray[np.int16]:
    """A cylinder of soft tissue with a coat of fat and a column of bone in air."""
    _, j, i = size_kji
    rows, columns = np.mgrid[:j, :i]
    radius = np.hypot((rows - j / 2 + 0.5) / (j / 2), (columns - i / 2 + 0.5) / (i / 2))
    column = np.hypot(rows - 0.65 * j, columns - 0.5 * i)
    slice_hu = np.full((j, i), -1000.0)
    slice_hu[radius < 0.9] = -100
    slice_hu[radius < 0.8] = 40
    slice_hu[column < 0.1 * j] = 150
    slice_hu[(column < 0.12 * j) & (column > 0.08 * j)] = 700
    noise = np.random.default_rng(0).normal(0, 8, size_kji)
    return np.maximum(slice_hu + noise, -1024).astype(np.int16)


def write_image(path: Path, voxels: NDArray, spacing: tuple[float, ...] = (3.0, 3.0, 3.0)) -> Path:
    """Write an array of any dimension with SimpleITK."""
    image = sitk.GetImageFromArray(voxels)
    image.SetSpacing(spacing[: image.GetDimension()])
    sitk.WriteImage(image, str(path))
    return path


def write_slice(path: Path, hu: NDArray, position: Any, **tags: Any) -> Path:
    """Write one DICOM CT slice, stored unsigned with an intercept of -1024 as scanners do.

    :param position: LPS mm of the first voxel, or None for a file without a position.
    :param tags: DICOM keywords that replace or add to the header; None removes one.
    """
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = CTImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID
    dataset.SeriesInstanceUID, dataset.StudyInstanceUID = SERIES, "1.2.3.4"
    dataset.Modality, dataset.SeriesNumber, dataset.SeriesDescription = "CT", 1, "chest"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.Rows, dataset.Columns = hu.shape[-2:]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 0
    dataset.RescaleIntercept, dataset.RescaleSlope = -1024, 1
    dataset.PixelSpacing = [3.0, 3.0]
    dataset.ImageOrientationPatient = [value for axis in AXIAL for value in axis]
    if position is not None:
        dataset.ImagePositionPatient = [round(float(value), 6) for value in position]
    for keyword, value in tags.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    stored = (hu.astype(np.float64) - float(dataset.RescaleIntercept)) / float(dataset.RescaleSlope)
    dataset.PixelData = np.rint(stored).astype(np.uint16).tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    pydicom.dcmwrite(path, dataset, enforce_file_format=True)
    return path


def write_series(folder: Path, hu: NDArray, step: tuple[float, float, float] = (0.0, 0.0, 3.0), **tags: Any) -> Path:
    """Write a CT series whose slices follow one another by `step` (LPS mm), in files whose names are in no order."""
    names = np.random.default_rng(1).permutation(len(hu))
    for index, one in enumerate(hu):
        write_slice(folder / f"{names[index]:04d}.dcm", one, np.array(step) * index, InstanceNumber=index + 1, **tags)
    return folder
