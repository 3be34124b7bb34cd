import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from VertebralFracturesLib.core.heights.height_loss import level_scores, neighbour_loss, shape
from VertebralFracturesLib.core.heights.norms import ANTERIOR_POSTERIOR_NORMS, HEIGHT_NORMS, height_growth, normal_shape

LEVELS = ["T8", "T9", "T10", "T11", "T12", "L1"]
NORMAL = np.array([HEIGHT_NORMS[level].mean_mm for level in LEVELS])
ALL = [True] * len(LEVELS)


def test_the_norm_itself_has_score_zero_and_no_loss():
    for level, norm in HEIGHT_NORMS.items():
        scores = level_scores(norm.mean_mm, level)
        assert (scores.heights is None) == (norm.sd_mm is None)
        assert scores.is_deformed in (None, False)
    np.testing.assert_allclose([loss.losses for loss in neighbour_loss(NORMAL, LEVELS, ALL)], 0, atol=1e-12)


def test_scores_in_units_of_the_robust_deviation():
    scores = level_scores([0.752 * 20, 0.726 * 20, 20], "T8")
    assert scores.anterior_posterior == pytest.approx((0.752 - 0.891) / 0.060)
    assert scores.middle_posterior == pytest.approx((0.726 - 0.846) / 0.040)
    assert scores.heights[2] == pytest.approx((20 - 21.7) / 1.6)
    assert not scores.is_deformed
    assert level_scores([0.71 * 20, 17, 20], "T8").is_deformed


@pytest.mark.parametrize("level", [None, "C4", "C7", "T13"])
def test_no_ratio_score_without_a_norm(level):
    scores = level_scores([20, 18, 21], level)
    assert scores.anterior_posterior is None
    assert scores.is_deformed is None


def test_growth_between_levels():
    np.testing.assert_allclose(height_growth("T8", "T9") * HEIGHT_NORMS["T8"].mean_mm, HEIGHT_NORMS["T9"].mean_mm)
    np.testing.assert_array_equal(height_growth(None, "T9"), 1)
    np.testing.assert_array_equal(height_growth("T9", "T13"), 1)


def test_the_normal_shape_falls_back_from_ratios_to_heights_to_a_typical_body():
    assert normal_shape("T8")[0] == ANTERIOR_POSTERIOR_NORMS["T8"].median
    assert normal_shape("C7")[0] == pytest.approx(15.1 / 15.4)
    assert normal_shape(None)[2] == 1


def test_the_loss_is_against_the_median_of_the_intact_neighbours():
    heights = NORMAL.copy()
    heights[3] *= [0.6, 0.7, 1.0]
    heights[4] *= 1.1
    losses = neighbour_loss(heights, LEVELS, [True, True, True, False, True, True])
    assert losses[3].references == (2, 4, 1, 5, 0)
    assert losses[3].losses == pytest.approx((0.4, 0.3, 0.0))
    assert (losses[3].greatest, losses[3].posterior) == (losses[3].losses[0], losses[3].losses[2])
    assert neighbour_loss(heights, LEVELS, [True] + [False] * 5)[4] is None


def test_without_levels_the_neighbour_is_taken_as_it_is():
    losses = neighbour_loss([[10, 10, 10], [8, 9, 10]], [None, None], [True, False])
    assert losses[1].losses == pytest.approx((0.2, 0.1, 0.0))


@given(st.floats(0.7, 1.4), st.floats(0.5, 0.75))
def test_an_even_loss_is_a_crush_whatever_the_patients_size(size, left):
    heights = NORMAL * size
    heights[2] *= left
    heights[3] *= left
    losses = [one.posterior for one in neighbour_loss(heights, LEVELS, ALL)]
    assert losses[2] == pytest.approx(1 - left)
    assert shape(heights[2], "T10", 0, losses[2]) == "crush"
    assert shape(heights[1], "T9", 0, losses[1]) == "none"


def test_a_vertebra_alone_has_no_loss_against_neighbours():
    assert neighbour_loss([[20, 18, 20]], ["T8"], [True]) == [None]


@pytest.mark.parametrize(
    ("heights", "level", "grade", "crush", "expected"),
    [
        ((14, 18, 20), "T8", 1, 0.0, "wedge"),
        ((19, 14, 20), "T8", 1, 0.0, "biconcave"),
        ((14, 14, 20), "T7", 2, 0.0, "wedge"),
        ((19, 17, 20), "T8", 0, 0.0, "none"),
        ((14, 18, 20), "T8", 1, 0.2, "crush"),
        ((14, 18, 20), None, 1, None, "wedge"),
        ((20, 18, 14), None, 1, None, "crush"),
        ((31.6, 21.8, 26.0), "L4", 1, 0.09, "biconcave"),
    ],
)
def test_shapes(heights, level, grade, crush, expected):
    assert shape(heights, level, grade, crush) == expected


def test_a_vertebra_is_compared_with_those_up_to_three_away():
    heights = np.repeat([[20.0, 18.0, 20.0]], 5, axis=0)
    intact = [True, False, False, False, False]
    assert [loss is not None for loss in neighbour_loss(heights, [None] * 5, intact)] == [
        False,
        True,
        True,
        True,
        False,
    ]


def test_a_fifth_of_the_posterior_height_is_a_crush():
    assert shape((20, 18, 20), "T8", 0, 0.2) == "crush"
    assert shape((20, 18, 20), "T8", 0, 0.19) == "none"
