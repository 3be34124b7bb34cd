"""The conclusion for a patient follows from the measures of the vertebrae."""

import numpy as np
import pytest
from VertebralFracturesLib.core.heights.genant import PRESETS
from VertebralFracturesLib.core.heights.norms import HEIGHT_NORMS
from VertebralFracturesLib.core.image_classification import CombinedProbability
from VertebralFracturesLib.core.levels import LEVELS_ARE_UNCERTAIN
from VertebralFracturesLib.core.measures import measure_spine
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
    preset = PRESETS[rest.pop("preset", "genant")]
    measures = measure_spine(keypoints, levels, evaluable, preset, scores=rest.pop("scores", None))
    return summarize(levels, rest.pop("confidences", SURE), measures, **rest)


NORMAL = (1.0, 1.0, 1.0)
WEDGE = (0.6, 1.0, 1.0)
CRUSHED = (0.7, 0.7, 0.7)


PHYSIOLOGICAL = (0.99, 0.91, 1.0)
"""A T8 of G 0.78 by its middle height, two standard deviations below the norm of the level."""


def test_the_worst_vertebra_has_the_highest_grade_and_the_greatest_loss():
    result = summary((0.75, 1.0, 1.0), WEDGE)
    assert result.worst_vertebra == 1
    assert result.least_index == pytest.approx(0.6 * 19.6 / 21.7)
    assert result.greatest_height_loss == pytest.approx(1 - result.least_index)
    assert (result.vertebrae, result.evaluated, result.graded, result.worst_grade) == (5, 5, 5, 3)
    assert result.grade_counts == (3, 0, 1, 1)


def test_the_deformity_index_leaves_out_what_lies_above_t4():
    result = summary(WEDGE, WEDGE)
    assert (result.deformity_index.total, result.deformity_index.evaluated) == (3, 4)
    assert "Spinal deformity index 3 over 4 of 13 levels T4 to L4." in result.statement


def test_what_is_not_evaluable_does_not_count():
    result = summary(NORMAL, WEDGE, evaluable=(True, False, True, True, True))
    assert (result.vertebrae, result.evaluated, result.worst_grade) == (5, 4, 0)
    nothing = summary(evaluable=(False,) * 5)
    assert (nothing.least_index, nothing.worst_vertebra, nothing.worst_grade) == (None, None, None)
    assert nothing.headline == nothing.statement == "No vertebra was assessed."


@pytest.mark.parametrize(
    ("factors", "headline"),
    [
        ((), "No moderate or severe vertebral fracture; 4 of 13 levels T4 to L4 assessed."),
        ((NORMAL, PHYSIOLOGICAL), "No moderate or severe vertebral fracture; 4 of 13 levels T4 to L4 assessed."),
        (
            (NORMAL, (0.75, 1, 1)),
            "Moderate fracture of T8 (29 % height loss, wedge); 4 of 13 levels T4 to L4 assessed.",
        ),
        (
            (NORMAL, NORMAL, (0.8, 0.8, 0.8)),
            "Mild fracture of T9 (20 % height loss, crush, borderline); no moderate or severe fracture; "
            "4 of 13 levels T4 to L4 assessed.",
        ),
        (
            (WEDGE, WEDGE, WEDGE, WEDGE, NORMAL),
            "Severe fracture of T9 (44 % height loss, wedge); severe fracture of T8 (43 % height loss, wedge); "
            "severe fracture of T10 (43 % height loss, wedge); 1 more; 4 of 13 levels T4 to L4 assessed.",
        ),
    ],
)
def test_the_headline_can_be_signed(factors, headline):
    assert summary(*factors, preset="level-aware").headline == headline


def test_a_mild_reduction_within_the_norm_is_told_and_does_not_count():
    result = summary(NORMAL, PHYSIOLOGICAL, preset="level-aware")
    assert (result.worst_grade, result.physiological, result.grade_counts) == (0, 1, (5, 0, 0, 0))
    assert "mild height reduction, probably physiological; height ratio 0.78" in result.statement
    assert "Mild height reduction, probably physiological: T8." in result.statement
    assert summary(NORMAL, PHYSIOLOGICAL).worst_grade == 1, "by the height ratio alone it is mild"


def test_bodies_that_lost_height_evenly_are_named_under_every_preset():
    assert "Uniformly" not in summary().statement
    for preset in PRESETS:
        two = summary(CRUSHED, NORMAL, CRUSHED, preset=preset)
        assert "Uniformly reduced in height relative to adjacent levels: T3, T9." in two.statement


def test_a_vertebra_without_a_name_goes_by_its_number():
    unnamed = summary(NORMAL, WEDGE, levels=(None,) * 5)
    assert "fracture of No. 2 (" in unnamed.headline
    assert "deformity index" not in unnamed.statement


def test_what_is_measured_and_not_graded_is_named():
    cervical = summary(NORMAL, WEDGE, levels=("C6", "C7", "T9", "T10", "L6"))
    assert (cervical.worst_grade, cervical.graded, cervical.evaluated) == (0, 2, 5)
    assert "Measured but not graded (cervical levels): C6, C7." in cervical.statement
    assert "Measured but not graded (transitional levels): L6." in cervical.statement
    doubtful = summary(NORMAL, WEDGE, scores=(1.0, 0.5, 1.0, 1.0, 1.0))
    assert (doubtful.worst_grade, doubtful.unreliable) == (0, 1)
    assert "Not reliable, please review: T8 (low detection score)." in doubtful.statement
    neck = summary(levels=("C3", "C4", "C5", "C6", "C7"))
    assert (neck.headline, neck.worst_grade) == ("No vertebra could be graded for fracture.", None)


def test_numbering_is_uncertain_where_no_level_is_certain():
    assert not summary(confidences=(0.1, 0.1, 0.85, 0.1, 0.1)).levels_are_uncertain
    doubtful = summary(NORMAL, WEDGE, confidences=(0.79,) * 5)
    assert doubtful.levels_are_uncertain
    assert doubtful.statement.endswith(LEVELS_ARE_UNCERTAIN)
    assert "fracture of T8? (" in doubtful.headline


def test_both_probabilities_are_named_where_there_are_two():
    assert summary(probabilities=(None,) * 5).fracture_probability is None
    result = summary(
        probabilities=[
            CombinedProbability(0.1, 0.2, 0),
            CombinedProbability(0.2, 0.9, 3),
            *[CombinedProbability(0.1, 0.1, 0)] * 3,
        ]
    )
    assert result.statement.startswith(summary().statement)
    assert "0.20 from heights, 0.90 from image appearance (T8)" in result.statement
    assert result.statement.endswith("Height- and image-based results disagree at T8; please review.")


def test_an_empty_spine_has_no_summary_but_a_sentence():
    result = summarize((), (), ())
    assert (result.vertebrae, result.statement, result.levels_are_uncertain) == (0, "No vertebra was assessed.", False)
