import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from VertebralFracturesLib.core.heights.genant import genant_index
from VertebralFracturesLib.core.heights.uncertainty import (
    ACROSS_SHARE,
    height_ratio_sd,
    heights_sd_mm,
    probability_at_or_below,
)

BODIES = ([20, 20, 20], [25, 25, 15], [24, 20, 26], [30, 18, 27], [12, 25, 26], [29.8, 24.3, 21.3])
"""Heights in mm that are all alike, two alike, and far apart."""


def test_a_height_is_as_uncertain_as_its_two_points_together():
    np.testing.assert_allclose(heights_sd_mm([3, 4, 0, 0, 1, 0]), ACROSS_SHARE * np.array([5, 0, 1]))


@given(arrays(float, (4, 6), elements=st.floats(0, 20)), st.floats(0, 5))
def test_heights_are_no_surer_than_the_worse_of_their_points(uncertainty_mm, times):
    sd_mm = heights_sd_mm(uncertainty_mm)
    assert sd_mm.shape == (4, 3)
    assert (sd_mm >= ACROSS_SHARE * uncertainty_mm.reshape(4, 3, 2).max(-1) - 1e-12).all()
    np.testing.assert_allclose(heights_sd_mm(times * uncertainty_mm), times * sd_mm, atol=1e-12)


@pytest.mark.parametrize("sd_mm", [[0.3, 0.3, 0.3], [0.9, 0.9, 0.9], [0.5, 1.5, 0.7], [0.0, 0.0, 1.0]])
def test_the_index_is_as_uncertain_as_when_it_is_measured_many_times(sd_mm):
    scatter = np.random.default_rng(1).normal(0, sd_mm, (len(BODIES), 100_000, 3))
    simulated = genant_index(np.array(BODIES)[:, None] + scatter).std(1)
    np.testing.assert_allclose(height_ratio_sd(BODIES, sd_mm), simulated, rtol=0.02, atol=5e-4)


def test_without_uncertainty_the_index_is_certain_and_without_height_there_is_none():
    np.testing.assert_allclose(height_ratio_sd(BODIES, np.zeros(3)), 0, atol=1e-12)
    assert np.isnan(height_ratio_sd([0, 0, 0], [1, 1, 1]))


@given(st.floats(1, 60), st.floats(1, 60), st.floats(0.1, 10))
def test_the_uncertainty_of_the_index_does_not_depend_on_the_size(anterior, posterior, scale):
    heights_mm, sd_mm = np.array([anterior, 20, posterior]), np.array([0.5, 0.7, 0.9])
    sd = height_ratio_sd(heights_mm, sd_mm)
    np.testing.assert_allclose(height_ratio_sd(scale * heights_mm, scale * sd_mm), sd, atol=1e-9)


def test_the_probability_to_lie_below_a_cutoff_is_that_of_a_normal_error():
    np.testing.assert_allclose(
        probability_at_or_below([0.80, 0.75, 0.90], 0.05, 0.80), [0.5, 0.841345, 0.02275], atol=1e-6
    )


def test_what_is_certain_lies_below_a_cutoff_or_it_does_not():
    np.testing.assert_array_equal(probability_at_or_below([0.79, 0.80, 0.81], 0.0, 0.80), [1, 1, 0])
    np.testing.assert_array_equal(probability_at_or_below(0.8, [0.0, 0.1], [[0.7], [0.8]])[1], [1.0, 0.5])


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_higher_cutoff_is_no_less_probable(value, sd, cutoff, other):
    lower, upper = probability_at_or_below(value, sd, sorted([cutoff, other]))
    assert 0 <= lower <= upper <= 1
