import numpy as np
import pytest
from VertebralFracturesLib.evaluation import metrics
from VertebralFracturesLib.evaluation.metrics import CaseResult, MatchedVertebra, MissedVertebra, Pool


def found(index: float, measured: float, *, centre: float = 1.0, named: str = "T8") -> MatchedVertebra:
    """A T8 of posterior height 20 mm, its anterior height so that G is as given by reference and as measured."""
    return MatchedVertebra(
        "T8",
        named,
        centre,
        np.array([1.0, 1, 1, 1, 1, 3]),
        np.array([20 * index, 20, 20]),
        np.array([20 * measured, 20, 20]),
    )


def case(name: str, matched=(), missed=(), false: int = 0) -> CaseResult:
    return CaseResult(name, tuple(matched), tuple(missed), false, 1, 2.0)


CASES = [
    case("a", [found(0.9, 0.95, centre=1.0), found(0.7, 0.6, centre=2.0)], [MissedVertebra("T9", 0.5)], false=1),
    case("b", [found(0.85, 0.78, centre=3.0, named="T9"), found(0.55, 0.78, centre=4.0)]),
]


def values(cases) -> dict[str, float]:
    return {metric.name: metric.of(Pool(cases)) for metric in metrics.METRICS}


def test_detection():
    result = values(CASES)
    assert result["recall"] == pytest.approx(4 / 5)
    assert result["precision"] == pytest.approx(4 / 5)
    assert result["severe_recall"] == pytest.approx(2 / 3)
    assert result["level_correctness"] == pytest.approx(3 / 4)


def test_distances():
    result = values(CASES)
    assert result["centre_error_mm"] == pytest.approx(2.5)
    assert result["centre_error_sd_mm"] == pytest.approx(np.sqrt(1.25))
    assert result["centre_error_median_mm"] == pytest.approx(2.5)
    assert result["centre_error_p95_mm"] == pytest.approx(3.85)
    assert result["severe_centre_error_mm"] == pytest.approx(3.0)
    assert result["severe_centre_error_sd_mm"] == pytest.approx(1.0)
    assert result["keypoint_error_mm"] == pytest.approx(8 / 6)
    assert result["keypoint_error_median_mm"] == pytest.approx(1.0)


def test_heights_and_indices():
    result = values(CASES)
    errors = np.array([1.0, -2.0, -1.4, 4.6])
    assert result["height_error_mm"] == pytest.approx(np.abs(errors).sum() / 12)
    assert result["height_bias_mm"] == pytest.approx(errors.sum() / 12)
    relative = 100 * np.abs(errors) / [18, 14, 17, 11]
    assert result["height_error_percent"] == pytest.approx(relative.sum() / 12)
    assert result["index_error"] == pytest.approx(np.mean([0.05, 0.10, 0.07, 0.23]))
    assert result["index_bias"] == pytest.approx(np.mean([0.05, -0.10, -0.07, 0.23]))
    assert result["patient_index_error"] == pytest.approx(np.mean([0.1, 0.23]))


def test_grades_at_cutoffs():
    result = values(CASES)
    assert result["sensitivity_80"] == pytest.approx(2 / 3)
    assert result["specificity_80"] == pytest.approx(1 / 2)
    assert result["sensitivity_74"] == pytest.approx(1 / 3)
    assert result["specificity_74"] == pytest.approx(1.0)
    assert result["area_under_curve_74"] == pytest.approx((1 + 1 + 1 + 0.5) / 4)


def test_the_weighted_kappa_by_hand():
    pool = Pool(CASES)
    observed = 0 + 1 + 1 + 2
    truth, measured = [2, 0, 1, 1], [1, 2, 0, 1]
    expected = sum(abs(i - j) * truth[i] * measured[j] / 4 for i in range(4) for j in range(4))
    assert metrics.grade_kappa(pool) == pytest.approx(1 - observed / expected)


def test_area_under_the_curve():
    truth = np.array([True, True, False, False])
    assert metrics.area_under_curve(truth, np.array([4.0, 3, 2, 1])) == 1
    assert metrics.area_under_curve(truth, np.array([1.0, 1, 1, 1])) == 0.5
    assert np.isnan(metrics.area_under_curve(np.array([True]), np.array([1.0])))


def test_what_is_undefined_is_not_a_number():
    nothing = values([case("a", missed=[MissedVertebra("T9", 0.9)])])
    assert nothing["recall"] == 0
    assert all(np.isnan(nothing[name]) for name in ("precision", "centre_error_mm", "height_error_mm", "index_error"))
    assert np.isnan(nothing["grade_kappa"])
    assert nothing["patient_index_error"] == pytest.approx(0.1)
    only_normal = values([case("a", [found(0.9, 0.9)])])
    assert np.isnan(only_normal["sensitivity_80"])
    assert np.isnan(only_normal["grade_kappa"])
    assert only_normal["specificity_80"] == 1


def test_intervals_resample_whole_cases():
    estimates = metrics.estimate(CASES, resamples=200)
    recall = estimates["recall"]
    assert recall.value == pytest.approx(4 / 5)
    assert (recall.low, recall.high) == (pytest.approx(2 / 3), pytest.approx(1.0))
    assert metrics.estimate(CASES, resamples=200) == estimates


def test_a_single_case_has_no_interval():
    estimates = metrics.estimate(CASES[1:])
    assert estimates["recall"] == metrics.Estimate(1.0, None, None)
    assert estimates["sensitivity_60"].value == 0
    assert metrics.estimate([case("a", [found(0.9, 0.9)])])["sensitivity_60"] == metrics.Estimate(None, None, None)
