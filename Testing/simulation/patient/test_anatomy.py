"""Synthetic patients: truth, determinism, forced fractures and agreement with the published tables."""

import numpy as np
import pytest
from helpers.patient_statistics import PUBLISHED_COLUMN, PUBLISHED_NORMALS, measure
from VertebralFracturesLib.core.genant import genant_index, heights_mm
from VertebralFracturesLib.simulation.patient.anatomy import make_patient
from VertebralFracturesLib.simulation.patient.vertebra import lateral_and_rotation, turned_axes


@pytest.fixture(scope="module")
def patients():
    return [make_patient(seed, deformity_rate=0.0) for seed in range(60)]


def test_same_seed_gives_the_same_patient():
    first, second = make_patient(7), make_patient(7)
    for one, other in zip(first.vertebrae, second.vertebrae, strict=True):
        assert one.level == other.level
        np.testing.assert_array_equal(one.keypoints_ras, other.keypoints_ras)


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


def test_unknown_level_is_refused():
    with pytest.raises(ValueError, match="T14"):
        make_patient(1, fractures={"T14": ("wedge", 0.7)})


@pytest.mark.parametrize("degrees", [20.0, 60.0])
def test_scoliosis_has_the_wanted_angle(degrees):
    patient = make_patient(900100, cobb_degrees=degrees, level_variants=False)
    lean = [np.degrees(np.arcsin(v.axes[2, 0])) for v in patient.vertebrae if 8 <= v.number <= 20]
    assert np.ptp(lean) == pytest.approx(degrees, abs=4)


def test_kyphosis_has_the_wanted_angle_and_room():
    patient = make_patient(900104, kyphosis_degrees=80.0)
    tilt = {v.level: np.degrees(np.arctan2(v.axes[1, 2], v.axes[1, 1])) for v in patient.vertebrae}
    assert tilt["T12"] - tilt["T4"] == pytest.approx(80, abs=1)
    for upper, lower in zip(patient.column[:-1], patient.column[1:], strict=True):
        assert ((upper.keypoints_ras[1::2] - lower.keypoints_ras[0::2]) @ upper.axes[2]).min() > -0.5


def test_screws_are_where_they_were_asked_for():
    patient = make_patient(5, screws=("T10", "L2"))
    assert [v.level for v in patient.vertebrae if v.screws] == ["T10", "L2"]
    with pytest.raises(ValueError, match="S1"):
        make_patient(5, screws=("S1",))


def test_keypoints_lie_in_the_mid_sagittal_plane_and_in_order():
    patient = make_patient(11)
    for vertebra in patient.vertebrae:
        own = (vertebra.keypoints_ras - vertebra.centre_ras) @ vertebra.axes.T
        np.testing.assert_allclose(own[:, 0], 0, atol=1e-9)
        assert own[0, 1] > own[2, 1] > own[4, 1]
        assert (own[0::2, 2] > own[1::2, 2]).all()


def test_bodies_do_not_run_into_each_other():
    for seed in range(20):
        patient = make_patient(seed)
        for upper, lower in zip(patient.column[:-1], patient.column[1:], strict=True):
            apart = (upper.keypoints_ras[1::2] - lower.keypoints_ras[0::2]) @ upper.axes[2]
            assert apart.min() > -0.5, (seed, upper.level)


def test_curve_passes_through_the_bodies_and_spans_c2_to_l5():
    patient = make_patient(4, level_variants=False)
    for vertebra in patient.vertebrae:
        centre = vertebra.keypoints_ras.mean(0)
        assert np.linalg.norm(patient.curve_ras - centre, axis=1).min() < 1.5
    top, bottom = patient.extent_superior_mm
    assert top > patient.vertebrae[0].keypoints_ras[:, 2].max()
    assert patient.vertebrae[-1].level == "L5"
    assert not patient.exists(np.array([top + 1, bottom - 1])).any()
    assert patient.exists(np.linspace(bottom + 1, top - 1, 9)).all()


def test_canal_runs_behind_the_bodies():
    patient = make_patient(5)
    for vertebra in patient.vertebrae:
        assert vertebra.arch is not None
        canal_ras = vertebra.to_ras(np.array([0.0, vertebra.arch.canal_anterior_mm, 0.0]))
        assert (canal_ras - vertebra.centre_ras) @ vertebra.axes[1] < -10


def test_level_variants_occur_and_can_be_switched_off():
    names = {tuple(v.level for v in make_patient(seed).vertebrae) for seed in range(150)}
    assert any("T13" in n for n in names)
    assert any("L6" in n for n in names)
    plain = {tuple(v.level for v in make_patient(seed, level_variants=False).vertebrae) for seed in range(30)}
    assert len(plain) == 1


def test_sizes_agree_with_the_published_means(patients):
    found = measure(patients)
    for level, published in PUBLISHED_NORMALS.items():
        row = found.normals[level]
        np.testing.assert_allclose(row[[0, 2, 4]], np.array(published)[[0, 2, 4]], atol=0.9, err_msg=level)
        np.testing.assert_allclose(row[[6, 8]], np.array(published)[[6, 8]], atol=0.025, err_msg=level)
        np.testing.assert_allclose(row[[10, 11]], np.array(published)[[10, 11]], rtol=0.05, err_msg=level)


def test_column_agrees_with_the_published_means(patients):
    found = measure(patients)
    for level, published in PUBLISHED_COLUMN.items():
        row = found.column[level]
        assert row[0] == pytest.approx(published[0], abs=6), level
        np.testing.assert_allclose(row[2:], published[2:], atol=0.9, err_msg=level)
    assert 27 < found.kyphosis_degrees[0] < 45
    assert 9 < found.kyphosis_degrees[1] < 20
    assert 6 < found.excursion_mm[0] < 14


def test_fracture_patients_have_many_moderate_fractures():
    found = measure([make_patient(seed, deformity_rate=0.25) for seed in range(40)])
    assert 0.1 < found.grade_shares[1:].sum() < 0.45
    assert found.grade_shares[2] > 0.05


def test_the_pelvis_follows_a_lateral_curve():
    patients = [make_patient(seed, cobb_degrees=50.0, level_variants=False) for seed in range(30)]
    turned = np.array([[lateral_and_rotation(v.axes) for v in p.column if v.level in ("L5", "S1")] for p in patients])
    assert (np.abs(turned[:, 1]).mean(0) > 5).all()
    assert (np.abs(turned[:, 0] - turned[:, 1]).mean(0) < 3).all()


def test_l5_is_turned_as_in_people():
    """Medians and 95th percentiles of 1781 CTs (VID keypoints): tilt 2.0 and 7.5, rotation 3.9 and 14.1 degrees."""
    bodies = [v for seed in range(400) for v in make_patient(seed, level_variants=False).column if v.level == "L5"]
    turned = np.abs([lateral_and_rotation(v.axes) for v in bodies])
    np.testing.assert_allclose(np.median(turned, 0), (2.0, 3.9), rtol=0.3)
    np.testing.assert_allclose(np.quantile(turned, 0.95, 0), (7.5, 14.1), rtol=0.3)


@pytest.mark.parametrize("degrees", [(10.0, 5.0, -7.0), (-28.0, -12.0, 30.0), (0.0, 0.0, 0.0)])
def test_angles_of_axes_are_read_back(degrees):
    np.testing.assert_allclose(lateral_and_rotation(turned_axes(*degrees)), degrees[1:], atol=1e-9)
