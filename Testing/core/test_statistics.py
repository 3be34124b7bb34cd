"""Agreement and discrimination by hand, by their laws, and by scikit-learn."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn import metrics
from VertebralFracturesLib.core.statistics import area_under_curve, bland_altman, confusion, weighted_kappa

GRADES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=40)
SCORED = st.lists(st.tuples(st.booleans(), st.integers(-4, 4)), min_size=2, max_size=30)


def test_limits_of_agreement_by_hand():
    agreement = bland_altman([11.0, 12, 16], [10.0, 10, 10])
    assert agreement.bias == 3
    assert agreement.half_width == pytest.approx(1.96 * np.sqrt(7))
    assert agreement.limits == pytest.approx((3 - 1.96 * np.sqrt(7), 3 + 1.96 * np.sqrt(7)))


def test_too_few_pairs_have_no_limits():
    assert bland_altman([2.0], [1.0]).bias == 1
    assert np.isnan(bland_altman([2.0], [1.0]).half_width)
    assert np.isnan([bland_altman([], []).bias, bland_altman([], []).half_width]).all()


def test_kappa_by_hand():
    table = [[4, 1], [1, 4]]
    assert weighted_kappa(table) == pytest.approx((0.8 - 0.5) / (1 - 0.5))
    far, near = [[5, 0, 0], [0, 5, 0], [2, 0, 3]], [[5, 0, 0], [0, 5, 0], [0, 2, 3]]
    assert weighted_kappa(far) < weighted_kappa(near) < 1


@given(GRADES)
def test_kappa_of_itself_of_chance_and_of_the_other_way_round(pairs):
    first, second = np.array(pairs).T
    table = confusion(first, second, 4)
    assert table.sum() == len(pairs)
    by_chance = weighted_kappa(np.outer(table.sum(1), table.sum(0)))
    assert np.isnan(by_chance) or by_chance == pytest.approx(0)
    value, mirrored = weighted_kappa(table), weighted_kappa(table.T)
    assert np.isnan(value) or value <= 1
    if not np.isnan(value + mirrored):
        assert value == pytest.approx(mirrored)
    of_itself = weighted_kappa(confusion(first, first, 4))
    assert np.isnan(of_itself) or of_itself == 1


def test_one_grade_alone_has_no_kappa():
    assert np.isnan(weighted_kappa([[3, 1], [0, 0]]))


def test_quadratic_kappa_by_hand():
    """Of 10 vertebrae 8 agree; two differ by one grade: observed 0.2, by chance the mean square of all pairs."""
    grades = [(0, 0)] * 5 + [(1, 1)] + [(2, 2)] * 2 + [(0, 1), (2, 1)]
    first, second = np.array(grades).T
    by_chance = np.mean([(i - j) ** 2 for i in first for j in second])
    assert weighted_kappa(confusion(first, second, 4), power=2) == pytest.approx(1 - 0.2 / by_chance)
    assert weighted_kappa(np.diag([1, 1, 0, 0]), power=2) == 1.0
    assert np.isnan(weighted_kappa(np.diag([3, 0, 0, 0]), power=2))
    assert np.isnan(weighted_kappa(np.zeros((4, 4)), power=2))


@pytest.mark.parametrize(("weights", "power"), [("linear", 1), ("quadratic", 2)])
@given(GRADES)
def test_kappa_is_that_of_scikit_learn(weights, power, pairs):
    first, second = np.array(pairs).T
    assume(len(set(first)) > 1)
    expected = metrics.cohen_kappa_score(first, second, labels=range(4), weights=weights)
    table = confusion(first, second, 4)
    assert weighted_kappa(table, power) == pytest.approx(expected)
    np.testing.assert_array_equal(table, metrics.confusion_matrix(first, second, labels=range(4)))


def test_area_under_the_curve_by_hand():
    truth = np.array([True, True, False, False])
    assert area_under_curve(truth, np.array([4.0, 3, 2, 1])) == 1
    assert area_under_curve(truth, np.array([1.0, 2, 3, 4])) == 0
    assert area_under_curve(truth, np.array([1.0, 1, 1, 1])) == 0.5
    assert area_under_curve(truth, np.array([3.0, 1, 2, 1])) == (1 + 1 + 0 + 0.5) / 4


@given(SCORED)
def test_the_area_is_how_often_a_positive_scores_higher(pairs):
    truth, score = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs], float)
    assume(truth.any() and not truth.all())
    higher = np.sign(score[truth][:, None] - score[~truth][None]) / 2 + 0.5
    assert area_under_curve(truth, score) == pytest.approx(higher.mean())
    assert area_under_curve(truth, np.exp(score)) == pytest.approx(higher.mean())
    assert area_under_curve(truth, -score) == pytest.approx(1 - higher.mean())
    assert area_under_curve(~truth, score) == pytest.approx(1 - higher.mean())


@given(SCORED)
def test_the_area_is_that_of_scikit_learn(pairs):
    truth, score = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs], float)
    assume(truth.any() and not truth.all())
    assert area_under_curve(truth, score) == pytest.approx(metrics.roc_auc_score(truth, score))
