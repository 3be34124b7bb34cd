"""What the DICOM files of an image say of the patient, the study and the slices."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from helpers.dicom_study import FRAME_OF_REFERENCE, PATIENT, STUDY, read_ct_study, write_ct_study
from helpers.small_ct import SERIES, body_hu, write_series, write_slice
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.pacs.source import read_source


def test_patient_and_study_are_read_as_they_stand(a_study) -> None:
    source = read_source(a_study.dicom.files)
    stated = {one.keyword: str(one.value) for one in source.patient_and_study}
    assert {name: stated[name] for name in PATIENT} == PATIENT
    assert stated["StudyInstanceUID"] == source.study_uid == STUDY
    assert (source.series_uid, source.series_number) == (SERIES, 1)
    assert source.frame_of_reference_uid == FRAME_OF_REFERENCE


def test_what_is_not_stated_stays_empty(tmp_path: Path) -> None:
    files = sorted(write_series(tmp_path, body_hu()[:4], FrameOfReferenceUID="1.2.9").iterdir())
    stated = {one.keyword: one.value for one in read_source(files).patient_and_study}
    assert stated.pop("StudyInstanceUID") == STUDY
    assert len(stated) == 9
    assert not any(stated.values())


def test_slices_are_found_by_their_place(a_study) -> None:
    source = read_source(a_study.dicom.files)
    points_ras = np.array([[5.0, 5.0, 30.4], [0.0, 0.0, 31.4], [9.0, -4.0, 35.0]])
    found = [image.position_lps[2] for image in source.slices_at(points_ras)]
    assert found == [30.0, 36.0]
    assert [image.position_lps[2] for image in source.slices_at([[0.0, 0.0, 1e4]])] == [69 * 3.0]


def test_localizers_of_the_series_are_passed_over(tmp_path: Path) -> None:
    folder = write_ct_study(tmp_path)
    scout = write_slice(folder / "scout.dcm", body_hu()[0], (0, 0, 0), ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    source = read_source(sorted(folder.iterdir()))
    assert len(source.images) == 70
    assert scout not in {image.path for image in source.images}


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"FrameOfReferenceUID": ""}, "state no frame of reference"),
        ({"StudyInstanceUID": ""}, "state no study"),
        ({"SOPInstanceUID": ""}, "has no SOPInstanceUID"),
    ],
)
def test_files_that_lack_what_the_objects_need_are_refused(tmp_path: Path, tags: dict, expected: str) -> None:
    files = sorted(write_series(tmp_path, body_hu()[:4], **{"FrameOfReferenceUID": "1.2.9", **tags}).iterdir())
    with pytest.raises(UnusableInput, match=expected):
        read_source(files)


def test_slices_of_two_studies_are_refused(tmp_path: Path) -> None:
    read = read_ct_study(tmp_path)
    dataset = pydicom.dcmread(read.dicom.files[3])
    dataset.StudyInstanceUID = "1.2.3.5"
    dataset.save_as(read.dicom.files[3])
    with pytest.raises(UnusableInput, match="state more than one study"):
        read_source(read.dicom.files)


def test_files_that_are_gone_or_no_images_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="can no longer be read"):
        read_source([tmp_path / "gone.dcm"])
    (tmp_path / "text.txt").write_text("nothing")
    with pytest.raises(UnusableInput, match="none of the files is a DICOM image"):
        read_source([tmp_path / "text.txt"])
