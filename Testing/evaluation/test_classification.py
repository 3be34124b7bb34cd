"""Questions of yes or no, of vertebrae and of patients, answered by hand and by scikit-learn."""

import numpy as np
import pytest
from helpers.marked_bodies import case, false_find, found, missed
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn import metrics
from VertebralFracturesLib.core.statistics import area_under_curve
from VertebralFracturesLib.evaluation.classification import (
    Task,
    answers,
    area_under_roc,
    roc_curve,
    sensitivity,
    sensitivity_at_stated_specificity,
    specificity,
)
from VertebralFracturesLib.evaluation.results import Pool

CASES = [
    case("a", [found(0.9, 0.95), found(0.7, 0.6)], [missed(0.5), missed(0.9)]),
    case("b", [found(0.85, 0.78), found(0.55, 0.78)]),
]
SCORED = st.lists(st.tuples(st.booleans(), st.integers(-4, 4)), min_size=2, max_size=30)


def test_vertebrae_by_hand():
    mild = answers(Pool(CASES), Task("vertebra", 0.80))
    assert (mild.positives, mild.negatives) == (3, 2)
    assert sensitivity(mild) == pytest.approx(2 / 3)
    assert specificity(mild) == pytest.approx(1 / 2)
    moderate = answers(Pool(CASES), Task("vertebra", 0.74))
    assert sensitivity(moderate) == pytest.approx(1 / 3)
    assert specificity(moderate) == 1
    assert area_under_roc(moderate) == pytest.approx((2 + 1.5 + 0) / 6)


def test_patients_by_hand():
    cases = [
        *CASES,
        case("healthy", [found(0.9, 0.9)], false=[false_find(0.7)]),
        case("clean", [found(0.9, 0.9)]),
        case("unseen and ill", missed=[missed(0.5)]),
        case("unseen and healthy", missed=[missed(0.9)]),
    ]
    task = answers(Pool(cases), Task("patient", 0.74))
    assert (task.positives, task.negatives) == (3, 2)
    assert sensitivity(task) == pytest.approx(1 / 3)
    assert specificity(task) == pytest.approx(1 / 2)
    assert area_under_roc(task) == pytest.approx((2 + 1 + 0) / 6)


def test_sensitivity_is_compared_at_one_specificity():
    """Of 40 sound bodies one is lower than two of three fractured ones: 0.975 allows it, two would be too many."""
    sound = [found(0.9, 0.9 + 0.001 * i) for i in range(38)]
    ill = [found(0.6, 0.76), found(0.6, 0.79), found(0.6, 0.84)]
    one_low = answers(Pool([case("a", [*sound, *ill, found(0.9, 0.78), found(0.9, 0.9)])]), Task("vertebra", 0.75))
    assert sensitivity(one_low) == 0
    assert sensitivity_at_stated_specificity(one_low) == 1
    two_low = answers(Pool([case("a", [*sound, *ill, found(0.9, 0.78), found(0.9, 0.8)])]), Task("vertebra", 0.75))
    assert sensitivity_at_stated_specificity(two_low) == pytest.approx(2 / 3)


def test_an_empty_class_gives_no_number():
    healthy = answers(Pool([case("a", [found(0.9, 0.7)])]), Task("vertebra", 0.74))
    assert np.isnan([sensitivity(healthy), area_under_roc(healthy)]).all()
    assert specificity(healthy) == 0
    ill = answers(Pool([case("a", [found(0.5, 0.7)])]), Task("vertebra", 0.74))
    assert np.isnan([specificity(ill), area_under_roc(ill), sensitivity_at_stated_specificity(ill)]).all()
    with pytest.raises(ValueError, match="positives and negatives"):
        roc_curve(ill.is_positive, -ill.index)


@given(SCORED)
def test_the_curve_holds_the_area_and_every_threshold(pairs):
    truth, score = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs], float)
    assume(truth.any() and not truth.all())
    alarms, hits = roc_curve(truth, score)
    assert np.trapezoid(hits, alarms) == pytest.approx(area_under_curve(truth, score))
    assert (alarms[0], hits[0], alarms[-1], hits[-1]) == (0, 0, 1, 1)
    assert (np.diff(alarms) >= 0).all()
    assert (np.diff(hits) >= 0).all()
    assert len(hits) == len(set(score)) + 1
    for threshold, alarm, hit in zip(sorted(set(score), reverse=True), alarms[1:], hits[1:], strict=True):
        assert alarm == pytest.approx((score[~truth] >= threshold).mean())
        assert hit == pytest.approx((score[truth] >= threshold).mean())


@given(SCORED)
def test_the_curve_is_that_of_scikit_learn(pairs):
    truth, score = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs], float)
    assume(truth.any() and not truth.all())
    alarms, hits, _ = metrics.roc_curve(truth, score, drop_intermediate=False)
    np.testing.assert_allclose(roc_curve(truth, score), (alarms, hits))


def test_names():
    assert Task("vertebra", 0.8).key == "80"
    assert Task("patient", 0.74).key == "patient_74"
    assert Task("patient", 0.74).title == "patient, G <= 0.74"
