import numpy as np
import pytest
from VertebralFracturesLib.core.heights.genant import PRESETS
from VertebralFracturesLib.core.heights.norms import HEIGHT_NORMS
from VertebralFracturesLib.core.measures import measure_spine

LEVELS = ["T8", "T9", "T10", "T11", "T12", "L1"]
YES = [True] * len(LEVELS)


def spine() -> np.ndarray:
    """Keypoints (6, 6, 3) of six vertebrae with the mean heights of their level."""
    bodies = []
    for place, level in enumerate(LEVELS):
        pairs = zip((15.0, 0.0, -15.0), HEIGHT_NORMS[level].mean_mm, strict=True)
        bodies.append([[0, y, sign * height / 2 - 30 * place] for y, height in pairs for sign in (1, -1)])
    return np.array(bodies)


def squeeze(points: np.ndarray, place: int, factors: tuple[float, float, float]) -> None:
    """Lower the three heights of one vertebra by these factors."""
    middle = points[place, :, 2].mean()
    points[place, :, 2] = middle + (points[place, :, 2] - middle) * np.repeat(factors, 2)


def test_a_wedge_is_measured_against_the_vertebra_above():
    points = spine()
    squeeze(points, 3, (0.6, 0.8, 1.0))
    measures = measure_spine(points, LEVELS, YES, PRESETS["genant"])
    wedge = measures[3]
    assert wedge.genant_index == pytest.approx(0.6 * 23.3 / 25.3)
    assert (wedge.grade, wedge.shape, wedge.neighbour_loss.references) == (3, "wedge", (2, 4, 1, 5, 0))
    assert wedge.neighbour_loss.greatest == pytest.approx(0.4)
    assert wedge.wedge_angle_deg > 15
    assert wedge.scores.is_deformed
    assert [m.grade for i, m in enumerate(measures) if i != 3] == [0] * 5


def test_a_crushed_body_is_no_reference_although_its_index_is_normal():
    points = spine()
    squeeze(points, 2, (0.7, 0.7, 0.7))
    squeeze(points, 3, (0.6, 0.8, 1.0))
    measures = measure_spine(points, LEVELS, YES, PRESETS["genant"])
    assert (measures[2].grade, measures[2].shape) == (0, "crush")
    assert measures[2].neighbour_loss.posterior == pytest.approx(0.3)
    assert 2 not in measures[3].neighbour_loss.references


def test_what_cannot_be_judged_is_neither_measured_nor_a_reference():
    points = spine()
    squeeze(points, 3, (0.6, 0.8, 1.0))
    measures = measure_spine(points, LEVELS, [True, True, False, True, True, True], PRESETS["genant"])
    assert measures[2] is None
    assert 2 not in measures[3].neighbour_loss.references


def test_the_preset_decides_the_grade():
    points = spine()
    squeeze(points, 3, (0.745 * 25.3 / 23.3, 1.0, 1.0))
    assert measure_spine(points, LEVELS, YES, PRESETS["genant"])[3].grade == 2
    assert measure_spine(points, LEVELS, YES, PRESETS["pisov"])[3].grade == 1


def test_no_vertebrae_no_measures():
    assert measure_spine(np.zeros((0, 6, 3)), [], [], PRESETS["genant"]) == []


def test_coinciding_points_are_refused_unless_not_evaluable():
    points = spine()
    points[1, 0] = points[1, 1]
    with pytest.raises(ValueError, match="height of a vertebra is 0"):
        measure_spine(points, LEVELS, YES, PRESETS["genant"])
    assert measure_spine(points, LEVELS, [True, False, True, True, True, True], PRESETS["genant"])[1] is None


def test_a_body_that_is_not_reliable_is_measured_but_neither_graded_nor_a_reference():
    points = spine()
    squeeze(points, 3, (0.6, 0.8, 1.0))
    measures = measure_spine(points, LEVELS, YES, PRESETS["level-aware"], scores=[1, 1, 0.5, 1, 1, 1])
    assert (measures[2].grade, measures[2].grading.not_graded) == (None, "not reliable: low detection score")
    assert measures[2].heights_mm == pytest.approx(HEIGHT_NORMS["T10"].mean_mm)
    assert 2 not in measures[3].neighbour_loss.references


def test_uncertain_points_make_uncertain_heights_and_ratios():
    uncertainty = np.full((6, 6), 0.5)
    uncertainty[1] = 1.0
    measures = measure_spine(spine(), LEVELS, YES, PRESETS["genant"], uncertainty)
    assert measures[1].heights_sd_mm[0] == pytest.approx(2 * measures[0].heights_sd_mm[0])
    assert measures[1].genant_index_sd > 1.5 * measures[0].genant_index_sd > 0
    low, high = measures[1].grading.interval
    assert low < measures[1].grading.height_loss < high
