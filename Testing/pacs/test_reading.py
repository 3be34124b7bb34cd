"""A structured report opens on its CT as the report it was made of, and can be exported again."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from helpers.dicom_study import read_ct_study
from helpers.small_ct import body_hu, write_image
from VertebralFracturesLib.core.attenuation.measurement import measure_attenuation
from VertebralFracturesLib.core.level_naming import FIRST_RIB, SACRAL_BASE, SHAPE_ONLY
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.io.ct import read_input
from VertebralFracturesLib.pacs.export import REPORT_FILE, SPINE_FILE, export_dicom
from VertebralFracturesLib.pacs.reading import read_structured_report
from VertebralFracturesLib.pacs.source import read_source
from VertebralFracturesLib.report.table import measured_values


def test_the_report_comes_back(an_export: Path, a_study, a_report) -> None:
    read = read_structured_report(an_export / REPORT_FILE, a_study)
    assert (read.software, read.detector, read.preset) == (a_report.software, a_report.detector, a_report.preset)
    assert (read.models, read.thresholds) == (a_report.models, a_report.thresholds)
    assert read.warnings[:-1] == a_report.warnings
    assert "read from the structured report" in read.warnings[-1]
    assert read.shown_levels == a_report.shown_levels
    for found, given_one in zip(read.vertebrae, a_report.vertebrae, strict=True):
        np.testing.assert_allclose(found.keypoints_ras, given_one.keypoints_ras, atol=1e-4)
        np.testing.assert_allclose(found.uncertainty_mm, given_one.uncertainty_mm, rtol=1e-12)
        for name in ("level", "level_confidence", "score", "source", "status"):
            assert getattr(found, name) == getattr(given_one, name)
    for found_values, given_values in zip(measured_values(read), measured_values(a_report), strict=True):
        for name, value in given_values.items():
            assert found_values[name] == (pytest.approx(value, abs=1e-3) if isinstance(value, float) else value)


def test_attenuation_is_measured_again(an_export: Path, a_study) -> None:
    for one in read_structured_report(an_export / REPORT_FILE, a_study).vertebrae:
        expected = measure_attenuation(a_study.image, one.keypoints_ras) if one.is_evaluable else None
        assert one.attenuation == expected


@pytest.mark.parametrize("basis", [(FIRST_RIB, SACRAL_BASE), (SHAPE_ONLY,)])
def test_what_the_levels_are_counted_from_comes_back(
    a_study, a_report, no_browser: None, tmp_path: Path, basis: tuple[str, ...]
) -> None:
    export_dicom(replace(a_report, numbering_basis=basis), a_study.image, a_study.dicom, tmp_path)
    assert read_structured_report(tmp_path / REPORT_FILE, a_study).numbering_basis == basis


def test_one_vertebra_alone_comes_back(a_study, a_report, no_browser: None, tmp_path: Path) -> None:
    alone = replace(a_report, vertebrae=a_report.vertebrae[2:3])
    export_dicom(alone, a_study.image, a_study.dicom, tmp_path)
    read = read_structured_report(tmp_path / REPORT_FILE, a_study)
    assert read.shown_levels == ["T12"]
    direction = read.curve.points_ras[-1] - read.curve.points_ras[0]
    assert direction[2] < -20


def test_a_report_that_was_read_can_be_exported_again(
    an_export: Path, a_study, no_browser: None, tmp_path: Path
) -> None:
    read = read_structured_report(an_export / REPORT_FILE, a_study)
    export_dicom(read, a_study.image, a_study.dicom, tmp_path / "again")
    again = read_structured_report(tmp_path / "again" / REPORT_FILE, a_study)
    for first, second in zip(read.vertebrae, again.vertebrae, strict=True):
        np.testing.assert_array_equal(first.keypoints_ras, second.keypoints_ras)
    assert again.warnings == read.warnings


def test_the_objects_may_lie_beside_their_ct(an_export: Path, a_report, tmp_path: Path) -> None:
    """As they do in a folder fetched from a PACS: the CT is read, and the report opens on it."""
    study = read_ct_study(tmp_path / "ct")
    export_dicom(a_report, study.image, study.dicom, tmp_path / "ct" / "results")
    read = read_input(tmp_path / "ct")
    assert read.description["series"] == study.description["series"]
    assert read.dicom is not None
    assert set(read.dicom.files) == set(study.dicom.files)
    assert len(read_structured_report(tmp_path / "ct" / "results" / REPORT_FILE, read).vertebrae) == 6


def test_other_files_and_other_cts_are_refused(an_export: Path, a_study, tmp_path: Path) -> None:
    (tmp_path / "text.dcm").write_text("nothing")
    for file in (an_export / SPINE_FILE, a_study.dicom.files[0], tmp_path / "text.dcm"):
        with pytest.raises(UnusableInput, match=f"{file.name}: is not a structured report of VertebralFractures"):
            read_structured_report(file, a_study)
    with pytest.raises(UnusableInput, match=r"gone.dcm: cannot be read"):
        read_structured_report(tmp_path / "gone.dcm", a_study)
    other = read_ct_study(tmp_path / "other", StudyInstanceUID="1.2.3.77")
    with pytest.raises(UnusableInput, match=r"belongs to another CT than .*other"):
        read_structured_report(an_export / REPORT_FILE, other)
    image = read_input(write_image(tmp_path / "ct.nrrd", body_hu()))
    with pytest.raises(UnusableInput, match="only be opened with the DICOM files of its CT"):
        read_structured_report(an_export / REPORT_FILE, image)


def test_points_that_contradict_the_heights_are_refused(an_export: Path, a_study, tmp_path: Path) -> None:
    document = pydicom.dcmread(an_export / REPORT_FILE)
    point = next(one for one in document.iterall() if one.keyword == "GraphicData")
    point.value = [*point.value[:2], point.value[2] + 0.01]
    document.save_as(tmp_path / REPORT_FILE)
    with pytest.raises(UnusableInput, match="heights do not match its points"):
        read_structured_report(tmp_path / REPORT_FILE, a_study)


@pytest.fixture
def quick_reading(a_study, monkeypatch: pytest.MonkeyPatch) -> None:
    """The headers of the CT are read once, and attenuation is not measured."""
    source = read_source(a_study.dicom.files)
    monkeypatch.setattr("VertebralFracturesLib.pacs.reading.read_source", lambda files: source)
    monkeypatch.setattr("VertebralFracturesLib.pacs.reading.without_padding", lambda volume: (volume, ()))
    monkeypatch.setattr("VertebralFracturesLib.pacs.reading.measure_attenuation", lambda *_: None)


@pytest.mark.parametrize("seed", range(20))
def test_a_damaged_report_is_refused_or_read(
    an_export: Path, a_study, quick_reading: None, tmp_path: Path, seed: int
) -> None:
    random = np.random.default_rng(seed)
    content = bytearray((an_export / REPORT_FILE).read_bytes())
    for _ in range(1 + seed % 3):
        position, length = random.integers(len(content)), random.integers(1, 7)
        content[position : position + length] = random.bytes(length)
    (tmp_path / REPORT_FILE).write_bytes(content)
    try:
        read = read_structured_report(tmp_path / REPORT_FILE, a_study)
    except UnusableInput as error:
        text = str(error)
    else:
        text = read.warnings[-1]
    assert REPORT_FILE in text
    assert "\n" not in text


@pytest.mark.parametrize("keyword", ["ContentSequence", "NumericValue", "GraphicData", "ConceptCodeSequence"])
def test_a_report_that_lacks_something_is_refused(an_export: Path, a_study, tmp_path: Path, keyword: str) -> None:
    document = pydicom.dcmread(an_export / REPORT_FILE)
    for element in list(document.iterall()):
        if element.VR == "SQ":
            for item in element.value:
                item.pop(keyword, None)
    document.save_as(tmp_path / REPORT_FILE)
    with pytest.raises(UnusableInput, match="structured report"):
        read_structured_report(tmp_path / REPORT_FILE, a_study)
