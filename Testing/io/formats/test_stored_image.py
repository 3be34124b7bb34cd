"""Matrices out of headers: a gantry tilt is read, other shears are refused."""

import numpy as np
import pytest
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.io.formats.stored_image import StoredImage, checked_matrix, tilt_warnings


def matrix(*axes: tuple[float, float, float]) -> np.ndarray:
    made = np.eye(4)
    made[:3, :3] = np.transpose(axes)
    return made


def test_a_tilt_is_read_and_told() -> None:
    tilted = matrix((2, 0, 0), (0, 2, 0), (0, 1, 3))
    assert checked_matrix(tilted) is tilted
    assert tilt_warnings(tilted) == ("A gantry tilt of 18.4 degrees was taken into account.",)
    assert tilt_warnings(matrix((2, 0, 0), (0, 2, 0), (0, 0.005, 3))) == ()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (matrix((2, 0, 0), (0.1, 2, 0), (0, 0, 3)), "not perpendicular"),
        (matrix((2, 0, 0), (0, 2, 0), (0, 3, 0.2)), "do not span"),
        (matrix((0, 0, 0), (0, 2, 0), (0, 0, 3)), "do not span"),
        (matrix((np.nan, 0, 0), (0, 2, 0), (0, 0, 3)), "do not span"),
    ],
)
def test_other_axes_are_refused(wrong: np.ndarray, message: str) -> None:
    with pytest.raises(UnusableInput, match=message):
        checked_matrix(wrong)


def test_the_spacing_is_that_of_the_axes() -> None:
    image = StoredImage("NRRD", (4, 4, 4), np.dtype("i2"), matrix((0, 2, 0), (3, 0, 0), (0, 3, 4)), ())
    np.testing.assert_allclose(image.spacing_mm, [2, 3, 5])
