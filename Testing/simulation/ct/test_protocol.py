"""Protocols: grids of any orientation that hold the levels that are asked for."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.small_patients import SMALL, unfractured_patient
from hypothesis import given
from hypothesis import strategies as st
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.simulation.ct.acquisition import scan
from VertebralFracturesLib.simulation.ct.protocol import lumbosacral_protocol, random_protocol, whole_spine_protocol
from VertebralFracturesLib.simulation.patient.anatomy import make_patient


@pytest.fixture(scope="module")
def patient():
    return unfractured_patient()


@pytest.mark.parametrize("signs", [(-1, -1, 1), (1, 1, -1), (1, -1, 1)])
def test_axes_may_point_anywhere(patient, signs):
    protocol = replace(SMALL, signs=signs, obliquity_degrees=(8.0, -5.0, 3.0), pixel_mm=3.0, slice_spacing_mm=5.0)
    turned = scan(patient, protocol, 1)
    vertebra = next(v for v in patient.vertebrae if v.level == "T10")
    assert np.sign(turned.ijk_to_ras[[0, 1, 2], [0, 1, 2]]).tolist() == list(signs)
    assert turned.contains(vertebra.keypoints_ras).all()
    assert turned.sample(vertebra.centre_ras) > 30


def test_random_protocols_fit_random_patients():
    for seed in range(40):
        protocol = random_protocol(np.random.default_rng(seed))
        shape, matrix = protocol.grid(make_patient(seed))
        assert min(shape) >= 4
        assert np.isfinite(matrix).all()
        assert protocol.slice_thickness_mm <= 5


@given(
    st.tuples(*[st.sampled_from([-1, 1])] * 3),
    st.tuples(*[st.floats(-20, 20)] * 3),
    st.floats(0.5, 3.0),
    st.floats(0.6, 5.0),
)
def test_a_grid_has_its_spacing_about_the_same_centre(patient, signs, obliquity, pixel_mm, spacing_mm):
    straight = SMALL.grid(patient)
    protocol = replace(SMALL, signs=signs, obliquity_degrees=obliquity, pixel_mm=pixel_mm, slice_spacing_mm=spacing_mm)
    shape, matrix = protocol.grid(patient)
    grids = [Volume(np.broadcast_to(np.int16(0), one), other) for one, other in (straight, (shape, matrix))]
    np.testing.assert_allclose(grids[1].spacing_mm, [pixel_mm, pixel_mm, spacing_mm])
    np.testing.assert_allclose(*[one.corners_ras().mean(0) for one in grids], atol=1e-6)
    axes = matrix[:3, :3] / grids[1].spacing_mm
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-9)


def test_thick_slices_are_no_thicker_than_drawn_and_never_leave_gaps():
    drawn = [random_protocol(np.random.default_rng(seed)) for seed in range(200)]
    assert all(one.slice_thickness_mm >= one.slice_spacing_mm - 1e-9 for one in drawn)
    assert all(one.first_level < one.last_level for one in drawn)
    assert {sign for one in drawn for sign in one.signs} == {-1, 1}


@pytest.mark.parametrize(("draw", "upper"), [(whole_spine_protocol, "C2"), (lumbosacral_protocol, "T10")])
def test_spine_protocols_hold_all_bodies_from_the_upper_end_to_s5(draw, upper):
    for seed in range(12):
        patient, protocol = make_patient(seed, level_variants=False), draw(np.random.default_rng(seed))
        shape, matrix = protocol.grid(patient)
        volume = Volume(np.broadcast_to(np.int16(0), shape), matrix)
        names = [v.level for v in patient.column]
        shown = patient.column[names.index(upper) :]
        assert all(volume.contains(v.keypoints_ras).all() for v in shown), seed
        assert protocol.slice_thickness_mm == protocol.slice_spacing_mm
