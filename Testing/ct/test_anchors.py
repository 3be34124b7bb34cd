import numpy as np
import pytest
from helpers.perfect_maps import encode, perfect_anchors
from helpers.spine_shapes import upright_bodies_mm
from hypothesis import given, settings
from hypothesis import strategies as st
from VertebralFracturesLib.ct.anchors import (
    anchor_boxes,
    anchor_sizes_mm,
    anchor_targets,
    decode,
    decode_anchors,
)
from VertebralFracturesLib.ct.detection import intersection_over_union, keypoint_boxes, settle

BODIES = upright_bodies_mm(3)
SIZES = anchor_sizes_mm()


def test_anchors_have_every_scale_and_ratio():
    areas, ratios = SIZES.prod(1), SIZES[:, 0] / SIZES[:, 1]
    found = sorted(zip(np.sqrt(areas).round(9), ratios.round(9), strict=True))
    assert found == [(scale, ratio) for scale in (17, 23, 28, 35) for ratio in (0.8, 1.1, 1.3, 2.0)]


def test_anchors_are_centred_on_their_pixels():
    centres = np.array([[[3.0, 8.0], [40.0, 50.0]]])
    boxes = anchor_boxes(centres)
    assert boxes.shape == (1, 2, 16, 4)
    np.testing.assert_allclose(
        (boxes[..., :2] + boxes[..., 2:]) / 2, np.broadcast_to(centres[:, :, None], (1, 2, 16, 2))
    )
    np.testing.assert_allclose(boxes[..., 2:] - boxes[..., :2], np.broadcast_to(SIZES, (1, 2, 16, 2)))


def test_encoding_worked_out_by_hand():
    keypoints = np.array([[10.0, 5], [10, 25], [24, 6], [24, 24], [38, 5], [38, 25]])
    encoded = encode(keypoints, np.array([24.0, 10.0]), np.array([28.0, 20.0]))
    np.testing.assert_allclose(decode(encoded, np.array([24.0, 10.0]), np.array([28.0, 20.0])), keypoints)
    np.testing.assert_allclose(encoded, [[-0.5, -0.25], [-0.5, 0.75], [0, -0.2], [0, 0.7], [0.5, -0.25], [0.5, 0.75]])


@given(st.integers(0, 999))
def test_decoding_inverts_encoding(seed):
    rng = np.random.default_rng(seed)
    keypoints = rng.uniform(-50, 200, (4, 6, 2))
    centres, sizes = rng.uniform(0, 150, (4, 2)), SIZES[rng.integers(16, size=4)]
    np.testing.assert_allclose(decode(encode(keypoints, centres, sizes), centres, sizes), keypoints, atol=1e-9)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 999), st.sampled_from([0.75, 1.0, 1.5]))
def test_targets_agree_with_a_search_over_all_pixels(seed, pixel_mm):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 4))
    distance = rng.uniform(15, 34)
    bodies = upright_bodies_mm(count, rng.uniform(9, 28), rng.uniform(18, 40), distance, tuple(rng.uniform(5, 60, 2)))
    bodies += rng.normal(0, 1.0, bodies.shape)
    shape = (90, 70)
    objectness, chosen = anchor_targets(bodies, shape, pixel_mm)
    rows, columns = np.indices(shape)
    everywhere = anchor_boxes(np.stack([columns, rows], -1) * pixel_mm)
    overlaps = intersection_over_union(everywhere[None], keypoint_boxes(bodies)[:, None, None, None])
    overlaps = np.moveaxis(overlaps, -1, 1)
    expected = overlaps.max(0) > 0.5
    assert expected.any()
    np.testing.assert_array_equal(objectness, expected)
    np.testing.assert_array_equal(chosen, np.where(expected, overlaps.argmax(0), -1))


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_an_anchor_answers_for_the_body_it_overlaps_most(order):
    rivals = np.stack([BODIES[0], BODIES[0] + [0.0, 6.0]])[order]
    _, chosen = anchor_targets(rivals, (80, 100), 1.0)
    rows, columns = np.indices((80, 100))
    overlaps = intersection_over_union(
        anchor_boxes(np.stack([columns, rows], -1).astype(float))[None], keypoint_boxes(rivals)[:, None, None, None]
    )
    contested = np.moveaxis((overlaps > 0.5).all(0), -1, 0)
    assert contested.sum() > 100
    np.testing.assert_array_equal(chosen[contested], np.moveaxis(overlaps.argmax(0), -1, 0)[contested])


@pytest.mark.parametrize("keypoints_mm", [np.zeros((0, 6, 2)), BODIES + 400.0, BODIES - 400.0])
def test_no_body_in_view_no_target(keypoints_mm):
    objectness, bodies = anchor_targets(keypoints_mm, (40, 30), 1.0)
    assert objectness.shape == bodies.shape == (16, 40, 30)
    assert not objectness.any()
    assert (bodies == -1).all()


@pytest.mark.parametrize("pixel_mm", [1.0, 0.75])
def test_perfect_maps_give_the_keypoints_back(pixel_mm):
    objectness, encoded = perfect_anchors(BODIES, (130, 140), pixel_mm)
    detections = settle(decode_anchors(objectness, encoded, pixel_mm, 0.5))
    np.testing.assert_allclose(np.stack([item.keypoints_mm for item in detections]), BODIES, atol=1e-4)
    for item in detections:
        assert item.score == pytest.approx(0.95)
        np.testing.assert_allclose(item.uncertainty_mm, 0, atol=1e-4)


def test_votes_that_differ_are_averaged_and_their_spread_is_the_uncertainty():
    shape = (80, 100)
    objectness, encoded = np.zeros((16, *shape), np.float32), np.zeros((16, 12, *shape), np.float32)
    for column, score, shift in ((48, 0.9, 0.0), (49, 0.6, 3.0)):
        objectness[5, 30, column] = score
        points = encode(BODIES[0] + [shift, 0.0], np.array([column, 30.0]), SIZES[5])
        encoded[5, :, 30, column] = points.reshape(12)
    (found,) = decode_anchors(objectness, encoded, 1.0, 0.5)
    np.testing.assert_allclose(found.keypoints_mm, BODIES[0] + [1.2, 0.0], atol=1e-5)
    np.testing.assert_allclose(found.uncertainty_mm, np.sqrt(0.6 * 1.2**2 + 0.4 * 1.8**2), atol=1e-5)
    assert found.score == pytest.approx(0.9)


def test_candidates_below_the_threshold_are_no_detections():
    objectness, encoded = perfect_anchors(BODIES, (130, 100), 1.0)
    assert decode_anchors(objectness, encoded, 1.0, 0.96) == []
