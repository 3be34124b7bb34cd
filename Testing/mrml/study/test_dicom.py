"""A study as DICOM objects in the study of its CT."""

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from helpers.dicom_study import read_ct_study, spine_report
from VertebralFracturesLib.core.report import VERIFIED
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.io.read_image import ReadImage
from VertebralFracturesLib.mrml.nodes.volume import add_volume_node
from VertebralFracturesLib.mrml.study.creation import create_study
from VertebralFracturesLib.mrml.study.dicom import INSTANCES, check_dicom_study, export_dicom_study, is_reviewed
from VertebralFracturesLib.mrml.study.report import study_report
from VertebralFracturesLib.mrml.study.study import Study
from VertebralFracturesLib.pacs.reading import read_structured_report

pytest.importorskip("highdicom", reason="DICOM output needs highdicom")


@pytest.fixture(scope="module")
def a_ct(tmp_path_factory: pytest.TempPathFactory) -> ReadImage[Volume]:
    return read_ct_study(tmp_path_factory.mktemp("study") / "ct")


@pytest.fixture(scope="module")
def database(a_ct: ReadImage[Volume]) -> dict[str, str]:
    """File of each SOP Instance UID, as Slicer's DICOM database knows it."""
    return {str(pydicom.dcmread(file).SOPInstanceUID): str(file) for file in a_ct.dicom.files}


@pytest.fixture
def dicom_study(scene: Any, a_ct: ReadImage[Volume], database: dict[str, str]) -> Study:
    """The study of a CT that Slicer loaded from DICOM."""
    node = add_volume_node(scene, a_ct.image, "3: CT")
    node.SetAttribute(INSTANCES, " ".join(database))
    return create_study(scene, node, spine_report(a_ct))


def test_a_corrected_study_is_read_back_as_it_was_saved(
    dicom_study: Study, a_ct: ReadImage[Volume], database: dict[str, str], tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr("VertebralFracturesLib.pacs.pdf.BROWSERS", ())
    node = dicom_study.keypoint_nodes[1]
    right, anterior, superior = node.GetNthControlPointPosition(0)
    node.SetNthControlPointPosition(0, right, anterior, superior - 6)
    left_out = export_dicom_study(dicom_study, tmp_path / "dicom", lambda uid: database.get(uid, ""))
    assert [sentence.partition(":")[0] for sentence in left_out] == ["The PDF of the report page was not written"]
    read = read_structured_report(tmp_path / "dicom" / "structured-report.dcm", a_ct)
    now = study_report(dicom_study)
    assert [one.source for one in read.vertebrae] == [one.source for one in now.vertebrae]
    assert read.vertebrae[1].source == "edited"
    for one, other in zip(read.vertebrae, now.vertebrae, strict=True):
        assert np.allclose(one.keypoints_ras, other.keypoints_ras, rtol=0, atol=1e-3)
    document = pydicom.dcmread(tmp_path / "dicom" / "structured-report.dcm")
    assert (document.StudyInstanceUID, str(document.PatientName)) == ("1.2.3.4", "Müller^Zoë")
    assert document.VerificationFlag == "UNVERIFIED"


def test_a_reader_answers_for_a_study_that_was_reviewed(
    dicom_study: Study, database: dict[str, str], tmp_path: Path, monkeypatch: Any
) -> None:
    from VertebralFracturesLib.pacs.structured_report import Reader

    monkeypatch.setattr("VertebralFracturesLib.pacs.pdf.BROWSERS", ())
    reader = Reader("Weiß^Anna", "Hospital")
    assert not is_reviewed(dicom_study)
    with pytest.raises(UnusableInput, match="once every vertebra is reviewed"):
        export_dicom_study(dicom_study, tmp_path / "early", database.__getitem__, reader)
    for node in dicom_study.keypoint_nodes:
        node.SetAttribute("VertebralFractures.Status", VERIFIED)
    assert is_reviewed(dicom_study)
    export_dicom_study(dicom_study, tmp_path / "dicom", database.__getitem__, reader)
    document = pydicom.dcmread(tmp_path / "dicom" / "structured-report.dcm")
    assert document.VerificationFlag == "VERIFIED"
    assert str(document.VerifyingObserverSequence[0].VerifyingObserverName) == "Weiß^Anna"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda study: study.volume_node.SetAttribute(INSTANCES, None), "was not loaded from DICOM"),
        (lambda study: study.volume_node.SetAttribute(INSTANCES, "1.2 3.4"), "2 of the 2 DICOM files"),
        (lambda study: study.scene.RemoveNode(study.volume_node), "no longer available"),
    ],
)
def test_a_ct_without_its_files_is_refused(
    dicom_study: Study, database: dict[str, str], change: Any, reason: str
) -> None:
    change(dicom_study)
    with pytest.raises(UnusableInput, match=reason):
        check_dicom_study(dicom_study, lambda uid: database.get(uid, ""))


@pytest.mark.parametrize("moved_mm", [0.0, 0.2, 2.0])
def test_a_ct_that_was_moved_before_its_analysis_is_refused(
    scene: Any, a_ct: ReadImage[Volume], database: dict[str, str], moved_mm: float
) -> None:
    matrix = a_ct.image.ijk_to_ras.copy()
    matrix[0, 3] += moved_mm
    node = add_volume_node(scene, Volume(a_ct.image.voxels, matrix), "CT")
    node.SetAttribute(INSTANCES, " ".join(database))
    study = create_study(scene, node, spine_report(a_ct))
    if moved_mm < 1:
        assert len(check_dicom_study(study, database.__getitem__).files) == len(database)
    else:
        with pytest.raises(UnusableInput, match="moved, cropped or resampled"):
            check_dicom_study(study, database.__getitem__)
