"""What every DICOM object of an export has in common: its place in the study, and the patient it belongs to."""

from dataclasses import dataclass
from typing import Any

from .. import __version__
from .source import DicomSource
from .uids import uid_of

MANUFACTURER = "VertebralFractures contributors"
MODEL_NAME = "VertebralFractures"

_SERIES_STEP = 100
"""Series of an export are numbered from a hundred times the number of their CT on, as scanners number reformats: series
4 is followed by 401, 402 and 403."""

UNICODE = "ISO_IR 192"
"""The character set that every name can be written in (PS3.3, C.12.1.1.2)."""


@dataclass(frozen=True)
class Place:
    """Where an object stands in the study.

    :param series_uid: Series Instance UID.
    :param series_number: Series Number.
    :param instance_uid: SOP Instance UID.
    :param number: Instance Number.
    """

    series_uid: str
    series_number: int
    instance_uid: str
    number: int = 1


def place_of(key: str, source: DicomSource, kind: str, order: int, number: int = 1) -> Place:
    """The place of an object, the same whenever the same result is exported.

    :param key: of the result, see :func:`~.uids.result_key`.
    :param source: the images of the study.
    :param kind: what the series holds.
    :param order: of the series among those of an export, 1 for the first one.
    :param number: of the object in its series.
    """
    series_uid = uid_of("series", key, kind)
    series_number = _SERIES_STEP * source.series_number + order
    return Place(series_uid, series_number, uid_of("instance", key, kind, str(number)), number)


def completed(dataset: Any, source: DicomSource, series_description: str) -> Any:
    """Add patient and study as the images state them, and what made the object.

    :param dataset: the object, a pydicom data set, which is changed.
    :param source: the images of the study.
    :param series_description: what the series holds, for people.
    :return: the object.
    """
    for element in source.patient_and_study:
        dataset[element.tag] = element
    dataset.SpecificCharacterSet = UNICODE
    dataset.SeriesDescription = series_description
    dataset.Manufacturer = MANUFACTURER
    dataset.ManufacturerModelName = MODEL_NAME
    dataset.SoftwareVersions = __version__
    dataset.DeviceSerialNumber = __version__
    return dataset
