"""The grade of a vertebra: plain by G, or aware of its level and its neighbours."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from VertebralFracturesLib.core.heights.genant import PLAIN_PRESETS, PRESETS, genant_index, grade
from VertebralFracturesLib.core.heights.grading import (
    BORDERLINE_PROBABILITY,
    CERVICAL,
    GRADED_LEVELS,
    TRANSITIONAL,
    grade_vertebra,
    level_adjusted_heights,
    not_graded_reason,
    own_grade,
)
from VertebralFracturesLib.core.heights.height_loss import NeighbourLoss
from VertebralFracturesLib.core.heights.norms import TYPICAL_SHAPE, normal_shape

LEVEL_AWARE, GENANT = PRESETS["level-aware"], PRESETS["genant"]
SURE = (0.01, 0.01, 0.01)
UNSURE = (0.8, 0.8, 0.8)
HEIGHTS = st.tuples(*[st.floats(5.0, 40.0)] * 3)


def beside(loss: float, count: int = 6) -> NeighbourLoss:
    return NeighbourLoss((loss, loss, loss), tuple(range(count)))


@pytest.mark.parametrize(
    ("heights", "level", "loss", "plain", "aware"),
    [
        ((29.7, 24.0, 22.5), "L5", 0.05, "mild", "normal"),  # a lordotic L5, lower behind
        ((30.0, 25.0, 24.0), "L4", 0.05, "mild", "normal"),
        ((16.9, 18.0, 21.2), "T7", 0.05, "mild", "normal"),  # a physiologically wedged T7
        ((20.5, 22.98, 26.27), "T11", 0.10, "mild", "mild height reduction, probably physiological"),
        ((20.5, 22.98, 26.27), "T11", 0.16, "mild", "mild"),  # the same beside higher neighbours
        ((22.3, 18.0, 23.6), "T10", 0.08, "mild", "mild"),  # more than three deviations below the norm
        ((16.0, 20.0, 26.0), "L1", 0.30, "moderate", "moderate"),
        ((13.0, 17.0, 28.0), "T12", 0.45, "severe", "severe"),
        ((17.0, 15.4, 18.2), "T9", 0.21, "normal", "mild"),  # low all over
        ((15.6, 14.0, 16.8), "T9", 0.27, "normal", "moderate"),
        ((25.0, 24.0, 26.0), "L5", 0.05, "normal", "normal"),  # even heights are no loss, whatever the norm
    ],
)
def test_a_grade_knows_its_level_and_its_neighbours(heights, level, loss, plain, aware):
    assert grade_vertebra(heights, SURE, level, beside(loss), GENANT).name == plain
    assert grade_vertebra(heights, SURE, level, beside(loss), LEVEL_AWARE).name == aware


@given(HEIGHTS, st.sampled_from([None, *GRADED_LEVELS]))
def test_a_plain_grade_is_that_of_the_height_ratio(heights, level):
    for preset in PLAIN_PRESETS.values():
        found = grade_vertebra(heights, SURE, level, beside(0.5), preset)
        assert found.grade == grade(genant_index(heights), preset)
        assert found.height_loss == pytest.approx(1 - genant_index(heights))


@given(HEIGHTS, st.sampled_from([None, *GRADED_LEVELS]), st.floats(0.5, 2.0))
def test_awareness_of_the_level_only_forgives_and_size_does_not_count(heights, level, size):
    aware = grade_vertebra(heights, SURE, level, None, LEVEL_AWARE)
    assert aware.grade <= grade_vertebra(heights, SURE, level, None, GENANT).grade
    assert aware.height_loss <= 1 - genant_index(heights) + 1e-12
    assert grade_vertebra(np.multiply(heights, size), SURE, level, None, LEVEL_AWARE).height_loss == pytest.approx(
        aware.height_loss
    )


@given(st.sampled_from(GRADED_LEVELS), st.floats(10.0, 40.0))
def test_the_normal_shape_of_every_level_is_normal(level, posterior):
    heights = posterior * normal_shape(level)
    np.testing.assert_allclose(level_adjusted_heights(heights, level) / posterior, TYPICAL_SHAPE)
    found = grade_vertebra(heights, UNSURE, level, beside(0.0), LEVEL_AWARE)
    assert (found.grade, found.is_physiological, found.is_by_neighbours) == (0, False, False)
    assert own_grade(heights, level, LEVEL_AWARE) == 0


@pytest.mark.parametrize(
    ("level", "reason"),
    [("C3", CERVICAL), ("C7", CERVICAL), ("T13", TRANSITIONAL), ("L6", TRANSITIONAL), ("T1", None), (None, None)],
)
def test_levels_without_a_norm_are_measured_and_not_graded(level, reason):
    assert not_graded_reason(level) == reason
    found = grade_vertebra((10.0, 15.0, 20.0), SURE, level, beside(0.4), LEVEL_AWARE)
    assert (found.grade is None) == (reason is not None)
    if reason:
        assert found.name == found.not_graded == reason
        assert not found.is_borderline
        assert found.height_loss > 0.3


def test_what_is_not_reliable_is_not_graded():
    found = grade_vertebra((10.0, 15.0, 20.0), SURE, "T8", None, GENANT, "not reliable: low detection score")
    assert (found.grade, found.name) == (None, "not reliable: low detection score")


def test_one_neighbour_alone_gives_no_grade():
    low = (17.0, 15.4, 18.2)
    assert grade_vertebra(low, SURE, "T9", beside(0.3, count=1), LEVEL_AWARE).grade == 0
    assert grade_vertebra(low, SURE, "T9", beside(0.3, count=2), LEVEL_AWARE).grade == 2


def test_borderline_is_what_the_uncertainty_leaves_open():
    near, far = (20.0, 15.2, 20.5), (20.0, 13.5, 20.5)
    assert not grade_vertebra(near, SURE, "T8", beside(0.1), LEVEL_AWARE).is_borderline
    assert grade_vertebra(near, UNSURE, "T8", beside(0.1), LEVEL_AWARE).is_borderline
    assert not grade_vertebra(far, UNSURE, "T8", beside(0.1), LEVEL_AWARE).is_borderline
    assert 0 < BORDERLINE_PROBABILITY < 0.5


@given(HEIGHTS, st.floats(0.05, 2.0), st.floats(0.0, 0.6))
def test_probabilities_and_intervals_are_sound(heights, sd, loss):
    found = grade_vertebra(heights, (sd, sd, sd), "T8", beside(loss), LEVEL_AWARE)
    low, high = found.interval
    assert 0 <= low <= found.height_loss <= high <= 1 or found.height_loss > 1
    assert 0 <= found.other_grade_probability <= 1
    wider = grade_vertebra(heights, (2 * sd, 2 * sd, 2 * sd), "T8", beside(loss), LEVEL_AWARE)
    assert wider.interval[0] <= low
    assert wider.interval[1] >= high


def test_the_probability_of_another_grade_is_that_of_repeated_measurement():
    rng = np.random.default_rng(1)
    heights, sd = np.array([20.5, 15.6, 20.5]), 0.5
    drawn = heights + rng.normal(0, sd, (20000, 3))
    grades = [own_grade(one, None, GENANT) for one in drawn]
    found = grade_vertebra(tuple(heights), (sd,) * 3, None, None, GENANT)
    assert found.other_grade_probability == pytest.approx(np.mean(np.array(grades) != found.grade), abs=0.12)
