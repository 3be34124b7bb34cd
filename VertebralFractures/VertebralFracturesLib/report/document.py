"""A report as measurements.json, and back without loss."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from ..core.attenuation.record import Attenuation
from ..core.heights.genant import find_preset
from ..core.image_classification import ImageClassification
from ..core.level_naming import BASES, SHAPE_ONLY
from ..core.note import Note
from ..core.report import SpineReport, Vertebra, parse_status
from ..core.spine_curve import SpineCurve
from ..core.spine_slab import SlabFrame
from ..core.summary import PatientSummary
from ..radiograph.record import RadiographReport
from .patient_values import spine_values
from .table import table_rows

SCHEMA = 2
"""Version of the layout of measurements.json."""

_READ_SCHEMAS = (1, 2)
"""Layouts that can be read; 1 is that of version 0.1 up to November 2026."""

_DECIMALS = 4
"""Decimals of what the image classifier gives: a tenth of a micrometre, a hundredth of a percent."""

_RADIOGRAPH = "radiograph"
_ATTENUATION = "attenuation"
"""Key of what was measured in a body, fractured or not; the table's columns beside it hold what is reported."""
_CLASSIFICATION, _CLASSIFICATION_1 = "image_classification", "second_opinion"
_POSITIONS, _POSITIONS_1 = "position_probabilities", "position_shares"
"""Keys of what the image classifier gives, in this layout and in layout 1."""

_STORED_AS_IS = {
    "software": str,
    "input": dict,
    "detector": str,
    "preset": str,
    "warnings": list,
    "models": dict,
    "thresholds": dict,
}
"""Fields that the file holds as the report does, and of which kind they are."""

_VERTEBRA_FIELDS = ("level", "level_confidence", "score", "source", "status", "keypoints_ras", "uncertainty_mm")


def report_json(report: SpineReport) -> str:
    """The report as the text of measurements.json; :func:`read_report` restores it without loss.

    :param report: of a CT or of a radiograph.
    """
    document = {
        "schema": SCHEMA,
        "software": report.software,
        "input": report.input,
        "detector": report.detector,
        "preset": report.preset,
        "preset_cutoffs": find_preset(report.preset).cutoffs,
        "models": report.models,
        "thresholds": report.thresholds,
        "warnings": report.warnings,
        "numbering_basis": report.numbering_basis,
        "note": _note_document(report.note),
        "patient": _summary_document(report.summary),
        "spine": spine_values(report),
        "curve_ras": report.curve.points_ras,
        "curve_confidence": report.curve.confidence,
        "vertebrae": _vertebrae_document(report),
        _CLASSIFICATION: None
        if report.image_classification is None
        else _classification_document(report.image_classification),
    }
    if isinstance(report, RadiographReport):
        document[_RADIOGRAPH] = _radiograph_document(report)
    return json.dumps(document, default=_plain, indent=1, allow_nan=False) + "\n"


def read_report(text: str) -> SpineReport:
    """Read measurements.json; the measures and angles in it are computed anew from the points.

    :param text: what :func:`report_json` wrote.
    :return: a :class:`~..radiograph.record.RadiographReport` where the report is that of a radiograph.
    :raises ValueError: not such a file, or of another layout.
    """
    try:
        document = json.loads(text, parse_constant=_no_number)
        if document["schema"] not in _READ_SCHEMAS:
            raise ValueError(f"schema {document['schema']} is not supported; this version reads schemas up to {SCHEMA}")
        fields = _spine_fields(document)
        own = document.get(_RADIOGRAPH)
        report = SpineReport(**fields) if own is None else RadiographReport(**fields, **_radiograph_fields(own))
        _check_measurable(report)
        return report
    except KeyError as missing:
        raise ValueError(f"not a report of measurements: {missing} is missing") from missing
    except RecursionError as error:
        raise ValueError("not a report of measurements: its values are nested too deeply") from error
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ValueError(f"not a report of measurements: {error}") from error


def _check_measurable(report: SpineReport) -> None:
    """Refuse points that cannot be measured, such as two paired ones that coincide, while the file is read."""
    _ = report.measures


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not numeric")


def _summary_document(summary: PatientSummary) -> dict[str, Any]:
    """The conclusion; vertebrae are named by their number in the table."""
    values = asdict(summary)
    values["worst_number"] = _number(values.pop("worst_vertebra"))
    image = values["fracture_probability"]
    if image is not None:
        image["image_based_number"] = _number(image.pop("image_based_vertebra"))
        image["discordant_numbers"] = [_number(index) for index in image.pop("discordant_vertebrae")]
    return values


def _number(index: int | None) -> int | None:
    return None if index is None else index + 1


def _vertebrae_document(report: SpineReport) -> list[dict[str, Any]]:
    """Every column of the table, unrounded, and what is recorded of a vertebra beside them."""
    return [
        row
        | {name: getattr(vertebra, name) for name in _VERTEBRA_FIELDS}
        | {_ATTENUATION: None if vertebra.attenuation is None else asdict(vertebra.attenuation)}
        | {"note": _note_document(vertebra.note)}
        for row, vertebra in zip(table_rows(report), report.vertebrae, strict=True)
    ]


def _note_document(note: Note | None) -> dict[str, str] | None:
    return None if note is None else asdict(note)


def _read_note(document: Any) -> Note | None:
    """Read what :func:`_note_document` wrote; files of older versions hold none."""
    return None if document is None else Note(**document)


def _read_vertebra(entry: Mapping[str, Any]) -> Vertebra:
    """Read one of :func:`_vertebrae_document`; files of older versions hold no attenuation."""
    given = entry.get(_ATTENUATION)
    attenuation = None if given is None else Attenuation(**given)
    recorded = {name: entry[name] for name in _VERTEBRA_FIELDS} | {"status": parse_status(entry["status"])}
    return Vertebra(**recorded, attenuation=attenuation, note=_read_note(entry.get("note")))


def _spine_fields(document: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a :class:`~..core.report.SpineReport`."""
    classification = document.get(_CLASSIFICATION, document.get(_CLASSIFICATION_1))
    for name, kind in _STORED_AS_IS.items():
        if not isinstance(document[name], kind):
            raise ValueError(f"{name} has the wrong type")
    if not all(isinstance(warning, str) for warning in document["warnings"]):
        raise ValueError("warnings have to be texts")
    _check_finite(document["input"], document["models"], document["thresholds"])
    return {
        "image_classification": None if classification is None else _read_classification(classification),
        "curve": SpineCurve(np.array(document["curve_ras"]), np.array(document["curve_confidence"])),
        "vertebrae": tuple(map(_read_vertebra, document["vertebrae"])),
        "numbering_basis": _numbering_basis(document.get("numbering_basis", ())),
        "note": _read_note(document.get("note")),
        **{name: document[name] for name in _STORED_AS_IS},
    }


def _check_finite(*values: Any) -> None:
    """Refuse numbers that no float holds, which the file would not be written with."""
    for value in values:
        if isinstance(value, float) and not np.isfinite(value):
            raise ValueError("a number is too large")
        if isinstance(value, dict | list):
            _check_finite(*(value.values() if isinstance(value, dict) else value))


def _numbering_basis(names: Any) -> tuple[str, ...]:
    """What the numbering rests on; files of older versions do not hold it."""
    if not isinstance(names, list | tuple) or not set(names) <= {*BASES, SHAPE_ONLY}:
        raise ValueError("the basis of the numbering is not known")
    return tuple(names)


def _radiograph_document(report: RadiographReport) -> dict[str, Any]:
    """What belongs to a radiograph beside what a CT has."""
    return {
        "pixel_spacing_mm": report.pixel_mm,
        "pixel_spacing_is_known": report.is_scale_known,
        "anterior_is": report.anterior_is,
        "sacral_endplate_ras": report.sacral_endplate_ras,
        "angles": report.angles_deg,
        "disc_angles_deg": report.disc_angles_deg,
        "wedge_angles_deg": report.wedge_angles_deg,
    }


def _radiograph_fields(document: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that a :class:`~..radiograph.record.RadiographReport` has beside those of a CT's report."""
    plate, pixel_mm = document["sacral_endplate_ras"], float(document["pixel_spacing_mm"])
    if not 0 < pixel_mm < np.inf or document["anterior_is"] not in ("left", "right"):
        raise ValueError("a radiograph has pixels larger than 0 mm, and its anterior side is left or right")
    return {
        "pixel_mm": pixel_mm,
        "is_scale_known": bool(document["pixel_spacing_is_known"]),
        "anterior_is": document["anterior_is"],
        "sacral_endplate_ras": None if plate is None else _finite(plate).reshape(3, 3),
    }


def _classification_document(given: ImageClassification) -> dict[str, Any]:
    """What the image classifier gave along the spine, rounded to what means something."""
    return {
        "curve_ras": given.frame.curve.points_ras.round(_DECIMALS),
        "turns_rad": given.frame.turns_rad.round(_DECIMALS),
        _POSITIONS: given.probabilities.round(_DECIMALS),
        "temperature": given.temperature,
        "canal_ras": None if given.canal is None else given.canal.points_ras,
        "canal_confidence": None if given.canal is None else given.canal.confidence,
    }


def _read_classification(document: Mapping[str, Any]) -> ImageClassification:
    """Read what :func:`_classification_document` wrote."""
    points = np.array(document["curve_ras"], dtype=np.float64)
    turns_rad = _finite(document["turns_rad"])
    if turns_rad.ndim != 1 or len(turns_rad) < 2 or np.abs(turns_rad).max() > np.pi:
        raise ValueError("the turns of a slab are at least two angles of at most half a turn")
    frame = SlabFrame(SpineCurve(points, np.ones(len(points))), turns_rad)
    canal = None
    if document["canal_ras"] is not None:
        canal = SpineCurve(np.array(document["canal_ras"]), np.array(document["canal_confidence"]))
    probabilities = document[_POSITIONS] if _POSITIONS in document else document[_POSITIONS_1]
    return ImageClassification(frame, np.array(probabilities), document["temperature"], canal)


def _finite(values: Any) -> NDArray[np.float64]:
    array = np.array(values, dtype=np.float64)
    if not np.isfinite(array).all():
        raise ValueError("a coordinate or an angle is not a finite number")
    return array


def _plain(value: Any) -> Any:
    """Lists and numbers of numpy as those of JSON."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a report cannot hold a {type(value).__name__}")
