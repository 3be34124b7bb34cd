"""Whatever is done to a scan, its annotations stay where they are in the image."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.blob_scan import KEYPOINTS, LEVELS, SCAN, assert_same_places, blob_scan
from hypothesis import given, settings
from hypothesis import strategies as st
from VertebralFracturesLib.evaluation.stress_tests.annotated_scan import (
    cropped,
    ends_filled,
    moved,
    noisy,
    reordered,
    resampled,
    rotation,
    thick_slices,
)

signs = st.tuples(*[st.sampled_from((-1, 1))] * 3)


@given(axes=st.permutations((0, 1, 2)), signs=signs)
def test_reordering_moves_no_voxel(axes, signs):
    scan = reordered(SCAN, tuple(axes), signs)
    points = SCAN.volume.corners_ras().mean(0) + np.random.default_rng(0).uniform(-60, 60, (50, 3))
    np.testing.assert_allclose(scan.volume.sample(points), SCAN.volume.sample(points), atol=1e-3)
    assert sorted(scan.volume.shape) == sorted(SCAN.volume.shape)
    assert scan.keypoints_ras is SCAN.keypoints_ras


@given(lower=st.floats(-110, 0), extent=st.floats(30, 150), signs=signs)
@settings(max_examples=12, deadline=None)
def test_cropping_keeps_places_and_drops_cut_bodies(lower, extent, signs):
    scan = cropped(blob_scan(signs), (-np.inf, -np.inf, lower), (np.inf, np.inf, lower + extent))
    corners = scan.volume.corners_ras()
    assert corners[:, 2].min() >= lower
    assert corners[:, 2].max() <= lower + extent
    whole = [level for level, points in zip(LEVELS, KEYPOINTS, strict=True) if scan.volume.contains(points).all()]
    assert list(scan.levels) == whole
    assert_same_places(scan)


def test_a_crop_without_voxels_is_refused():
    with pytest.raises(ValueError, match="nothing"):
        cropped(SCAN, (500, 500, 500), (600, 600, 600))


@given(
    degrees=st.tuples(*[st.floats(-25, 25)] * 3), spacing=st.tuples(*[st.floats(1.5, 3)] * 3), signs=signs
)  # fmt: skip
@settings(max_examples=10, deadline=None)
def test_another_grid_shows_the_same_patient(degrees, spacing, signs):
    scan = resampled(blob_scan(signs), spacing, rotation(degrees))
    np.testing.assert_allclose(scan.volume.spacing_mm, spacing)
    np.testing.assert_allclose(scan.volume.corners_ras().mean(0), SCAN.volume.corners_ras().mean(0), atol=1e-6)
    assert len(scan.levels) >= 2
    assert_same_places(scan, 30.0)


@given(degrees=st.tuples(*[st.floats(-40, 40)] * 3), shift=st.tuples(*[st.floats(-90, 90)] * 3))
def test_a_moved_patient_carries_image_marks_and_curve(degrees, shift):
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotation(degrees), shift
    scan = moved(SCAN, matrix)
    assert_same_places(scan)
    np.testing.assert_allclose(scan.curve.length_mm, SCAN.curve.length_mm)
    np.testing.assert_allclose(scan.curve.points_ras, scan.keypoints_ras.mean(1), atol=1e-9)


def test_thick_slices_are_means_in_the_middle_of_those_they_join():
    scan = thick_slices(SCAN, 5.0)
    np.testing.assert_allclose(scan.volume.spacing_mm, (2.5, 2.0, 6.0))
    np.testing.assert_allclose(scan.volume.voxels[3], SCAN.volume.voxels[6:8].mean(0), atol=0.5)
    np.testing.assert_allclose(scan.volume.ijk_to_ras @ [1, 2, 3, 1], SCAN.volume.ijk_to_ras @ [1, 2, 6.5, 1])


def test_noise_has_the_wanted_strength_and_comes_from_its_seed():
    one, other = (noisy(SCAN, 30.0, seed) for seed in (4, 5))
    added = one.volume.voxels - SCAN.volume.voxels
    assert added.std() == pytest.approx(30, rel=0.02)
    np.testing.assert_array_equal(one.volume.voxels, noisy(SCAN, 30.0, 4).volume.voxels)
    assert (one.volume.voxels != other.volume.voxels).any()


@pytest.mark.parametrize("signs_of_axes", [(-1, -1, 1), (1, 1, -1)])
@pytest.mark.parametrize(("caudal", "left"), [(True, ("T8", "T9", "T10")), (False, ("T9", "T10", "T11"))])
def test_a_filled_end_loses_its_slices_and_the_bodies_in_them(signs_of_axes, caudal, left):
    whole = replace(blob_scan(signs_of_axes), fractures=("wedge", None, None, "crush"))
    scan = ends_filled(whole, 0.1, -7, caudal)
    assert scan.levels == left
    assert scan.fractures == tuple(kind for level, kind in zip(LEVELS, whole.fractures, strict=True) if level in left)
    empty = (scan.volume.voxels == -7).all((1, 2))
    heights = whole.volume.ijk_to_ras[2, 3] + whole.volume.ijk_to_ras[2, 2] * np.arange(len(empty))
    assert empty.any()
    assert (heights[empty].max() < heights[~empty].min()) == caudal
    np.testing.assert_array_equal(scan.volume.voxels[~empty], whole.volume.voxels[~empty])


def test_an_oblique_scan_cannot_lose_an_end():
    with pytest.raises(ValueError, match="axial"):
        ends_filled(resampled(SCAN, (3.0, 3.0, 3.0), rotation((20, 0, 0))), 0.1, 0, True)


def test_landmarks_move_with_the_patient():
    matrix = np.eye(4)
    matrix[:3, 3] = (1.0, 2.0, 3.0)
    scan = moved(replace(SCAN, landmarks={"S1_body_centre": np.zeros(3)}), matrix)
    np.testing.assert_allclose(scan.landmarks["S1_body_centre"], (1, 2, 3))
