"""The report page as PDF and as Encapsulated PDF."""

import shutil
from pathlib import Path

import pydicom
import pytest
from helpers.dicom_study import PATIENT, STUDY
from helpers.dicom_verifier import assert_no_dicom_errors
from VertebralFracturesLib.pacs.instance import place_of
from VertebralFracturesLib.pacs.pdf import BROWSERS, NoPdf, encapsulated_pdf, page_pdf
from VertebralFracturesLib.pacs.source import read_source


def test_the_page_is_printed_without_the_path_of_the_input(a_study, a_report, tmp_path: Path) -> None:
    if not any(map(shutil.which, BROWSERS)):
        pytest.skip("no Chromium or Chrome is installed")
    content = page_pdf(a_report, a_study.image)
    assert content.startswith(b"%PDF-")
    assert b"%%EOF" in content[-64:]
    assert content.count(b"/Type /Page\n") >= 1
    assert a_report.input["path"].encode() not in content
    assert not list(tmp_path.iterdir())


def test_without_a_browser_the_reason_is_told(a_study, a_report, no_browser: None) -> None:
    with pytest.raises(NoPdf, match="no Chromium or Chrome is installed"):
        page_pdf(a_report, a_study.image)


@pytest.mark.parametrize(
    ("script", "expected"),
    [("exit 3", "could not print the report page"), ("exit 0", "printed no PDF")],
)
def test_a_browser_that_prints_nothing_is_told(
    a_study, a_report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, expected: str
) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f"#!/bin/sh\n{script}\n")
    browser.chmod(0o755)
    monkeypatch.setattr("VertebralFracturesLib.pacs.pdf.BROWSERS", (str(browser),))
    with pytest.raises(NoPdf, match=f"browser {expected}"):
        page_pdf(a_report, a_study.image)


@pytest.mark.parametrize("content", [b"%PDF-1.4 even", b"%PDF-1.4 odd!"])
def test_the_document_comes_back_as_it_was(a_study, tmp_path: Path, content: bytes) -> None:
    source = read_source(a_study.dicom.files)
    encapsulated_pdf(content, source, place_of("key", source, "pdf", 3)).save_as(
        tmp_path / "report.dcm", enforce_file_format=True
    )
    read = pydicom.dcmread(tmp_path / "report.dcm")
    assert read.EncapsulatedDocument[: read.EncapsulatedDocumentLength] == content
    assert (read.Modality, read.MIMETypeOfEncapsulatedDocument) == ("DOC", "application/pdf")
    assert (read.StudyInstanceUID, str(read.PatientName)) == (STUDY, PATIENT["PatientName"])
    assert_no_dicom_errors(tmp_path / "report.dcm")
