"""Points of a report as content items: in the patient for a CT, on the image for a radiograph."""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from highdicom.sr import CoordinatesForMeasurement, CoordinatesForMeasurement3D, SourceImageForRegion
from numpy.typing import ArrayLike, NDArray

from ..io.dicom_image import DicomImage
from .source import LPS

_PIXEL_CENTRE = 0.5
"""Column and row of the middle of the first pixel; 0 is its upper left corner (PS3.3, C.18.6.1.2)."""


class Coordinates(Protocol):
    """Makes content items of points."""

    def of(self, points_ras: ArrayLike) -> Any:
        """The item of one point (3,) or of a line through points (n, 3) in RAS mm."""


class PatientCoordinates:
    """Points in the frame of reference of a CT, in LPS mm.

    :param frame_of_reference_uid: of the CT.
    """

    def __init__(self, frame_of_reference_uid: str) -> None:
        self._frame_of_reference_uid = frame_of_reference_uid

    def of(self, points_ras: ArrayLike) -> CoordinatesForMeasurement3D:
        """As :class:`Coordinates`."""
        points_lps = np.atleast_2d(np.asarray(points_ras, dtype=np.float64)) * LPS
        kind = "POINT" if len(points_lps) == 1 else "POLYLINE"
        return CoordinatesForMeasurement3D(kind, points_lps, self._frame_of_reference_uid)


class ImageCoordinates:
    """Points on a radiograph, in columns and rows of the stored image.

    :param image: the radiograph.
    :param to_stored_pixels: RAS mm (n, 3) to column and row (n, 2), whole numbers in the middle of a pixel.
    """

    def __init__(
        self, image: DicomImage, to_stored_pixels: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    ) -> None:
        self._image, self._to_stored_pixels = image, to_stored_pixels

    def of(self, points_ras: ArrayLike) -> CoordinatesForMeasurement:
        """As :class:`Coordinates`."""
        points = self._to_stored_pixels(np.atleast_2d(np.asarray(points_ras, dtype=np.float64))) + _PIXEL_CENTRE
        header = self._image.header
        source = SourceImageForRegion(header["SOPClassUID"], header["SOPInstanceUID"])
        return CoordinatesForMeasurement("POINT" if len(points) == 1 else "POLYLINE", points, source)
