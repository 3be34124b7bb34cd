"""A report as measurements.json, and back without loss."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from ..core.genant import find_preset
from ..core.image_classification import ImageClassification
from ..core.report import SpineReport, Vertebra
from ..core.spine_curve import SpineCurve
from ..core.spine_slab import SlabFrame
from ..core.summary import PatientSummary
from ..radiograph.record import RadiographReport
from .table import measured_values, probability_values

SCHEMA = 1
"""Version of the layout of measurements.json."""

_DECIMALS = 4
"""Decimals of what the image classifier gives: a tenth of a micrometre, a hundredth of a percent."""

_SUMMARY_KEYS = {"least_vertebra": "least_place", "fracture_probability": "second_opinion"}
"""Fields of the summary that the file calls otherwise."""

_PROBABILITY_KEYS = {
    "height_based": "measured_probability",
    "image_based": "seen_probability",
    "combined": "together_probability",
    "image_based_vertebra": "seen_place",
    "discordant_vertebrae": "differing_places",
}
"""Likewise, of the patient's probability of a fracture."""

_RADIOGRAPH = "radiograph"
_STORED_AS_IS = ("software", "input", "detector", "preset", "warnings", "models", "thresholds")
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
        "patient": _summary_document(report.summary),
        "curve_ras": report.curve.points_ras,
        "curve_confidence": report.curve.confidence,
        "vertebrae": _vertebrae_document(report),
        "second_opinion": None
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
        document = json.loads(text)
        if document["schema"] != SCHEMA:
            raise ValueError(f"layout {document['schema']} is not {SCHEMA}, the one this version reads")
        fields = _spine_fields(document)
        own = document.get(_RADIOGRAPH)
        return SpineReport(**fields) if own is None else RadiographReport(**fields, **_radiograph_fields(own))
    except KeyError as missing:
        raise ValueError(f"not a report of measurements: {missing} is missing") from missing
    except (TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"not a report of measurements: {error}") from error


def _summary_document(summary: PatientSummary) -> dict[str, Any]:
    values = asdict(summary)
    if summary.fracture_probability is not None:
        values["fracture_probability"] = {
            _PROBABILITY_KEYS[name]: value for name, value in asdict(summary.fracture_probability).items()
        }
    return {_SUMMARY_KEYS.get(name, name): value for name, value in values.items()}


def _vertebrae_document(report: SpineReport) -> list[dict[str, Any]]:
    return [
        {name: getattr(vertebra, name) for name in _VERTEBRA_FIELDS} | values | probability_values(combined)
        for vertebra, values, combined in zip(
            report.vertebrae, measured_values(report), report.fracture_probabilities, strict=True
        )
    ]


def _spine_fields(document: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a :class:`~..core.report.SpineReport`."""
    classification = document.get("second_opinion")
    return {
        "image_classification": None if classification is None else _read_classification(classification),
        "curve": SpineCurve(np.array(document["curve_ras"]), np.array(document["curve_confidence"])),
        "vertebrae": tuple(
            Vertebra(**{name: entry[name] for name in _VERTEBRA_FIELDS}) for entry in document["vertebrae"]
        ),
        "numbering_basis": tuple(document.get("numbering_basis", ())),
        **{name: document[name] for name in _STORED_AS_IS},
    }


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
    plate = document["sacral_endplate_ras"]
    return {
        "pixel_mm": float(document["pixel_spacing_mm"]),
        "is_scale_known": bool(document["pixel_spacing_is_known"]),
        "anterior_is": document["anterior_is"],
        "sacral_endplate_ras": None if plate is None else np.array(plate, dtype=np.float64).reshape(3, 3),
    }


def _classification_document(given: ImageClassification) -> dict[str, Any]:
    """What the image classifier gave along the spine, rounded to what means something."""
    return {
        "curve_ras": given.frame.curve.points_ras.round(_DECIMALS),
        "turns_rad": given.frame.turns_rad.round(_DECIMALS),
        "position_shares": given.probabilities.round(_DECIMALS),
        "temperature": given.temperature,
        "canal_ras": None if given.canal is None else given.canal.points_ras,
        "canal_confidence": None if given.canal is None else given.canal.confidence,
    }


def _read_classification(document: Mapping[str, Any]) -> ImageClassification:
    """Read what :func:`_classification_document` wrote."""
    points = np.array(document["curve_ras"], dtype=np.float64)
    frame = SlabFrame(SpineCurve(points, np.ones(len(points))), np.array(document["turns_rad"], dtype=np.float64))
    canal = None
    if document["canal_ras"] is not None:
        canal = SpineCurve(np.array(document["canal_ras"]), np.array(document["canal_confidence"]))
    return ImageClassification(frame, np.array(document["position_shares"]), document["temperature"], canal)


def _plain(value: Any) -> Any:
    """Lists and numbers of numpy as those of JSON."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a report cannot hold a {type(value).__name__}")
