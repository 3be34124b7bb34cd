"""Pictures of single vertebrae, with both sets of keypoints."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.html_page import Page
from helpers.marked_bodies import body, case, found
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.evaluation.evaluate import summarized
from VertebralFracturesLib.evaluation.pages.crops import SIZE_MM, vertebra_crops
from VertebralFracturesLib.evaluation.pages.page import evaluation_page
from VertebralFracturesLib.io.reference_case import ReferenceCase


@pytest.fixture
def a_case(tmp_path):
    """A straight spine whose voxels are bright above 0 and dark below."""
    curve = SpineCurve(np.array([[0, 0, z] for z in (60.0, 20, -20, -60)]), np.ones(4))
    return ReferenceCase("one", tmp_path / "ct", ("T8",), body()[None], curve)


def test_crops_show_the_body_in_their_middle(a_case):
    voxels = np.full((80, 80, 40), -1000, np.int16)
    voxels[40:] = 500
    volume = Volume(
        voxels, np.diag([2.0, 2, 2, 1]) + np.array([[0, 0, 0, -40], [0, 0, 0, -80], [0, 0, 0, -80], [0] * 4])
    )
    read = []
    shown = [("one", found(0.9, 0.8, shift_mm=(0, 3, 0))), ("one", found(1, 1))]
    crops = vertebra_crops(shown, [a_case, replace(a_case, name="unused")], lambda path: read.append(path) or volume)
    assert read == [a_case.image]
    assert [crop.vertebra for crop in crops] == [vertebra for _, vertebra in shown]
    first = crops[0]
    assert first.image.shape == (round(SIZE_MM[1] / 0.5), round(SIZE_MM[0] / 0.5))
    assert first.image[:40].mean() > 400
    assert first.image[-40:].mean() < -900
    np.testing.assert_allclose(first.reference_mm.mean(0), np.array(SIZE_MM) / 2, atol=0.5)
    np.testing.assert_allclose(first.found_mm[:, 0] - first.reference_mm[:, 0], -3, atol=0.01)
    page = evaluation_page(summarized([case("one", [found(0.9, 0.8)])], {}), crops)
    assert page.count("data:image/png;base64,") == 2
    assert "G 0.80 (reference 0.90)" in Page(page).text
