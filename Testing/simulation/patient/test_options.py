"""Options of a patient: what is asked for holds, whatever else is drawn."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from VertebralFracturesLib.simulation.patient.anatomy import make_patient
from VertebralFracturesLib.simulation.patient.options import PatientOptions


def test_an_unknown_option_is_refused():
    with pytest.raises(TypeError, match="colour"):
        make_patient(1, colour="red")


@settings(max_examples=8)
@given(st.integers(0, 10**6), st.sampled_from(["realistic", "randomised"]))
def test_what_is_asked_for_holds_for_every_seed(seed, realism):
    fractures = {"T9": ("wedge", 0.7)}
    patient = make_patient(seed, realism=realism, fractures=fractures, screws=("L3",))
    assert patient.realism == realism
    assert [v.level for v in patient.vertebrae if v.plan.fracture] == ["T9"]
    assert [v.level for v in patient.vertebrae if v.screws] == ["L3"]
    assert patient.options.fractures == fractures


def test_a_patient_who_is_not_asked_for_anything_is_drawn():
    asked = PatientOptions()
    assert asked.pathology_rate == 1.0
    assert asked.level_variants
    assert {make_patient(seed).realism for seed in range(12)} == {"realistic", "randomised"}


@pytest.mark.parametrize(
    ("variant", "lowest"),
    [
        ("L6", ["L5", "L6", "S1"]),
        ("T13", ["L4", "L5", "S1"]),
        ("sacralised L5", ["L4", "L5", "S1"]),
        ("11 ribs", ["L4", "L5", "S1"]),
        ("lumbar rib", ["L4", "L5", "S1"]),
    ],
)
def test_a_variant_is_counted_down_from_the_neck(variant, lowest):
    patient = make_patient(3, variant=variant)
    names = [v.level for v in patient.column]
    assert names[-7:-4] == lowest
    assert ("T13" in names) == (variant == "T13")
    assert names.index("T12") == names.index("L1") - (2 if variant == "T13" else 1)


def test_a_variant_may_be_fractured_and_an_unknown_one_is_refused():
    patient = make_patient(3, variant="L6", fractures={"L6": ("crush", 0.6)})
    assert [v.level for v in patient.vertebrae if v.plan.fracture] == ["L6"]
    with pytest.raises(ValueError, match="no such level to fracture"):
        make_patient(3, variant="T13", fractures={"L6": ("crush", 0.6)})
    with pytest.raises(ValueError, match="a variant is one of L6"):
        make_patient(3, variant="L7")
