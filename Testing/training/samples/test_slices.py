import numpy as np
import pytest
from helpers.spine_shapes import curve_through, kyphotic_circle, spine_curves
from hypothesis import given, settings
from hypothesis import strategies as st
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.io.training_case import TrainingCase
from VertebralFracturesLib.training.samples.slices import (
    SAMPLE_PIXEL_MM,
    jittered,
    known_stretches,
    real_samples,
    thickened,
)


def ball(centre_ras: np.ndarray, points: np.ndarray, sigma_mm: float = 5.0) -> np.ndarray:
    return 1000 * np.exp(-((points - centre_ras) ** 2).sum(-1) / (2 * sigma_mm**2))


def painted(
    centres_ras: np.ndarray, spacing_mm: tuple[float, float, float], low: np.ndarray, high: np.ndarray
) -> Volume:
    """A volume from one corner to the other with a ball at each place."""
    matrix = np.diag([*spacing_mm, 1.0])
    matrix[:3, 3] = low
    count = np.ceil((high - low) / spacing_mm).astype(int) + 1
    points = np.indices(count[::-1])[::-1].transpose(1, 2, 3, 0) * np.array(spacing_mm) + low
    return Volume(sum(ball(centre, points) for centre in centres_ras).astype(np.float32), matrix)


def centre_of_mass_ras(volume: Volume) -> np.ndarray:
    k, j, i = (np.average(axis, weights=volume.voxels) for axis in np.indices(volume.shape))
    return volume.ijk_to_ras[:3, :3] @ [i, j, k] + volume.ijk_to_ras[:3, 3]


@pytest.mark.parametrize("seed", range(6))
def test_thicker_slices_hold_what_lay_there(seed):
    centre = np.array([3.0, -7.0, 110.0])
    thin = painted(centre[None], (2.0, 2.0, 1.0), centre - 25, centre + 25)
    matrix = thin.ijk_to_ras.copy()
    matrix[:3, 3] += matrix[:3, 2] * (thin.shape[0] - 1)
    matrix[:3, 2] *= -1
    for volume in (thin, Volume(thin.voxels[::-1], matrix)):
        thick = thickened(volume, np.random.default_rng(seed))
        assert 2.0 <= thick.spacing_mm[2] <= 5.0
        np.testing.assert_allclose(centre_of_mass_ras(thick), centre, atol=0.15)
        assert thick.voxels.sum() * thick.spacing_mm[2] == pytest.approx(volume.voxels.sum(), rel=0.03)


def test_thick_slices_stay_as_they_are():
    volume = Volume(np.zeros((8, 8, 8)), np.diag([1.0, 1.0, 2.5, 1.0]))
    assert all(thickened(volume, np.random.default_rng(seed)) is volume for seed in range(8))


@settings(deadline=None, max_examples=30)
@given(spine_curves(), st.integers(0, 999))
def test_a_jittered_curve_strays_a_few_millimetres_and_smoothly(curve, seed):
    strayed = jittered(curve, np.random.default_rng(seed))
    straight = curve.ras_to_straight(strayed.points_ras)
    assert np.abs(straight[:, :2]).max() < 12.0
    np.testing.assert_allclose(-straight[[0, -1], 2], [0, curve.length_mm], atol=0.1)
    arcs = np.arange(0, strayed.length_mm, 2.0)
    turned = np.degrees(np.arccos(np.clip((strayed.tangent(arcs) * _like(curve, strayed, arcs)).sum(-1), -1, 1)))
    assert turned.max() < 20.0


def _like(curve, strayed, arcs):
    return curve.tangent(-curve.ras_to_straight(strayed.position(arcs))[:, 2])


def test_jitter_has_the_spread_of_what_step_1_errs():
    curve = kyphotic_circle(300.0, 60.0)
    rng = np.random.default_rng(0)
    aside = np.concatenate([curve.ras_to_straight(jittered(curve, rng).points_ras)[:, :2] for _ in range(150)])
    assert (aside.std(0) > 0.6).all()
    assert (aside.std(0) < 2.0).all()
    np.testing.assert_allclose(aside.mean(0), 0, atol=0.25)


def test_rows_are_known_between_bodies_of_consecutive_levels():
    tops = np.array([10.0, 40.0, 70.0, 130.0, 160.0])
    keypoints = np.zeros((5, 6, 2))
    keypoints[:, ::2, 1], keypoints[:, 1::2, 1] = tops[:, None], tops[:, None] + 20
    stretches = known_stretches(keypoints, np.array([10, 11, 12, 14, 15]), 400.0)
    np.testing.assert_allclose(stretches, [[9, 91], [129, 181]])
    np.testing.assert_allclose(known_stretches(keypoints[:1], np.array([7]), 400.0), [[9, 31]])
    np.testing.assert_allclose(known_stretches(keypoints[:1], np.array([24]), 400.0), [[9, 400]])


def test_keypoints_of_a_case_lie_on_what_they_mark():
    curve = kyphotic_circle(150.0, 60.0)
    rng = np.random.default_rng(3)
    arcs = np.array([40.0, 70.0, 100.0])
    pattern = np.array([[14.0, 10], [14, -10], [0, 9], [0, -9], [-14, 10], [-14, -10]])
    straight = np.stack([np.column_stack([np.zeros(6), pattern[:, 0], pattern[:, 1] - arc]) for arc in arcs])
    keypoints = curve.straight_to_ras(straight)
    everything = keypoints.reshape(-1, 3)
    matrix = np.diag([2.0, 2.0, 1.0, 1.0])
    low, high = everything.min(0) - 30, everything.max(0) + 30
    matrix[:3, 3] = low
    count = np.ceil((high - low) / [2, 2, 1]).astype(int)
    points = np.indices(count[::-1])[::-1].transpose(1, 2, 3, 0) * [2, 2, 1] + low
    voxels = sum(ball(centre, points, 2.5) for centre in everything).astype(np.float32)
    case = TrainingCase("dots", lambda: Volume(voxels, matrix), keypoints, np.array([12, 13, 14]), curve)
    errors = []
    for sample in real_samples(case, 6, rng):
        assert sample.pixel_mm == SAMPLE_PIXEL_MM
        rows, columns = np.indices(sample.image.shape) * sample.pixel_mm
        for x, y in sample.keypoints_mm.reshape(-1, 2):
            weights = np.where(np.hypot(columns - x, rows - y) < 4.5, np.clip(sample.image, 0, None), 0)
            errors.append([(weights * columns).sum() / weights.sum() - x, (weights * rows).sum() / weights.sum() - y])
        (first, last) = sample.known_mm[0]
        assert first < sample.keypoints_mm[..., 1].min()
        assert last > sample.keypoints_mm[..., 1].max()
    assert np.linalg.norm(errors, axis=1).mean() < 0.3
    assert np.abs(np.mean(errors, 0)).max() < 0.15


@pytest.mark.parametrize(("level", "margin_mm"), [(24, 60.0), (23, 25.0)])
def test_below_l5_a_slice_shows_the_whole_of_s1(level, margin_mm):
    points = np.column_stack([np.zeros(10), np.zeros(10), -np.linspace(0, 100, 10)])
    case = TrainingCase("one", lambda: Volume(np.zeros((4, 4, 4)), np.diag([40.0, 40, 40, 1])),
                        np.zeros((1, 6, 3)) - [0, 0, 50], np.array([level]), curve_through(points))  # fmt: skip
    (sample,) = real_samples(case, 1, np.random.default_rng(0))
    assert len(sample.image) * sample.pixel_mm == pytest.approx(100 + 2 * margin_mm, abs=2)


def test_the_curve_of_a_sample_is_jittered_anew_each_time():
    points = np.column_stack([np.zeros(10), np.zeros(10), -np.linspace(0, 100, 10)])
    case = TrainingCase("one", lambda: Volume(np.zeros((4, 4, 4)), np.diag([40.0, 40, 40, 1])),
                        np.zeros((1, 6, 3)) - [0, 0, 50], np.array([10]), curve_through(points))  # fmt: skip
    places = [sample.keypoints_mm[0, 0] for sample in real_samples(case, 4, np.random.default_rng(0))]
    assert len(np.unique(np.round(places, 6), axis=0)) == 4
