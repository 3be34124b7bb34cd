"""The structured report holds what the report does, read back with pydicom and with highdicom."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from helpers.dicom_study import FRAME_OF_REFERENCE, STUDY
from helpers.structured_report import answers, coordinates, groups, items, numbers, uncertainties
from highdicom.sr import srread
from VertebralFracturesLib.core.report import SpineReport
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.pacs.export import REPORT_FILE, export_dicom
from VertebralFracturesLib.pacs.structured_report import Reader
from VertebralFracturesLib.report.page import INTENDED_USE


@pytest.fixture
def document(an_export: Path) -> pydicom.Dataset:
    return pydicom.dcmread(an_export / REPORT_FILE)


def test_every_vertebra_has_a_group_with_its_numbers(document: pydicom.Dataset, a_report: SpineReport) -> None:
    found = groups(document)
    assert len(found) == len(a_report.vertebrae)
    for group, vertebra, measures, attenuation in zip(
        found, a_report.vertebrae, a_report.measures, a_report.attenuations, strict=True
    ):
        read = numbers(group)
        radii = [read[code][0] for code in ("POINT-AS", "POINT-AI", "POINT-MS", "POINT-MI", "POINT-PS", "POINT-PI")]
        np.testing.assert_allclose(radii, vertebra.uncertainty_mm, rtol=1e-12)
        assert read["SCORE"] == (vertebra.score, "1")
        if measures is None:
            assert "HEIGHT-A" not in read
            continue
        heights = [read[code] for code in ("HEIGHT-A", "HEIGHT-M", "HEIGHT-P")]
        assert heights == [(pytest.approx(height, rel=1e-12), "mm") for height in measures.heights_mm]
        assert read["HEIGHT-RATIO"] == (pytest.approx(measures.genant_index, rel=1e-12), "{ratio}")
        assert read["HEIGHT-LOSS"] == (pytest.approx(100 * measures.grading.height_loss, rel=1e-12), "%")
        assert read.get("112031") == (
            None if attenuation is None or attenuation.median_hu is None else (attenuation.median_hu, "[hnsf'U]")
        )


def test_uncertainties_are_those_of_the_95_percent_interval(document: pydicom.Dataset, a_report: SpineReport) -> None:
    measures = a_report.measures[2]
    assert measures is not None
    group = groups(document)[2]
    half_mm = pytest.approx(1.959964 * measures.heights_sd_mm[0], rel=1e-9)
    assert uncertainties(group, "HEIGHT-A") == ((half_mm, "mm"), (half_mm, "mm"))
    low, high = measures.grading.interval
    upper, lower = uncertainties(group, "HEIGHT-LOSS")
    loss = 100 * measures.grading.height_loss
    assert (loss + upper[0], loss - lower[0]) == (pytest.approx(100 * high), pytest.approx(100 * low))
    assert upper[1] == lower[1] == "%"


def test_the_six_points_lie_in_the_frame_of_the_ct(document: pydicom.Dataset, a_report: SpineReport) -> None:
    names = ("POINT-AS", "POINT-AI", "POINT-MS", "POINT-MI", "POINT-PS", "POINT-PI")
    for group, vertebra in zip(groups(document), a_report.vertebrae, strict=True):
        given = list(coordinates(group, "SCOORD3D"))
        points = {code: found for code, found in given if code in names}
        points_ras = np.concatenate([points[name] for name in names]) * [-1, -1, 1]
        np.testing.assert_allclose(points_ras, vertebra.keypoints_ras, atol=1e-4)
        lines = {code: found * [-1, -1, 1] for code, found in given if code not in names}
        for place, code in enumerate(lines):
            np.testing.assert_allclose(lines[code], vertebra.keypoints_ras[2 * place : 2 * place + 2], atol=1e-4)
    frames = {one.value for one in document.iterall() if one.keyword == "ReferencedFrameOfReferenceUID"}
    assert frames == {FRAME_OF_REFERENCE}


def test_levels_are_coded_and_every_vertebra_is_told_from_the_others(document: pydicom.Dataset) -> None:
    read = [answers(group) for group in groups(document)]
    sites = [items(group, "Finding Site")[0].ConceptCodeSequence[0] for group in groups(document)]
    expected = ["87391001", "12989004", "23215003", "66794005", "14293000", "51282000"]
    assert [site.CodeValue for site in sites] == expected
    assert {site.CodingSchemeDesignator for site in sites} == {"SCT"}
    assert [one["112039"] for one in read] == ["C7", "T11", "T12", "L1?", "L2", "No. 6"]
    uids = [items(group, "Tracking Unique Identifier")[0].UID for group in groups(document)]
    assert len(set(uids)) == len(uids)


def test_grades_shapes_and_reviews_are_coded(document: pydicom.Dataset, a_report: SpineReport) -> None:
    cervical, normal, wedge, mild, left_out, unnamed = (answers(group) for group in groups(document))
    assert cervical["GRADE"] == left_out["GRADE"] == "Not graded"
    assert cervical["WHY-NOT-GRADED"] == "cervical level, not graded"
    assert left_out["WHY-NOT-GRADED"] == "marked not evaluable by a user; not measured"
    grades = [one.grade for one in a_report.measures if one is not None and one.grade is not None]
    names = ("Normal", "Mild", "Moderate", "Severe")
    assert [one["GRADE"] for one in (normal, wedge, mild, unnamed)] == [names[grade] for grade in grades]
    assert len(set(grades)) > 1
    shapes = [None if one is None else one.shape for one in a_report.measures]
    found = (cervical, normal, wedge, mild, left_out, unnamed)
    assert [one.get("SHAPE") for one in found] == ["no deformity" if one == "none" else one for one in shapes]
    assert wedge["REVIEW"] == "verified"
    assert wedge["LANDMARKS-BY"] == "network, corrected by a user"
    assert unnamed["LANDMARKS-BY"] == "user"
    assert mild["WHY-NO-HU"].startswith("denser" if not a_report.measures[3].grade else "fractured")
    assert wedge["WHY-NO-HU"] == "fractured"
    assert left_out["REVIEW"] == "not evaluable"
    graded = [one for one in a_report.measures if one is not None and one.grade is not None]
    told = [one for one in (normal, wedge, mild, unnamed) if one["GRADE"] != "Not graded"]
    assert [one["BORDERLINE"] == "Yes" for one in told] == [one.grading.is_borderline for one in graded]
    assert [one["PHYSIOLOGICAL"] == "Yes" for one in told] == [one.grading.is_physiological for one in graded]


def test_the_image_based_probability_stands_beside_the_heights(
    document: pydicom.Dataset, a_report: SpineReport
) -> None:
    for group, given in zip(groups(document), a_report.fracture_probabilities, strict=True):
        found = numbers(group).get("P-IMAGE")
        assert found == (None if given is None else (pytest.approx(given.image_based, rel=1e-12), "1"))


def test_each_group_refers_to_the_slices_its_points_lie_in(document: pydicom.Dataset, a_report, a_study) -> None:
    slices = {dataset.SOPInstanceUID: dataset for dataset in map(pydicom.dcmread, a_study.dicom.files)}
    referred = set()
    for group, vertebra in zip(groups(document), a_report.vertebrae, strict=True):
        uids = [one.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for one in items(group, "Source of Measurement")]
        assert 2 <= len(uids) == len(set(uids)) <= 6
        heights = [float(slices[uid].ImagePositionPatient[2]) for uid in uids]
        superior = vertebra.keypoints_ras[:, 2]
        assert all(np.abs(superior - height).min() <= 1.5 for height in heights)
        assert all(np.abs(np.array(heights) - one).min() <= 1.5 for one in superior)
        referred |= set(uids)
    (evidence,) = document.CurrentRequestedProcedureEvidenceSequence
    assert evidence.StudyInstanceUID == STUDY
    listed = [one.ReferencedSOPInstanceUID for one in evidence.ReferencedSeriesSequence[0].ReferencedSOPSequence]
    assert set(listed) == referred


def test_the_conclusion_and_the_warnings_are_told(document: pydicom.Dataset, a_report: SpineReport) -> None:
    (container,) = items(document, "Qualitative Evaluations")
    assert [one.TextValue for one in items(container, "Conclusion")] == [a_report.summary.headline]
    assert [one.TextValue for one in items(container, "Summary")] == [a_report.summary.statement]
    assert [one.TextValue for one in items(container, "Comment")] == [*a_report.warnings, INTENDED_USE]


def test_the_algorithm_is_named_with_version_and_weights(document: pydicom.Dataset) -> None:
    group = groups(document)[0]
    named = [one.TextValue for name in ("Algorithm Name", "Algorithm Version") for one in items(group, name)]
    assert named == ["VertebralFractures", "1.2.3"]
    parameters = [one.TextValue for one in items(group, "Algorithm Parameters")]
    assert parameters == [
        "detector: anchor-free",
        "grading: level-aware",
        "weights of spine curve: 3 sha256:00ff",
        "threshold score: 0.3",
    ]
    assert items(group, "Algorithm Family")[0].ConceptCodeSequence[0].CodeMeaning == "Artificial Intelligence"


def test_highdicom_reads_the_same_groups(an_export: Path, a_report: SpineReport) -> None:
    read = srread(an_export / REPORT_FILE).content.get_image_measurement_groups()
    assert [group.tracking_identifier for group in read] == a_report.shown_levels
    for group, measures in zip(read, a_report.measures, strict=True):
        by_code = {one.name.value: one.value for one in group.get_measurements()}
        if measures is not None:
            assert by_code["HEIGHT-P"] == pytest.approx(measures.heights_mm[2], rel=1e-12)


def test_nobody_has_verified_it(document: pydicom.Dataset) -> None:
    assert document.VerificationFlag == "UNVERIFIED"
    assert document.PreliminaryFlag == "PRELIMINARY"
    assert document.CompletionFlag == "COMPLETE"
    assert "VerifyingObserverSequence" not in document


def test_a_reader_can_verify_what_is_reviewed(a_study, a_report, no_browser, tmp_path: Path) -> None:
    reader = Reader("Ito^Jun", "University Hospital")
    with pytest.raises(UnusableInput, match=r"once every vertebra is reviewed; not yet: C7, T11, L1\?, No. 6"):
        export_dicom(a_report, a_study.image, a_study.dicom, tmp_path, reader)
    verified = [one if one.status == "not evaluable" else replace(one, status="verified") for one in a_report.vertebrae]
    report = replace(a_report, vertebrae=tuple(verified))
    export_dicom(report, a_study.image, a_study.dicom, tmp_path, reader)
    document = pydicom.dcmread(tmp_path / REPORT_FILE)
    assert (document.VerificationFlag, document.PreliminaryFlag) == ("VERIFIED", "FINAL")
    (observer,) = document.VerifyingObserverSequence
    assert (observer.VerifyingObserverName, observer.VerifyingOrganization) == ("Ito^Jun", "University Hospital")
    assert [one.PersonName for one in items(document, "Person Observer Name")] == ["Ito^Jun"]


def test_a_report_without_a_vertebra_is_refused(a_study, a_report, tmp_path: Path) -> None:
    empty = replace(a_report, vertebrae=())
    with pytest.raises(UnusableInput, match="no vertebra to report"):
        export_dicom(empty, a_study.image, a_study.dicom, tmp_path / "dicom")
