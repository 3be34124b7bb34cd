import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.simulation.matching import MATCH_MM, Matching, match_vertebrae, nearest_arc_mm

CURVE = SpineCurve(np.c_[np.zeros(6), np.zeros(6), np.linspace(20, -130, 6)], np.ones(6))


def body(superior: float, right: float = 0.0, anterior: float = 0.0) -> np.ndarray:
    """A body 20 mm high and 30 mm deep around a centre."""
    return np.array([[right, anterior + y, superior + z] for y in (15, 0, -15) for z in (10, -10)])


REFERENCE = [body(0), body(-30), body(-60), body(-90)]


def test_everything_found_in_another_order():
    matching = match_vertebrae(REFERENCE[::-1], REFERENCE, CURVE)
    assert sorted(matching.pairs) == [(0, 3), (1, 2), (2, 1), (3, 0)]
    assert matching.missed == matching.false == matching.outside == ()


def test_the_limit_is_eight_millimetres():
    within, beyond = body(-30, anterior=MATCH_MM - 0.01), body(-30, anterior=MATCH_MM + 0.01)
    assert match_vertebrae([within], REFERENCE, CURVE).pairs == ((0, 1),)
    assert match_vertebrae([beyond], REFERENCE, CURVE) == Matching((), (0, 1, 2, 3), (0,), ())


def test_a_duplicate_counts_as_false_and_the_closer_one_matches():
    matching = match_vertebrae([body(-33), body(-31), body(0)], REFERENCE, CURVE)
    assert sorted(matching.pairs) == [(1, 1), (2, 0)]
    assert matching.false == (0,)
    assert matching.missed == (2, 3)


def test_finds_beyond_the_marked_range_do_not_count():
    matching = match_vertebrae([body(25), body(-115), body(9), body(-45), body(-60, right=40)], REFERENCE, CURVE)
    assert matching.outside == (0, 1)
    assert matching.false == (2, 3, 4)


def test_as_many_pairs_as_possible_before_short_distances():
    reference = [body(0), body(-7)]
    matching = match_vertebrae([body(-6.9), body(-14)], reference, CURVE)
    assert sorted(matching.pairs) == [(0, 0), (1, 1)]


def test_nothing_found():
    assert match_vertebrae(np.zeros((0, 6, 3)), REFERENCE, CURVE) == Matching((), (0, 1, 2, 3), (), ())


@given(st.lists(st.tuples(st.floats(-140, 40), st.floats(-20, 20)), max_size=8))
def test_each_find_and_each_reference_is_told_once(centres):
    found = [body(superior, anterior=anterior) for superior, anterior in centres]
    matching = match_vertebrae(found, REFERENCE, CURVE)
    assert sorted([i for i, _ in matching.pairs] + [*matching.false, *matching.outside]) == list(range(len(found)))
    assert sorted([j for _, j in matching.pairs] + [*matching.missed]) == list(range(len(REFERENCE)))


def test_the_nearest_arc_goes_on_beyond_the_curve():
    points = np.array([[5.0, 5, 20], [0, 9, -30], [0, 0, 40], [3, 3, -150]])
    np.testing.assert_allclose(nearest_arc_mm(CURVE, points), [0, 50, -20, 170], atol=0.25)


def test_arcs_end_two_hundred_millimetres_beyond_the_curve():
    np.testing.assert_allclose(nearest_arc_mm(CURVE, np.array([[0.0, 0, 900], [0, 0, -900]])), [-200, 349.5], atol=0.5)
