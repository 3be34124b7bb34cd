"""Where a body is missing in a row: found by the distances, however the row lies."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from VertebralFracturesLib.radiograph.bodies import missed_places

scatter = st.lists(st.floats(-0.08, 0.08), min_size=17, max_size=17)


def row_mm(scatter: list[float], turn: float = 0.0, scale: float = 1.0) -> np.ndarray:
    """Centres (18, 2) that are 20 to 36 mm apart, as from T1 to L5, each distance off by a little."""
    distances = np.linspace(20, 36, 17) * (1 + np.array(scatter))
    downs = np.r_[0, np.cumsum(distances)] * scale
    return downs[:, None] * [np.sin(turn), np.cos(turn)]


@given(scatter, st.integers(1, 16), st.floats(-0.8, 0.8), st.floats(0.7, 1.4))
def test_one_that_is_missing_is_seen(scatter: list[float], missing: int, turn: float, scale: float) -> None:
    centres_mm = row_mm(scatter, turn, scale)
    assert missed_places(centres_mm).tolist() == []
    assert missed_places(np.delete(centres_mm, missing, 0)).tolist() == [missing - 1]


@given(scatter, st.integers(1, 15))
def test_of_two_next_to_each_other_nothing_is_said(scatter: list[float], missing: int) -> None:
    assert missed_places(np.delete(row_mm(scatter), [missing, missing + 1], 0)).tolist() == []


def test_two_apart_are_seen() -> None:
    assert missed_places(np.delete(row_mm([0.0] * 17), [4, 11], 0)).tolist() == [3, 9]


@pytest.mark.parametrize("centres_mm", [np.zeros((0, 2)), [[0, 0]], [[0, 0], [0, 30]], [[0, 0], [0, 30], [0, 90]]])
def test_a_row_that_is_too_short_says_nothing(centres_mm: list) -> None:
    assert missed_places(centres_mm).tolist() == []
