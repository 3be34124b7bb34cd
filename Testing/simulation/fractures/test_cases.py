"""Fractures are simulated where the keypoints say, and nowhere else."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.small_patients import write_boxes
from helpers.synthetic_spine import LEVELS
from VertebralFracturesLib.core.heights.genant import genant_index, heights_mm
from VertebralFracturesLib.core.keypoints import body_centre
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.io.ct import read_volume
from VertebralFracturesLib.io.reference_case import ReferenceCase
from VertebralFracturesLib.simulation.fractures.cases import fractures_after, with_fractures


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> ReferenceCase:
    """Eight bright boxes along a scoliotic curve, on disk."""
    return write_boxes(tmp_path_factory.mktemp("cases"))


@pytest.fixture(scope="module")
def volume(case: ReferenceCase) -> Volume:
    return read_volume(case.image)


def moved_bodies(case: ReferenceCase, keypoints_ras: np.ndarray) -> np.ndarray:
    return np.abs(keypoints_ras - case.keypoints_ras).max((1, 2)) > 0.3


def test_the_image_is_pressed_where_the_keypoints_are(case, volume):
    pressed, keypoints = with_fractures(case, volume, np.random.default_rng(5))
    chosen = moved_bodies(case, keypoints)
    assert 1 <= chosen.sum() < len(LEVELS)
    before, after = genant_index(heights_mm(case.keypoints_ras)), genant_index(heights_mm(keypoints))
    assert after[chosen].min() < before[chosen].min()
    centres = body_centre(keypoints)
    towards_centre = keypoints + 1.2 * (centres[:, None] - keypoints) / np.linalg.norm(
        centres[:, None] - keypoints, axis=-1, keepdims=True
    )
    rims = pressed.sample(towards_centre[:, 2:4])
    assert rims[chosen].mean() > pressed.sample(centres[chosen]).mean() + 120  # the bright shell of the boxes


def test_disc_tissue_lies_where_a_body_was(case, volume):
    pressed, keypoints = with_fractures(case, volume, np.random.default_rng(5))
    loss_mm = heights_mm(case.keypoints_ras) - heights_mm(keypoints)
    body = int(loss_mm[:, 1].argmax())
    assert loss_mm[body, 1] > 4
    emptied = (case.keypoints_ras[body, 2] + keypoints[body, 2]) / 2
    assert volume.sample(emptied) > 300
    assert pressed.sample(emptied) < 250


def test_the_rest_of_the_patient_stays(case, volume):
    pressed, keypoints = with_fractures(case, volume, np.random.default_rng(5))
    np.testing.assert_array_equal(pressed.ijk_to_ras, volume.ijk_to_ras)
    assert pressed.voxels.dtype == volume.voxels.dtype
    changed = np.argwhere(pressed.voxels != volume.voxels)[:, ::-1]
    points = changed @ volume.ijk_to_ras[:3, :3].T + volume.ijk_to_ras[:3, 3]
    centres = body_centre(case.keypoints_ras)[moved_bodies(case, keypoints)]
    assert np.linalg.norm(points[:, None] - centres, axis=-1).min(1).max() < 61
    np.testing.assert_array_equal(volume.voxels, read_volume(case.image).voxels)


def test_chance_comes_from_the_generator_alone(case, volume):
    one, other = (with_fractures(case, volume, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(one[0].voxels, other[0].voxels)
    np.testing.assert_array_equal(one[1], other[1])


def test_what_was_pressed_is_known_beside_what_was_fractured_before(case, volume):
    _, keypoints = with_fractures(case, volume, np.random.default_rng(5))
    chosen = moved_bodies(case, keypoints)
    assert [kind == "pressed" for kind in fractures_after(case, keypoints)] == chosen.tolist()
    known = replace(case, fractures=("crush",) * len(LEVELS))
    assert set(fractures_after(known, keypoints)) == {"pressed", "crush"}
