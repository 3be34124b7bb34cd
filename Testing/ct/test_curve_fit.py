import numpy as np
import pytest
from VertebralFracturesLib.ct.curve_fit import MIN_LENGTH_MM, _stray, fit_spine_curve

STEP_MM = 3.0


def spine(length_mm: float = 420.0) -> np.ndarray:
    """Centres (n, 3) of axial slices on a kyphotic, scoliotic spine."""
    z = np.arange(0, length_mm, STEP_MM)
    right = 12 * np.sin(2 * np.pi * z / 300.0)
    anterior = 25 * np.cos(2 * np.pi * z / 360.0)
    return np.column_stack([right, anterior - 60, 500 - z])


def fitted(centres, existence=None, spread=None):
    existence = np.ones(len(centres)) if existence is None else existence
    return fit_spine_curve(centres, existence, np.full(len(centres), 2.0) if spread is None else spread)


def sideways_error_mm(curve, truth: np.ndarray) -> np.ndarray:
    """Distance in the axial plane of a fitted curve from the true centres, at slices within its extent."""
    points = curve.position(np.arange(0, curve.length_mm, 0.5))[::-1]
    inside = (truth[:, 2] >= points[0, 2]) & (truth[:, 2] <= points[-1, 2])
    found = np.column_stack([np.interp(truth[inside, 2], points[:, 2], points[:, axis]) for axis in (0, 1)])
    return np.linalg.norm(found - truth[inside, :2], axis=1)


def test_a_smooth_curve_is_recovered_and_runs_cranial_to_caudal():
    curve = fitted(spine())
    assert sideways_error_mm(curve, spine()).max() < 1.0
    assert (np.diff(curve.points_ras[:, 2]) < 0).all()
    np.testing.assert_allclose(curve.points_ras[[0, -1], 2], spine()[[0, -1], 2], atol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_noise_of_the_slices_is_smoothed_away(seed):
    noise = np.random.default_rng(seed).normal(0, 2.0, (len(spine()), 2))
    noisy = spine() + np.pad(noise, [(0, 0), (0, 1)])
    curve = fitted(noisy)
    inner = sideways_error_mm(curve, spine())[5:-5]
    assert np.sqrt((inner**2).mean()) < 1.3  # of 2.8 mm
    arcs = np.arange(10, curve.length_mm - 10, 5.0)
    bend = np.linalg.norm(np.diff(curve.tangent(arcs), axis=0), axis=1) / 5.0
    assert bend.max() < 1 / 40.0


def test_slices_that_stray_are_ignored():
    centres = spine()
    clean = fitted(centres)
    rng = np.random.default_rng(1)
    for index in rng.choice(np.arange(5, len(centres) - 5), 12, replace=False):
        centres[index, :2] += rng.choice([-1, 1], 2) * rng.uniform(25, 60, 2)
    strayed = fitted(centres)
    assert sideways_error_mm(strayed, spine()).max() < sideways_error_mm(clean, spine()).max() + 0.6


def test_certain_slices_count_more_than_uncertain_ones():
    centres, spread = spine(), np.full(len(spine()), 1.0)
    centres[::2, 0] += 5.0
    spread[::2] = 12.0
    middle = fitted(centres, spread=spread)
    assert sideways_error_mm(middle, spine())[10:-10].max() < 0.8
    assert sideways_error_mm(fitted(centres), spine())[10:-10].min() > 1.5


def test_the_extent_is_where_the_spine_exists():
    existence = np.zeros(len(spine()))
    existence[30:100] = 0.9
    curve = fitted(spine(), existence)
    np.testing.assert_allclose(curve.points_ras[0, 2], spine()[30, 2], atol=STEP_MM)
    np.testing.assert_allclose(curve.points_ras[-1, 2], spine()[99, 2], atol=STEP_MM)
    np.testing.assert_allclose(curve.confidence, 0.9, atol=1e-6)


def test_a_gap_such_as_metal_makes_is_bridged_with_low_confidence():
    existence = np.full(len(spine()), 0.95)
    existence[60:70] = 0.05
    centres = spine()
    centres[60:70, :2] += 40.0
    spread = np.full(len(centres), 2.0)
    spread[60:70] = 30.0
    curve = fitted(centres, existence, spread)
    np.testing.assert_allclose(curve.points_ras[[0, -1], 2], spine()[[0, -1], 2], atol=STEP_MM)
    assert sideways_error_mm(curve, spine()).max() < 1.5
    in_gap = curve.confidence_at(-curve.ras_to_straight(spine()[65])[2])
    assert in_gap < 0.2


def test_beyond_a_long_gap_the_longer_part_is_taken():
    existence = np.ones(len(spine()))
    existence[45:80] = 0.0
    curve = fitted(spine(), existence)
    np.testing.assert_allclose(curve.points_ras[0, 2], spine()[80, 2], atol=STEP_MM)
    np.testing.assert_allclose(curve.points_ras[-1, 2], spine()[-1, 2], atol=STEP_MM)


def test_single_slices_neither_make_nor_break_a_spine():
    existence = np.ones(len(spine()))
    existence[[50, 90]] = 0.0
    assert fitted(spine(), existence).points_ras[-1, 2] == pytest.approx(spine()[-1, 2], abs=STEP_MM)
    alone = np.zeros(len(spine()))
    alone[::6] = 1.0
    assert fitted(spine(), alone) is None


def test_too_little_spine_makes_no_curve():
    existence = np.zeros(len(spine()))
    assert fitted(spine(), existence) is None
    slices = int(MIN_LENGTH_MM / STEP_MM)
    existence[40 : 40 + slices - 2] = 1.0
    assert fitted(spine(), existence) is None
    existence[40 : 40 + slices + 3] = 1.0
    assert fitted(spine(), existence).length_mm > MIN_LENGTH_MM - 2 * STEP_MM
    assert fitted(spine()[:1]) is None
    assert fitted(spine()[:0]) is None


def test_the_spine_is_where_it_is_rather_than_not():
    assert fitted(spine(), np.full(len(spine()), 0.55)) is not None
    assert fitted(spine(), np.full(len(spine()), 0.45)) is None


def test_4_cm_of_spine_are_needed():
    assert fitted(spine(48.0)) is not None
    assert fitted(spine(36.0)) is None


@pytest.mark.parametrize(("slices", "is_bridged"), [(11, True), (14, False)])
def test_gaps_of_36_mm_are_bridged(slices, is_bridged):
    existence = np.ones(len(spine()))
    existence[60 : 60 + slices] = 0.0
    assert (fitted(spine(), existence).points_ras[0, 2] > spine()[1, 2]) == is_bridged


def upright(length_mm: float = 420.0) -> np.ndarray:
    z = np.arange(0, length_mm, STEP_MM)
    return np.column_stack([0 * z, 0 * z, -z])


@pytest.mark.parametrize(("slices", "off_mm", "strays"), [
    (1, 9.5, True), (1, 6.8, False), (9, 20.0, True), (12, 20.0, False),
])  # fmt: skip
def test_slices_stray_by_8_mm_from_the_median_of_60_mm(slices, off_mm, strays):
    centres = upright()
    centres[70 : 70 + slices, 0] += off_mm
    assert _stray(centres, STEP_MM)[70 + slices // 2] == strays


def test_waves_of_70_mm_are_halved():
    centres = upright()
    centres[:, 0] = 4 * np.sin(2 * np.pi * centres[:, 2] / 70)
    curve = fitted(centres)
    right = curve.position(np.arange(100.0, curve.length_mm - 100))[:, 0]
    assert np.abs(right).max() == pytest.approx(2.0, abs=0.4)


def test_points_of_the_curve_are_8_mm_apart():
    assert np.abs(np.diff(fitted(upright()).points_ras[:, 2])).mean() == pytest.approx(8.0, abs=0.2)
