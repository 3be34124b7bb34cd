"""Whatever is done to a scan, its marks stay where they are in the image."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.evaluation.stress_tests.annotated_scan import (
    AnnotatedScan,
    cropped,
    moved,
    noisy,
    reordered,
    resampled,
    rotation,
    thick_slices,
)
from VertebralFracturesLib.evaluation.stress_tests.bend import Bend, bent

LEVELS = ("T8", "T9", "T10", "T11")
SIGMA_MM = 9.0


def body(place: int) -> np.ndarray:
    return np.array([[4.0 * place, y, -40.0 * place + z] for y in (14, 0, -14) for z in (10, -10)])


KEYPOINTS = np.array([body(place) for place in range(len(LEVELS))])


def blobs(at_ras: np.ndarray) -> np.ndarray:
    """A smooth function (...) of places (..., 3) with a peak at each keypoint that names it."""
    values = np.zeros(at_ras.shape[:-1])
    for place, point in enumerate(KEYPOINTS.reshape(-1, 3)):
        values += (300 + 40 * place) * np.exp(-((at_ras - point) ** 2).sum(-1) / (2 * SIGMA_MM**2))
    return values


def marked_scan(signs=(-1, -1, 1), spacing=(2.5, 2.0, 3.0), size=(64, 48, 70)) -> AnnotatedScan:
    """Blobs at the keypoints of four bodies, on a grid along the patient's axes."""
    matrix = np.diag([*(np.array(spacing) * signs), 1.0])
    matrix[:3, 3] = np.array([6.0, 0, -60]) - matrix[:3, :3] @ (np.array(size) - 1) / 2
    grid = np.stack(np.meshgrid(*map(np.arange, size), indexing="ij"), -1).transpose(2, 1, 0, 3)
    voxels = np.rint(blobs(grid @ matrix[:3, :3].T + matrix[:3, 3])).astype(np.int16)
    curve = SpineCurve(KEYPOINTS.mean(1), np.ones(len(LEVELS)))
    return AnnotatedScan(Volume(voxels, matrix), LEVELS, KEYPOINTS, curve)


SCAN = marked_scan()
signs = st.tuples(*[st.sampled_from((-1, 1))] * 3)


def assert_same_places(scan: AnnotatedScan, tolerance: float = 12.0) -> None:
    """The image at each keypoint is what the original image is at that keypoint."""
    wanted = blobs(KEYPOINTS[[LEVELS.index(level) for level in scan.levels]])
    np.testing.assert_allclose(
        scan.volume.sample(scan.keypoints_ras), wanted, atol=tolerance + 0.06 * wanted.max(initial=0)
    )


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
    scan = cropped(marked_scan(signs), (-np.inf, -np.inf, lower), (np.inf, np.inf, lower + extent))
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
    scan = resampled(marked_scan(signs), spacing, rotation(degrees))
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
    scan = bent(marked_scan(signs, spacing=(2.5, 2.5, 2.5), size=(60, 60, 90)), degrees, axis)
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
