from dataclasses import replace

import numpy as np
import pytest
from helpers.patient_row import UNCERTAINTY_MM, bodies_ras, pressed, study
from hypothesis import given
from hypothesis import strategies as st
from VertebralFracturesLib.core.comparison.change import (
    INTERVAL_95,
    NEW,
    NOT_COMPARABLE,
    PROGRESSIVE,
    UNCHANGED,
    HeightChange,
    compare_spines,
)
from VertebralFracturesLib.core.heights.uncertainty import ACROSS_SHARE

POINTS, LEVELS = bodies_ras(1)
LOWER = slice(10, 22)


def both(change=lambda points: points, **kwargs):
    prior = study(POINTS[LOWER], LEVELS[LOWER], 1, **kwargs)
    return prior, study(change(POINTS[LOWER].copy()), LEVELS[LOWER], 2, **kwargs)


def with_pressed(place, loss):
    def change(points):
        points[place] = pressed(points[place], loss)
        return points

    return change


def test_the_same_spine_is_unchanged():
    comparison = compare_spines(*both())
    assert [one.verdict for one in comparison.vertebrae] == [UNCHANGED] * 12
    assert comparison.headline == (
        "Since the prior study: no new or progressive vertebral fracture; 12 of 12 vertebrae that both studies show "
        "were compared."
    )
    assert comparison.numbering_note == ""
    assert comparison.angle_changes_deg
    assert max(abs(change) for change in comparison.angle_changes_deg.values()) < 8


def test_a_vertebra_that_lost_a_third_of_its_height_is_a_new_fracture():
    comparison = compare_spines(*both(with_pressed(7, 0.35)))
    (found,) = comparison.of(NEW)
    assert found.level == LEVELS[17] == "L1"
    assert found.greatest_loss == pytest.approx(0.35, abs=0.06)
    assert (found.prior_grade, found.current_grade) == (0, 2)
    assert f"new fracture of {found.level} (height loss 3" in comparison.headline


def test_a_fracture_that_loses_more_height_is_progressive():
    prior = study(with_pressed(7, 0.3)(POINTS[LOWER].copy()), LEVELS[LOWER], 1)
    current = study(with_pressed(7, 0.55)(POINTS[LOWER].copy()), LEVELS[LOWER], 2)
    assert [one.current for one in compare_spines(prior, current).of(PROGRESSIVE)] == [7]


@given(st.floats(10, 35), st.floats(0, 0.6), st.floats(0.05, 2.5))
def test_new_means_20_percent_and_4_mm_and_more_than_the_error(height, loss, sd):
    change = HeightChange((height,) * 3, (height, height * (1 - loss), height), (sd,) * 3)
    lost = height - height * (1 - loss)
    assert change.is_reduced == (change.losses[1] >= 0.2 and lost >= 4 and lost > INTERVAL_95 * sd)


def test_the_error_of_a_difference_is_that_of_both_studies():
    comparison = compare_spines(*both())
    one_study = ACROSS_SHARE * np.sqrt(2) * UNCERTAINTY_MM
    assert comparison.vertebrae[3].heights.sd_mm == pytest.approx((np.sqrt(2) * one_study,) * 3)


def test_what_a_reader_called_not_evaluable_is_not_compared():
    prior, current = both()
    marked = [replace(one, status="not evaluable") if place == 4 else one for place, one in enumerate(prior.vertebrae)]
    (left_out,) = compare_spines(replace(prior, vertebrae=tuple(marked)), current).of(NOT_COMPARABLE)
    assert (left_out.prior, left_out.reason) == (4, "not evaluable in the prior study")


def test_the_more_certain_numbering_names_both_studies():
    prior, current = both(confidence=0.5)
    sure = [replace(one, level_confidence=0.95) for one in prior.vertebrae]
    aside = [replace(one, level=below) for one, below in zip(current.vertebrae, [*LEVELS[11:22], None], strict=True)]
    comparison = compare_spines(replace(prior, vertebrae=tuple(sure)), replace(current, vertebrae=tuple(aside)))
    assert [one.level for one in comparison.vertebrae] == list(LEVELS[LOWER])
    assert comparison.numbering_note.startswith("The current study numbers the same vertebrae 1 below the prior study.")
    assert "numbering of the prior study is used" in comparison.numbering_note
