import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from VertebralFracturesLib.core.alignment.discs import discs_below

LEVELS = ("L1", "L2", "L3")


def bodies(gaps_mm: tuple[float, float, float]) -> np.ndarray:
    """Three bodies (3, 6, 3) with these distances in front, in the middle and behind between them."""
    body = np.array([[0, 17, 0], [0, 17, -25], [0, 0, -2], [0, 0, -23], [0, -17, 0], [0, -17, -25]], float)
    stack = [body]
    for _ in range(2):
        lower = body.copy()
        lower[0::2, 2] = stack[-1][1::2, 2] - gaps_mm
        lower[1::2, 2] = lower[0::2, 2] - [25, 21, 25]
        stack.append(lower)
    return np.array(stack)


@given(st.tuples(*[st.floats(1, 15)] * 3))
def test_heights_are_the_gaps_between_facing_points(gaps_mm: tuple[float, float, float]) -> None:
    upper, lower, last = discs_below(LEVELS, bodies(gaps_mm), [True] * 3)
    assert upper.heights_mm == pytest.approx(gaps_mm)
    assert lower.heights_mm == pytest.approx(gaps_mm)
    assert (upper.name, lower.name, last) == ("L1-L2", "L2-L3", None)


def test_a_disc_that_is_open_anteriorly_has_a_positive_angle() -> None:
    disc = discs_below(LEVELS, bodies((12.0, 9.0, 6.0)), [True] * 3)[0]
    assert disc.angle_deg == pytest.approx(np.degrees(np.arctan(6 / 34)))


def test_moving_a_spine_sideways_changes_nothing() -> None:
    points = bodies((10.0, 9.0, 6.0))
    assert discs_below(LEVELS, points + [40.0, 0, 0], [True] * 3) == discs_below(LEVELS, points, [True] * 3)


@pytest.mark.parametrize(
    ("levels", "evaluable"),
    [
        (("L1", "L3", "L5"), (True, True, True)),
        (("L1", None, "L3"), (True, True, True)),
        (LEVELS, (True, False, True)),
        ((None, None, None), (True, True, True)),
    ],
)
def test_without_both_neighbours_there_is_no_disc(levels: tuple, evaluable: tuple) -> None:
    assert discs_below(levels, bodies((10.0, 9.0, 6.0)), evaluable) == [None] * 3


def test_no_vertebra_has_no_disc() -> None:
    assert discs_below((), np.empty((0, 6, 3)), ()) == []
