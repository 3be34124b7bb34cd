"""Bodies: fractures and screws where they are asked for, disease as often as it is asked for."""

import numpy as np
import pytest
from helpers.patient_statistics import PUBLISHED_NORMALS, measure
from VertebralFracturesLib.core.heights.genant import genant_index, heights_mm
from VertebralFracturesLib.simulation.patient.anatomy import make_patient
from VertebralFracturesLib.simulation.patient.bodies import draw_fractures, draw_plans
from VertebralFracturesLib.simulation.patient.options import PatientOptions

LEVELS = [f"T{number}" for number in range(1, 13)]


def test_forced_fractures_have_the_wanted_index_and_shape():
    wanted = {"T8": ("wedge", 0.65), "L1": ("biconcave", 0.72), "L3": ("crush", 0.8)}
    patient = make_patient(3, fractures=wanted, pathology_rate=0.0)
    found = {v.level: v for v in patient.vertebrae}
    assert [v.level for v in patient.vertebrae if v.plan.fracture] == ["T8", "L1", "L3"]
    for level, (_, index) in wanted.items():
        assert genant_index(heights_mm(found[level].keypoints_ras)) == pytest.approx(index, abs=0.01)
    assert heights_mm(found["T8"].keypoints_ras).argmin() == 0
    assert heights_mm(found["L1"].keypoints_ras).argmin() == 1
    neighbour = heights_mm(found["L2"].keypoints_ras)
    assert heights_mm(found["L3"].keypoints_ras)[2] < 0.92 * neighbour[2]


def test_screws_are_where_they_were_asked_for():
    patient = make_patient(5, screws=("T10", "L2"))
    assert [v.level for v in patient.vertebrae if v.screws] == ["T10", "L2"]
    with pytest.raises(ValueError, match="S1"):
        make_patient(5, screws=("S1",))


def test_fracture_patients_have_many_moderate_fractures():
    found = measure([make_patient(seed, deformity_rate=0.25) for seed in range(40)])
    assert 0.1 < found.grade_shares[1:].sum() < 0.45
    assert found.grade_shares[2] > 0.05


def test_plans_grow_with_the_patient():
    one, other = (draw_plans(LEVELS, size, np.random.default_rng(5)) for size in (1.0, 1.1))
    for small, large in zip(one, other, strict=True):
        assert large.height_posterior_mm == pytest.approx(1.1 * small.height_posterior_mm)
        assert large.depth_superior_mm == pytest.approx(1.1 * small.depth_superior_mm)


def test_what_is_not_asked_to_be_fractured_keeps_its_plan():
    rng = np.random.default_rng(2)
    plans = draw_plans(LEVELS, 1.0, rng)
    fractured = draw_fractures(LEVELS, plans, PatientOptions(fractures={"T6": ("crush", 0.7)}), rng)
    assert [level for level, old, new in zip(LEVELS, plans, fractured, strict=True) if old is not new] == ["T6"]


def test_a_clean_patient_has_no_disease():
    for seed in range(10):
        for vertebra in make_patient(seed, pathology_rate=0.0, fractures={}).vertebrae:
            assert (vertebra.filling, vertebra.screws, vertebra.plan.fracture) == ("bone", False, None)
            assert vertebra.sclerosis_hu == (0.0, 0.0)
            assert vertebra.body.pits == ()


def test_sizes_agree_with_the_published_means():
    found = measure([make_patient(seed, deformity_rate=0.0) for seed in range(60)])
    for level, published in PUBLISHED_NORMALS.items():
        row = found.normals[level]
        np.testing.assert_allclose(row[[0, 2, 4]], np.array(published)[[0, 2, 4]], atol=0.9, err_msg=level)
        np.testing.assert_allclose(row[[6, 8]], np.array(published)[[6, 8]], atol=0.025, err_msg=level)
        np.testing.assert_allclose(row[[10, 11]], np.array(published)[[10, 11]], rtol=0.05, err_msg=level)
