import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from VertebralFracturesLib.core import keypoints
from VertebralFracturesLib.errors import UnusableInput

BOX = np.array([[10.0, 20], [10, 0], [0, 18], [0, 2], [-10, 20], [-10, 0]])


def test_the_pairs_are_in_the_order_of_the_names():
    assert [keypoints.KEYPOINT_NAMES[i] for i in keypoints.SUPERIOR] == [
        "anterior superior",
        "middle superior",
        "posterior superior",
    ]
    assert [keypoints.KEYPOINT_NAMES[i].split()[0] for i in keypoints.INFERIOR] == ["anterior", "middle", "posterior"]
    assert keypoints.KEYPOINT_NAMES[keypoints.POSTERIOR_INFERIOR] == "posterior inferior"


def test_the_outline_goes_once_around_the_body():
    polygon = BOX[list(keypoints.OUTLINE)]
    x, y = polygon.T
    area = abs((x * np.roll(y, -1) - y * np.roll(x, -1)).sum()) / 2
    assert sorted(keypoints.OUTLINE) == list(range(6))
    assert area == 360.0


def test_points_beyond_the_walls_lie_along_the_endplates():
    np.testing.assert_allclose(keypoints.beyond_walls(BOX, 2.0), [[12, 20], [12, 0], [-12, 20], [-12, 0]])
    assert keypoints.beyond_walls(np.stack([BOX, BOX]), 1.0).shape == (2, 4, 2)


def test_points_beyond_the_endplates_lie_along_the_heights():
    above = keypoints.beyond_endplates(BOX, 3.0)
    np.testing.assert_allclose(above, BOX + np.array([[0, 3], [0, -3]] * 3))
    assert keypoints.beyond_endplates(np.stack([BOX, BOX]), 1.0).shape == (2, 6, 2)


def test_centre_and_depths_of_several_bodies_at_once():
    bodies = np.stack([BOX, BOX + [5, 7]])
    np.testing.assert_allclose(keypoints.body_centre(bodies), [[0, 10], [5, 17]])
    np.testing.assert_allclose(keypoints.depths_mm(bodies), [[20, 20], [20, 20]])


@given(
    heights=st.tuples(*[st.floats(4, 40)] * 3),
    slenderness=st.floats(1.1, 2.5),
    tilt_deg=st.floats(-20, 20),
    centre=st.tuples(*[st.floats(-300, 300)] * 3),
    order=st.permutations(range(6)),
)
def test_the_six_points_of_a_body_are_told_apart_in_any_order(heights, slenderness, tilt_deg, centre, order):
    anterior = slenderness * max(*heights, 10.0) / 2 * np.array([1, 1, 0, 0, -1, -1])
    superior = np.repeat(heights, 2) / 2 * np.array([1, -1] * 3)
    tilt = np.radians(tilt_deg)
    turned = np.column_stack(
        [
            np.zeros(6),
            anterior * np.cos(tilt) - superior * np.sin(tilt),
            anterior * np.sin(tilt) + superior * np.cos(tilt),
        ]
    )
    points = turned + centre
    np.testing.assert_array_equal(keypoints.ordered_keypoints(points[list(order)]), points)


def straight(points: np.ndarray) -> np.ndarray:
    return np.column_stack([np.zeros(len(points)), points])


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        (BOX[:5], "needs six"),
        (np.full((6, 2), np.nan), "needs six"),
        (BOX[[0, 1, 2, 3, 4, 4]], "cannot be told apart"),
        (BOX * [0.05, 1], "cannot be told apart"),
        (BOX * [1, 0.02], "cannot be told apart"),
        (np.column_stack([0.9 * np.arange(6), 5 * np.arange(6)]), "cannot be told apart"),
    ],
    ids=["five", "no numbers", "one twice", "no depth", "no height", "a staircase"],
)
def test_points_that_are_no_body_are_refused(points, reason):
    with pytest.raises(UnusableInput, match=reason):
        keypoints.ordered_keypoints(straight(points))


@pytest.mark.parametrize("short", [[1.1 / 10, 1], [1, 1.1 / 16]], ids=["depth", "height"])
def test_points_more_than_a_millimetre_apart_are_told_apart(short):
    points = straight(BOX * short)
    np.testing.assert_array_equal(keypoints.ordered_keypoints(points[::-1]), points)
