"""A structured report of ours, read back on the CT that it is about, so that it can be corrected and exported again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.attenuation.measurement import measure_attenuation
from ..core.heights.genant import PRESETS
from ..core.level_naming import BASES, SHAPE_ONLY
from ..core.report import NOT_EVALUABLE, SpineReport, Vertebra
from ..core.spine_curve import SpineCurve, curve_through_bodies
from ..core.volume import Volume
from ..ct.check import without_padding
from ..errors import UnusableInput
from ..io.quiet import quiet
from ..io.read_image import ReadImage
from ..report.page import INTENDED_USE
from . import codes
from .source import LPS, read_source

_READ_BACK = (
    "These results were read from the structured report {name}: the spine curve is drawn through the vertebrae, and "
    "image-based probabilities are not available."
)
"""What users of a report that was read back have to know."""

_SAME_HEIGHT_MM = 1e-3
"""Coordinates are stored as 32-bit numbers, which hold 1 m to 0.00006 mm."""

_NOT_OURS = "is not a structured report of VertebralFractures on a CT"


def read_structured_report(file: Path, read: ReadImage[Volume]) -> SpineReport:
    """Read a structured report on its CT.

    Points, levels, uncertainties, reviews and what the algorithm used come from the report; every measure follows from
    them anew, and trabecular attenuation is measured again.

    :param file: what :func:`~.export.export_dicom` wrote.
    :param read: the CT, read from DICOM.
    :raises UnusableInput: the file is damaged or not such a report, or it is about another CT.
    """
    try:
        return _report(_read(file), file, read)
    except UnusableInput as error:
        raise UnusableInput(f"{file}: {error}") from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise UnusableInput(f"{file}: the structured report is damaged") from error


def _read(file: Path) -> Any:
    """The data set of the file.

    :raises UnusableInput: it cannot be read, or is something else.
    """
    import pydicom
    from pydicom.errors import InvalidDicomError
    from pydicom.uid import Comprehensive3DSRStorage

    try:
        with quiet():
            document = pydicom.dcmread(file)
            for element in document.iterall():
                element.value  # noqa: B018 (values are decoded when they are asked for, and none fails later)
    except OSError as error:
        raise UnusableInput(f"cannot be read ({error.strerror or error})") from error
    except InvalidDicomError as error:
        raise UnusableInput(_NOT_OURS) from error
    except Exception as error:  # pydicom raises whatever a damaged value leads to
        raise UnusableInput("the structured report is damaged") from error
    schemes = [item.get("CodingSchemeDesignator") for item in document.get("CodingSchemeIdentificationSequence", ())]
    if document.get("SOPClassUID") != Comprehensive3DSRStorage or codes.SCHEME not in schemes:
        raise UnusableInput(_NOT_OURS)
    return document


def _report(document: Any, file: Path, read: ReadImage[Volume]) -> SpineReport:
    groups = [group for part in _children(document, "126010") for group in _children(part, "125007")]
    if not groups:
        raise UnusableInput(_NOT_OURS)
    _check_same_ct(document, read)
    measured, _ = without_padding(read.image)
    vertebrae = tuple(_vertebra(group, measured) for group in groups)
    used = dict(_parameters(groups[0]))
    preset, basis = used[codes.GRADING], used.get(codes.NUMBERING, "")
    if preset not in PRESETS:
        raise UnusableInput(f"its grading preset {preset!r} is not known to this version")
    comments = [item.TextValue for part in _children(document, "C0034375") for item in _children(part, "121106")]
    kept = [text for text in comments if text != INTENDED_USE]
    name, version = (_children(groups[0], code)[0].TextValue for code in ("111001", "111003"))
    report = SpineReport(
        software=f"{name} {version}",
        input=read.description,
        detector=used[codes.DETECTOR],
        preset=preset,
        curve=_curve(vertebrae),
        vertebrae=vertebrae,
        warnings=tuple(dict.fromkeys((*kept, _READ_BACK.format(name=file.name)))),
        models=dict(_named(used, codes.WEIGHTS)),
        thresholds={name: float(text) for name, text in _named(used, codes.THRESHOLD)},
        numbering_basis=tuple(one for one in (*BASES, SHAPE_ONLY) if one in basis.split(", ")),
    )
    _check_heights(report, groups)
    return report


def _check_heights(report: SpineReport, groups: list[Any]) -> None:
    """Refuse a report whose points and heights contradict each other.

    :raises UnusableInput: they do.
    """
    for group, measures in zip(groups, report.measures, strict=True):
        stated = [_number(group, code.value) for code in codes.HEIGHTS] if measures is not None else []
        if measures is not None and not np.allclose(stated, measures.heights_mm, rtol=0, atol=_SAME_HEIGHT_MM):
            raise UnusableInput("the structured report is damaged: its heights do not match its points")


def _children(item: Any, code: str) -> list[Any]:
    """The items directly below one whose concept name has a code."""
    below = item.get("ContentSequence", ())
    return [one for one in below if one.ConceptNameCodeSequence[0].get("CodeValue") == code]


def _check_same_ct(document: Any, read: ReadImage[Volume]) -> None:
    """Refuse a report that refers to other slices, or to another frame of reference, than those of the CT.

    :raises UnusableInput: it does, or the CT was not read from DICOM.
    """
    if read.dicom is None:
        raise UnusableInput("a structured report can only be opened with the DICOM files of its CT")
    source = read_source(read.dicom.files)
    known = {image.header["SOPInstanceUID"] for image in source.images}
    elements = list(document.iterall())
    referred = {str(one.value) for one in elements if one.keyword == "ReferencedSOPInstanceUID"}
    frames = {str(one.value) for one in elements if one.keyword == "ReferencedFrameOfReferenceUID"}
    if not referred <= known or frames != {source.frame_of_reference_uid}:
        raise UnusableInput(f"the structured report belongs to another CT than {read.path}")


def _vertebra(group: Any, volume: Volume) -> Vertebra:
    """The vertebra of a measurement group."""
    points_lps, radii_mm = zip(*(_point(group, code.value) for code in codes.POINTS), strict=True)
    points_ras = np.array(points_lps) * LPS
    site = _answer(group, "363698007")
    level = next((name for name, code in codes.LEVELS.items() if code.value == site), None)
    status = _name(codes.REVIEW_VALUES, _answer(group, codes.REVIEW.value))
    return Vertebra(
        points_ras,
        _number(group, codes.SCORE.value),
        np.array(radii_mm),
        level,
        0.0 if level is None else _number(group, codes.LEVEL_CONFIDENCE.value),
        _name(codes.LANDMARK_VALUES, _answer(group, codes.LANDMARKS_BY.value)),
        status,
        None if status == NOT_EVALUABLE else measure_attenuation(volume, points_ras),
    )


def _point(group: Any, code: str) -> tuple[NDArray[np.float64], float]:
    """A landmark in LPS mm, and its confidence radius."""
    (item,) = _children(group, code)
    (place,) = (below for below in item.ContentSequence if below.ValueType == "SCOORD3D")
    return np.array(place.GraphicData, dtype=np.float64).reshape(3), _value(item)


def _number(group: Any, code: str) -> float:
    (item,) = _children(group, code)
    return _value(item)


def _value(item: Any) -> float:
    return float(item.MeasuredValueSequence[0].NumericValue)


def _answer(group: Any, code: str) -> str:
    (item,) = _children(group, code)
    return str(item.ConceptCodeSequence[0].CodeValue)


def _name(values: dict[str, Any], code: str) -> str:
    """What a report calls what the structured report has a code for."""
    return {known.value: name for name, known in values.items()}[code]


def _parameters(group: Any) -> Iterator[tuple[str, str]]:
    """What the algorithm used, by name."""
    for item in _children(group, "111002"):
        name, _, text = item.TextValue.partition(": ")
        yield name, text


def _named(used: dict[str, str], prefix: str) -> Iterator[tuple[str, str]]:
    """The parameters whose names begin alike, by the rest of their names."""
    return ((key.removeprefix(prefix), text) for key, text in used.items() if key.startswith(prefix))


def _curve(vertebrae: tuple[Vertebra, ...]) -> SpineCurve:
    """The curve through the bodies; through both endplates of one that is alone."""
    points_ras = np.array([vertebra.keypoints_ras for vertebra in vertebrae])
    centres_ras = points_ras.mean(1) if len(points_ras) > 1 else points_ras[0].reshape(3, 2, 3).mean(0)
    return curve_through_bodies(centres_ras)
