"""Warps of a projection carry its landmarks, and fracture a body now and then."""

import numpy as np
import pytest
from helpers.training_samples import projection
from VertebralFracturesLib.core.heights.genant import genant_index, heights_mm
from VertebralFracturesLib.training.samples.radiograph_warps import body_warp, moved, patient_warp


@pytest.mark.parametrize("seed", range(6))
def test_warps_carry_landmarks_where_the_image_goes(seed: int) -> None:
    rng, patient = np.random.default_rng(seed), projection()
    points_mm = patient.keypoints_pixels * patient.pixel_mm
    for warp in (patient_warp(patient, rng), body_warp(patient, 3, rng)):
        new_mm = moved(warp, points_mm)
        np.testing.assert_allclose(new_mm[-1, 1::2], np.nan)
        known = np.isfinite(points_mm).all(-1)
        np.testing.assert_allclose(warp.to_old(new_mm[known]), points_mm[known], atol=0.05)
        assert 0.3 < np.linalg.norm(new_mm - points_mm, axis=-1)[known].max() < 80


def test_bodies_are_pressed_at_times() -> None:
    patient, rng = projection(), np.random.default_rng(2)
    points_mm = patient.keypoints_pixels * patient.pixel_mm
    indices = [genant_index(heights_mm(moved(body_warp(patient, 3, rng), points_mm)[3])) for _ in range(60)]
    assert 5 < (np.array(indices) < 0.8).sum() < 30
