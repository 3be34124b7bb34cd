"""Patients of whole-spine and lumbosacral scans can be made, and each says what it has."""

import pytest
from VertebralFracturesLib.evaluation.stress_tests.whole_spines import LUMBOSACRAL_PATIENTS, WHOLE_SPINE_PATIENTS
from VertebralFracturesLib.simulation.ct.protocol import LUMBOSACRAL, WHOLE_SPINE, Protocol
from VertebralFracturesLib.simulation.patient.anatomy import make_patient


@pytest.mark.parametrize("one", [*WHOLE_SPINE_PATIENTS, *LUMBOSACRAL_PATIENTS], ids=lambda one: ": ".join(one[:2]))
def test_every_patient_has_what_its_name_says(one):
    group, name, patient, protocol = one
    made = make_patient(1, **patient)
    fractured = [v.level for v in made.vertebrae if v.plan.fracture] if "fractures" in patient else []
    assert all(level in name for level in fractured)
    assert ("L6" in name) == (made.vertebrae[-1].level == "L6")
    assert ("T13" in name) == any(v.level == "T13" for v in made.vertebrae)
    scan = Protocol(**protocol)
    assert (scan.first_level, scan.last_level) == (WHOLE_SPINE if group == "whole spine" else LUMBOSACRAL)


def test_a_crush_and_an_l5_are_among_the_fractures_of_either_scan():
    for patients in (WHOLE_SPINE_PATIENTS, LUMBOSACRAL_PATIENTS):
        broken = [patient["fractures"] for _, _, patient, _ in patients if "fractures" in patient]
        assert len(broken) == 3
        assert all("crush" in {kind for kind, _ in one.values()} for one in broken)
        assert sum("L5" in one for one in broken) >= 2
