"""Overlap of boxes, and how rival detections of one body are settled."""

import numpy as np
import pytest
from helpers.spine_shapes import upright_bodies_mm
from hypothesis import given
from hypothesis import strategies as st
from VertebralFracturesLib.ct.anchor_free import decode_regions
from VertebralFracturesLib.ct.detection import (
    MIN_DISTANCE_MM,
    MOST_BODIES,
    OBJECTNESS_THRESHOLD,
    UNCERTAINTY_COVERAGE,
    Detection,
    fuse,
    intersection_over_union,
    keypoint_boxes,
    settle,
    suppress_overlaps,
)

BODIES = upright_bodies_mm(4)
SIDES = st.floats(0.5, 50.0)
PLACES = st.floats(-100.0, 100.0)


def found(keypoints_mm, score=0.9, uncertainty_mm=0.5, shift=(0.0, 0.0)) -> Detection:
    return Detection(keypoints_mm + np.array(shift), score, np.full(6, uncertainty_mm))


def heights_of(detections) -> list[float]:
    return [float(detection.keypoints_mm[:, 1].mean()) for detection in detections]


def test_detections_come_cranial_to_caudal_whatever_their_scores():
    order = settle([found(BODIES[i], score) for i, score in ((2, 0.9), (0, 0.4), (3, 0.5), (1, 0.99))])
    assert heights_of(order) == [30, 58, 86, 114]
    assert [detection.score for detection in order] == [0.4, 0.99, 0.9, 0.5]


def test_of_overlapping_rivals_the_better_one_stays():
    kept = settle([found(BODIES[0], 0.6), found(BODIES[0], 0.8, shift=(3, 5)), found(BODIES[1], 0.7)])
    assert [detection.score for detection in kept] == [0.8, 0.7]


def test_no_two_bodies_are_closer_than_any_two_bodies_are():
    aside = (60.0, 0.0)  # beside one another: no overlap at all
    near = settle([found(BODIES[0], 0.9), found(BODIES[0], 0.5, shift=(60.0, MIN_DISTANCE_MM - 0.1))])
    assert [detection.score for detection in near] == [0.9]
    far = settle([found(BODIES[0], 0.9), found(BODIES[0], 0.5, shift=(60.0, MIN_DISTANCE_MM + 0.1))])
    assert [detection.score for detection in far] == [0.9, 0.5]
    assert settle([found(BODIES[0], 0.4), found(BODIES[0], 0.5, shift=aside)])[0].score == 0.5


def test_a_spine_has_no_more_bodies_than_there_are():
    many = upright_bodies_mm(MOST_BODIES + 5)
    kept = settle([found(body, 0.5 + 0.01 * index) for index, body in enumerate(many)])
    assert len(kept) == MOST_BODIES
    assert min(detection.score for detection in kept) == pytest.approx(0.55)


def test_nothing_settles_to_nothing():
    assert settle([]) == []
    assert fuse([[], [], []]) == []


def test_views_that_agree_are_averaged_weighted_by_score():
    views = [
        [found(BODIES[0], 0.9, 0.3)],
        [found(BODIES[0], 0.6, 0.6, (1.0, 2.0))],
        [found(BODIES[0], 0.3, 0.9, (-2.0, 1.0))],
    ]
    (body,) = fuse(views)
    np.testing.assert_allclose(body.keypoints_mm - BODIES[0], np.broadcast_to([0.0, 1.5 / 1.8], (6, 2)), atol=1e-9)
    assert body.score == pytest.approx(0.6)
    np.testing.assert_allclose(body.uncertainty_mm, (0.9 * 0.3 + 0.6 * 0.6 + 0.3 * 0.9) / 1.8)


def test_views_that_miss_a_body_count_as_zero():
    (body,) = fuse([[found(BODIES[0], 0.9)], [], []])
    assert body.score == pytest.approx(0.3)
    np.testing.assert_allclose(body.keypoints_mm, BODIES[0])
    both = fuse([[found(BODIES[0], 0.9), found(BODIES[2], 0.8)], [found(BODIES[2], 0.6)]])
    assert [detection.score for detection in both] == pytest.approx([0.45, 0.7])


def test_neighbouring_bodies_are_never_mixed():
    views = [[found(body, 0.9, shift=(0.0, shift)) for body in BODIES] for shift in (-1.0, 0.0, 1.0)]
    fused = fuse(views)
    np.testing.assert_allclose(np.stack([detection.keypoints_mm for detection in fused]), BODIES, atol=1e-9)


def test_rivals_within_a_view_do_not_vote_twice():
    (body,) = fuse([[found(BODIES[0], 0.8), found(BODIES[0], 0.7, shift=(0.0, 3.0))], [found(BODIES[0], 0.8)]])
    np.testing.assert_allclose(body.keypoints_mm, BODIES[0])
    assert body.score == pytest.approx(0.8)


@st.composite
def boxes(draw: st.DrawFn) -> np.ndarray:
    left, top = draw(PLACES), draw(PLACES)
    return np.array([left, top, left + draw(SIDES), top + draw(SIDES)])


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ((0, 0, 4, 2), 1.0),
        ((2, 0, 6, 2), 4 / 12),
        ((1, 0, 3, 2), 4 / 8),
        ((3, 1, 5, 4), 1 / (8 + 6 - 1)),
        ((4, 0, 8, 2), 0.0),
        ((9, 9, 10, 10), 0.0),
        ((-9, 0, -5, 2), 0.0),
        ((1, 1, 1, 1), 0.0),
    ],
)
def test_overlap_of_boxes_worked_out_by_hand(second, expected):
    assert intersection_over_union(np.array([0.0, 0, 4, 2]), np.array(second, dtype=float)) == pytest.approx(expected)


@given(boxes(), boxes(), PLACES, st.floats(0.1, 10.0))
def test_overlap_is_symmetric_bounded_and_free_of_place_and_size(first, second, shift, scale):
    overlap = intersection_over_union(first, second)
    assert 0 <= overlap <= 1
    assert intersection_over_union(second, first) == overlap
    assert intersection_over_union(first, first) == pytest.approx(1.0)
    np.testing.assert_allclose(
        intersection_over_union(scale * first + shift, scale * second + shift), overlap, atol=1e-6
    )


def test_overlaps_broadcast():
    first = np.array([[0.0, 0, 2, 2], [1, 0, 3, 2], [5, 5, 6, 6]])
    np.testing.assert_allclose(
        intersection_over_union(first[:, None], first[None]), [[1, 1 / 3, 0], [1 / 3, 1, 0], [0, 0, 1]]
    )


def test_boxes_reach_from_the_least_to_the_greatest_point():
    keypoints = np.array([[[4.0, 1], [5, 9], [12, 2], [13, 8], [20, 0], [21, 10]]])
    np.testing.assert_array_equal(keypoint_boxes(keypoints), [[4, 0, 21, 10]])


def test_the_best_of_overlapping_boxes_is_kept_best_first():
    chain = np.array([[0.0, 0, 10, 10], [2, 0, 12, 10], [4, 0, 14, 10], [40, 0, 50, 10]])
    # neighbours of the chain overlap by 8/12, its ends by 6/14
    assert suppress_overlaps(chain, np.array([0.5, 0.9, 0.6, 0.7]), 0.5) == [1, 3]
    assert suppress_overlaps(chain, np.array([0.9, 0.5, 0.6, 0.95]), 0.5) == [3, 0, 2]
    assert suppress_overlaps(chain, np.array([0.9, 0.5, 0.6, 0.7]), 0.4) == [0, 3]
    assert suppress_overlaps(chain, np.array([0.1, 0.2, 0.3, 0.4]), 0.7) == [3, 2, 1, 0]
    assert suppress_overlaps(np.zeros((0, 4)), np.zeros(0), 0.5) == []


def test_a_box_that_overlaps_by_just_the_limit_stays():
    half = np.array([[0.0, 0, 3, 1], [1, 0, 4, 1]])
    assert intersection_over_union(*half) == 0.5
    assert suppress_overlaps(half, np.array([0.9, 0.8]), 0.5) == [0, 1]
    assert suppress_overlaps(half, np.array([0.9, 0.8]), 0.4999) == [0]


@given(st.lists(boxes(), min_size=1, max_size=12), st.integers(0, 99), st.floats(0.1, 0.9))
def test_what_is_kept_does_not_overlap_and_what_goes_overlaps_a_better_one(items, seed, limit):
    stacked = np.array(items)
    scores = np.random.default_rng(seed).permutation(len(items)) / len(items)
    kept = suppress_overlaps(stacked, scores, limit)
    overlap = intersection_over_union(stacked[:, None], stacked[None])
    assert (np.diff(scores[kept]) < 0).all()
    for index in range(len(items)):
        rivals = [other for other in kept if other != index and overlap[index, other] > limit]
        better = [other for other in rivals if scores[other] > scores[index]]
        assert not rivals if index in kept else better


def shifted(overlap: float) -> tuple[float, float]:
    """The shift down by which bodies 20 mm high overlap so much."""
    return (0.0, 20.0 * (1 - overlap) / (1 + overlap))


def test_two_that_overlap_by_a_third_are_of_one_body():
    for overlap, count in ((0.34, 1), (0.26, 2)):
        assert len(settle([found(BODIES[0], 0.9), found(BODIES[0], 0.8, shift=shifted(overlap))])) == count


def test_bodies_are_8_mm_apart():
    for down_mm, count in ((7.0, 1), (9.0, 2)):
        assert len(settle([found(BODIES[0], 0.9), found(BODIES[0], 0.5, shift=(60.0, down_mm))])) == count


def test_detections_that_overlap_by_half_are_averaged():
    for overlap, score in ((0.55, 0.8), (0.45, 0.4)):
        (body,) = fuse([[found(BODIES[0], 0.8)], [found(BODIES[0], 0.8, shift=shifted(overlap))]])
        assert body.score == pytest.approx(score)


def test_a_spine_has_25_bodies_at_most():
    assert len(settle([found(body) for body in upright_bodies_mm(34)])) == 25


def test_a_detection_has_an_objectness_of_a_third():
    for probability, count in ((0.4, 1), (0.3, 0)):
        maps = [np.zeros((*shape, 60, 60), np.float32) for shape in ((6, 2), (6, 2), (6,))]
        even = np.zeros((60, 60), np.float32)
        even[15:45, 15:45] = probability
        even[30, 30] += 0.001
        assert len(settle(decode_regions(even, *maps, 1.0, OBJECTNESS_THRESHOLD))) == count


def test_uncertainties_hold_as_many_points_as_a_standard_deviation():
    assert pytest.approx(0.6827, abs=0.005) == UNCERTAINTY_COVERAGE
