"""A scan where it is asked for agrees with the scan of the whole volume."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.small_patients import SMALL, unfractured_patient
from VertebralFracturesLib.simulation.ct.acquisition import scan
from VertebralFracturesLib.simulation.ct.sampling import sample_scanned, scan_lowres


@pytest.fixture(scope="module")
def patient():
    return unfractured_patient()


@pytest.fixture(scope="module")
def volume(patient):
    return scan(patient, SMALL, 1)


def test_sampling_without_a_scan_agrees_with_the_scan(patient, volume):
    vertebra = next(v for v in patient.vertebrae if v.level == "T10")
    anterior, superior = np.meshgrid(np.arange(18, -19, -1.0), np.arange(14, -15, -1.0))
    points = vertebra.to_ras(np.stack([np.zeros_like(anterior), anterior, superior], -1))
    direct = sample_scanned(patient, points, SMALL, 1)
    scanned = volume.sample(points)
    difference = np.abs(direct - scanned)
    assert difference.mean() < 45
    assert np.corrcoef(direct.ravel(), scanned.ravel())[0, 1] > 0.95


def test_lowres_agrees_with_the_resampled_scan(patient, volume):
    low = scan_lowres(patient, SMALL, 1)
    np.testing.assert_allclose(low.ijk_to_ras[:3, :3], 3 * np.eye(3))
    full = volume.resampled(3.0)
    inner = np.stack(np.meshgrid(*[np.linspace(c - 12, c + 12, 9) for c in volume.corners_ras().mean(0)]), -1)
    one, other = low.sample(inner), full.sample(inner)
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.85
    assert abs(one.mean() - other.mean()) < 40


def test_nothing_is_seen_outside_the_field(patient, volume):
    outside = volume.corners_ras().max(0) + [5.0, 0.0, 0.0]
    assert sample_scanned(patient, outside[None], SMALL, 1).tolist() == [-1024.0]
    assert sample_scanned(patient, outside[None], SMALL, 1, fill=0.0).tolist() == [0.0]


def test_thick_slices_average_what_lies_across_them(patient):
    vertebra = next(v for v in patient.vertebrae if v.level == "T10")
    line = vertebra.to_ras(np.array([[0.0, 0.0, up] for up in np.arange(-20.0, 20.0, 0.5)]))
    thin, thick = (
        sample_scanned(patient, line, replace(SMALL, slice_spacing_mm=1.0, slice_thickness_mm=mm), 1)
        for mm in (1.0, 5.0)
    )
    assert np.abs(np.diff(thick)).max() < 0.7 * np.abs(np.diff(thin)).max()


def test_noise_of_a_sampled_scan_is_as_strong_as_asked(patient, volume):
    points = volume.corners_ras().mean(0) + np.random.default_rng(0).uniform(-15, 15, (3000, 3))
    quiet, noisy = (sample_scanned(patient, points, replace(SMALL, noise_hu=hu), 1) for hu in (0.0, 30.0))
    assert 12 < (noisy - quiet).std() < 36
