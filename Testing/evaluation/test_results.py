"""What came of cases: measures of single vertebrae, of patients, and the arrays of several cases together."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.marked_bodies import case, false_find, found, missed
from VertebralFracturesLib.evaluation.results import NOT_FLAGGED, Pool


def test_a_vertebra_that_was_detected() -> None:
    one = found(0.9, 0.6, shift_mm=(0.0, 3.0, 4.0), level="T8", named="T10")
    assert (one.index, one.found_index) == (pytest.approx(0.9), pytest.approx(0.6))
    np.testing.assert_allclose(one.heights_mm, [18, 20, 20])
    np.testing.assert_allclose(one.found_heights_mm, [12, 20, 20])
    assert one.height_error_mm == pytest.approx(6.0)
    assert one.centre_error_mm == pytest.approx(5.0)
    np.testing.assert_allclose(one.keypoint_offsets_mm[4], [0, 3, 4])
    assert one.level_steps == 2
    assert np.isnan(replace(one, found_level=None).level_steps)


def test_boxes_overlap_as_far_as_they_do() -> None:
    assert found(1, 1, shift_mm=(9.0, 0.0, 0.0)).overlap == pytest.approx(1.0)
    assert found(1, 1, shift_mm=(0.0, 0.0, 10.0)).overlap == pytest.approx(1 / 3)
    assert found(1, 1, shift_mm=(0.0, 31.0, 0.0)).overlap == 0


def test_a_patient_counts_by_the_least_index() -> None:
    one = case("a", [found(0.9, 0.8)], [missed(0.5)], [false_find(0.7)])
    assert (one.least_index, one.found_least_index) == (pytest.approx(0.5), pytest.approx(0.7))
    nothing = case("b")
    assert (nothing.least_index, nothing.found_least_index) == (NOT_FLAGGED, NOT_FLAGGED)


def test_cases_are_joined_as_often_as_they_come() -> None:
    one, other = case("a", [found(0.9, 0.8), found(0.8, 0.8, uncertainty_mm=None)]), case("b", missed=[missed(0.5)])
    pool = Pool([one, other, one])
    np.testing.assert_allclose(pool.indices, [0.9, 0.8] * 2)
    np.testing.assert_allclose(pool.index_errors, [-0.1, 0.0] * 2, atol=1e-9)
    np.testing.assert_allclose(pool.height_errors_mm[:, 0], [-2.0, 0.0] * 2, atol=1e-9)
    assert np.isnan(pool.uncertainty_mm).all(1).tolist() == [False, True] * 2
    assert pool.missed_indices == pytest.approx([0.5])
    assert pool.keypoint_errors_mm.shape == pool.sagittal_errors_mm.shape == (4, 6)
    assert (pool.sagittal_errors_mm <= pool.keypoint_errors_mm).all()
