"""What reading a file gives: the image, and where it came from."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core.volume import Volume
from ..radiograph.record import Radiograph

VOLUME_SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")
"""How files of volumes, and of single slices with their place in the patient, are called."""

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")
"""How files of pictures are called, which know no place in the patient."""

ImageT = TypeVar("ImageT", Volume, Radiograph)


_SAME_PIXELS = np.eye(2, 3)
"""Columns and rows as they are in the file."""


@dataclass(frozen=True, eq=False)
class DicomFiles:
    """Where in DICOM an image was read from, for results that go into the same study.

    Data of the patient in the files are not read here.

    :param files: of the series of a CT, or of a radiograph.
    :param to_stored_pixels: (2, 3) affine map from column and row of a radiograph as it was read to those in its file,
        which may lie on another side, upside down, or have pixels that are not square.
    """

    files: tuple[Path, ...]
    to_stored_pixels: NDArray[np.float64] = field(default_factory=_SAME_PIXELS.copy)

    def stored_pixels(self, pixels: ArrayLike) -> NDArray[np.float64]:
        """Column and row (..., 2) in the file of those in the image as it was read."""
        points = np.asarray(pixels, dtype=np.float64)
        return points @ self.to_stored_pixels[:, :2].T + self.to_stored_pixels[:, 2]


@dataclass(frozen=True, eq=False)
class ReadImage(Generic[ImageT]):
    """An image and where it came from.

    :param image: a CT, padding set to air; or a radiograph, upright, bone bright.
    :param description: path, format, shape, spacing and, for DICOM, what :mod:`.dicom_study` reads of the study; goes
        into the report.
    :param warnings: what the reader of the report has to know.
    :param series: the CT series of a DICOM folder that can be read, in words, the one that was read first; else empty.
    :param dicom: the DICOM files it came from; None for every other format.
    """

    image: ImageT
    description: dict[str, Any]
    warnings: tuple[str, ...] = ()
    series: tuple[str, ...] = ()
    dicom: DicomFiles | None = None

    @property
    def path(self) -> Path:
        """The file or folder as it was named."""
        return Path(self.description["path"])

    @property
    def series_hint(self) -> str:
        """Which series of a DICOM folder was read and which could be, as the end of a sentence; empty for one alone."""
        if len(self.series) < 2:
            return ""
        return f"; this was series {self.series[0]}: try --series with {', '.join(self.series[1:])}"
