import numpy as np
from VertebralFracturesLib.core import keypoints

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


def test_centre_and_depths_of_several_bodies_at_once():
    bodies = np.stack([BOX, BOX + [5, 7]])
    np.testing.assert_allclose(keypoints.body_centre(bodies), [[0, 10], [5, 17]])
    np.testing.assert_allclose(keypoints.depths_mm(bodies), [[20, 20], [20, 20]])
