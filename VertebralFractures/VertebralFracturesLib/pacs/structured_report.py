"""A report as Comprehensive 3D SR: the measurement report of TID 1500 of DICOM PS3.16, with a conclusion."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from highdicom.coding_schemes import CodingSchemeIdentificationItem
from highdicom.sr import (
    AlgorithmIdentification,
    CodedConcept,
    Comprehensive3DSR,
    ContainerContentItem,
    ContentSequence,
    DeviceObserverIdentifyingAttributes,
    MeasurementReport,
    ObservationContext,
    ObserverContext,
    PersonObserverIdentifyingAttributes,
    RelationshipTypeValues,
    TextContentItem,
)
from pydicom.dataset import Dataset

from ..core.report import NOT_REVIEWED, SpineReport
from ..errors import UnusableInput
from ..io.dicom_image import DicomImage
from ..radiograph.record import RadiographReport
from ..report.page import INTENDED_USE
from . import codes
from .coordinates import Coordinates
from .instance import MANUFACTURER, Place, completed
from .source import DicomSource
from .uids import uid_of
from .vertebra_group import reported_vertebrae, vertebra_group

_LONGEST_TEXT = 64
"""Characters of a long string (LO), which the version of a program is (PS3.5, section 6.2)."""


@dataclass(frozen=True)
class Reader:
    """Who answers for a report.

    :param name: as DICOM writes it, "Family^Given".
    :param organization: the hospital or institute.
    """

    name: str
    organization: str


def structured_report(
    report: SpineReport, source: DicomSource, coordinates: Coordinates, place: Place, reader: Reader | None = None
) -> Dataset:
    """The structured report, unverified unless a reader answers for it.

    :param report: what was found.
    :param source: the images that it was found in.
    :param coordinates: makes items of points.
    :param place: series and identifiers of the object.
    :param reader: who verified the report; None where nobody did.
    :raises UnusableInput: no vertebra to report, or a reader who has not looked at all of them.
    """
    if not report.vertebrae:
        raise UnusableInput("there is no vertebra to report")
    if reader is not None:
        _check_reviewed(report)
    images = [source.slices_at(vertebra.keypoints_ras) for vertebra in report.vertebrae]
    algorithm = _algorithm(report)
    groups = [
        vertebra_group(one, uid, coordinates, shown, algorithm)
        for one, uid, shown in zip(reported_vertebrae(report), _tracking_uids(report, source), images, strict=True)
    ]
    is_radiograph = isinstance(report, RadiographReport)
    content = MeasurementReport(
        observation_context=_observers(report, reader),
        procedure_reported=codes.RADIOGRAPHY if is_radiograph else codes.COMPUTED_TOMOGRAPHY,
        imaging_measurements=groups,
        title=codes.REPORT_TITLE,
    )
    content[0].ContentSequence.append(_conclusion(report))
    used = {image.header["SOPInstanceUID"]: image for shown in images for image in shown}
    document = Comprehensive3DSR(
        evidence=[_evidence(image) for image in used.values()],
        content=content,
        series_instance_uid=place.series_uid,
        series_number=place.series_number,
        sop_instance_uid=place.instance_uid,
        instance_number=place.number,
        manufacturer=MANUFACTURER,
        is_complete=True,
        is_final=reader is not None,
        is_verified=reader is not None,
        verifying_observer_name=None if reader is None else _person_name(reader),
        verifying_organization=None if reader is None else reader.organization,
        coding_schemes=[
            CodingSchemeIdentificationItem(codes.SCHEME, codes.SCHEME_NAME, responsible_organization=MANUFACTURER)
        ],
    )
    return completed(document, source, "Vertebral fractures, measurements")


def _check_reviewed(report: SpineReport) -> None:
    """Refuse the verification of a report with vertebrae that nobody reviewed."""
    left = [
        name
        for name, vertebra in zip(report.shown_levels, report.vertebrae, strict=True)
        if vertebra.status == NOT_REVIEWED
    ]
    if left:
        raise UnusableInput(f"a report can be verified once every vertebra is reviewed; not yet: {', '.join(left)}")


def _algorithm(report: SpineReport) -> AlgorithmIdentification:
    """The program with its version, and the networks, weights and thresholds it used."""
    name, _, version = report.software.rpartition(" ")
    parameters = [f"{codes.DETECTOR}: {report.detector}", f"{codes.GRADING}: {report.preset}"]
    if report.numbering_basis:
        parameters.append(f"{codes.NUMBERING}: {', '.join(report.numbering_basis)}")
    parameters += [f"{codes.WEIGHTS}{network}: {weights}" for network, weights in report.models.items()]
    parameters += [f"{codes.THRESHOLD}{threshold}: {value}" for threshold, value in report.thresholds.items()]
    return AlgorithmIdentification(
        name=name or report.software,
        version=version,
        parameters=parameters,
        family=codes.ARTIFICIAL_INTELLIGENCE,
        manufacturer=MANUFACTURER,
    )


def _tracking_uids(report: SpineReport, source: DicomSource) -> list[str]:
    """An identifier of each vertebra that stays when its points are corrected."""
    seen: Counter[str] = Counter()
    uids = []
    for number, level in enumerate(report.levels, 1):
        name = level or f"No. {number}"
        seen[name] += 1
        uids.append(uid_of("vertebra", source.series_uid, name, str(seen[name])))
    return uids


def _observers(report: SpineReport, reader: Reader | None) -> ObservationContext:
    """The program, and the reader who verified what it found."""
    device = ObserverContext(
        CodedConcept.from_code(codes.DEVICE),
        DeviceObserverIdentifyingAttributes(
            uid_of("device", report.software), name=report.software[:_LONGEST_TEXT], manufacturer_name=MANUFACTURER
        ),
    )
    if reader is None:
        return ObservationContext(observer_device_context=device)
    person = ObserverContext(
        CodedConcept.from_code(codes.PERSON), PersonObserverIdentifyingAttributes(_person_name(reader))
    )
    return ObservationContext(observer_person_context=person, observer_device_context=device)


def _person_name(reader: Reader) -> str:
    """The name with its parts marked, a family name alone with an empty second part."""
    return reader.name if "^" in reader.name else f"{reader.name}^"


def _conclusion(report: SpineReport) -> ContainerContentItem:
    """The conclusion for the patient, what it rests on, and what a reader has to know."""
    container = ContainerContentItem(codes.QUALITATIVE_EVALUATIONS, relationship_type=RelationshipTypeValues.CONTAINS)
    texts = [
        (codes.CONCLUSION, report.summary.headline),
        (codes.SUMMARY, report.summary.statement),
        *((codes.COMMENT, warning) for warning in (*report.warnings, INTENDED_USE)),
    ]
    container.ContentSequence = ContentSequence(
        [TextContentItem(name, text, RelationshipTypeValues.CONTAINS) for name, text in texts]
    )
    return container


def _evidence(image: DicomImage) -> Any:
    """What highdicom has to know of an image that the document refers to; the patient is added afterwards."""
    header, evidence = image.header, Dataset()
    for keyword in ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        setattr(evidence, keyword, header[keyword])
    for keyword in ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID",
                    "StudyDate", "StudyTime"):  # fmt: skip
        setattr(evidence, keyword, None)
    return evidence
