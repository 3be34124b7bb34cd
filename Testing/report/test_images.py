"""Images as text that a page holds."""

import numpy as np
import pytest
from helpers.html_page import pixels
from VertebralFracturesLib.report.images import Window, bone_window_png, grey_png


def test_grey_values_come_back() -> None:
    grey = np.random.default_rng(1).integers(0, 256, (7, 5), np.uint8)
    np.testing.assert_array_equal(pixels(grey_png(grey)), grey)


def test_the_bone_window_goes_from_fat_to_cortex() -> None:
    shown = pixels(bone_window_png(np.array([[-1000.0, -250.0, 275.0, 800.0, 3000.0]])))
    assert shown.tolist() == [[0, 0, 128, 255, 255]]


def test_a_window_goes_from_black_to_white() -> None:
    shown = pixels(Window(-20.0, 320.0).png(np.array([[-500.0, -20.0, 150.0, 320.0, 900.0]])))
    assert shown.tolist() == [[0, 0, 128, 255, 255]]
    with pytest.raises(ValueError, match="from black up to white"):
        Window(10.0, 10.0)
