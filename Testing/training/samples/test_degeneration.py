"""Degeneration lies beside the bodies, never on them."""

from itertools import pairwise

import numpy as np
import pytest
from helpers.spine_shapes import upright_bodies_mm
from VertebralFracturesLib.training.samples import degeneration
from VertebralFracturesLib.training.samples.degeneration import with_degeneration

PIXEL_MM = 0.75
BODIES = upright_bodies_mm(4, height=22.0, depth=30.0, distance=30.0, first_centre=(66.0, 40.0))
SHAPE = (220, 176)
BONE_HU, DISC_HU = 300.0, 80.0
SEEDS = range(12)


def inside_bodies() -> np.ndarray:
    rows, columns = np.indices(SHAPE) * PIXEL_MM
    inside = np.zeros(SHAPE, bool)
    for body in BODIES:
        (left, top), (right, bottom) = body.min(0), body.max(0)
        inside |= (columns >= left) & (columns <= right) & (rows >= top) & (rows <= bottom)
    return inside


def spine() -> np.ndarray:
    return np.where(inside_bodies(), BONE_HU, DISC_HU).astype(np.float32)


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch):
    """Draw one kind everywhere and no other."""

    def chosen(kind: str) -> None:
        for name in ("SPURRED", "BRIDGED", "BRIGHT"):
            monkeypatch.setattr(degeneration, f"_{name}_SHARES", (float(name == kind),))
            monkeypatch.setattr(degeneration, f"_{name}_CHANCES", (1.0,))
        monkeypatch.setattr(degeneration, "_GAS_SHARE", float(kind == "GAS"))

    return chosen


def changes(seed: int) -> np.ndarray:
    image = spine()
    result = with_degeneration(image, PIXEL_MM, BODIES, np.random.default_rng(seed))
    np.testing.assert_array_equal(image, spine())
    assert result.dtype == np.float32
    return result - image


@pytest.mark.parametrize("kind", ["SPURRED", "BRIDGED", "BRIGHT", "GAS"])
def test_bodies_stay_as_they_are(only, kind):
    only(kind)
    for seed in SEEDS:
        change = changes(seed)
        assert (change[inside_bodies()] == 0).all()
        assert (change < 0).any() if kind == "GAS" else (change >= 0).all()
        assert np.abs(change).max() > 50


def test_nothing_is_drawn_where_nothing_is_asked_for(only):
    only("NOTHING")
    assert all((changes(seed) == 0).all() for seed in SEEDS)


def test_spurs_leave_the_corners_to_the_front_and_to_the_back(only):
    only("SPURRED")
    rows, columns = np.indices(SHAPE) * PIXEL_MM
    anterior, posterior = BODIES[..., 0].min(), BODIES[..., 0].max()
    corners = BODIES[:, [0, 1, 4, 5]].reshape(-1, 2)
    away = np.min([np.hypot(columns - x, rows - y) for x, y in corners], 0)
    reached = []
    for seed in SEEDS:
        change = changes(seed)
        assert away[change > 20].max() < 9.0
        reached.append([(change[columns < anterior - 2] > 50).any(), (change[columns > posterior + 1.5] > 50).any()])
    assert np.mean(reached, 0).min() > 0.8


def test_bridges_join_bodies_in_front_of_the_discs(only):
    only("BRIDGED")
    rows, columns = np.indices(SHAPE) * PIXEL_MM
    anterior = BODIES[..., 0].min()
    for seed in SEEDS:
        change = changes(seed)
        for upper, lower in pairwise(BODIES):
            between = (rows[:, 0] > upper[1, 1]) & (rows[:, 0] < lower[0, 1])
            beside = np.where((columns < anterior + 1) & (columns > anterior - 12), change, 0)
            assert (beside[between].max(1) > 40).all()
        assert (change[columns > anterior + 15] == 0).all()


def test_bright_discs_leave_the_edge_of_the_endplates(only):
    only("BRIGHT")
    rows, columns = np.indices(SHAPE) * PIXEL_MM
    brightest = []
    for seed in SEEDS:
        change = changes(seed)
        for body in BODIES:
            beside = (np.abs(rows - body[:, 1].min()) < 0.8) | (np.abs(rows - body[:, 1].max()) < 0.8)
            assert np.abs(change[beside]).max() < 1
        middle = (np.abs(rows - BODIES[:2].mean((0, 1))[1]) < 1.5) & (np.abs(columns - 66) < 10)
        brightest.append(np.median(change[middle]) + DISC_HU)
    assert max(brightest) > 0.9 * BONE_HU
    assert min(brightest) > DISC_HU


def test_no_disc_is_drawn_where_a_body_between_is_not_marked(only):
    only("BRIGHT")
    image = spine()
    result = with_degeneration(image, PIXEL_MM, BODIES[[0, 2]], np.random.default_rng(0))
    np.testing.assert_array_equal(result, image)


def test_bodies_beyond_the_image_are_left_alone(only):
    for kind in ("SPURRED", "BRIDGED", "BRIGHT", "GAS"):
        only(kind)
        away = BODIES + [0.0, 500.0]
        np.testing.assert_array_equal(with_degeneration(spine(), PIXEL_MM, away, np.random.default_rng(0)), spine())
