"""Volumes without a spine: a leg with bone, water, noise; whole numbers that a CT could hold, from their seed alone."""

from collections.abc import Callable

import numpy as np
import pytest
from VertebralFracturesLib.evaluation.stress_tests.annotated_scan import AnnotatedScan
from VertebralFracturesLib.evaluation.stress_tests.spineless import leg, noise_box, water_cylinder


@pytest.mark.parametrize("make", [leg, water_cylinder, noise_box])
def test_nothing_is_annotated_and_the_seed_decides(make: Callable[[int], AnnotatedScan]) -> None:
    one, same, other = make(4), make(4), make(5)
    assert one.levels == ()
    assert one.curve is None
    assert one.volume.voxels.dtype == np.int16
    assert one.volume.voxels.min() >= -1024
    np.testing.assert_allclose(one.volume.corners_ras().mean(0), 0.0, atol=1e-6)
    np.testing.assert_array_equal(one.volume.voxels, same.volume.voxels)
    assert (one.volume.voxels != other.volume.voxels).any()


def test_a_leg_holds_bone_around_marrow_and_a_cylinder_holds_none() -> None:
    thigh, water = leg(1).volume.voxels, water_cylinder(1).volume.voxels
    assert 0.001 < (thigh > 600).mean() < 0.01
    assert (water > 600).mean() == 0
    middle = water[water.shape[0] // 2, 90:130, 90:130]
    assert middle.mean() == pytest.approx(0.0, abs=1.0)
    assert middle.std() == pytest.approx(12.0, rel=0.1)
    assert noise_box(1).volume.voxels.std() == pytest.approx(120.0, rel=0.02)
