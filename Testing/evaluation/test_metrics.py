import numpy as np
import pytest
from helpers.marked_bodies import case, false_find, found, missed
from VertebralFracturesLib.core.heights.genant import PRESETS
from VertebralFracturesLib.evaluation.metrics import METRICS, grade_table
from VertebralFracturesLib.evaluation.results import Pool

CASES = [
    case("a", [found(0.9, 0.95), found(0.7, 0.6, shift_mm=(2, 0, 0))], [missed(0.5)], [false_find(0.9)]),
    case(
        "b", [found(0.85, 0.78, shift_mm=(3, 0, 0), named="T9"), found(0.55, 0.78, shift_mm=(4, 0, 0), confidence=0.5)]
    ),
]


def values(cases) -> dict[str, float]:
    return {metric.name: metric.of(Pool(cases)) for metric in METRICS}


def test_every_measure_is_told_apart_and_explained():
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    groups = "localisation detection classification measurement agreement levels uncertainty cases"
    assert list(dict.fromkeys(metric.group for metric in METRICS)) == groups.split()
    assert all(metric.title and metric.meaning and metric.unit in ("1", "mm", "%", "s") for metric in METRICS)


def test_detection():
    result = values(CASES)
    assert result["recall"] == pytest.approx(4 / 5)
    assert result["precision"] == pytest.approx(4 / 5)
    assert result["severe_recall"] == pytest.approx(2 / 3)
    assert result["planar_recall"] == pytest.approx(4 / 5)


def test_in_two_dimensions_only_boxes_that_overlap_count():
    aside, slipped = found(1, 1, shift_mm=(7, 0, 0)), found(1, 1, shift_mm=(0, 0, 7.5))
    assert aside.overlap == pytest.approx(1.0)
    assert slipped.overlap == pytest.approx(12.5 / 27.5)
    result = values([case("a", [aside, slipped], [missed(1)], [false_find(1)])])
    assert result["planar_recall"] == result["planar_precision"] == pytest.approx(1 / 3)


def test_distances():
    result = values(CASES)
    assert result["centre_error_mm"] == pytest.approx(2.5)
    assert result["centre_error_sd_mm"] == pytest.approx(np.sqrt(1.25))
    assert result["centre_error_median_mm"] == pytest.approx(2.5)
    assert result["centre_error_p95_mm"] == pytest.approx(3.85)
    assert result["severe_centre_error_mm"] == pytest.approx(3.0)
    assert result["severe_centre_error_sd_mm"] == pytest.approx(1.0)
    assert result["localisation_error_mm"] == pytest.approx((1 + 2 + 3 + 4 + 12) / 5)


def test_keypoint_errors_in_space_and_in_the_plane():
    result = values([case("a", [found(1, 1, shift_mm=(3, 4, 0))])])
    assert result["keypoint_error_mm"] == result["keypoint_error_p95_mm"] == pytest.approx(5)
    assert result["sagittal_error_mm"] == pytest.approx(4)


def test_heights_and_indices():
    result = values(CASES)
    errors = np.array([1.0, -2.0, -1.4, 4.6])
    assert result["height_error_mm"] == pytest.approx(np.abs(errors).sum() / 12)
    assert result["height_bias_mm"] == pytest.approx(errors.sum() / 12)
    relative = 100 * np.abs(errors) / [18, 14, 17, 11]
    assert result["height_error_percent"] == pytest.approx(relative.sum() / 12)
    assert result["height_anterior_error_mm"] == pytest.approx(np.abs(errors).mean())
    assert result["height_anterior_bias_mm"] == pytest.approx(errors.mean())
    assert result["height_anterior_half_width_mm"] == pytest.approx(1.96 * errors.std(ddof=1))
    assert result["height_posterior_error_mm"] == pytest.approx(0, abs=1e-12)
    assert result["index_error"] == pytest.approx(np.mean([0.05, 0.10, 0.07, 0.23]))
    assert result["index_bias"] == pytest.approx(np.mean([0.05, -0.10, -0.07, 0.23]))
    assert result["patient_index_error"] == pytest.approx(np.mean([0.1, 0.23]))


def test_grades():
    table = grade_table(Pool(CASES), PRESETS["genant"])
    assert table.tolist() == [[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1], [0, 1, 0, 0]]
    observed, truth, measured = 1 + 1 + 2, [2, 0, 1, 1], [1, 2, 0, 1]
    expected = sum(abs(i - j) * truth[i] * measured[j] / 4 for i in range(4) for j in range(4))
    assert values(CASES)["grade_kappa_genant"] == pytest.approx(1 - observed / expected)


def test_levels():
    result = values(CASES)
    assert result["level_correctness"] == pytest.approx(3 / 4)
    assert result["levels_off_by_one"] == pytest.approx(1 / 4)
    assert result["levels_undecided"] == pytest.approx(1 / 4)
    assert result["levels_sure_right"] == pytest.approx(2 / 3)
    assert result["cases_levels_right"] == pytest.approx(1 / 2)


def test_levels_that_the_reference_does_not_know_do_not_count():
    result = values([case("a", [found(1, 1, level=None), found(1, 1, named=None)])])
    assert result["level_correctness"] == 0
    assert result["levels_undecided"] == 1
    only_unknown = values([case("a", [found(1, 1, level=None)])])
    assert np.isnan([only_unknown["level_correctness"], only_unknown["cases_levels_right"]]).all()


def test_cases_without_a_result():
    result = values([case("a", missed=[missed(1)], failure="no spine"), *CASES])
    assert result["failure_rate"] == pytest.approx(1 / 3)
    assert result["seconds"] == 2


def test_what_is_undefined_is_not_a_number():
    nothing = values([case("a", missed=[missed(0.9)])])
    assert nothing["recall"] == 0
    defined = {"recall", "planar_recall", "whole_precision", "patient_index_error", "failure_rate", "seconds"}
    assert {name for name, value in nothing.items() if not np.isnan(value)} == defined
    assert nothing["patient_index_error"] == pytest.approx(0.1)
    only_normal = values([case("a", [found(0.9, 0.9)])])
    assert np.isnan(only_normal["grade_kappa_genant"])
    assert np.isnan(only_normal["index_half_width"])
    assert only_normal["specificity_80"] == 1
