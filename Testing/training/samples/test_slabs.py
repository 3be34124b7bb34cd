"""Slabs know where their bodies are, and those with simulated fractures are lower."""

import numpy as np
import pytest
from helpers.training_samples import straight_case
from VertebralFracturesLib.core.heights.genant import genant_index, heights_mm
from VertebralFracturesLib.core.spine_slab import slab_frame
from VertebralFracturesLib.io.training_case import TrainingCase
from VertebralFracturesLib.training.samples.slabs import (
    fractured_sample,
    grade_shares,
    real_slab_samples,
    turned_frame,
)


@pytest.fixture(scope="module")
def case() -> TrainingCase:
    return straight_case()


def test_rows_of_a_sample_are_where_its_bodies_are(case):
    rng = np.random.default_rng(3)
    for _ in range(4):
        frame = turned_frame(case.curve, None, rng)
        sample = fractured_sample(case.volume(), frame, case, rng)
        assert sample.image.shape == frame.shape
        profile = sample.image[6:10, 12:22].mean((0, 1))
        for first, last in sample.rows:
            middle = profile[round(first) + 2 : round(last) - 1]
            assert middle.mean() > 200  # bone
        gaps = [(a[1] + b[0]) / 2 for a, b in zip(sample.rows, sample.rows[1:], strict=False)]
        assert all(profile[round(gap)] < 220 for gap in gaps)  # discs
        assert sample.known[round(sample.rows[0, 0] + 1) : round(sample.rows[-1, 1])].all()


def test_pressed_bodies_are_lower_and_labelled_so(case):
    samples = real_slab_samples(case, None, 10, np.random.default_rng(4))
    indices = np.concatenate([sample.indices for sample in samples])
    heights = np.concatenate([sample.rows[:, 1] - sample.rows[:, 0] for sample in samples])
    assert (indices < 0.7).sum() >= 3
    assert (indices > 0.9).mean() > 0.5
    assert heights[indices < 0.7].mean() < 0.9 * heights[indices > 0.9].mean()


def test_grades_of_readers_spread_around_the_cutoffs():
    shares = grade_shares(np.array([0.95, 0.80, 0.75, 0.675, 0.40]), (0.80, 0.75, 0.60), 0.03)
    np.testing.assert_allclose(shares.sum(1), 1.0)
    assert shares.argmax(1).tolist() == [0, 0, 1, 2, 3] or shares[2, 1] == pytest.approx(shares[2, 2], abs=0.06)
    assert shares[1, 0] == pytest.approx(0.5)
    assert shares[2, 2:].sum() == pytest.approx(0.5)


def test_the_index_of_a_sample_is_that_of_its_keypoints(case):
    frame = slab_frame(case.curve, None)
    points_mm = -frame.ras_to_slab(case.keypoints_ras)[..., 1:]
    np.testing.assert_allclose(genant_index(heights_mm(points_mm)), genant_index(heights_mm(case.keypoints_ras)))
