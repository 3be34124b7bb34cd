"""What a DICOM header states about the study: series, reconstruction, contrast and, only on request, the patient."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .dicom_image import number
from .formats.text_header import printable
from .quiet import quiet

_SERIES_TAGS = ("SeriesDescription", "SliceThickness", "ConvolutionKernel", "ContrastBolusAgent")
_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
_NESTED = {
    "SliceThickness": "PixelMeasuresSequence",
    "ConvolutionKernel": "CTReconstructionSequence",
}
"""In which sequence of its functional groups an enhanced CT has a value."""

_PATIENT_TAGS = {
    "patient_id": "PatientID",
    "patient_age": "PatientAge",
    "patient_sex": "PatientSex",
    "study_date": "StudyDate",
}
"""What identifies a patient, by its name in a description."""

_SEXES = {"F": "female", "M": "male", "O": "other"}
_AGE_UNITS = {"Y": "years", "M": "months", "W": "weeks", "D": "days"}

_LONGEST_VALUE = 200
"""Characters of a value that are kept. Chosen: DICOM allows 64 in each of these elements; some hold several."""


def study_details(path: Path, identify: bool) -> dict[str, Any]:
    """What the header of a DICOM image states about its study.

    :param path: the file, which was read before.
    :param identify: whether the elements that identify the patient are read.
    :return: "series" with its description, "slice_thickness_mm", "kernel", "contrast" and, only where ``identify``
        asks for them, "patient_id", "patient_age", "patient_sex" and "study_date".
    """
    import pydicom

    tags = [*_SERIES_TAGS, *_GROUPS, *(_PATIENT_TAGS.values() if identify else ())]
    with quiet():
        header = pydicom.dcmread(path, force=True, stop_before_pixels=True, specific_tags=tags)
        values = {tag: _value(header, tag) for tag in tags if tag not in _GROUPS}
    thickness_mm = number(values["SliceThickness"])
    details: dict[str, Any] = {
        "slice_thickness_mm": thickness_mm if 0 < thickness_mm < float("inf") else None,
        "kernel": values["ConvolutionKernel"],
        "contrast": values["ContrastBolusAgent"],
    }
    if identify:
        details |= {name: _in_words(name, values[tag]) for name, tag in _PATIENT_TAGS.items()}
    return {"series": {"description": values["SeriesDescription"]}, **{k: one for k, one in details.items() if one}}


def _value(header: Any, tag: str) -> str:
    """An element as text, several values separated by commas; empty where it is missing, empty or damaged."""
    try:
        value = next((one for one in _values(header, tag) if one not in (None, "")), "")
    except Exception:  # pydicom raises whatever a wrong value leads to
        return ""
    texts = map(str, value) if isinstance(value, list | tuple) or hasattr(value, "append") else [str(value)]
    return printable(", ".join(texts), _LONGEST_VALUE).strip()


def _values(header: Any, tag: str) -> Iterator[Any]:
    """The element of the file, then those of its functional groups."""
    yield header.get(tag)
    for groups in _GROUPS if tag in _NESTED else ():
        for group in (header.get(groups) or [])[:1]:
            for item in group.get(_NESTED[tag]) or []:
                yield item.get(tag)


def _in_words(name: str, text: str) -> str:
    """Age, sex and date as people write them; what is not of DICOM's form stays as it is."""
    if name == "patient_sex":
        return _SEXES.get(text.upper(), text)
    if name == "patient_age" and text[:-1].isdigit() and text[-1:] in _AGE_UNITS:
        return f"{int(text[:-1])} {_AGE_UNITS[text[-1]]}"
    if name == "study_date" and len(text) == 8 and text.isdigit():
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    return text
