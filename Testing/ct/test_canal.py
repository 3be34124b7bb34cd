"""The window behind the bodies and the centre line through it."""

import numpy as np
import pytest
from scipy.spatial import cKDTree
from scipy.special import softmax
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.core.volume import AIR_HU, Volume
from VertebralFracturesLib.ct.canal import (
    CONFIDENT_CANAL,
    STEP_MM,
    WINDOW_SIZE,
    CanalWindow,
    canal_window,
    find_canal,
    fit_canal,
    mm_to_pixels,
    pixels_to_mm,
    section_arcs_mm,
    window_points,
)
from VertebralFracturesLib.errors import Cancelled

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


UPRIGHT = SpineCurve(np.c_[np.zeros(8), np.zeros(8), np.linspace(0, -140, 8)], np.ones(8))


def brightest(window_hu: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Locates the canal where a section is brightest, and is sure of it where anything is bright."""
    weights = softmax(window_hu.reshape(len(window_hu), -1) / 20, axis=1).reshape(window_hu.shape)
    back, right = np.indices(window_hu.shape[1:])
    places = np.column_stack([(weights * one).sum((1, 2)) for one in (right, back)])
    return places, (window_hu.max((1, 2)) > 200).astype(np.float64)


def bright_tube(aside_mm: float) -> Volume:
    """A bright tube 28 mm behind the upright curve."""
    matrix = np.diag([2.0, 2.0, 2.0, 1.0])
    matrix[:3, 3] = -60.0, -80.0, -170.0
    _, j, i = np.indices((100, 60, 60))
    distance = np.hypot(i * 2.0 - 60 - aside_mm, j * 2.0 - 80 + 28)
    return Volume((1000 * np.exp(-(distance**2) / 18)).astype(np.float32), matrix)


@pytest.mark.parametrize("aside_mm", [5.0, -7.0])
def test_the_canal_is_found_where_it_is(aside_mm):
    canal = find_canal(brightest, bright_tube(aside_mm), UPRIGHT)
    inner = canal.points_ras[(canal.points_ras[:, 2] < -STEP_MM) & (canal.points_ras[:, 2] > -137)]
    np.testing.assert_allclose(inner[:, :2], np.tile([aside_mm, -28.0], (len(inner), 1)), atol=0.6)
    assert (canal.confidence >= CONFIDENT_CANAL).all()


def test_the_canal_is_not_found_where_nothing_shows_it():
    assert find_canal(brightest, Volume(np.zeros((20, 20, 20), np.int16), np.diag([8.0, 8, 8, 1])), UPRIGHT) is None


def test_it_can_be_cancelled():
    with pytest.raises(Cancelled):
        find_canal(brightest, bright_tube(5.0), UPRIGHT, lambda: True)


def test_a_canal_is_seen_at_half_the_confidence():
    places = places_of(np.zeros(SECTIONS), np.full(SECTIONS, -28.0))
    assert fit_canal(empty_window(), places, np.full(SECTIONS, 0.55)) is not None
    assert fit_canal(empty_window(), places, np.full(SECTIONS, 0.45)) is None


def test_waves_of_60_mm_are_halved_in_the_line():
    arcs = section_arcs_mm(UPRIGHT)
    window = CanalWindow(np.zeros((len(arcs), *WINDOW_SIZE), np.float32), UPRIGHT)
    places = places_of(4 * np.sin(2 * np.pi * arcs / 60), np.full(len(arcs), -28.0))
    canal = fit_canal(window, places, np.full(len(arcs), 0.9))
    right = canal.position(np.arange(canal.length_mm))[:, 0]
    middle = np.abs(right[20:-20]).max()
    assert middle == pytest.approx(2.0, abs=0.4)


def test_a_window_begins_6_mm_in_front_of_the_curve_and_is_averaged_over_3_mm():
    np.testing.assert_allclose(pixels_to_mm([11.5, 0.0]), [0.0, 6.0])
    k = np.indices((100, 4, 4))[0]
    matrix = np.diag([1.0, 1.0, 1.0, 1.0])
    matrix[:3, 3] = -2.0, -2.0, -99.0
    volume = Volume(np.where(k % 3 == 0, 300.0, 0.0).astype(np.float32), matrix)
    curve = SpineCurve(np.c_[np.zeros(8), np.zeros(8), np.linspace(0, -90, 8)], np.ones(8))
    window = canal_window(volume, curve)
    np.testing.assert_allclose(window.image[3:-3, 3, 11:13], 100.0, atol=1e-3)
