"""A small CT, a report of it, and what an export of it wrote, for all tests of the package."""

from pathlib import Path

import pytest
from helpers.dicom_study import read_ct_study, spine_report
from VertebralFracturesLib.core.report import SpineReport
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.io.read_image import ReadImage


@pytest.fixture(scope="session")
def a_study(tmp_path_factory: pytest.TempPathFactory) -> ReadImage[Volume]:
    """A CT of a patient in DICOM, read."""
    return read_ct_study(tmp_path_factory.mktemp("study") / "ct")


@pytest.fixture(scope="session")
def a_report(a_study: ReadImage[Volume]) -> SpineReport:
    """A report of it."""
    return spine_report(a_study)


@pytest.fixture
def no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """No program that prints a page, which takes seconds, is found."""
    monkeypatch.setattr("VertebralFracturesLib.pacs.pdf.BROWSERS", ())


@pytest.fixture(scope="session")
def an_export(a_study: ReadImage[Volume], a_report: SpineReport, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an export without a PDF."""
    from VertebralFracturesLib.pacs.export import export_dicom

    folder = tmp_path_factory.mktemp("export") / "dicom"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("VertebralFracturesLib.pacs.pdf.BROWSERS", ())
        export_dicom(a_report, a_study.image, a_study.dicom, folder)
    return folder
