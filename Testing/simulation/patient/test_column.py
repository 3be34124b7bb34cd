"""The column in space: curves as they are asked for, bodies that do not touch, and a sacrum that follows."""

import numpy as np
import pytest
from helpers.patient_statistics import PUBLISHED_COLUMN, measure
from VertebralFracturesLib.simulation.patient.anatomy import make_patient
from VertebralFracturesLib.simulation.patient.column import draw_gaps
from VertebralFracturesLib.simulation.patient.vertebra import lateral_and_rotation


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


def test_bodies_do_not_run_into_each_other():
    for seed in range(20):
        patient = make_patient(seed)
        for upper, lower in zip(patient.column[:-1], patient.column[1:], strict=True):
            apart = (upper.keypoints_ras[1::2] - lower.keypoints_ras[0::2]) @ upper.axes[2]
            assert apart.min() > -0.5, (seed, upper.level)


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


@pytest.mark.parametrize("degrees", [20.0, 60.0])
def test_kyphosis_between_the_endplates_grows_as_wanted(degrees):
    """Fractures and the shapes of T4 and T12 are the same: what is added is the tilt between them."""
    one, other = (make_patient(31, kyphosis_degrees=wanted, fractures={}) for wanted in (degrees, degrees + 15.0))
    between = []
    for patient in (one, other):
        upper, lower = (next(v for v in patient.vertebrae if v.level == level) for level in ("T4", "T12"))
        first = upper.keypoints_ras[0] - upper.keypoints_ras[4]
        last = lower.keypoints_ras[1] - lower.keypoints_ras[5]
        between.append(np.degrees(np.arctan2(last[2], last[1]) - np.arctan2(first[2], first[1])))
    assert between[1] - between[0] == pytest.approx(15.0, abs=1.5)


def test_gaps_grow_with_the_patient_and_are_never_closed():
    levels = [f"T{number}" for number in range(1, 13)]
    small, large = (draw_gaps(levels, size, np.random.default_rng(3)) for size in (1.0, 1.2))
    np.testing.assert_allclose(large[small > 1.2], 1.2 * small[small > 1.2])
    assert draw_gaps(levels, 0.01, np.random.default_rng(3)).tolist() == [1.2] * 12


def test_the_sacrum_goes_on_below_l5_and_leans_backwards():
    column = make_patient(8, level_variants=False).column
    assert [v.level for v in column[-6:]] == ["L5", "S1", "S2", "S3", "S4", "S5"]
    centres = np.array([v.centre_ras for v in column[-6:]])
    assert (np.diff(centres[:, 2]) < 0).all()
    assert centres[3, 1] < centres[1, 1]
    assert all(v.arch is None for v in column[-5:])


def test_discs_of_a_clean_spine_hold_no_gas_and_no_bridges():
    for seed in range(10):
        patient = make_patient(seed, pathology_rate=0.0)
        assert len(patient.discs) == len(patient.column)
        for vertebra, disc in zip(patient.column, patient.discs, strict=True):
            assert (disc.vacuum, disc.bridge_mm) == (0.0, 0.0)
            assert disc.fused == (vertebra.number >= 26)


def test_column_agrees_with_the_published_means():
    found = measure([make_patient(seed, deformity_rate=0.0) for seed in range(60)])
    for level, published in PUBLISHED_COLUMN.items():
        row = found.column[level]
        assert row[0] == pytest.approx(published[0], abs=6), level
        np.testing.assert_allclose(row[2:], published[2:], atol=0.9, err_msg=level)
    assert 27 < found.kyphosis_degrees[0] < 45
    assert 9 < found.kyphosis_degrees[1] < 20
    assert 6 < found.excursion_mm[0] < 14
