"""Fractures of a planned body have the index that is asked for, and its surfaces have the planned heights."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from VertebralFracturesLib.core.heights.genant import genant_index, heights_mm
from VertebralFracturesLib.simulation.patient.deformity import (
    BodyPlan,
    body_shape,
    fractured,
    osteophytes,
    random_fracture,
    schmorl_nodes,
)
from VertebralFracturesLib.simulation.patient.shapes import EndplateShape

KINDS = st.sampled_from(["wedge", "biconcave", "crush"])
SEEDS = st.integers(0, 10**6)
NORMAL = BodyPlan(27.0, 25.0, 28.0, 32.0, 32.0, 45.0, 45.0)


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_what_a_biconcave_fracture_deepens_is_lost_towards_the_sides_by_its_share(share):
    normal = BodyPlan(28.0, 25.0, 28.0, 32.0, 32.0, 45.0, 45.0, inferior_bowl_mm=2.0, lost_bowl_share=share)
    pressed = fractured(normal, "biconcave", 0.6, np.random.default_rng(0))
    middle = _lost_mm(normal, pressed, lambda plate: plate.height(0.0, 0.0))
    side = _lost_mm(normal, pressed, lambda plate: plate.height(0.0, 0.97))
    rims = _lost_mm(normal, pressed, lambda plate: plate.rim_height(0.0))
    assert middle > 6.0
    assert side == pytest.approx(rims + (1 - share) * (middle - rims), abs=0.01)


def _lost_mm(normal: BodyPlan, pressed: BodyPlan, height: Callable[[EndplateShape], np.ndarray]) -> float:
    whole, left = (sum(height(plate) for plate in _endplates(plan)) for plan in (normal, pressed))
    return float(whole - left)


def _endplates(plan: BodyPlan) -> tuple[EndplateShape, EndplateShape]:
    body = body_shape(plan, (2.0, 1.5), 0.1, 0.05, 0.1, 0.0, 0.1)
    return body.superior, body.inferior


@given(KINDS, st.floats(0.42, 0.86), SEEDS)
def test_a_fracture_has_the_wanted_index_in_plan_and_surface(kind, index, seed):
    plan = fractured(NORMAL, kind, index, np.random.default_rng(seed))
    body = body_shape(plan, (2.0, 1.5), 0.1, 0.05, 0.1, 0.0, 0.1)
    heights = heights_mm(body.keypoints_local())
    planned = (plan.height_anterior_mm, plan.height_middle_mm, plan.height_posterior_mm)
    np.testing.assert_allclose(heights, planned, atol=0.15)
    assert genant_index(heights) == pytest.approx(index, abs=0.02)
    assert plan.fracture == kind


@given(KINDS, st.floats(0.42, 0.86), SEEDS)
def test_what_is_left_and_what_is_lost_make_the_normal_body(kind, index, seed):
    plan = fractured(NORMAL, kind, index, np.random.default_rng(seed))
    assert plan.height_anterior_mm + plan.lost_anterior_mm == pytest.approx(NORMAL.height_anterior_mm)
    assert plan.height_middle_mm + plan.lost_middle_mm == pytest.approx(NORMAL.height_middle_mm)
    assert plan.height_posterior_mm + plan.lost_posterior_mm == pytest.approx(NORMAL.height_posterior_mm)
    assert plan.lost_posterior_mm == 0 or kind != "wedge"


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="burst"):
        fractured(NORMAL, "burst", 0.7, np.random.default_rng(0))


def test_fractures_are_drawn_moderate_mostly_and_wedges_where_the_spine_bends():
    drawn = {number: [random_fracture(number, np.random.default_rng(seed)) for seed in range(400)]
             for number in (14, 22)}  # fmt: skip
    indices = np.array([index for pairs in drawn.values() for _, index in pairs])
    assert 0.42 <= indices.min() < indices.max() <= 0.86
    assert np.mean((indices >= 0.6) & (indices < 0.8)) > 0.6
    wedges = {number: np.mean([kind == "wedge" for kind, _ in pairs]) for number, pairs in drawn.items()}
    assert wedges[14] > wedges[22] + 0.1


@given(SEEDS, st.floats(0.0, 1.0))
def test_outgrowths_and_nodes_are_as_large_as_in_people_at_most(seed, severity):
    rng = np.random.default_rng(seed)
    spurs = osteophytes(rng, severity)
    assert len(spurs) == 6
    assert 0 <= min(spurs) <= max(spurs) <= 8.0
    for node in schmorl_nodes(rng, 2):
        assert max(abs(node.anterior), abs(node.right)) <= 0.6
        assert 1.5 <= node.depth_mm <= 5.5
    assert osteophytes(rng, 0.0) == (0.0,) * 6
