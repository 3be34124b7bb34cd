"""What the sequence network says, read where a body is, set beside the index G, and kept in a file."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from VertebralFracturesLib.core.image_classification import (
    ROWS_PER_POSITION,
    CombinedProbability,
    ImageClassification,
    combined_probability,
    height_based_probability,
    patient_probability,
    position_rows,
)
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.core.spine_slab import MARGIN_MM, VOXEL_MM, SlabFrame

LENGTH_MM = 150.0
CURVE = SpineCurve(np.c_[np.zeros(8), np.zeros(8), np.linspace(0, -LENGTH_MM, 8)], np.ones(8))
FRAME = SlabFrame(CURVE, np.zeros(3))
POSITIONS = -(-FRAME.shape[2] // ROWS_PER_POSITION)


def body(top_mm: float, height_mm: float = 24.0) -> np.ndarray:
    """Keypoints (6, 3) of a body that begins so far below the curve's upper end."""
    return np.array([[0.0, y, -top_mm - down] for y in (15.0, 0.0, -15.0) for down in (0.0, height_mm)])


def seen_at(top_mm: float, grades: tuple[float, ...], height_mm: float = 24.0, **fields) -> ImageClassification:
    """Discs everywhere but for one body of these grades."""
    shares = np.tile([0.96, 0.01, 0.01, 0.01, 0.01], (POSITIONS, 1))
    arcs = (np.arange(POSITIONS) + 0.5) * ROWS_PER_POSITION * VOXEL_MM - MARGIN_MM
    shares[(arcs > top_mm) & (arcs < top_mm + height_mm)] = [0.04, *(0.96 * np.array(grades))]
    return ImageClassification(FRAME, shares, **fields)


def test_a_body_gets_the_grades_of_its_own_positions():
    given_grades = (0.1, 0.2, 0.6, 0.1)
    second = seen_at(60.0, given_grades)
    np.testing.assert_allclose(second.grade_probabilities(body(60.0)), given_grades, atol=1e-6)
    np.testing.assert_allclose(second.grade_probabilities(body(20.0)), [0.25] * 4, atol=1e-6)


def test_a_flat_body_is_read_too():
    shares = seen_at(60.0, (0.0, 0.0, 0.1, 0.9), height_mm=4.0).grade_probabilities(body(60.5, 2.0))
    assert shares is not None
    assert shares.argmax() == 3


def test_nothing_is_said_beyond_the_slab():
    second = seen_at(60.0, (1.0, 0.0, 0.0, 0.0))
    assert second.grade_probabilities(body(LENGTH_MM + 40)) is None
    assert second.grade_probabilities(body(-80.0)) is None


def test_temperature_makes_probabilities_milder_and_keeps_their_order():
    sharp = seen_at(60.0, (0.05, 0.1, 0.15, 0.7))
    mild = seen_at(60.0, (0.05, 0.1, 0.15, 0.7), temperature=2.0)
    one, two = sharp.grade_probabilities(body(60.0)), mild.grade_probabilities(body(60.0))
    assert one[3] > two[3] > 0.25
    assert list(np.argsort(one)) == list(np.argsort(two))


@pytest.mark.parametrize(
    "fields",
    [
        {"probabilities": np.full((4, 3), 1 / 3)},
        {"probabilities": np.zeros((0, 5))},
        {"probabilities": np.full((4, 5), 0.5)},
        {"probabilities": np.full((4, 5), np.nan)},
        {"probabilities": np.tile([1.2, -0.2, 0, 0, 0], (4, 1))},
        {"probabilities": np.full((4, 5), 0.2), "temperature": 0.0},
    ],
)
def test_what_are_no_probabilities_is_refused(fields):
    with pytest.raises(ValueError, match="image classification"):
        ImageClassification(FRAME, **fields)


def test_the_measured_probability_is_one_half_at_the_cutoff():
    assert height_based_probability(0.75) == pytest.approx(0.5)
    assert height_based_probability(0.50) > 0.99
    assert height_based_probability(0.90) < 0.01


@given(measured=st.floats(0, 1), seen=st.floats(0, 1))
def test_together_lies_between_both(measured, seen):
    together = CombinedProbability(measured, seen, 0).combined
    low, high = sorted(min(max(value, 0.001), 0.999) for value in (measured, seen))
    assert low - 1e-9 <= together <= high + 1e-9


def test_readings_that_are_far_apart_differ():
    assert combined_probability(0.55, [0.9, 0.05, 0.05, 0.0]).is_discordant
    assert combined_probability(0.90, [0.0, 0.1, 0.5, 0.4]).is_discordant
    assert not combined_probability(0.55, [0.0, 0.1, 0.5, 0.4]).is_discordant
    assert not combined_probability(0.76, [0.6, 0.2, 0.1, 0.1]).is_discordant  # near the cut-off nothing is certain


def test_a_patient_counts_by_the_most_suspicious_vertebra():
    both = patient_probability(
        [None, CombinedProbability(0.1, 0.9, 3), CombinedProbability(0.7, 0.4, 2), CombinedProbability(0.0, 0.0, 0)]
    )
    assert (both.height_based, both.image_based, both.image_based_vertebra) == (0.7, 0.9, 1)
    assert both.combined == pytest.approx(CombinedProbability(0.7, 0.4, 2).combined)
    assert both.discordant_vertebrae == (1,)
    assert patient_probability([None, None]) is None


def test_a_position_stands_for_two_rows() -> None:
    np.testing.assert_array_equal(position_rows(3), [0.5, 2.5, 4.5])


def test_a_mild_deformity_does_not_count_as_a_fracture() -> None:
    assert combined_probability(0.9, [0.1, 0.2, 0.3, 0.4]).image_based == pytest.approx(0.7)


def test_the_measured_probability_falls_by_the_error_of_the_index() -> None:
    """One standard deviation of 0.04 beside the cut-off."""
    assert height_based_probability(0.71) == pytest.approx(0.841, abs=0.001)
    assert height_based_probability(0.79) == pytest.approx(0.159, abs=0.001)


def test_readings_differ_from_one_half_on() -> None:
    assert CombinedProbability(0.2, 0.71, 2).is_discordant
    assert not CombinedProbability(0.2, 0.69, 2).is_discordant


def test_the_middle_70_percent_of_a_body_are_averaged() -> None:
    """Of them, five sevenths lie in the middle half, which alone has a grade: so much of its logit of ln 7 counts."""
    half_graded = seen_at(30.0, (0.1, 0.1, 0.1, 0.7), height_mm=30.0)
    logit = 5 / 7 * np.log(7)
    assert half_graded.grade_probabilities(body(15.0, 60.0))[3] == pytest.approx(1 / (1 + 3 * np.exp(-logit)), abs=0.03)
