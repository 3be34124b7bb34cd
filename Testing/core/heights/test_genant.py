import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.transform import Rotation
from VertebralFracturesLib.core.heights import genant

GENANT, PISOV = genant.PRESETS["genant"], genant.PRESETS["pisov"]
FINITE_HEIGHTS = arrays(float, 3, elements=st.floats(1, 60))


def body(anterior: float, middle: float, posterior: float) -> np.ndarray:
    """Six keypoints in RAS of a body of these heights, 30 mm deep."""
    places = zip((15.0, 0.0, -15.0), (anterior, middle, posterior), strict=True)
    return np.array([[0, y, sign * height / 2] for y, height in places for sign in (1, -1)])


def test_heights_are_anterior_middle_posterior():
    np.testing.assert_allclose(genant.heights_mm(body(16, 17, 20)), [16, 17, 20])


@given(FINITE_HEIGHTS, st.integers(0, 1000))
def test_heights_do_not_depend_on_the_pose(heights, seed):
    generator = np.random.default_rng(seed)
    moved = Rotation.random(random_state=seed).apply(body(*heights)) + generator.normal(0, 500, 3)
    np.testing.assert_allclose(genant.heights_mm(moved), heights, atol=1e-9)
    np.testing.assert_allclose(genant.wedge_angle_deg(moved), genant.wedge_angle_deg(body(*heights)), atol=1e-6)


@given(FINITE_HEIGHTS, st.floats(0.1, 10), st.permutations([0, 1, 2]))
def test_the_index_ignores_size_and_order(heights, scale, order):
    index = genant.genant_index(heights)
    assert 0 < index <= 1
    np.testing.assert_allclose(genant.genant_index(heights[list(order)] * scale), index)


def test_the_index_is_least_over_greatest_and_undefined_without_height():
    np.testing.assert_allclose(genant.genant_index([[15, 18, 20], [20, 10, 18]]), [0.75, 0.5])
    assert np.isnan(genant.genant_index([0, 0, 0]))


@pytest.mark.parametrize(
    ("index", "by_genant", "by_pisov"),
    [
        (1.0, 0, 0),
        (0.801, 0, 0),
        (0.80, 1, 1),
        (0.751, 1, 1),
        (0.75, 2, 1),
        (0.741, 2, 1),
        (0.74, 2, 2),
        (0.601, 2, 2),
        (0.60, 3, 3),
        (0.0, 3, 3),
    ],
)
def test_grades_begin_at_their_cutoffs(index, by_genant, by_pisov):
    assert genant.grade(index, GENANT) == by_genant
    assert genant.grade(index, PISOV) == by_pisov


def test_no_grade_without_an_index():
    with pytest.raises(ValueError, match="no height ratio"):
        genant.grade(np.nan, GENANT)


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_lower_index_never_has_a_lower_grade(first, second):
    low, high = sorted((first, second))
    for preset in genant.PRESETS.values():
        assert genant.grade(low, preset) >= genant.grade(high, preset)
        assert genant.GRADE_NAMES[genant.grade(low, preset)]


def test_unknown_presets_are_named():
    with pytest.raises(ValueError, match=r"'x'.*genant, pisov"):
        genant.find_preset("x")


def test_posterior_loss_takes_the_lower_of_anterior_and_middle():
    np.testing.assert_allclose(genant.posterior_loss([[15, 18, 20], [18, 14, 20], [22, 21, 20]]), [0.25, 0.3, -0.05])


def test_the_wedge_angle_is_positive_where_the_body_is_lower_in_front():
    expected = 2 * np.degrees(np.arctan2(2, 30))
    np.testing.assert_allclose(genant.wedge_angle_deg(body(16, 17, 20)), expected)
    np.testing.assert_allclose(genant.wedge_angle_deg(body(20, 17, 16)), -expected)


def test_the_wedge_angle_of_a_planar_image_is_that_of_space():
    np.testing.assert_allclose(
        genant.wedge_angle_deg(body(16, 17, 20)[:, 1:]), genant.wedge_angle_deg(body(16, 17, 20))
    )


def test_the_deformity_index_sums_t4_to_l4():
    graded = [("T3", 3), ("T4", 1), ("T12", 2), ("L4", 3), ("L5", 3), (None, 3)]
    assert genant.spinal_deformity_index(graded) == genant.DeformityIndex(6, 3)
    assert len(genant.DEFORMITY_INDEX_LEVELS) == 13


def test_the_colours_are_one_per_grade_and_differ():
    assert len(set(genant.GRADE_COLORS)) == len(genant.GRADE_NAMES) == 4
    assert all(0 <= part <= 1 for colour in (*genant.GRADE_COLORS, genant.NOT_EVALUABLE_COLOR) for part in colour)
