"""Six patients in a row have the six kinds of anatomy, and of five rows two have fractures."""

import numpy as np
from VertebralFracturesLib.core.heights.genant import genant_index, heights_mm
from VertebralFracturesLib.simulation.patient.options import VARIANTS
from VertebralFracturesLib.simulation.variant_patients import KINDS, variant_patient

SEEDS = range(900600, 900630)


def test_thirty_patients_hold_every_kind_with_and_without_fractures():
    patients = [variant_patient(seed) for seed in SEEDS]
    kinds = [patient.options.variant for patient in patients]
    assert {kind: kinds.count(kind) for kind in kinds} == dict.fromkeys(KINDS, 5)
    fractured = [any(v.plan.fracture for v in patient.vertebrae) for patient in patients]
    assert sum(fractured) == 12
    assert {kind for kind, is_fractured in zip(kinds, fractured, strict=True) if is_fractured} == {None, *VARIANTS}


def test_fractured_patients_have_a_crush_and_where_it_is_free_an_l5():
    for seed in SEEDS:
        patient = variant_patient(seed)
        broken = {v.level: v for v in patient.vertebrae if v.plan.fracture}
        if not broken:
            continue
        assert "crush" in {v.plan.fracture for v in broken.values()}
        assert ("L5" in broken) == (patient.options.variant != "sacralised L5")
        assert 3 <= len(broken) <= 4 or "L5" not in broken
        if "L5" in broken:
            assert float(genant_index(heights_mm(broken["L5"].keypoints_ras))) < 0.76


def test_a_seed_gives_the_same_patient_again():
    one, other = variant_patient(900607), variant_patient(900607)
    np.testing.assert_array_equal(one.curve_ras, other.curve_ras)
