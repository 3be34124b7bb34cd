"""One vertebra as a measurement group of a structured report (TID 1501 of DICOM PS3.16)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from highdicom.sr import (
    AlgorithmIdentification,
    FindingSite,
    Measurement,
    MeasurementProperties,
    MeasurementsAndQualitativeEvaluations,
    QualitativeEvaluation,
    RelationshipTypeValues,
    SourceImageForMeasurementGroup,
    TextContentItem,
    TrackingIdentifier,
)
from pydicom.sr.coding import Code

from ..core.attenuation.record import Attenuation
from ..core.heights.grading import COVERAGE_95
from ..core.image_classification import CombinedProbability
from ..core.keypoints import KEYPOINT_NAMES
from ..core.measures import Measures
from ..core.report import SpineReport, Vertebra
from ..io.dicom_image import DicomImage
from . import codes
from .coordinates import Coordinates


@dataclass(frozen=True, eq=False)
class ReportedVertebra:
    """One vertebra of a report and what follows from it.

    :param name: what every output calls it.
    :param vertebra: its points and its level.
    :param measures: None where it is not evaluable.
    :param attenuation: as it is reported; None where it was not measured.
    :param probability: of a fracture, by the image; None where it was not classified.
    """

    name: str
    vertebra: Vertebra
    measures: Measures | None
    attenuation: Attenuation | None
    probability: CombinedProbability | None


def reported_vertebrae(report: SpineReport) -> list[ReportedVertebra]:
    """The vertebrae of a report, cranial to caudal."""
    given = (report.shown_levels, report.vertebrae, report.measures, report.attenuations, report.fracture_probabilities)
    return [ReportedVertebra(*one) for one in zip(*given, strict=True)]


def vertebra_group(
    one: ReportedVertebra,
    tracking_uid: str,
    coordinates: Coordinates,
    images: Sequence[DicomImage],
    algorithm: AlgorithmIdentification,
) -> MeasurementsAndQualitativeEvaluations:
    """The measurement group of a vertebra.

    :param one: the vertebra.
    :param tracking_uid: the same in every export of this vertebra.
    :param coordinates: makes items of its points.
    :param images: what its points lie in.
    :param algorithm: what measured it.
    """
    site = codes.VERTEBRA if one.vertebra.level is None else codes.LEVELS[one.vertebra.level]
    group = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(tracking_uid, one.name),
        finding_type=codes.VERTEBRA,
        algorithm_id=algorithm,
        finding_sites=[FindingSite(site)],
        measurements=[*_points(one.vertebra, coordinates), *_measurements(one, coordinates)],
        qualitative_evaluations=[QualitativeEvaluation(*pair) for pair in _evaluations(one)],
        source_images=[_reference(image) for image in images],
    )
    for name, text in _texts(one):
        group[0].ContentSequence.append(TextContentItem(name, text, RelationshipTypeValues.CONTAINS))
    return group


def _reference(image: DicomImage) -> SourceImageForMeasurementGroup:
    header = image.header
    frames = [image.frame + 1] if header["NumberOfFrames"] not in ("", "1") else None
    return SourceImageForMeasurementGroup(header["SOPClassUID"], header["SOPInstanceUID"], frames)


def _points(vertebra: Vertebra, coordinates: Coordinates) -> Iterator[Measurement]:
    """Each point with the radius that holds 68 % of all such points."""
    for index in range(len(KEYPOINT_NAMES)):
        place = coordinates.of(vertebra.keypoints_ras[index])
        radius_mm = float(vertebra.uncertainty_mm[index])
        yield Measurement(codes.POINTS[index], radius_mm, codes.MILLIMETRE, referenced_coordinates=[place])


def _measurements(one: ReportedVertebra, coordinates: Coordinates) -> Iterator[Measurement]:
    """The numbers of a vertebra; each uncertainty is that of the 95 % interval."""
    measures = one.measures
    if measures is not None:
        for index, (name, height_mm, sd_mm) in enumerate(
            zip(codes.HEIGHTS, measures.heights_mm, measures.heights_sd_mm, strict=True)
        ):
            line = coordinates.of(one.vertebra.keypoints_ras[2 * index : 2 * index + 2])
            yield _measurement(name, height_mm, codes.MILLIMETRE, COVERAGE_95 * sd_mm, referenced_coordinates=[line])
        yield _measurement(
            codes.HEIGHT_RATIO, measures.genant_index, codes.RATIO, COVERAGE_95 * measures.genant_index_sd
        )
        loss, (low, high) = measures.grading.height_loss, measures.grading.interval
        yield Measurement(
            codes.HEIGHT_LOSS,
            100 * loss,
            codes.PERCENT,
            properties=_uncertainty(100 * (high - loss), 100 * (loss - low), codes.PERCENT),
        )
    if one.attenuation is not None and one.attenuation.median_hu is not None and one.attenuation.sd_hu is not None:
        yield Measurement(codes.ATTENUATION, one.attenuation.median_hu, codes.HOUNSFIELD, derivation=codes.MEDIAN)
        yield Measurement(codes.ATTENUATION_SD, one.attenuation.sd_hu, codes.HOUNSFIELD)
    if one.probability is not None:
        yield Measurement(codes.IMAGE_PROBABILITY, one.probability.image_based, codes.NO_UNITS)
    if one.vertebra.level is not None:
        yield Measurement(codes.LEVEL_CONFIDENCE, one.vertebra.level_confidence, codes.NO_UNITS)
    yield Measurement(codes.SCORE, one.vertebra.score, codes.NO_UNITS)


def _measurement(name: Code, value: float, unit: Code, half_width: float, **more: Any) -> Measurement:
    return Measurement(name, value, unit, properties=_uncertainty(half_width, half_width, unit), **more)


def _uncertainty(upper: float, lower: float, unit: Code) -> MeasurementProperties:
    """How far above and below a value its 95 % interval reaches, in the unit of the value."""
    properties = MeasurementProperties(upper_measurement_uncertainty=upper, lower_measurement_uncertainty=lower)
    for item in properties:
        item.MeasuredValueSequence[0].MeasurementUnitsCodeSequence = [codes.dataset_of(unit)]
    return properties


def _evaluations(one: ReportedVertebra) -> Iterator[tuple[Code, Code]]:
    """What of a vertebra is not a number."""
    measures, vertebra = one.measures, one.vertebra
    if measures is None or measures.grade is None:
        yield codes.GRADE, codes.NOT_GRADED
    else:
        yield codes.GRADE, codes.GRADES[measures.grade]
        yield codes.BORDERLINE, codes.yes_or_no(measures.grading.is_borderline)
        yield codes.PHYSIOLOGICAL, codes.yes_or_no(measures.grading.is_physiological)
    if measures is not None:
        yield codes.SHAPE, codes.SHAPE_VALUES[measures.shape]
    if one.probability is not None:
        yield codes.DISCORDANT, codes.yes_or_no(one.probability.is_discordant)
    if one.attenuation is not None and one.attenuation.exclusion is not None:
        yield codes.WHY_NO_HU, codes.NO_HU_VALUES[one.attenuation.exclusion]
    yield codes.LANDMARKS_BY, codes.LANDMARK_VALUES[vertebra.source]
    yield codes.REVIEW, codes.REVIEW_VALUES[vertebra.status]


def _texts(one: ReportedVertebra) -> Iterator[tuple[Code, str]]:
    """Why there is no grade, in words."""
    if one.measures is None:
        yield codes.WHY_NOT_GRADED, "marked not evaluable by a user; not measured"
    elif one.measures.grading.not_graded is not None:
        yield codes.WHY_NOT_GRADED, one.measures.grading.not_graded
