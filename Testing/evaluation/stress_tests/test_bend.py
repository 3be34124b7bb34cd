"""A bend is exact both ways, keeps lengths along its axis, and carries a patient along."""

import numpy as np
import pytest
from helpers.blob_scan import KEYPOINTS, LEVELS, SCAN, assert_same_places, blob_scan
from hypothesis import given, settings
from hypothesis import strategies as st
from VertebralFracturesLib.evaluation.stress_tests.annotated_scan import (
    resampled,
    rotation,
)
from VertebralFracturesLib.evaluation.stress_tests.bend import Bend, bent

signs = st.tuples(*[st.sampled_from((-1, 1))] * 3)
bends = st.builds(
    Bend, st.floats(-60, 60), st.floats(-40, 40), st.floats(-100, 100), st.floats(200, 450)
)  # fmt: skip
points = st.lists(st.tuples(st.floats(-350, 350), st.floats(-500, 300)), min_size=1, max_size=20).map(np.array)


@given(bend=bends, points=points)
def test_a_bend_and_its_undoing_are_exact(bend, points):
    np.testing.assert_allclose(bend.to_straight(bend.to_bent(points)), points, atol=1e-6)
    np.testing.assert_allclose(bend.to_bent(bend.to_straight(points)), points, atol=1e-6)


@given(bend=bends)
def test_a_bend_tilts_the_ends_by_its_angle_and_keeps_lengths_along_the_axis(bend):
    ends = np.array([[bend.aside_mm, bend.top_mm], [bend.aside_mm, bend.top_mm - bend.length_mm]])
    across = bend.to_bent(ends + [30.0, 0]) - bend.to_bent(ends - [30.0, 0])
    np.testing.assert_allclose(np.linalg.norm(across, axis=1), 60, atol=1e-6)
    tilt = np.degrees(np.arctan2(across[:, 1], across[:, 0]))
    assert tilt[1] - tilt[0] == pytest.approx(bend.degrees, abs=1e-6)
    axis = bend.to_bent(np.column_stack([np.full(2000, ends[0, 0]), np.linspace(*ends[:, 1], 2000)]))
    assert np.linalg.norm(np.diff(axis, axis=0), axis=1).sum() == pytest.approx(bend.length_mm, abs=1e-3)


def test_what_would_fold_is_refused():
    with pytest.raises(ValueError, match="too short"):
        Bend(60.0, 0.0, 0.0, 90.0)


@given(degrees=st.sampled_from((-30.0, 20.0, 40.0)), axis=st.sampled_from((0, 1)), signs=signs)
@settings(max_examples=8, deadline=None)
def test_a_bent_patient_carries_image_marks_and_curve(degrees, axis, signs):
    scan = bent(blob_scan(signs, spacing=(2.5, 2.5, 2.5), size=(60, 60, 90)), degrees, axis)
    assert scan.levels == LEVELS
    assert_same_places(scan, 30.0)
    np.testing.assert_allclose(
        np.linalg.norm(scan.keypoints_ras[:, 0] - scan.keypoints_ras[:, 1], axis=-1), 20, atol=2.5
    )
    np.testing.assert_allclose(scan.curve.points_ras, scan.keypoints_ras.mean(1), atol=1.5)
    assert np.abs(scan.keypoints_ras - KEYPOINTS)[..., axis].max() > 2
    np.testing.assert_array_equal(scan.keypoints_ras[..., 1 - axis], KEYPOINTS[..., 1 - axis])


def test_an_oblique_volume_is_not_bent():
    with pytest.raises(ValueError, match="axes"):
        bent(resampled(SCAN, (3, 3, 3), rotation((20, 0, 0))), 20.0)
