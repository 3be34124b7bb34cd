"""A report written as DICOM objects into the study of its image."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.report import SpineReport
from ..errors import UnusableInput
from ..io.read_image import DicomFiles
from ..radiograph.record import Image, Radiograph, RadiographReport
from .source import DicomSource, read_source

if TYPE_CHECKING:
    from .coordinates import Coordinates
    from .structured_report import Reader

MISSING_HIGHDICOM = (
    'DICOM output needs highdicom, which is not installed: install it with pip install "vertebral-fractures[dicom]"'
)

REPORT_FILE, PDF_FILE, SPINE_FILE = "structured-report.dcm", "report-pdf.dcm", "spine.dcm"
"""Names of the files; beside them lies one close-up for every abnormal vertebra, ``close-up-1.dcm`` and so on."""

_NOT_VERIFIED, _VERIFIED = "Not verified.", "Verified by a user."


def check_highdicom() -> None:
    """Refuse DICOM output where the package that makes the objects is missing.

    :raises UnusableInput: highdicom is not installed.
    """
    if find_spec("highdicom") is None:
        raise UnusableInput(MISSING_HIGHDICOM)


def check_dicom_output(dicom: DicomFiles | None, path: Path) -> None:
    """Refuse what cannot be written as DICOM, before anything is analyzed.

    :param dicom: where the image was read from.
    :param path: the input as it was named.
    :raises UnusableInput: no DICOM input, highdicom is not installed, or the headers lack what the objects need.
    """
    if dicom is None:
        raise UnusableInput(f"{path}: DICOM output needs a DICOM image, whose study the results are added to")
    check_highdicom()
    try:
        read_source(dicom.files)
    except UnusableInput as error:
        raise UnusableInput(f"{path}: {error}") from error


def export_dicom(
    report: SpineReport, image: Image, dicom: DicomFiles, folder: Path, reader: "Reader | None" = None
) -> tuple[str, ...]:
    """Write the structured report, the images and the report page as DICOM objects of the study of the image.

    The identifiers of the objects are the same whenever the same result is exported again.

    :param report: what was found, edits included.
    :param image: the CT or the radiograph in which it was found.
    :param dicom: the DICOM files that the image was read from.
    :param folder: takes the files; it is made where it does not exist.
    :param reader: who answers for the report, every vertebra of which has to be reviewed; None leaves it unverified.
    :return: what was left out, one sentence each.
    :raises UnusableInput: highdicom is not installed, the files cannot serve, or the report cannot be verified.
    :raises OSError: a file cannot be written.
    """
    check_highdicom()
    source = read_source(dicom.files)
    folder.mkdir(parents=True, exist_ok=True)
    left_out = []
    for name, made in _objects(report, image, dicom, source, reader):
        if isinstance(made, str):
            left_out.append(made)
        else:
            made.save_as(folder / name, enforce_file_format=True)
    return tuple(left_out)


def _objects(
    report: SpineReport, image: Image, dicom: DicomFiles, source: DicomSource, reader: "Reader | None"
) -> Sequence[tuple[str, Any]]:
    """The objects by the names of their files; a sentence in the place of one that was left out."""
    from .captures import captures, secondary_capture
    from .instance import place_of
    from .pdf import NoPdf, encapsulated_pdf, page_pdf
    from .structured_report import structured_report
    from .uids import result_key

    key = result_key(report, source)
    place = place_of(key, source, "structured report", 1)
    found: list[tuple[str, Any]] = [
        (REPORT_FILE, structured_report(report, source, _coordinates(report, image, dicom, source), place, reader))
    ]
    review = _NOT_VERIFIED if reader is None else _VERIFIED
    for number, capture in enumerate(captures(report, image, review), 1):
        name = SPINE_FILE if number == 1 else f"close-up-{number - 1}.dcm"
        found.append((name, secondary_capture(capture, source, place_of(key, source, "captures", 2, number))))
    try:
        pdf = encapsulated_pdf(page_pdf(report, image), source, place_of(key, source, "report page", 3))
        found.append((PDF_FILE, pdf))
    except NoPdf as reason:
        found.append((PDF_FILE, f"The PDF of the report page was not written: {reason}."))
    return found


def _coordinates(report: SpineReport, image: Image, dicom: DicomFiles, source: DicomSource) -> "Coordinates":
    """How points are written: in the patient for a CT, on the stored image for a radiograph."""
    from .coordinates import ImageCoordinates, PatientCoordinates

    if not isinstance(report, RadiographReport) or not isinstance(image, Radiograph):
        return PatientCoordinates(source.frame_of_reference_uid)
    placed = Radiograph(image.image, report.pixel_mm, report.anterior_is)
    return ImageCoordinates(source.images[0], lambda points_ras: dicom.stored_pixels(placed.ras_to_pixels(points_ras)))
