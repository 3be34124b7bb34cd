"""Images as text that a page holds."""

import numpy as np
from helpers.html_page import pixels
from VertebralFracturesLib.report.images import bone_window_png, grey_png


def test_grey_values_come_back() -> None:
    grey = np.random.default_rng(1).integers(0, 256, (7, 5), np.uint8)
    np.testing.assert_array_equal(pixels(grey_png(grey)), grey)


def test_the_bone_window_goes_from_fat_to_cortex() -> None:
    shown = pixels(bone_window_png(np.array([[-1000.0, -250.0, 275.0, 800.0, 3000.0]])))
    assert shown.tolist() == [[0, 0, 128, 255, 255]]
