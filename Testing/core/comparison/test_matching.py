from dataclasses import replace

import numpy as np
import pytest
from helpers.patient_row import bodies_ras, pressed, study
from hypothesis import given, settings
from hypothesis import strategies as st
from VertebralFracturesLib.core.comparison.change import spine_row
from VertebralFracturesLib.core.comparison.matching import LEAST_CONFIDENCE, StudiesDoNotMatch, match_spines
from VertebralFracturesLib.core.levels import LEVEL_NAMES


def named_aside(levels, steps):
    """The levels that lie some steps below; None beyond the last one."""
    below = [LEVEL_NAMES.index(level) + steps if level in LEVEL_NAMES else -1 for level in levels]
    return tuple(LEVEL_NAMES[place] if 0 <= place < len(LEVEL_NAMES) else None for place in below)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 40),
    st.integers(4, 12),
    st.integers(0, 6),
    st.integers(0, 6),
    st.integers(-2, 2),
    st.integers(0, 999),
)
def test_shared_vertebrae_are_found_whatever_the_levels_are_called_or_nothing_is(
    seed, shared, above, below, steps, noise
):
    points, levels = bodies_ras(seed % 5)
    first = min(3 + seed % 7, len(points) - shared)
    before = slice(max(0, first - above), first + shared)
    after = slice(first, min(len(points), first + shared + below))
    prior = study(points[before], levels[before], noise, confidence=0.5)
    current = study(points[after], named_aside(levels[after], steps), noise + 1, confidence=0.5)
    try:
        match = match_spines(spine_row(prior), spine_row(current))
    except StudiesDoNotMatch:
        return
    offset = first - before.start
    assert match.pairs == tuple((place + offset, place) for place in range(shared))
    assert match.confidence >= LEAST_CONFIDENCE
    assert match.steps in (steps, None)


def test_most_rows_of_eight_vertebrae_are_matched():
    points, levels = bodies_ras(1)
    for first in range(0, 14, 2):
        rows = [spine_row(study(points[first : first + 8], levels[first : first + 8], noise)) for noise in (1, 2)]
        assert len(match_spines(*rows).pairs) == 8


def test_new_fractures_are_no_other_patient():
    points, levels = bodies_ras(2)
    later = points.copy()
    for place in (8, 11, 14):
        later[place] = pressed(points[place], 0.4)
    match = match_spines(spine_row(study(points, levels, 1)), spine_row(study(later, levels, 2)))
    assert match.pairs == tuple((place, place) for place in range(len(points)))


def test_another_patient_is_refused():
    (points, levels), (others, theirs) = bodies_ras(3), bodies_ras(4)
    count = min(len(points), len(others))
    with pytest.raises(StudiesDoNotMatch, match="same patient"):
        match_spines(
            spine_row(study(points[-count:], levels[-count:], 1)), spine_row(study(others[-count:], theirs[-count:], 2))
        )


def test_two_vertebrae_are_too_few():
    points, levels = bodies_ras(1)
    whole, part = (spine_row(study(points[:5], levels[:5], noise)) for noise in (1, 2))
    with pytest.raises(StudiesDoNotMatch, match="at least 3"):
        match_spines(whole, replace(part, keypoints_mm=part.keypoints_mm[:2], uncertainty_mm=part.uncertainty_mm[:2],
                                    levels=levels[:2], level_confidences=(0.9, 0.9)))  # fmt: skip


def test_a_vertebra_that_one_study_leaves_out_is_skipped():
    points, levels = bodies_ras(1)
    kept = [place for place in range(6, 18) if place != 11]
    whole = study(points[6:18], levels[6:18], 1)
    holed = study(points[kept], tuple(levels[place] for place in kept), 2)
    assert match_spines(spine_row(whole), spine_row(holed)).pairs == tuple(
        (place - 6, place - 6 - (place > 11)) for place in kept
    )


def test_a_study_without_a_scale_is_matched_by_its_proportions():
    points, levels = bodies_ras(1)
    row = spine_row(study(points[4:18], levels[4:18], 1))
    smaller = replace(row, keypoints_mm=0.8 * row.keypoints_mm, uncertainty_mm=0.8 * row.uncertainty_mm)
    with pytest.raises(StudiesDoNotMatch):
        match_spines(row, smaller)
    assert match_spines(row, replace(smaller, is_scale_known=False)).pairs == tuple((i, i) for i in range(14))


def test_names_decide_between_rows_that_are_alike():
    even = np.repeat(bodies_ras(1)[0][10][None], 5, axis=0) - 30.0 * np.arange(5)[:, None, None] * [0, 0, 1]
    row = spine_row(study(even, ("T10", "T11", "T12", "L1", "L2"), 1, error_mm=0.0, confidence=0.99))
    other = replace(row, levels=("T11", "T12", "L1", "L2", "L3"))
    assert match_spines(row, row).pairs == tuple((i, i) for i in range(5))
    assert match_spines(row, other).pairs == tuple((i + 1, i) for i in range(4))
