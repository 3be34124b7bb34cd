"""The window behind the bodies and the centre line through it."""

import numpy as np
import pytest
from scipy.spatial import cKDTree
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.core.volume import AIR_HU, Volume
from VertebralFracturesLib.ct.canal import (
    CONFIDENT_CANAL,
    WINDOW_SIZE,
    CanalWindow,
    canal_window,
    fit_canal,
    mm_to_pixels,
    pixels_to_mm,
    section_arcs_mm,
    window_points,
)

ALONG = np.linspace(0, 1, 20)
CURVE = SpineCurve(np.c_[10 * np.sin(3 * ALONG), 20 * np.cos(2 * ALONG), -200 * ALONG], np.ones(20))
SECTIONS = len(section_arcs_mm(CURVE))


def empty_window() -> CanalWindow:
    return CanalWindow(np.zeros((SECTIONS, *WINDOW_SIZE), np.float32), CURVE)


def places_of(right_mm: np.ndarray, anterior_mm: np.ndarray) -> np.ndarray:
    return mm_to_pixels(np.column_stack([right_mm, anterior_mm]))


def test_pixels_and_millimetres_are_two_names_of_one_place():
    places = np.random.default_rng(0).uniform(0, 30, (50, 2))
    np.testing.assert_allclose(mm_to_pixels(pixels_to_mm(places)), places)
    points = window_points([0.0, 7.5])
    assert points.shape == (2, *WINDOW_SIZE, 3)
    np.testing.assert_allclose(points[1, 30, 5], [*pixels_to_mm([5, 30]), -7.5])


def test_the_window_shows_what_lies_behind_the_bodies():
    """A bright tube 30 mm behind the curve is bright in its pixel of every section."""
    shape, spacing = (120, 70, 60), 2.0
    matrix = np.diag([spacing, spacing, spacing, 1.0])
    matrix[:3, 3] = -60.0, -90.0, -220.0
    k, j, i = np.indices(shape)
    points = np.stack([i, j, k], -1).reshape(-1, 3) * spacing + matrix[:3, 3]
    arcs = np.arange(0.0, CURVE.length_mm, 0.5)
    tube = cKDTree(CURVE.straight_to_ras(np.c_[np.full(len(arcs), 4.0), np.full(len(arcs), -30.0), -arcs]))
    near = tube.query(points, distance_upper_bound=6.0)[0].reshape(shape)
    window = canal_window(Volume(np.where(near < 5, 1000.0, 0.0).astype(np.float32), matrix), CURVE)
    column, row = np.round(mm_to_pixels([4.0, -30.0])).astype(int)
    assert (window.image[4:-4, row, column] > 800).all()
    assert (window.image[4:-4, row - 8, column] < 50).all()
    assert canal_window(Volume(np.zeros((3, 3, 3)), np.eye(4)), CURVE).image.max() <= AIR_HU + 1024


def test_the_line_goes_through_the_places():
    arcs = section_arcs_mm(CURVE)
    right, anterior = 3 * np.sin(arcs / 60), -28 + 3 * np.cos(arcs / 70)
    noise = np.random.default_rng(1).normal(0, 0.8, (2, SECTIONS))
    canal = fit_canal(empty_window(), places_of(right + noise[0], anterior + noise[1]), np.full(SECTIONS, 0.9))
    found = CURVE.ras_to_straight(canal.position(np.linspace(0, canal.length_mm, 50)))
    expected = np.column_stack([np.interp(-found[:, 2], arcs, side) for side in (right, anterior)])
    assert np.linalg.norm(found[:, :2] - expected, axis=1).mean() < 0.6
    assert canal.confidence.min() == pytest.approx(0.9)


def test_doubtful_sections_do_not_draw_the_line():
    right, confidence = np.zeros(SECTIONS), np.full(SECTIONS, 0.9)
    right[20:25], confidence[20:25] = 18.0, 0.01
    canal = fit_canal(empty_window(), places_of(right, np.full(SECTIONS, -28.0)), confidence)
    assert np.abs(CURVE.ras_to_straight(canal.points_ras)[:, 0]).max() < 1.0


def test_no_line_where_the_canal_is_not_seen():
    places = places_of(np.zeros(SECTIONS), np.full(SECTIONS, -28.0))
    assert fit_canal(empty_window(), places, np.full(SECTIONS, CONFIDENT_CANAL - 0.01)) is None
    short = SpineCurve(np.c_[np.zeros(4), np.zeros(4), [0, -3, -6, -9]], np.ones(4))
    few = len(section_arcs_mm(short))
    window = CanalWindow(np.zeros((few, *WINDOW_SIZE), np.float32), short)
    assert fit_canal(window, places[:few], np.ones(few)) is None
