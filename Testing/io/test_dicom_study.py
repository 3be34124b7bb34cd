"""What a DICOM header says of the study, with and without the patient."""

from pathlib import Path

import pytest
from helpers.small_ct import body_hu, write_slice
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from VertebralFracturesLib.io.dicom_study import study_details

PATIENT = {"PatientID": "P-7", "PatientAge": "067Y", "PatientSex": "F", "StudyDate": "20240131", "PatientName": "Doe^J"}
SERIES = {"SliceThickness": "2.5", "ConvolutionKernel": ["B70f", "3"], "ContrastBolusAgent": "Iodine 350"}


def a_slice(tmp_path: Path, **tags: object) -> Path:
    return write_slice(tmp_path / "one.dcm", body_hu()[0], (0, 0, 0), **tags)


def test_series_and_reconstruction_are_read(tmp_path: Path) -> None:
    assert study_details(a_slice(tmp_path, **SERIES, **PATIENT), identify=False) == {
        "series": {"description": "chest"},
        "slice_thickness_mm": 2.5,
        "kernel": "B70f, 3",
        "contrast": "Iodine 350",
    }


def test_the_patient_is_read_only_where_asked_for_and_never_by_name(tmp_path: Path) -> None:
    file = a_slice(tmp_path, **PATIENT)
    told = study_details(file, identify=True)
    assert told == {
        "series": {"description": "chest"},
        "patient_id": "P-7",
        "patient_age": "67 years",
        "patient_sex": "female",
        "study_date": "2024-01-31",
    }
    assert not any(value in str(study_details(file, identify=False)) for value in ("P-7", "067Y", "20240131", "Doe"))


@pytest.mark.parametrize(
    ("tags", "name", "expected"),
    [
        ({"PatientAge": "003M"}, "patient_age", "3 months"),
        ({"PatientAge": "67"}, "patient_age", "67"),
        ({"PatientSex": "M"}, "patient_sex", "male"),
        ({"StudyDate": "2024.01.31"}, "study_date", "2024.01.31"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_values_of_another_form_stay_as_they_are(tmp_path: Path, tags: dict, name: str, expected: str) -> None:
    assert study_details(a_slice(tmp_path, **tags), identify=True)[name] == expected


@pytest.mark.parametrize("thickness", ["0", "-2", ""])
def test_a_thickness_that_is_none_is_left_out(tmp_path: Path, thickness: str) -> None:
    assert "slice_thickness_mm" not in study_details(a_slice(tmp_path, SliceThickness=thickness), identify=False)


def test_an_enhanced_ct_has_its_values_in_its_functional_groups(tmp_path: Path) -> None:
    measures, reconstruction, group = Dataset(), Dataset(), Dataset()
    measures.SliceThickness, reconstruction.ConvolutionKernel = "1.25", "BONE"
    group.PixelMeasuresSequence, group.CTReconstructionSequence = Sequence([measures]), Sequence([reconstruction])
    told = study_details(a_slice(tmp_path, SharedFunctionalGroupsSequence=Sequence([group])), identify=False)
    assert (told["slice_thickness_mm"], told["kernel"]) == (1.25, "BONE")


def test_text_of_a_header_cannot_command_a_terminal(tmp_path: Path) -> None:
    told = study_details(a_slice(tmp_path, SeriesDescription="a\x1b[31mb"), identify=False)
    assert told["series"]["description"] == "a [31mb"
