"""The demonstration's patient has the fractures that it shows, and its scan holds them."""

import pytest
from VertebralFracturesLib.simulation.demo_patient import FRACTURES, demo_patient, demo_protocol, sample_ct


@pytest.mark.parametrize("seed", [1, 5])
def test_the_patient_has_its_fractures_and_nothing_else(seed):
    patient = demo_patient(seed)
    found = {v.level: v.plan for v in patient.vertebrae if v.plan.fracture}
    assert {level: plan.fracture for level, plan in found.items()} == {
        level: kind for level, (kind, _) in FRACTURES.items()
    }
    for level, (_, index) in FRACTURES.items():
        plan = found[level]
        heights = plan.height_anterior_mm, plan.height_middle_mm, plan.height_posterior_mm
        assert min(heights) / max(heights) == pytest.approx(index, abs=0.01)
    assert not any(v.screws or v.filling != "bone" for v in patient.column)


def test_the_scan_holds_the_fractures():
    patient, protocol = demo_patient(1), demo_protocol()
    shape, matrix = protocol.grid(patient)
    ends = sorted((matrix[2, 3], matrix[2, 3] + matrix[2, 2] * (shape[0] - 1)))
    for vertebra in patient.vertebrae:
        if vertebra.level in FRACTURES:
            heights = vertebra.keypoints_ras[:, 2]
            assert ends[0] + 10 < heights.min() < heights.max() < ends[1] - 10


def test_making_the_sample_can_be_stopped():
    def stop(share: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        sample_ct(stop)
