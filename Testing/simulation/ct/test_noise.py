"""What the scanner adds: noise as strong as asked, streaks about metal, kernels that keep the mean."""

from dataclasses import fields, replace
from itertools import pairwise

import numpy as np
import pytest
from helpers.small_patients import SMALL
from hypothesis import given
from hypothesis import strategies as st
from VertebralFracturesLib.simulation.ct.noise import (
    SliceNoise,
    Streaks,
    grain,
    outside_circle,
    with_bone_gain,
    with_kernel,
)
from VertebralFracturesLib.simulation.ct.protocol import Protocol
from VertebralFracturesLib.simulation.ct.sampling import sample_scanned
from VertebralFracturesLib.simulation.patient.anatomy import Patient, make_patient


def test_screws_cause_streaks_beyond_the_metal():
    patient = next(p for p in map(make_patient, range(200)) if any(v.screws for v in p.column))
    bare = Patient(**{f.name: getattr(patient, f.name) for f in fields(Patient)} | {
        "column": tuple(replace(v, screws=False) for v in patient.column)})  # fmt: skip
    vertebra = next(v for v in patient.column if v.screws)
    protocol = replace(SMALL, first_level=vertebra.number - 1, last_level=vertebra.number + 1)
    points = vertebra.centre_ras + np.random.default_rng(0).uniform([-40, -60, -4], [40, 20, 4], (4000, 3))
    difference = sample_scanned(patient, points, protocol, 1) - sample_scanned(bare, points, protocol, 1)
    touched = np.abs(difference) > 15
    assert touched.mean() > 0.15
    assert (np.abs(difference[touched]) < 1000).mean() > 0.7


@pytest.mark.parametrize("noise_hu", [10.0, 40.0])
def test_noise_is_as_strong_as_asked_inside_the_body_and_weaker_outside(noise_hu):
    body = np.zeros((500, 500), bool)
    body[50:450, 50:450] = True
    field = SliceNoise(body.shape, Protocol(noise_hu=noise_hu), np.random.default_rng(0))
    slices = np.array([field.next(body) for _ in range(4)])
    inside, outside = slices[:, 200:300, 200:300].std(), slices[:, :8].std()
    assert inside == pytest.approx(noise_hu, rel=0.3)
    assert outside < 0.7 * inside


def test_overlapping_slices_share_their_noise():
    body = np.ones((96, 96), bool)

    def likeness(thickness_mm: float) -> float:
        protocol = Protocol(slice_spacing_mm=1.0, slice_thickness_mm=thickness_mm)
        field = SliceNoise(body.shape, protocol, np.random.default_rng(0))
        slices = [field.next(body).ravel() for _ in range(8)]
        return float(np.mean([np.corrcoef(one, other)[0, 1] for one, other in pairwise(slices)]))

    assert likeness(2.0) > 0.5 > 0.35 > likeness(1.0)


@given(st.floats(-1000, 3000), st.floats(0.0, 1.2))
def test_a_kernel_leaves_what_is_the_same_everywhere(hu, overshoot):
    image = np.full((20, 20), hu, np.float32)
    np.testing.assert_allclose(with_kernel(image, Protocol(overshoot=overshoot)), image, rtol=1e-4, atol=1e-2)


@given(st.floats(-1000, 3000), st.floats(0.9, 1.12))
def test_bone_gain_acts_on_bone_alone(hu, gain):
    (seen,) = with_bone_gain(np.array([hu], np.float32), gain)
    assert seen == pytest.approx(hu if hu <= 150 else 150 + gain * (hu - 150), rel=1e-5, abs=1e-2)


def test_the_scanned_circle_touches_the_edges():
    outside = outside_circle((40, 60))
    assert outside[0, 0]
    assert not outside[20].any()
    assert not outside[:, 30].any()
    assert outside.mean() == pytest.approx(1 - np.pi / 4, abs=0.02)


def test_grain_repeats_at_a_place_and_differs_between_planes():
    protocol = Protocol(noise_hu=20.0)
    plane = np.random.default_rng(1).uniform(0, 200, (2000, 3)).astype(np.float32)
    plane[:, 2] = 7
    one, again = (grain(plane, protocol, 3) for _ in range(2))
    np.testing.assert_array_equal(one, again)
    assert 10 < one.std() < 24
    assert abs(np.corrcoef(one, grain(plane + np.float32([0, 0, 1]), protocol, 3))[0, 1]) < 0.15


def test_a_patient_without_metal_has_no_streaks():
    streaks = Streaks(make_patient(2, pathology_rate=0.0), 1)
    assert not streaks.present
    assert streaks.at(np.zeros((4, 3), np.float32), np.array([0.0, 0.0, 1.0])) == 0
