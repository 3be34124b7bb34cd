"""What reading a file gives: the image, and where it came from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from ..core.volume import Volume
from ..radiograph.record import Radiograph

VOLUME_SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")
"""How files of volumes, and of single slices with their place in the patient, are called."""

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")
"""How files of pictures are called, which know no place in the patient."""

ImageT = TypeVar("ImageT", Volume, Radiograph)


@dataclass(frozen=True, eq=False)
class ReadImage(Generic[ImageT]):
    """An image and where it came from.

    :param image: a CT, padding set to air; or a radiograph, upright, bone bright.
    :param description: path, format, shape, spacing and, for DICOM, what :mod:`.dicom_study` reads of the study; goes
        into the report.
    :param warnings: what the reader of the report has to know.
    :param series: the CT series of a DICOM folder that can be read, in words, the one that was read first; else empty.
    """

    image: ImageT
    description: dict[str, Any]
    warnings: tuple[str, ...] = ()
    series: tuple[str, ...] = ()

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
