"""Scans: the protocol's grid, noise and padding, and a way to stop one."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.small_patients import SMALL, unfractured_patient
from VertebralFracturesLib.simulation.ct.acquisition import scan, voxel_offsets


@pytest.fixture(scope="module")
def patient():
    return unfractured_patient()


@pytest.fixture(scope="module")
def volume(patient):
    return scan(patient, SMALL, 1)


def test_scan_has_the_protocols_grid(patient, volume):
    shape, matrix = SMALL.grid(patient)
    assert volume.shape == shape
    assert volume.voxels.dtype == np.int16
    np.testing.assert_allclose(volume.spacing_mm, [1, 1, 2], atol=1e-9)
    np.testing.assert_array_equal(volume.ijk_to_ras, matrix)
    assert volume.voxels.min() >= -1024


def test_noise_has_the_wanted_strength(patient):
    quiet = scan(patient, replace(SMALL, slice_spacing_mm=6.0), 1).voxels.astype(float)
    noisy = scan(patient, replace(SMALL, slice_spacing_mm=6.0, noise_hu=25.0), 1).voxels.astype(float)
    body = quiet > -200
    assert 15 < (noisy - quiet)[body].std() < 40


def test_padding_outside_the_circle(patient):
    padded = scan(patient, replace(SMALL, padding_hu=-3024.0, pixel_mm=3.0), 1)
    assert (padded.voxels[:, 0, 0] == -3024).all()
    assert padded.voxels[0, padded.shape[1] // 2, padded.shape[2] // 2] > -1025


def test_offsets_average_over_the_slice():
    offsets = voxel_offsets(0.7, 5.0, 2.5)
    assert np.ptp(offsets[:, 2]) * 2.5 == pytest.approx(5.0 * (1 - 1 / len(offsets)))
    np.testing.assert_allclose(offsets[:, 2].mean(), 0, atol=1e-9)


def test_progress_can_stop_a_scan(patient):
    class Stop(Exception):
        pass

    def stop(share: float) -> None:
        raise Stop

    with pytest.raises(Stop):
        scan(patient, SMALL, 1, stop)
