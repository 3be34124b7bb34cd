import numpy as np
import pytest
from helpers.marked_bodies import case, found, missed
from VertebralFracturesLib.evaluation.bootstrap import Estimate, FoldSpread, estimate, fold_spreads

CASES = [
    case("a", [found(0.9, 0.9), found(0.7, 0.7)], [missed(0.5)]),
    case("b", [found(0.85, 0.85), found(0.55, 0.55)]),
]


def test_intervals_resample_whole_patients():
    estimates = estimate(CASES, resamples=200)
    recall = estimates["recall"]
    assert recall.value == pytest.approx(4 / 5)
    assert (recall.low, recall.high) == (pytest.approx(2 / 3), pytest.approx(1.0))
    assert estimate(CASES, resamples=200) == estimates
    assert estimate(CASES, resamples=200, seed=1) != estimates


def test_results_of_one_name_are_one_patient():
    twice = [*CASES, case("a", [found(0.9, 0.9)] * 3)]
    recall = estimate(twice, resamples=100)["recall"]
    assert (recall.low, recall.high) == (pytest.approx(5 / 6), pytest.approx(1.0))
    alone = estimate([CASES[0], twice[-1]], resamples=100)["recall"]
    assert alone == Estimate(pytest.approx(5 / 6), None, None, None)


def test_the_standard_error_of_a_mean_shrinks_with_the_patients():
    shifts = np.random.default_rng(0).normal(3, 1, 60)
    many = [case(str(i), [found(1, 1, shift_mm=(s, 0, 0))]) for i, s in enumerate(shifts)]
    found_error = estimate(many, resamples=400)["centre_error_mm"].error
    assert found_error == pytest.approx(shifts.std() / np.sqrt(60), rel=0.15)


def test_a_single_case_has_no_interval():
    estimates = estimate(CASES[1:])
    assert estimates["recall"] == Estimate(1.0, None, None, None)
    assert estimate([case("a", [found(0.9, 0.9)])])["sensitivity_60"] == Estimate(None, None, None, None)


def test_folds_in_which_a_measure_is_undefined_do_not_count():
    spreads = fold_spreads([[CASES[0]], [CASES[1]], [case("c", [found(0.9, 0.9)])]])
    assert spreads["recall"] == FoldSpread(pytest.approx(8 / 9), pytest.approx(np.std([2 / 3, 1, 1], ddof=1)), 3)
    assert spreads["sensitivity_74"] == FoldSpread(pytest.approx(0.75), pytest.approx(np.std([0.5, 1], ddof=1)), 2)
    assert fold_spreads([[CASES[0]]])["recall"].sd is None
    assert fold_spreads([]) == {}
