"""What is said of a patient follows from the measures of the vertebrae."""

import numpy as np
import pytest
from VertebralFracturesLib.core.genant import PRESETS
from VertebralFracturesLib.core.image_classification import CombinedProbability
from VertebralFracturesLib.core.measures import measure_spine
from VertebralFracturesLib.core.norms import HEIGHT_NORMS
from VertebralFracturesLib.core.summary import PatientSummary, summarize

LEVELS = ("T3", "T8", "T9", "T10", "T11")
SURE = (0.9,) * 5


def body(level: str, factors: tuple[float, float, float]) -> np.ndarray:
    """Six keypoints (6, 3) of a body with the mean heights of its level times these factors."""
    pairs = zip((15.0, 0.0, -15.0), np.array(HEIGHT_NORMS[level].mean_mm) * factors, strict=True)
    return np.array([[0.0, depth, side * height / 2] for depth, height in pairs for side in (1, -1)])


def summary(*factors: tuple[float, float, float], evaluable=(True,) * 5, levels=LEVELS, **rest) -> PatientSummary:
    """The summary of five vertebrae, of which those without factors are normal."""
    scales = [*factors, *[(1.0, 1.0, 1.0)] * (5 - len(factors))]
    keypoints = np.array([body(level, scale) for level, scale in zip(LEVELS, scales, strict=True)])
    measures = measure_spine(keypoints, levels, evaluable, PRESETS["genant"])
    return summarize(levels, rest.pop("confidences", SURE), measures, **rest)


NORMAL = (1.0, 1.0, 1.0)
WEDGE = (0.6, 1.0, 1.0)
CRUSHED = (0.7, 0.7, 0.7)


def test_the_patients_index_is_the_least():
    result = summary((0.75, 1.0, 1.0), WEDGE)
    assert result.least_vertebra == 1
    assert result.least_index == pytest.approx(0.6 * 19.6 / 21.7)
    assert (result.vertebrae, result.evaluated, result.worst_grade) == (5, 5, 3)
    assert result.grade_counts == (3, 0, 1, 1)


def test_the_deformity_index_leaves_out_what_lies_above_t4():
    result = summary(WEDGE, WEDGE)
    assert (result.deformity_index.total, result.deformity_index.evaluated) == (3, 4)
    assert "Spinal deformity index 3 over 4 of 13 levels T4-L4." in result.statement


def test_what_is_not_evaluable_does_not_count():
    result = summary(NORMAL, WEDGE, evaluable=(True, False, True, True, True))
    assert (result.vertebrae, result.evaluated, result.worst_grade) == (5, 4, 0)
    nothing = summary(evaluable=(False,) * 5)
    assert (nothing.least_index, nothing.least_vertebra, nothing.worst_grade) == (None, None, None)
    assert nothing.statement == "No vertebra was evaluated."


def test_bodies_that_lost_height_evenly_are_counted_and_said():
    assert "evenly low" not in summary().statement
    assert "1 of grade 0 is evenly low against the neighbours." in summary(NORMAL, NORMAL, CRUSHED).statement
    two = summary(CRUSHED, NORMAL, CRUSHED)
    assert two.crushed == 2
    assert "2 of grade 0 are evenly low against the neighbours." in two.statement


def test_the_statement_names_the_worst_vertebra_or_counts_from_above():
    assert summary(NORMAL, WEDGE).statement.startswith("Least index G 0.54 at T8: severe (grade 3). 1 of 5 evaluated")
    unnamed = summary(NORMAL, WEDGE, levels=(None,) * 5)
    assert "at vertebra 2 from above" in unnamed.statement
    assert "deformity index" not in unnamed.statement


def test_levels_are_relative_where_none_is_sure():
    assert not summary(confidences=(0.1, 0.1, 0.85, 0.1, 0.1)).levels_are_relative
    doubtful = summary(confidences=(0.79,) * 5)
    assert doubtful.levels_are_relative
    assert doubtful.statement.endswith("Level names are relative: no level could be named with confidence.")


def test_both_readings_are_named_where_there_are_two():
    assert summary(probabilities=(None,) * 5).fracture_probability is None
    result = summary(
        probabilities=[
            CombinedProbability(0.1, 0.2, 0),
            CombinedProbability(0.2, 0.9, 3),
            *[CombinedProbability(0.1, 0.1, 0)] * 3,
        ]
    )
    assert result.statement.startswith(summary().statement)
    assert "seen 0.90 (T8)" in result.statement
    assert result.statement.endswith("Measured and seen differ at T8: look again.")


def test_an_empty_spine_has_no_summary_but_a_sentence():
    result = summarize((), (), ())
    assert (result.vertebrae, result.statement, result.levels_are_relative) == (0, "No vertebra was evaluated.", False)
