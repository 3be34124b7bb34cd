"""Tables of sizes by level: read between their knots, and close to the norms that results are compared with."""

import numpy as np
import pytest
from helpers.patient_statistics import PUBLISHED_NORMALS
from hypothesis import given
from hypothesis import strategies as st
from VertebralFracturesLib.core.heights.norms import (
    ANTERIOR_POSTERIOR_NORMS,
    CENTRES_MM,
    HEIGHT_NORMS,
    MIDDLE_POSTERIOR_NORMS,
)
from VertebralFracturesLib.simulation.patient import level_tables
from VertebralFracturesLib.simulation.patient.level_tables import LEVEL_NUMBERS, at_level, by_knots

TABLES = {
    name: table for name, table in vars(level_tables).items() if isinstance(table, np.ndarray) and table.shape == (23,)
}
NUMBERS = st.floats(-5, 40)
KNOTS = st.dictionaries(st.integers(-5, 40), st.floats(-100, 100), min_size=1, max_size=8).map(
    lambda knots: dict(sorted(knots.items()))
)


def test_every_table_holds_c2_to_l5():
    assert len(TABLES) == 10
    assert len(level_tables.MEASURED_DISC_WEDGE_DEGREES) == LEVEL_NUMBERS["L1"] - LEVEL_NUMBERS["T1"]


@given(st.sampled_from(sorted(TABLES)), NUMBERS)
def test_a_table_is_read_at_its_levels_and_stays_between_them(name, number):
    table = TABLES[name]
    assert [at_level(table, level) for level in range(2, 25)] == list(table)
    nearest = np.clip([np.floor(number) - 2, np.ceil(number) - 2], 0, 22).astype(int)
    assert table[nearest].min() - 1e-9 <= at_level(table, number) <= table[nearest].max() + 1e-9


@given(KNOTS, NUMBERS)
def test_knots_are_passed_through_and_bound_what_lies_between(knots, number):
    np.testing.assert_allclose(by_knots(np.array(list(knots)), knots), list(knots.values()))
    assert min(knots.values()) - 1e-9 <= by_knots(number, knots) <= max(knots.values()) + 1e-9


@pytest.mark.parametrize("level", HEIGHT_NORMS)
def test_mean_heights_agree_with_the_norms_that_results_are_compared_with(level):
    number = LEVEL_NUMBERS[level]
    anterior, middle, posterior = HEIGHT_NORMS[level].mean_mm
    mean = at_level(level_tables.HEIGHT_POSTERIOR_MM, number)
    assert mean == posterior
    assert at_level(level_tables.ANTERIOR_RATIO, number) * mean == pytest.approx(anterior, abs=0.5)
    assert at_level(level_tables.MIDDLE_RATIO, number) * mean == pytest.approx(middle, abs=0.5)


@pytest.mark.parametrize("level", sorted(set(ANTERIOR_POSTERIOR_NORMS) & set(PUBLISHED_NORMALS)))
def test_mean_ratios_lie_halfway_between_the_mean_and_the_robust_median_of_the_same_bodies(level):
    number = LEVEL_NUMBERS[level]
    for table, norms, column in (
        (level_tables.ANTERIOR_RATIO, ANTERIOR_POSTERIOR_NORMS, 6),
        (level_tables.MIDDLE_RATIO, MIDDLE_POSTERIOR_NORMS, 8),
    ):
        halfway = 0.5 * (PUBLISHED_NORMALS[level][column] + norms[level].median)
        assert at_level(table, number) == pytest.approx(halfway, abs=0.002)


def test_bodies_and_gaps_add_up_to_the_distances_between_centres():
    """From T1 to L5 the mean bodies are as far apart as those of 2116 CTs, to 10 percent."""
    thoracolumbar = slice(int(LEVEL_NUMBERS["T1"]) - 2, 23)
    anterior = level_tables.HEIGHT_POSTERIOR_MM * level_tables.ANTERIOR_RATIO
    heights = 0.5 * (level_tables.HEIGHT_POSTERIOR_MM + anterior)[thoracolumbar]
    gaps = 0.5 * (level_tables.GAP_ANTERIOR_MM + level_tables.GAP_POSTERIOR_MM)[thoracolumbar]
    way_mm = 0.5 * (heights[:-1] + heights[1:]).sum() + gaps[:-1].sum()
    assert way_mm == pytest.approx(CENTRES_MM[23] - CENTRES_MM[7], rel=0.1)
