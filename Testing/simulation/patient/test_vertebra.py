"""A vertebra in space: its keypoints, and how it is turned."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from VertebralFracturesLib.simulation.patient.anatomy import make_patient
from VertebralFracturesLib.simulation.patient.vertebra import lateral_and_rotation, turned_axes


def test_keypoints_lie_in_the_mid_sagittal_plane_and_in_order():
    patient = make_patient(11)
    for vertebra in patient.vertebrae:
        own = (vertebra.keypoints_ras - vertebra.centre_ras) @ vertebra.axes.T
        np.testing.assert_allclose(own[:, 0], 0, atol=1e-9)
        assert own[0, 1] > own[2, 1] > own[4, 1]
        assert (own[0::2, 2] > own[1::2, 2]).all()


@pytest.mark.parametrize("degrees", [(10.0, 5.0, -7.0), (-28.0, -12.0, 30.0), (0.0, 0.0, 0.0)])
def test_angles_of_axes_are_read_back(degrees):
    np.testing.assert_allclose(lateral_and_rotation(turned_axes(*degrees)), degrees[1:], atol=1e-9)


@given(st.floats(-80, 80), st.floats(-60, 60), st.floats(-60, 60))
def test_turned_axes_are_a_rotation_whose_angles_are_read_back(tilt, lateral, rotation):
    axes = turned_axes(tilt, lateral, rotation)
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(axes) == pytest.approx(1.0)
    np.testing.assert_allclose(lateral_and_rotation(axes), (lateral, rotation), atol=1e-9)


def test_a_vertebra_keeps_its_size_and_its_place_in_space():
    vertebra = make_patient(11).vertebrae[9]
    np.testing.assert_array_equal(vertebra.to_ras(np.zeros(3)), vertebra.centre_ras)
    points = np.random.default_rng(0).uniform(-30, 30, (2, 50, 3))
    apart_ras = np.linalg.norm(np.subtract(*vertebra.to_ras(points)), axis=-1)
    np.testing.assert_allclose(apart_ras, np.linalg.norm(points[0] - points[1], axis=-1))
