import numpy as np
import pytest
from helpers.marked_bodies import case, found
from VertebralFracturesLib.core.heights.uncertainty import ACROSS_SHARE, height_ratio_sd
from VertebralFracturesLib.evaluation.coverage import (
    NORMAL_95,
    height_coverage,
    index_coverage,
    keypoint_coverage,
    large_errors_foreseen,
    uncertainty_factor,
)
from VertebralFracturesLib.evaluation.results import MatchedVertebra, Pool


def test_coverage_of_the_uncertainty():
    shifts = [(9, 0.5, 0), (0, 0, 1.5), (0, 3, 4)]
    pool = Pool([case("a", [*(found(1, 1, shift_mm=s) for s in shifts), found(1, 1, uncertainty_mm=None)])])
    assert keypoint_coverage(pool, 1) == pytest.approx(1 / 3)
    assert keypoint_coverage(pool, 2) == pytest.approx(2 / 3)
    assert uncertainty_factor(pool) == pytest.approx(np.quantile(np.repeat([0.5, 1.5, 5], 6), 0.68))


def test_coverage_of_heights_and_of_the_index():
    radius_mm = 0.5 / (ACROSS_SHARE * np.sqrt(2))  # the standard deviation of each height is then 0.5 mm
    front_mm = [20.4, 20.9, 21.1, 18.6]  # of 20: errors of 0.4, 0.9, 1.1 and 1.4 mm of one height in three
    bodies = [found(1, height / 20, uncertainty_mm=radius_mm) for height in front_mm]
    pool = Pool([case("a", [*bodies, found(1, 0.5, uncertainty_mm=None)])])
    assert height_coverage(pool, 1) == pytest.approx(9 / 12)
    assert height_coverage(pool, NORMAL_95) == pytest.approx(10 / 12)
    sd = height_ratio_sd([[height, 20, 20] for height in front_mm], np.full(3, 0.5))
    errors = np.array([1 - 20 / 20.4, 1 - 20 / 20.9, 1 - 20 / 21.1, 1.4 / 20])
    assert index_coverage(pool, 1) == pytest.approx((errors <= sd).mean())
    assert index_coverage(pool, NORMAL_95) == pytest.approx((errors <= 1.96 * sd).mean())
    assert 0 < index_coverage(pool, 1) < index_coverage(pool, NORMAL_95)


@pytest.mark.parametrize(("doubtful", "foreseen"), [([1], 0.5), ([1, 2], 1.0), ([], 0.0)])
def test_large_errors_are_foreseen_where_the_uncertainty_is_largest(doubtful, foreseen):
    def one(place: int) -> MatchedVertebra:
        measured = 0.88 if place in (1, 2) else 0.95  # one height of three is 2.4 or 1 mm too low
        return found(1, measured, uncertainty_mm=2.0 if place in doubtful else 1.0)

    bodies = [one(place) for place in range(20)]
    for place in doubtful:  # the front is what is doubtful
        bodies[place].uncertainty_mm[2:] = 1.0
    pool = Pool([case("a", bodies[3:] + bodies[:3])])
    assert large_errors_foreseen(pool) == pytest.approx(foreseen)
    assert np.isnan(large_errors_foreseen(Pool([case("a", bodies[3:])])))
