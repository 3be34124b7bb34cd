"""What cannot be compared is refused before anything is written."""

import pytest
from helpers.small_patients import write_patients
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.evaluation.studies.detector_comparison import ComparisonSettings, compare_detectors


@pytest.fixture(scope="module")
def patients(tmp_path_factory):
    """Two folders of small synthetic patients: two to train on, one to measure on."""
    return write_patients(tmp_path_factory.mktemp("patients"))


def test_wrong_options_are_refused_before_anything_is_written(patients, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(UnusableInput, match="training does not take these options"):
        compare_detectors(
            ComparisonSettings(str(patients / "training"), folds=2, vertebrae_options=("--stepz", "3")), out
        )
    assert not out.exists()
