from collections.abc import Sequence

import numpy as np
import pytest
from helpers.bone_block import BODY_RAS, bone_block, painted
from VertebralFracturesLib.core.attenuation.blood import CONTRAST_HU, blood_hu, contrast_is_likely
from VertebralFracturesLib.core.volume import Volume


@pytest.mark.parametrize("blood", [120.0, 180.0, 400.0])
def test_the_blood_in_front_is_read(blood: float) -> None:
    assert blood_hu(bone_block(blood=blood), BODY_RAS) == pytest.approx(blood, abs=1.0)


def test_without_contrast_agent_muscle_is_as_bright() -> None:
    assert blood_hu(bone_block(blood=45.0), BODY_RAS) == pytest.approx(50.0, abs=1.0)


@pytest.mark.parametrize("hounsfield", [300.0, 900.0])
def test_a_calcification_is_no_vessel(hounsfield: float) -> None:
    calcified = painted(bone_block(blood=45.0), (-12.0, 30.0, 0.0), 4.0, hounsfield)
    assert blood_hu(calcified, BODY_RAS) < CONTRAST_HU


@pytest.mark.parametrize("hounsfield", [-1024.0, -100.0, 2000.0])
def test_where_no_soft_tissue_is_in_the_image_nothing_is_known(hounsfield: float) -> None:
    volume = bone_block()
    voxels = volume.voxels.copy()
    voxels[:, 67:] = hounsfield
    assert blood_hu(Volume(voxels, volume.ijk_to_ras), BODY_RAS) is None


@pytest.mark.parametrize(
    ("measured", "is_likely"),
    [
        ([150.0, 160.0, 170.0], True),
        ([45.0, 300.0, 50.0], False),
        ([None, 200.0, None], True),
        ([None], False),
        ([], False),
        ([99.9], False),
        ([100.0], True),
    ],
)
def test_contrast_agent_shows_in_half_of_the_bodies(measured: Sequence[float | None], is_likely: bool) -> None:
    assert contrast_is_likely(measured) is is_likely


def test_a_body_that_is_turned_has_the_same_blood_in_front() -> None:
    angle = np.deg2rad(15.0)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    volume = bone_block(blood=200.0)
    matrix = volume.ijk_to_ras.copy()
    matrix[:3] = turn @ matrix[:3]
    assert blood_hu(Volume(volume.voxels, matrix), BODY_RAS @ turn.T) == pytest.approx(200.0, abs=1.0)
