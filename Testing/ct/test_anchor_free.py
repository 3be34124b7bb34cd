import numpy as np
import pytest
from helpers.perfect_maps import perfect_regions
from helpers.spine_shapes import upright_bodies_mm
from hypothesis import given, settings
from hypothesis import strategies as st
from VertebralFracturesLib.ct.anchor_free import decode_regions, region_targets
from VertebralFracturesLib.ct.detection import settle

SHAPE = (140, 96)
BODIES = upright_bodies_mm(4)


def turned(bodies_mm: np.ndarray, degrees: float) -> np.ndarray:
    """Bodies turned about the middle of all."""
    angle = np.radians(degrees)
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = bodies_mm.reshape(-1, 2).mean(0)
    return (bodies_mm - middle) @ matrix.T + middle


def test_regions_of_a_rectangle_worked_out_by_hand():
    (body,) = upright_bodies_mm(1, height=24.0, depth=40.0)  # x 28 to 68, y 18 to 42
    bodies, seam = region_targets(body[None], (60, 96), 1.0)
    inner = np.zeros((60, 96), bool)
    inner[24:37, 38:59] = True  # half of it: x 38 to 58, y 24 to 36
    outer = np.zeros((60, 96), bool)
    outer[20:41, 31:66] = True  # 85 % of it: x 31 to 65, y 19.8 to 40.2
    np.testing.assert_array_equal(bodies == 0, inner)
    np.testing.assert_array_equal(bodies == -1, ~inner)
    np.testing.assert_array_equal(seam, outer & ~inner)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 999), st.floats(-25, 25), st.sampled_from([0.75, 1.0, 1.5]))
def test_regions_lie_within_the_bodies_they_name(seed, degrees, pixel_mm):
    rng = np.random.default_rng(seed)
    marked = turned(BODIES, degrees) + rng.normal(0, 1.0, BODIES.shape)
    shape = (200, 140)
    bodies, seam = region_targets(marked, shape, pixel_mm)
    assert not (seam & (bodies >= 0)).any()
    rows, columns = np.indices(shape)
    pixels_mm = np.stack([columns, rows], -1) * pixel_mm
    for index, body in enumerate(marked):
        corners = body[[0, 4, 5, 1]]
        mean_mm = pixels_mm[bodies == index].mean(0)
        np.testing.assert_allclose(mean_mm, corners.mean(0), atol=1.2)
        area_mm2 = (bodies == index).sum() * pixel_mm**2
        following = np.roll(corners, -1, 0)
        whole_mm2 = abs((corners[:, 0] * following[:, 1] - following[:, 0] * corners[:, 1]).sum()) / 2
        assert area_mm2 == pytest.approx(0.25 * whole_mm2, rel=0.3)


def test_bodies_across_the_images_border_have_the_part_in_view():
    body = upright_bodies_mm(1, first_centre=(0.0, 30.0))
    bodies, _ = region_targets(body, (60, 50), 1.0)
    assert (bodies[:, 0] == 0).sum() == 11
    assert (bodies[:, 8:] == -1).all()
    outside, seam = region_targets(upright_bodies_mm(1, first_centre=(-90.0, 400.0)), (60, 50), 1.0)
    assert (outside == -1).all()
    assert not seam.any()
    assert (region_targets(np.zeros((0, 6, 2)), (60, 50), 1.0)[0] == -1).all()


@pytest.mark.parametrize("degrees", [0.0, 17.0])
@pytest.mark.parametrize("pixel_mm", [1.0, 0.75])
def test_perfect_maps_give_the_keypoints_back(pixel_mm, degrees):
    marked = turned(BODIES, degrees)
    detections = settle(decode_regions(*perfect_regions(marked, (190, 130), pixel_mm), pixel_mm, 0.35))
    np.testing.assert_allclose(np.stack([item.keypoints_mm for item in detections]), marked, atol=1e-3)
    for item in detections:
        assert 0.8 < item.score <= 0.98 + 1e-6
        np.testing.assert_allclose(item.uncertainty_mm, np.arange(1.0, 7.0), rtol=1e-5)


def test_short_offsets_correct_the_votes_of_the_centre():
    maps = perfect_regions(BODIES, SHAPE, 1.0, long_error_mm=1.5)
    corrected = settle(decode_regions(*maps, 1.0, 0.35))
    np.testing.assert_allclose(np.stack([item.keypoints_mm for item in corrected]), BODIES, atol=1e-3)
    uncorrected = settle(decode_regions(maps[0], maps[1], 0 * maps[2], maps[3], 1.0, 0.35))
    np.testing.assert_allclose(np.stack([item.keypoints_mm for item in uncorrected]), BODIES + 1.5, atol=1e-3)


def test_votes_are_weighted_by_probability():
    probability, offsets, short, scale = perfect_regions(BODIES[:1], SHAPE, 1.0)
    offsets[:, 0, :, :48] -= 2.0  # the anterior half votes 2 mm too far to the front
    even = decode_regions(probability, offsets, 0 * short, scale, 1.0, 0.35)[0].keypoints_mm
    probability[:, :48] *= 0.6
    uneven = decode_regions(probability, offsets, 0 * short, scale, 1.0, 0.35)[0].keypoints_mm
    assert -1.4 < (even - BODIES[0])[:, 0].mean() < -0.6
    assert (uneven[:, 0] > even[:, 0] + 0.1).all()


def test_bodies_at_the_images_border_are_found():
    body = upright_bodies_mm(1, first_centre=(14.0, 10.0))
    maps = perfect_regions(body, (21, 29), 1.0)
    (found,) = settle(decode_regions(*maps, 1.0, 0.35))
    np.testing.assert_allclose(found.keypoints_mm, body[0], atol=1e-3)


def test_maxima_below_the_threshold_are_no_detections():
    probability, *others = perfect_regions(BODIES, SHAPE, 1.0)
    assert decode_regions(0.3 * probability, *others, 1.0, 0.35) == []
    assert decode_regions(0 * probability, *others, 1.0, 0.35) == []


def test_points_follow_the_short_offsets_twice():
    probability, offsets, short, scale = perfect_regions(BODIES[:1], SHAPE, 1.0)
    (moved,) = settle(decode_regions(probability, offsets, 0 * short + 1.0, scale, 1.0, 0.35))
    np.testing.assert_allclose(moved.keypoints_mm, BODIES[0] + 2.0, atol=1e-3)


def test_votes_are_counted_within_5_mm_of_a_maximum_of_the_smoothed_probability():
    maps = [np.zeros((*shape, 40, 40), np.float32) for shape in ((6, 2), (6, 2), (6,))]
    for apart, count in ((6, 2), (5, 1)):
        probability = np.zeros((40, 40), np.float32)
        probability[20, 15], probability[20, 15 + apart] = 1.0, 0.9
        found = decode_regions(probability, *maps, 1.0, 0.03)
        assert len(found) == count
        assert found[0].score == pytest.approx(1 / (2 * np.pi * 1.5**2), rel=0.1)
