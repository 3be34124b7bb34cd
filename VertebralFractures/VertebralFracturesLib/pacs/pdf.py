"""The report's page as PDF, printed by a browser without a window, and as an Encapsulated PDF object."""

import os
import shutil
import subprocess
import tempfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from highdicom.base import SOPClass
from pydicom.uid import EncapsulatedPDFStorage, ExplicitVRLittleEndian

from ..core.report import SpineReport
from ..radiograph.record import Image
from ..report.page import report_page
from . import codes
from .instance import MANUFACTURER, UNICODE, Place, completed
from .source import DicomSource

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
    "chrome-headless-shell",
)
"""Programs that print a page, by the names they are installed under."""

_SECONDS = 120
"""How long printing may take. Chosen: a page of 25 bodies takes three seconds on two cores."""

_OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--no-pdf-header-footer",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
"""No window, no header with the file's name, and no contact with anybody."""


_NAMES_NOBODY = ("series", "shape", "spacing_mm", "slice_thickness_mm", "kernel", "contrast", "format")
"""The entries of a report's input that do not identify the patient."""


class NoPdf(RuntimeError):
    """The page could not be printed; the message says why."""


def page_pdf(report: SpineReport, image: Image) -> bytes:
    """The report's page as PDF, without what of the input may name the patient: its path and its case.

    :param report: what was found.
    :param image: the CT or the radiograph.
    :raises NoPdf: there is no browser, or it does not print.
    """
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None:
        raise NoPdf("no Chromium or Chrome is installed to print the report page")
    unnamed = {name: report.input[name] for name in _NAMES_NOBODY if name in report.input}
    with tempfile.TemporaryDirectory(prefix="vertebral-fractures-", ignore_cleanup_errors=True) as folder:
        page = Path(folder) / "report.html"
        page.write_text(report_page(replace(report, input=unnamed), image), encoding="utf-8")
        return _printed(browser, page)


def _printed(browser: str, page: Path) -> bytes:
    """What a browser prints."""
    pdf = page.with_suffix(".pdf")
    as_root = ("--no-sandbox",) if getattr(os, "geteuid", lambda: 1)() == 0 else ()
    command = [browser, *_OPTIONS, *as_root, f"--user-data-dir={page.parent / 'profile'}", f"--print-to-pdf={pdf}"]
    try:
        subprocess.run([*command, page.as_uri()], capture_output=True, timeout=_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise NoPdf(f"{Path(browser).name} could not print the report page ({type(error).__name__})") from error
    content = pdf.read_bytes() if pdf.is_file() else b""
    if not content.startswith(b"%PDF"):
        raise NoPdf(f"{Path(browser).name} printed no PDF of the report page")
    return content


def encapsulated_pdf(content: bytes, source: DicomSource, place: Place) -> Any:
    """A PDF as an Encapsulated PDF object.

    :param content: the PDF.
    :param source: the images of the study.
    :param place: series and identifiers of the object.
    """
    now = datetime.now()
    dataset = SOPClass(
        study_instance_uid=source.study_uid,
        series_instance_uid=place.series_uid,
        series_number=place.series_number,
        sop_instance_uid=place.instance_uid,
        sop_class_uid=EncapsulatedPDFStorage,
        instance_number=place.number,
        modality="DOC",
        manufacturer=MANUFACTURER,
        transfer_syntax_uid=ExplicitVRLittleEndian,
        specific_character_set=UNICODE,
        content_date=now.date(),
        content_time=now.time(),
    )
    title = codes.PDF_TITLE
    dataset.ConversionType = "WSD"
    dataset.AcquisitionDateTime = ""
    dataset.BurnedInAnnotation = "NO"
    dataset.DocumentTitle = "Vertebral fractures, report"
    dataset.ConceptNameCodeSequence = [codes.dataset_of(title)]
    dataset.MIMETypeOfEncapsulatedDocument = "application/pdf"
    dataset.EncapsulatedDocumentLength = len(content)
    dataset.EncapsulatedDocument = content + b"\0" * (len(content) % 2)
    return completed(dataset, source, "Vertebral fractures, report")
