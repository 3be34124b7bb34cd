"""The image of the spine on a page."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.small_radiograph import report
from VertebralFracturesLib.radiograph.record import Radiograph
from VertebralFracturesLib.report.spine_image import PIXEL_MM, spine_image


def film(pixel_mm: float, side: str) -> tuple[Radiograph, object]:
    image = np.zeros((400, 200), np.float32)
    image[100, 40] = 1.0
    image[:, :5] = 0.5
    return Radiograph(image), replace(report(), pixel_mm=pixel_mm, anterior_is=side)


@pytest.mark.parametrize("side", ["left", "right"])
def test_anterior_is_on_the_left(side: str) -> None:
    radiograph, shown = film(PIXEL_MM, side)
    image = spine_image(shown, radiograph)
    assert (image.width_mm, image.height_mm) == (100.0, 200.0)
    assert np.unravel_index(image.pixels.argmax(), image.pixels.shape)[1] == (40 if side == "left" else 159)
    fronts = np.array(image.points_mm)[:, :2, 0].mean()
    backs = np.array(image.points_mm)[:, 4:, 0].mean()
    assert backs - fronts == pytest.approx(34.0)
    assert len(image.sacral_points_mm) == 3
    assert image.lines


def test_fine_pixels_are_made_half_a_millimetre_and_coarse_ones_stay() -> None:
    assert spine_image(*film(0.2, "left")[::-1]).pixels.shape == (160, 80)
    coarse = spine_image(*film(1.0, "left")[::-1])
    assert (coarse.pixels.shape, coarse.pixel_mm) == ((400, 200), 1.0)


def test_without_a_sacrum_none_is_drawn() -> None:
    radiograph, shown = film(0.5, "left")
    image = spine_image(replace(shown, sacral_endplate_ras=None), radiograph)
    assert image.sacral_points_mm == ()
    assert {line.title for line in image.lines} == {"L1-L5 lordosis"}
