"""Noise that is looked up, and the ramp that antialiases a surface."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from VertebralFracturesLib.simulation.patient.fields import coverage, noise, noise_lattice, smooth_minimum


def test_coverage_and_smooth_minimum():
    distance = np.linspace(-2, 2, 4001, dtype=np.float32)
    assert coverage(distance, 1.0).mean() == pytest.approx(0.5, abs=1e-3)
    first, second = np.float32([0.0, 1, 3]), np.float32([3.0, 1, 0])
    smooth = smooth_minimum(first, second, 1.0)
    assert smooth[0] == 0
    assert smooth[2] == 0
    assert smooth[1] == pytest.approx(0.75)


@given(st.lists(st.floats(-1e3, 1e3, width=32), min_size=2, max_size=20), st.floats(0.05, 5.0))
def test_coverage_is_a_share_that_grows_with_the_depth(depths, blur_mm):
    shares = coverage(np.sort(np.array(depths, np.float32)), blur_mm)
    assert shares.min() >= 0
    assert shares.max() <= 1
    assert (np.diff(shares) >= 0).all()


@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(0.1, 10.0))
def test_a_smooth_minimum_lies_just_below_the_sharp_one(first, second, radius):
    smooth = smooth_minimum(np.float64(first), np.float64(second), radius)
    assert min(first, second) - radius / 4 - 1e-9 <= smooth <= min(first, second)
    assert smooth == smooth_minimum(np.float64(second), np.float64(first), radius)


def test_noise_is_the_same_every_time_and_repeats_itself():
    lattice = noise_lattice(11, 2.0)
    assert lattice.std() == pytest.approx(1.0, abs=1e-3)
    noise_lattice.cache_clear()
    np.testing.assert_array_equal(noise_lattice(11, 2.0), lattice)
    assert not np.array_equal(noise_lattice(12, 2.0), lattice)
    x, y, z = np.random.default_rng(0).uniform(-200, 200, (3, 300))
    values = noise(x, y, z, lattice)
    np.testing.assert_array_equal(noise(x + 64, y - 64, z + 128, lattice), values)


def test_noise_is_smooth_over_its_width():
    x = np.arange(0.5, 64.5)
    nothing = np.full(64, 0.5)
    steps = [np.abs(np.diff(noise(x, nothing, nothing, noise_lattice(11, sigma)))).mean() for sigma in (0.5, 4.0)]
    assert steps[1] < 0.3 * steps[0]
