"""A report becomes DICOM objects that a verifier accepts, with identifiers that stay."""

from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from helpers.dicom_study import read_ct_study
from helpers.dicom_verifier import assert_no_dicom_errors
from helpers.small_ct import body_hu, write_image, write_series
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.io.ct import read_input
from VertebralFracturesLib.pacs.export import PDF_FILE, REPORT_FILE, SPINE_FILE, check_dicom_output, export_dicom


def identifiers(folder: Path) -> dict[str, str]:
    return {file.name: pydicom.dcmread(file, stop_before_pixels=True).SOPInstanceUID for file in folder.iterdir()}


def test_every_object_passes_the_verifier(an_export: Path) -> None:
    files = sorted(an_export.iterdir())
    assert {REPORT_FILE, SPINE_FILE, "close-up-1.dcm"} <= {file.name for file in files}
    for file in files:
        assert_no_dicom_errors(file)


def test_a_study_of_which_nothing_is_known_gives_valid_objects(a_report, no_browser: None, tmp_path: Path) -> None:
    write_series(tmp_path / "ct", body_hu((70, 48, 48)), FrameOfReferenceUID="1.2.9", SeriesNumber=None)
    read = read_input(tmp_path / "ct")
    export_dicom(a_report, read.image, read.dicom, tmp_path / "out")
    for file in (tmp_path / "out").iterdir():
        assert_no_dicom_errors(file)


def test_identifiers_stay_when_the_same_result_is_exported_again(
    an_export: Path, a_study, a_report, no_browser: None, tmp_path: Path
) -> None:
    export_dicom(a_report, a_study.image, a_study.dicom, tmp_path / "again")
    assert identifiers(tmp_path / "again") == identifiers(an_export)
    assert len(set(identifiers(an_export).values())) == len(list(an_export.iterdir()))


def test_a_corrected_report_has_new_objects_and_the_same_vertebrae(
    an_export: Path, a_study, a_report, no_browser: None, tmp_path: Path
) -> None:
    first, *others = a_report.vertebrae
    moved = replace(first, keypoints_ras=first.keypoints_ras + [0, 0, 0.5], source="edited")
    corrected = replace(a_report, vertebrae=(moved, *others))
    export_dicom(corrected, a_study.image, a_study.dicom, tmp_path / "corrected")
    assert not set(identifiers(tmp_path / "corrected").values()) & set(identifiers(an_export).values())
    before, after = (
        {one.value for one in pydicom.dcmread(folder / REPORT_FILE).iterall() if one.keyword == "UID"}
        for folder in (an_export, tmp_path / "corrected")
    )
    assert before == after


def test_what_was_left_out_is_told(a_study, a_report, no_browser: None, tmp_path: Path) -> None:
    (told,) = export_dicom(a_report, a_study.image, a_study.dicom, tmp_path / "out")
    assert told.startswith("The PDF of the report page was not written: no Chromium")
    assert not (tmp_path / "out" / PDF_FILE).exists()


def test_other_inputs_and_a_missing_library_are_refused(
    a_study, a_report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = read_input(write_image(tmp_path / "ct.nii.gz", body_hu()))
    with pytest.raises(UnusableInput, match=r"ct.nii.gz: DICOM output needs a DICOM image"):
        check_dicom_output(image.dicom, image.path)
    incomplete = read_ct_study(tmp_path / "incomplete", FrameOfReferenceUID="")
    with pytest.raises(UnusableInput, match="incomplete: the DICOM files state no frame of reference"):
        check_dicom_output(incomplete.dicom, incomplete.path)
    check_dicom_output(a_study.dicom, a_study.path)
    monkeypatch.setattr("VertebralFracturesLib.pacs.export.find_spec", lambda name: None)
    with pytest.raises(UnusableInput, match=r"needs highdicom, which is not installed: install it with pip"):
        check_dicom_output(a_study.dicom, a_study.path)
    with pytest.raises(UnusableInput, match="needs highdicom"):
        export_dicom(a_report, a_study.image, a_study.dicom, tmp_path / "out")
