"""How much too long or too short the straightened slice draws the heights of a body."""

import numpy as np
from helpers.spine_shapes import bodies_along, kyphotic_circle, spine_curves, upright_curve
from hypothesis import given, settings
from hypothesis import strategies as st
from VertebralFracturesLib.core.reformation.stretch import height_stretch
from VertebralFracturesLib.core.straightening import StraightenedSlice

BODY_STRAIGHT = np.array([[0, y, z] for y in (15.0, 0.0, -15.0) for z in (-50.0, -70.0)])


def straightened(curve, pixel_mm: float = 0.5) -> StraightenedSlice:
    return StraightenedSlice(np.zeros((1, 1), np.float32), pixel_mm, curve, 40.0, 20.0)


def test_an_upright_spine_is_drawn_as_it_is() -> None:
    curve = upright_curve()
    np.testing.assert_allclose(height_stretch(straightened(curve), curve.straight_to_ras(BODY_STRAIGHT)), 1.0)


def test_the_inner_side_of_a_bend_is_drawn_longer_and_the_outer_side_shorter() -> None:
    """On a circle of 100 mm, chords 15 mm inside and outside are drawn 100/85 and 100/115 times as long."""
    curve = kyphotic_circle(100.0)
    stretch = height_stretch(straightened(curve), curve.straight_to_ras(BODY_STRAIGHT))
    np.testing.assert_allclose(stretch, [100 / 85, 1.0, 100 / 115], atol=0.004)


@settings(deadline=None, max_examples=30)
@given(spine_curves(), st.data(), st.floats(0.3, 2.0))
def test_it_is_the_length_drawn_over_the_true_length(curve, data, pixel_mm) -> None:
    bodies_ras = data.draw(bodies_along(curve))
    drawn = curve.ras_to_straight(bodies_ras)[..., 1:]
    expected = [
        np.linalg.norm(points[:, 0::2] - points[:, 1::2], axis=-1) for points in (drawn, np.asarray(bodies_ras))
    ]
    stretch = height_stretch(straightened(curve, pixel_mm), bodies_ras)
    np.testing.assert_allclose(stretch, expected[0] / expected[1], rtol=1e-6)


def test_a_height_of_nothing_has_no_stretch() -> None:
    flat = BODY_STRAIGHT.copy()
    flat[1] = flat[0]
    curve = upright_curve()
    stretch = height_stretch(straightened(curve), curve.straight_to_ras(flat))
    assert np.isnan(stretch[0])
    np.testing.assert_allclose(stretch[1:], 1.0)
