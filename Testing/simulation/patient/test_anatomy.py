"""Synthetic patients: the same from the same seed, a curve through their bodies, the levels that people have."""

import numpy as np
import pytest
from VertebralFracturesLib.simulation.patient.anatomy import make_patient


def test_same_seed_gives_the_same_patient():
    first, second = make_patient(7), make_patient(7)
    for one, other in zip(first.vertebrae, second.vertebrae, strict=True):
        assert one.level == other.level
        np.testing.assert_array_equal(one.keypoints_ras, other.keypoints_ras)


def test_unknown_level_is_refused():
    with pytest.raises(ValueError, match="T14"):
        make_patient(1, fractures={"T14": ("wedge", 0.7)})


def test_curve_passes_through_the_bodies_and_spans_c2_to_l5():
    patient = make_patient(4, level_variants=False)
    for vertebra in patient.vertebrae:
        centre = vertebra.keypoints_ras.mean(0)
        assert np.linalg.norm(patient.curve_ras - centre, axis=1).min() < 1.5
    top, bottom = patient.extent_superior_mm
    assert top > patient.vertebrae[0].keypoints_ras[:, 2].max()
    assert patient.vertebrae[-1].level == "L5"
    assert bottom < patient.vertebrae[-1].centre_ras[2]


def test_level_variants_occur_and_can_be_switched_off():
    names = {tuple(v.level for v in make_patient(seed).vertebrae) for seed in range(150)}
    assert any("T13" in n for n in names)
    assert any("L6" in n for n in names)
    plain = {tuple(v.level for v in make_patient(seed, level_variants=False).vertebrae) for seed in range(30)}
    assert len(plain) == 1
