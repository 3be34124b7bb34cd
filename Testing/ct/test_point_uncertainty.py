"""What the uncertainty of points is made of, and that each part tells what it is to tell."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.spine_shapes import curve_through, upright_bodies_mm
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage
from VertebralFracturesLib.core.straightening import StraightenedSlice
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.ct.detection import Detection
from VertebralFracturesLib.ct.point_uncertainty import (
    NETWORK_ALONE,
    UncertaintyWeights,
    slice_distance_mm,
    turned,
    turned_back,
    uncertainty_parts,
    with_uncertainty,
)

POINTS_MM = upright_bodies_mm(3, 20.0, 30.0, first_centre=(40.0, 30.0))
BODIES = [Detection(points, 0.9, np.full(6, 0.7)) for points in POINTS_MM]
CURVE = curve_through(np.column_stack([np.zeros(50), np.zeros(50), -5.0 * np.arange(50)]))
NETWORK, SLICES, READINGS, EDGE = range(4)
ALL_EQUAL = UncertaintyWeights(1.0, 1.0, 1.0, 1.0)


def picture(shift_rows: float = 0.0) -> np.ndarray:
    """A slice (140, 80) of soft tissue with the three bodies in it, their endplates so far below the points."""
    fine = np.full((1400, 80), 50.0)
    rows, columns = np.arange(1400)[:, None] / 10, np.arange(80)[None]
    for points in POINTS_MM:
        (left, top), (right, bottom) = points.min(0), points.max(0)
        inside = (rows >= top + shift_rows) & (rows <= bottom + shift_rows) & (columns >= left) & (columns <= right)
        fine[inside] = 300.0
    return ndimage.gaussian_filter1d(fine, 8, axis=0)[::10].astype(np.float32)


def views_of(image: np.ndarray) -> list[StraightenedSlice]:
    return [StraightenedSlice(image, 1.0, CURVE, 40.0, 0.0, lateral_mm) for lateral_mm in (-1.5, 0.0, 1.5)]


def volume_of(spacing_mm: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Volume:
    return Volume(np.zeros((2, 2, 2), np.int16), np.diag([*spacing_mm, 1.0]))


def parts(part: int, readings=(BODIES,), image: np.ndarray | None = None, volume: Volume | None = None) -> np.ndarray:
    """One part (bodies, 6) of the uncertainty of the bodies."""
    views = views_of(picture() if image is None else image)
    return uncertainty_parts(BODIES, readings, views, volume or volume_of())[..., part]


@given(st.floats(-0.2, 0.2))
def test_a_turned_slice_shows_points_where_turning_back_takes_them_from(rise):
    rows, columns = np.indices((60, 41), dtype=np.float32)
    image = 3 * rows + columns
    (back,) = turned_back([Detection(np.array([[8.0, 30.0]]), 1.0, np.zeros(1))], rise, 41, 1.0)
    assert turned(image, rise)[30, 8] == pytest.approx(3 * back.keypoints_mm[0, 1] + back.keypoints_mm[0, 0], abs=1e-3)
    assert back.keypoints_mm[0, 0] == 8.0


def test_what_the_network_expects_is_the_first_part():
    np.testing.assert_allclose(parts(NETWORK), 0.7)
    for one, other in zip(BODIES, with_uncertainty(BODIES, [BODIES], views_of(picture()), volume_of(), NETWORK_ALONE),
                          strict=True):  # fmt: skip
        np.testing.assert_allclose(other.uncertainty_mm, one.uncertainty_mm)
        assert other.keypoints_mm is one.keypoints_mm


@pytest.mark.parametrize("spacing_mm", [1.0, 5.0])
def test_slices_count_by_their_distance_along_the_spine(spacing_mm):
    np.testing.assert_allclose(parts(SLICES, volume=volume_of((0.8, 0.8, spacing_mm))), spacing_mm, atol=1e-6)


def test_oblique_slices_count_by_what_lies_along_the_spine():
    turn = np.array([[1, 0, 0], [0, np.cos(0.5), -np.sin(0.5)], [0, np.sin(0.5), np.cos(0.5)]])
    matrix = np.eye(4)
    matrix[:3, :3] = turn @ np.diag([1.0, 1.0, 4.0])
    oblique = Volume(np.zeros((2, 2, 2), np.int16), matrix)
    expected = np.hypot(4 * np.cos(0.5), np.sin(0.5))
    np.testing.assert_allclose(slice_distance_mm(POINTS_MM, views_of(picture())[1], oblique), expected, atol=1e-3)


def test_readings_that_differ_along_the_spine_disagree():
    def moved(x: float, y: float) -> list[Detection]:
        return [replace(one, keypoints_mm=one.keypoints_mm + [x, y]) for one in BODIES]

    np.testing.assert_allclose(parts(READINGS, [BODIES, BODIES]), 0)
    np.testing.assert_allclose(parts(READINGS, [moved(0.0, 0.5), moved(0.0, -0.5)]), 0.5)
    np.testing.assert_allclose(parts(READINGS, [moved(2.0, 0.0)]), 0)


def test_a_reading_that_does_not_see_a_body_counts_as_2_mm_off():
    disagreement_mm = parts(READINGS, [BODIES, BODIES[:2], []])
    np.testing.assert_allclose(disagreement_mm[:2], np.sqrt(4 / 3))
    np.testing.assert_allclose(disagreement_mm[2], np.sqrt(8 / 3))


def test_a_rival_in_a_reading_does_not_hide_the_better_detection():
    better = replace(BODIES[0], score=0.95, keypoints_mm=POINTS_MM[0] + [0.0, 1.0])
    np.testing.assert_allclose(parts(READINGS, [[*BODIES, better]])[0], 1.0)


def test_points_on_an_endplate_lack_no_edge_and_points_beside_it_do():
    on_edge, beside = parts(EDGE), parts(EDGE, image=picture(shift_rows=2.0))
    assert on_edge.max() < 0.15
    assert beside.min() > 0.6
    assert parts(EDGE, image=np.full((140, 80), 50.0, np.float32)).min() == 1.0


@given(shift_rows=st.floats(0.0, 2.0), contrast=st.floats(0.5, 4.0))
def test_the_edge_that_is_missing_does_not_depend_on_the_contrast(shift_rows, contrast):
    image = picture(shift_rows)
    np.testing.assert_allclose(parts(EDGE, image=contrast * image), parts(EDGE, image=image), atol=0.01)


@given(st.integers(0, 3), st.floats(1.0, 5.0))
def test_a_part_that_weighs_more_makes_points_less_certain(part, times):
    image, volume = picture(1.0), volume_of((1.0, 1.0, 2.5))
    readings = [[replace(one, keypoints_mm=one.keypoints_mm + [0.0, 0.4]) for one in BODIES]]
    names = ("network", "slices", "readings", "edge")
    heavier = replace(ALL_EQUAL, **{names[part]: times})
    plain, other = (
        np.stack([one.uncertainty_mm for one in with_uncertainty(BODIES, readings, views_of(image), volume, weights)])
        for weights in (ALL_EQUAL, heavier)
    )
    squared = uncertainty_parts(BODIES, readings, views_of(image), volume)[..., part] ** 2
    np.testing.assert_allclose(other**2 - plain**2, (times**2 - 1) * squared, atol=1e-9)


def test_without_bodies_there_is_nothing_to_say():
    assert with_uncertainty([], [[], []], views_of(picture()), volume_of(), ALL_EQUAL) == []
