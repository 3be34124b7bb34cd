"""Organs: ellipsoids within the trunk, painted with their values over what lies there."""

import numpy as np
import pytest
from helpers.trunk_outline import outline_of, radial
from VertebralFracturesLib.simulation.trunk.organs import Ellipsoid, make_organs, with_organs


@pytest.mark.parametrize("seed", [2, 6])
def test_organs_lie_in_the_trunk_before_the_spine(seed):
    outline = outline_of(seed)
    organs = make_organs(outline, np.random.default_rng(seed))
    centres = np.array([organ.centre for organ in organs])
    assert radial(outline, centres).max() < 1
    assert {organ.place for organ in organs} == {"abdomen", "thorax"}
    rows = outline.spine.index(centres[:, 2].astype(np.float32))
    assert np.mean(centres[:, 1] > outline.spine.anterior[rows]) > 0.9
    for organ in organs:
        np.testing.assert_allclose(organ.rotation @ organ.rotation.T, np.eye(3), atol=1e-9)


def ball() -> Ellipsoid:
    return Ellipsoid(np.array([10.0, 0, 0]), np.array([20.0, 20, 20]), np.eye(3), 50.0, 100.0, "abdomen")


def test_an_organ_is_painted_where_it_lies_and_contrast_brightens_it():
    points = np.float32([[10, 29.9, 40], [0, 0, 0], [0, 0, 0]])
    before = np.full(3, -100, np.float32)
    plain, bright = (with_organs([ball()], points, "abdomen", before, 0.8, contrast) for contrast in (0.0, 1.0))
    np.testing.assert_allclose(plain[[0, 2]], [50, -100])
    np.testing.assert_allclose(bright[[0, 2]], [150, -100])
    assert -100 < plain[1] < 50


def test_organs_of_another_place_are_left_out():
    points, before = np.float32([[10], [0], [0]]), np.float32([-100])
    np.testing.assert_array_equal(with_organs([ball()], points, "thorax", before, 0.8, 1.0), before)
