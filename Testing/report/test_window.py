"""Which intensities of an image are shown as black and as white."""

import numpy as np
import pytest
from VertebralFracturesLib.report.window import BONE_WINDOW, Window


def test_a_window_goes_from_black_to_white() -> None:
    shown = Window(-20.0, 320.0).grey(np.array([[-500.0, -20.0, 150.0, 320.0, 900.0]]))
    assert shown.dtype == np.uint8
    assert shown.tolist() == [[0, 0, 128, 255, 255]]


def test_the_bone_window_goes_from_fat_to_cortex() -> None:
    assert (BONE_WINDOW.low, BONE_WINDOW.high) == (-250.0, 800.0)


@pytest.mark.parametrize("high", [10.0, 9.0, np.nan])
def test_a_window_has_a_width(high: float) -> None:
    with pytest.raises(ValueError, match="from black up to white"):
        Window(10.0, high)
