"""Figures as Secondary Capture Images."""

from collections.abc import Iterator
from typing import Any

from highdicom.sc import SCImage
from pydicom.valuerep import DS

from ..core.report import SpineReport
from ..radiograph.record import Image, RadiographReport
from ..report.page import INTENDED_USE
from ..report.spine_image import spine_image
from .figures import Capture, abnormal_captures, spine_capture
from .instance import MANUFACTURER, Place, completed
from .source import DicomSource


def captures(report: SpineReport, image: Image, review: str) -> Iterator[Capture]:
    """The straightened spine or the radiograph, and the abnormal close-ups.

    :param report: what was found.
    :param image: the CT or the radiograph.
    :param review: whether a reader verified it, in words.
    """
    shown = spine_image(report, image)
    footer = f"{review} {INTENDED_USE}"
    yield spine_capture(report, shown, footer)
    is_scale_known = not isinstance(report, RadiographReport) or report.is_scale_known
    yield from abnormal_captures(report, shown, footer, is_scale_known)


def secondary_capture(capture: Capture, source: DicomSource, place: Place) -> Any:
    """A figure as Secondary Capture Image.

    :param capture: the figure.
    :param source: the images of the study.
    :param place: series and identifiers of the object.
    """
    image = SCImage(
        pixel_array=capture.pixels,
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        patient_orientation=("P", "F"),
        study_instance_uid=source.study_uid,
        series_instance_uid=place.series_uid,
        series_number=place.series_number,
        sop_instance_uid=place.instance_uid,
        instance_number=place.number,
        manufacturer=MANUFACTURER,
    )
    image.ConversionType = "WSD"
    image.BurnedInAnnotation = "NO"
    image.BodyPartExamined = "SPINE"
    image.ImageComments = capture.title
    if capture.pixel_mm is not None:
        image.PixelSpacing = [DS(capture.pixel_mm), DS(capture.pixel_mm)]
    return completed(image, source, "Vertebral fractures, images")
