"""Tissue values: realistic ones lie within their priors, randomised ones spread."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from VertebralFracturesLib.simulation.trunk.tissues import Tissues, draw_tissues

NAMES = [one.name for one in fields(Tissues)]


def drawn(realism: str) -> np.ndarray:
    """Values (n, tissues) of many patients."""
    patients = [draw_tissues(realism, np.random.default_rng(seed)) for seed in range(300)]
    return np.array([[getattr(one, name) for name in NAMES] for one in patients])


@given(st.integers(0, 10**6))
def test_realistic_tissues_are_told_apart_as_in_people(seed):
    t = draw_tissues("realistic", np.random.default_rng(seed))
    assert -1000 < t.lung < t.fat < t.liquor < t.muscle < t.cortex
    assert -130 < t.fat < -80
    assert 35 < t.muscle < 75
    assert 40 < t.liver < 75
    assert t.cortex >= 300
    assert t.endplate >= 300


def test_randomised_tissues_spread_more_about_the_same_means():
    realistic, randomised = drawn("realistic"), drawn("randomised")
    assert (randomised.std(0) > 1.4 * realistic.std(0)).all()
    unlimited = [index for index, name in enumerate(NAMES) if name not in ("cortex", "endplate", "lung")]
    error = np.abs(randomised.mean(0) - realistic.mean(0)) / randomised.std(0)
    assert error[unlimited].max() < 0.3


@pytest.mark.parametrize("realism", ["realistic", "randomised"])
def test_lungs_are_no_thinner_than_air_and_bone_stays_bone(realism):
    values = drawn(realism)
    assert values[:, NAMES.index("lung")].min() >= -980
    assert values[:, NAMES.index("cortex")].min() >= 300
