import numpy as np
import pytest
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.ct.check import body_bounds_ijk

MATRIX = np.diag([3.0, 3.0, 3.0, 1.0])


def body(shape=(40, 90, 110), centre=(45, 60), half=(20, 35)) -> np.ndarray:
    """An elliptic trunk (k, j, i) in air, its axes along j and i."""
    _, j, i = np.indices(shape)
    inside = ((j - centre[0]) / half[0]) ** 2 + ((i - centre[1]) / half[1]) ** 2 <= 1
    return np.where(inside, 40.0, -1000.0).astype(np.float32)


def assert_holds(bounds, first, last, slack):
    """The box holds voxels first to last and goes at most `slack` voxels beyond them."""
    lower, upper = bounds
    assert (lower <= first).all()
    assert (upper > last).all()
    assert (np.array(first) - lower <= slack).all()
    assert (upper - 1 - np.array(last) <= slack).all()


def test_the_box_holds_the_whole_body_and_little_else():
    bounds = body_bounds_ijk(Volume(body(), MATRIX))
    assert_holds(bounds, (25, 25, 0), (95, 65, 39), slack=6)
    assert bounds[0][2] == 0
    assert bounds[1][2] == 40


def test_table_blanket_and_cables_do_not_count():
    voxels = body()
    voxels[:, 82:84, 5:105] = 100.0  # 6 mm of table
    voxels[:, 10, 10] = 800.0  # a cable
    voxels[:, 15:17, 20:100] = -100.0  # a blanket
    assert_holds(body_bounds_ijk(Volume(voxels, MATRIX)), (25, 25, 0), (95, 65, 39), slack=6)


def test_a_table_that_the_body_lies_on_does_not_count():
    voxels = body()
    voxels[:, 65:67, 2:108] = 100.0
    assert_holds(body_bounds_ijk(Volume(voxels, MATRIX)), (25, 25, 0), (95, 66, 39), slack=7)


def test_arms_beside_the_trunk_do_not_count_but_lungs_within_do():
    voxels = body()
    _, j, i = np.indices(voxels.shape)
    voxels[((j - 45) / 9) ** 2 + ((i - 48) / 10) ** 2 <= 1] = -850.0
    voxels[((j - 12) / 5) ** 2 + ((i - 8) / 4) ** 2 <= 1] = 40.0
    assert_holds(body_bounds_ijk(Volume(voxels, MATRIX)), (25, 25, 0), (95, 65, 39), slack=6)


@pytest.mark.parametrize("margin_mm", [9.0, 30.0])
def test_the_margin_is_in_millimetres_along_each_axis(margin_mm):
    voxels = body((30, 120, 150), (60, 75))
    voxels[:12] = voxels[18:] = -1000.0
    volume = Volume(voxels, np.diag([3.0, 3.0, 8.0, 1.0]))
    close, wide = body_bounds_ijk(volume, 0.0), body_bounds_ijk(volume, margin_mm)
    expected = np.ceil(margin_mm / np.array([3.0, 3.0, 8.0]))
    np.testing.assert_array_equal(close[0] - wide[0], expected)
    np.testing.assert_array_equal(wide[1] - close[1], expected)


def test_the_box_stays_within_the_volume():
    lower, upper = body_bounds_ijk(Volume(np.full((6, 7, 8), 40.0), MATRIX), margin_mm=500.0)
    np.testing.assert_array_equal(lower, 0)
    np.testing.assert_array_equal(upper, [8, 7, 6])


def test_without_a_body_the_whole_volume_stays():
    lower, upper = body_bounds_ijk(Volume(np.full((6, 7, 8), -1000, np.int16), MATRIX))
    np.testing.assert_array_equal(lower, 0)
    np.testing.assert_array_equal(upper, [8, 7, 6])
