import numpy as np
import pytest
from helpers.spine_shapes import upright_bodies_mm
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from VertebralFracturesLib.core.heights.genant import genant_index, heights_mm
from VertebralFracturesLib.core.keypoints import MIDDLE_INFERIOR, MIDDLE_SUPERIOR
from VertebralFracturesLib.simulation.fractures.deformation import (
    Bowl,
    Fracture,
    affine_warp,
    chain,
    elastic_warp,
    far_enough,
    fracture_warp,
    pressed_fracture,
    random_remaining,
    simulate_fractures,
    varied_fracture,
)

GEOMETRY = settings(deadline=None, max_examples=40)
BODIES = upright_bodies_mm(4, height=22.0, depth=30.0, distance=30.0)
SIZE_MM = np.array([96.0, 160.0])
SEEDS = st.integers(0, 9999)
SHARES = st.tuples(*[st.floats(0.45, 1.0)] * 3).map(np.array)


def points(rng: np.random.Generator) -> np.ndarray:
    return rng.uniform([0, 0], SIZE_MM, (60, 2))


def tilted_bodies(rng: np.random.Generator) -> np.ndarray:
    """Bodies as they lie in a slice: tilted, shifted and of uneven shape."""
    angles = np.radians(rng.uniform(-12, 12, len(BODIES)))
    turns = np.stack([[np.cos(angles), -np.sin(angles)], [np.sin(angles), np.cos(angles)]]).transpose(2, 0, 1)
    centres = BODIES.mean(1, keepdims=True)
    shifts = np.array([1.0, 0.3]) * rng.normal(0, 3, (len(BODIES), 1, 2))
    return (BODIES - centres) @ turns + centres + shifts + rng.normal(0, 0.7, BODIES.shape)


@GEOMETRY
@given(SEEDS)
def test_an_affine_warp_and_its_way_back(seed):
    rng = np.random.default_rng(seed)
    matrix = np.eye(2) + rng.uniform(-0.3, 0.3, (2, 2))
    warp = affine_warp(matrix, rng.uniform(0, 90, 2), rng.uniform(0, 90, 2))
    where = points(rng)
    np.testing.assert_allclose(warp.to_new(warp.to_old(where)), where, atol=1e-9)
    np.testing.assert_allclose(warp.to_old(warp.to_new(where)), where, atol=1e-9)


def test_an_affine_warp_moves_its_centre_and_turns_about_it():
    quarter = np.array([[0.0, -1.0], [1.0, 0.0]])
    warp = affine_warp(2 * quarter, np.array([10.0, 20.0]), np.array([50.0, 60.0]))
    np.testing.assert_allclose(warp.to_new(np.array([[10.0, 20.0], [13.0, 20.0]])), [[50, 60], [50, 66]])
    np.testing.assert_allclose(warp.to_old(np.array([[50.0, 66.0]])), [[13, 20]])


@GEOMETRY
@given(SEEDS, st.floats(0.0, 2.0))
def test_an_elastic_warp_and_its_way_back(seed, strength_mm):
    rng = np.random.default_rng(seed)
    warp = elastic_warp(rng, SIZE_MM, 40.0, strength_mm)
    where = points(rng)
    np.testing.assert_allclose(warp.to_new(warp.to_old(where)), where, atol=0.02)
    np.testing.assert_allclose(warp.to_old(warp.to_new(where)), where, atol=0.02)


def test_the_strength_of_an_elastic_warp_is_in_millimetres():
    rng = np.random.default_rng(0)
    displacements = []
    for _ in range(40):
        warp, where = elastic_warp(rng, SIZE_MM, 40.0, 2.0), points(rng)
        displacements.append(warp.to_old(where) - where)
    assert 0.8 < np.std(displacements) < 2.0
    still, where = elastic_warp(rng, SIZE_MM, 40.0, 0.0), points(rng)
    np.testing.assert_array_equal(still.to_old(where), where)


@GEOMETRY
@given(SEEDS, st.integers(0, 3), SHARES)
def test_a_fracture_warp_and_its_way_back(seed, index, remaining):
    rng = np.random.default_rng(seed)
    bodies = tilted_bodies(rng)
    assume(far_enough(bodies, index))
    warp = fracture_warp(bodies, index, Fracture(remaining))
    where = np.concatenate([points(rng), bodies.reshape(-1, 2)])
    np.testing.assert_allclose(warp.to_new(warp.to_old(where)), where, atol=1e-6)
    np.testing.assert_allclose(warp.to_old(warp.to_new(where)), where, atol=1e-6)


@GEOMETRY
@given(st.integers(0, 3), SHARES)
def test_the_heights_that_remain_are_those_asked_for(index, remaining):
    bodies = BODIES.copy()
    bodies[:, 0, 1] += 4.0  # a little lower in front
    fractured = fracture_warp(bodies, index, Fracture(remaining)).to_new(bodies)
    np.testing.assert_allclose(heights_mm(fractured[index]), remaining * heights_mm(bodies[index]), rtol=1e-6)
    others = np.arange(len(bodies)) != index
    np.testing.assert_allclose(fractured[others], bodies[others], atol=1e-9)


@GEOMETRY
@given(SEEDS, st.integers(0, 3), SHARES)
def test_a_tilted_body_keeps_about_the_heights_asked_for(seed, index, remaining):
    bodies = tilted_bodies(np.random.default_rng(seed))
    gaps = bodies[1:, [0, 2, 4], 1] - bodies[:-1, [1, 3, 5], 1]
    assume(gaps.min() > 1.5)
    fractured = fracture_warp(bodies, index, Fracture(remaining)).to_new(bodies)
    found = heights_mm(fractured[index]) / heights_mm(bodies[index])
    np.testing.assert_allclose(found, remaining, atol=0.12)
    others = np.arange(len(bodies)) != index
    np.testing.assert_allclose(fractured[others], bodies[others], atol=1e-6)


@GEOMETRY
@given(SEEDS)
def test_a_body_above_the_sacrum_is_pressed_like_any_other(seed):
    rng = np.random.default_rng(seed)
    bodies = tilted_bodies(rng)
    assume(far_enough(bodies, len(bodies) - 2))
    bodies[-1, 1::2] = np.nan
    (warp,) = simulate_fractures(bodies, [len(bodies) - 2], rng)
    pressed = warp.to_new(bodies[-2])
    assert not np.allclose(heights_mm(pressed), heights_mm(bodies[-2]), rtol=0.01)
    assert simulate_fractures(bodies, [len(bodies) - 1], rng) == []


@GEOMETRY
@given(SEEDS)
def test_a_pressed_body_stays_before_its_neighbours(seed):
    rng = np.random.default_rng(seed)
    bodies = tilted_bodies(rng)
    assume(far_enough(bodies, 1))
    fractured = fracture_warp(bodies, 1, pressed_fracture(rng)).to_new(bodies)
    assert (fractured[1, ::2, 1] < fractured[1, 1::2, 1]).all()
    assert (np.diff(fractured.mean(1)[:, 1]) > 8.0).all()


def test_far_from_the_body_nothing_moves():
    warp = fracture_warp(BODIES, 1, Fracture(np.array([0.5, 0.5, 0.5])))
    away = np.array([[48.0, 20.0], [48.0, 110.0], [2.0, 60.0], [94.0, 60.0]])
    np.testing.assert_allclose(warp.to_new(away), away, atol=0.05)
    assert np.abs(warp.to_new(np.array([[48.0, 52.0]])) - [48, 52]).max() > 3.0


def test_an_endplate_stays_as_thick_as_it_was():
    """A pressed body keeps its bright rims: around an endplate nothing is stretched."""
    bodies = upright_bodies_mm(3, height=20.0, depth=30.0, distance=30.0)
    warp = fracture_warp(bodies, 1, Fracture(np.array([0.6, 0.6, 0.6])))
    top = bodies[1, MIDDLE_SUPERIOR]
    for step in (-1.9, -1.0, 1.0, 1.9):
        around = warp.to_new(np.array([top, top + [0, step]]))
        np.testing.assert_allclose(around[1] - around[0], [0, step], atol=1e-6)


def test_disc_tissue_fills_the_room_that_a_pressed_body_leaves():
    bodies = upright_bodies_mm(3, height=20.0, depth=30.0, distance=30.0)
    warp = fracture_warp(bodies, 1, Fracture(np.array([0.5, 0.5, 0.5])))
    pressed = warp.to_new(bodies)[1]
    column = np.column_stack([np.full(600, bodies[1, MIDDLE_SUPERIOR, 0]), np.linspace(0, 120, 600)])
    filled = warp.look_up(column)[1]
    inside = (column[:, 1] > pressed[MIDDLE_SUPERIOR, 1]) & (column[:, 1] < pressed[MIDDLE_INFERIOR, 1])
    assert filled[inside].max() == 0
    assert filled.max() == 1
    lost_mm = (heights_mm(bodies[1]) - heights_mm(pressed))[1]
    assert filled.sum() * 0.2 == pytest.approx(lost_mm + 10 + 10 - 4 * 2, abs=2.0)
    beside = column + [40.0, 0]
    assert warp.look_up(beside)[1].max() == 0
    whole = fracture_warp(bodies, 1, Fracture(np.ones(3)))
    assert whole.look_up(column)[1].max() == 0


def test_a_chain_fills_where_each_of_its_warps_does():
    bodies = upright_bodies_mm(3, height=20.0, depth=30.0, distance=30.0)
    fracture = fracture_warp(bodies, 1, Fracture(np.array([0.5, 0.5, 0.5])))
    shift = affine_warp(np.eye(2), np.zeros(2), np.array([7.0, -3.0]))
    where = np.random.default_rng(0).uniform([0, 0], [100, 120], (500, 2))
    both = chain([fracture, shift])
    np.testing.assert_allclose(both.look_up(where)[1], fracture.look_up(where - [7.0, -3.0])[1])
    assert both.look_up(where)[1].max() > 0.5
    assert shift.look_up(where)[1].max() == 0


def test_a_chain_applies_its_warps_in_order():
    double = affine_warp(2 * np.eye(2), np.zeros(2), np.zeros(2))
    shift = affine_warp(np.eye(2), np.zeros(2), np.array([5.0, 0.0]))
    where = np.array([[3.0, 4.0]])
    np.testing.assert_allclose(chain([double, shift]).to_new(where), [[11, 8]])
    np.testing.assert_allclose(chain([shift, double]).to_new(where), [[16, 8]])
    np.testing.assert_allclose(chain([double, shift]).to_old(np.array([[11.0, 8.0]])), where)
    np.testing.assert_allclose(chain([]).to_new(where), where)


def test_random_fractures_cover_all_grades_and_shapes():
    rng = np.random.default_rng(0)
    remaining = np.array([random_remaining(rng) for _ in range(600)])
    index = genant_index(remaining * 20.0)
    assert (remaining > 0.4).all()
    for low, high in ((0.4, 0.6), (0.6, 0.75), (0.75, 0.8), (0.8, 1.0)):
        assert ((index > low) & (index <= high)).mean() > 0.05
    anterior, middle, posterior = remaining.T
    assert ((anterior < middle - 0.03) & (middle < posterior)).mean() > 0.2
    assert ((middle < anterior - 0.03) & (middle < posterior - 0.03)).mean() > 0.15
    assert (np.ptp(remaining, 1) < 0.06).mean() > 0.03
    assert (remaining > 1.0).all(1).mean() > 0.05


@pytest.mark.parametrize(("distance", "expected"), [(30.0, True), (8.5, True), (7.5, False)])
def test_bodies_on_top_of_one_another_are_not_pressed(distance, expected):
    bodies = upright_bodies_mm(3, height=6.0, distance=distance)
    assert far_enough(bodies, 1) is expected
    assert far_enough(bodies[:1], 0)


BOWLS = st.builds(
    Bowl, st.booleans(), st.floats(0.0, 1.2), st.floats(0.3, 0.7), st.floats(0.15, 0.3), st.floats(2.0, 5.0)
)
FRACTURES = st.builds(
    Fracture, SHARES, st.floats(0.0, 1.0), st.lists(BOWLS, max_size=2).map(tuple), st.floats(0.0, 1.0)
)


@GEOMETRY
@given(SEEDS, st.integers(0, 3), FRACTURES)
def test_a_fracture_with_bowls_and_its_way_back(seed, index, fracture):
    rng = np.random.default_rng(seed)
    bodies = tilted_bodies(rng)
    assume(far_enough(bodies, index))
    warp = fracture_warp(bodies, index, fracture)
    where = np.concatenate([points(rng), bodies.reshape(-1, 2)])
    np.testing.assert_allclose(warp.to_new(warp.to_old(where)), where, atol=1e-6)
    np.testing.assert_allclose(warp.to_old(warp.to_new(where)), where, atol=1e-6)
    others = np.arange(len(bodies)) != index
    gaps = bodies[1:, [0, 2, 4], 1] - bodies[:-1, [1, 3, 5], 1]
    if gaps.min() > 1.5:  # nothing of a neighbour enters the body
        np.testing.assert_allclose(warp.to_new(bodies)[others], bodies[others], atol=1e-6)


@pytest.mark.parametrize("superior", [True, False])
@pytest.mark.parametrize("depth", [0.1, 0.4, 0.7])
def test_a_bowl_sinks_one_endplate_in_the_middle_and_keeps_its_rim(superior, depth):
    bowl = Bowl(superior, depth, 0.5, 0.4)
    pressed = fracture_warp(BODIES, 1, Fracture(np.ones(3), bowls=(bowl,))).to_new(BODIES)[1]
    sunk, other = (MIDDLE_SUPERIOR, MIDDLE_INFERIOR) if superior else (MIDDLE_INFERIOR, MIDDLE_SUPERIOR)
    corners = [0, 1, 4, 5]
    np.testing.assert_allclose(pressed[corners], BODIES[1, corners], atol=1e-9)
    np.testing.assert_allclose(pressed[other], BODIES[1, other], atol=1e-9)
    assert heights_mm(pressed)[1] == pytest.approx((1 - depth) * heights_mm(BODIES[1])[1])
    assert abs(pressed[sunk, 1] - BODIES[1, sunk, 1]) == pytest.approx(depth * 22.0)


def test_bowls_that_would_cross_leave_two_millimetres_of_bone():
    bowls = Bowl(True, 0.8, 0.5, 0.4), Bowl(False, 0.8, 0.5, 0.4)
    pressed = fracture_warp(BODIES, 1, Fracture(np.ones(3), bowls=bowls)).to_new(BODIES)[1]
    assert heights_mm(pressed)[1] == pytest.approx(2.0)


def test_a_disc_that_stretches_into_a_bowl_is_not_replaced():
    fracture = Fracture(np.ones(3), bowls=(Bowl(True, 0.5, 0.5, 0.4),), filled=0.0)
    where = np.random.default_rng(0).uniform([0, 0], SIZE_MM, (500, 2))
    old, filled = fracture_warp(BODIES, 1, fracture).look_up(where)
    assert filled.max() == 0
    assert np.abs(old - where).max() > 3


def test_varied_fractures_are_shallow_and_touching_of_either_endplate_and_anywhere():
    rng = np.random.default_rng(0)
    drawn = [varied_fracture(rng) for _ in range(600)]
    bowls = [bowl for one in drawn for bowl in one.bowls]
    depths = np.array([bowl.depth for bowl in bowls])
    assert depths.min() < 0.1
    assert depths.max() > 0.8
    assert 0.3 < np.mean([len(one.bowls) > 0 for one in drawn]) < 0.7
    assert 0.5 < np.mean([bowl.superior for bowl in bowls]) < 0.7
    assert 0.1 < np.mean([len(one.bowls) == 2 for one in drawn]) < 0.3
    centres = np.array([bowl.centre for bowl in bowls])
    assert (centres < 0.43).mean() > 0.1
    assert (centres > 0.57).mean() > 0.1
    half_widths = np.array([bowl.half_width for bowl in bowls])
    assert (centres - half_widths > 0).all()
    assert (centres + half_widths < 1).all()
    assert 0.3 < np.mean([one.filled == 0 for one in drawn]) < 0.7
