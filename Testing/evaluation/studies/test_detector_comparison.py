"""What cannot be compared is refused before anything is written."""

import pytest
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.evaluation.studies.detector_comparison import ComparisonSettings, compare_detectors
from VertebralFracturesLib.simulation.case import write_case
from VertebralFracturesLib.simulation.ct.acquisition import scan
from VertebralFracturesLib.simulation.ct.protocol import Protocol
from VertebralFracturesLib.simulation.patient.anatomy import make_patient

COARSE = Protocol(pixel_mm=3.0, slice_spacing_mm=3.0, first_level=17.5, last_level=21.5, field_mm=260.0)


@pytest.fixture(scope="module")
def patients(tmp_path_factory):
    """Two folders of small synthetic patients: two to train on, one to measure on."""
    folder = tmp_path_factory.mktemp("patients")
    for seed, part in ((1, "training"), (2, "training"), (3, "further")):
        patient = make_patient(seed)
        write_case(folder / part / f"phantom_{seed}", patient, scan(patient, COARSE, seed, lambda share: None))
    return folder


def test_wrong_options_are_refused_before_anything_is_written(patients, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(UnusableInput, match="training does not take these options"):
        compare_detectors(
            ComparisonSettings(str(patients / "training"), folds=2, vertebrae_options=("--stepz", "3")), out
        )
    assert not out.exists()
