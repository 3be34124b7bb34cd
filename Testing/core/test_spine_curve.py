import numpy as np
import pytest
from helpers.spine_shapes import curve_through, kyphotic_circle, spine_curves, upright_curve
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from VertebralFracturesLib.core import spine_curve
from VertebralFracturesLib.core.spine_curve import SpineCurve

GEOMETRY = settings(deadline=None, max_examples=60)


def test_arc_length_of_a_circle():
    curve = kyphotic_circle(80.0, 150.0)
    assert curve.length_mm == pytest.approx(80.0 * np.radians(150), rel=1e-4)
    angles = np.radians(75) - np.linspace(20, 180, 9) / 80.0
    expected = 80.0 * np.column_stack([0 * angles, -np.cos(angles), np.sin(angles)])
    np.testing.assert_allclose(curve.position(np.linspace(20, 180, 9)), expected, atol=0.02)


def test_arc_length_of_a_helix():
    turn = np.linspace(0, 1.5 * np.pi, 60)
    rise, radius = 60.0, 25.0
    curve = curve_through(np.column_stack([radius * np.cos(turn), radius * np.sin(turn), -rise * turn]))
    assert curve.length_mm == pytest.approx(1.5 * np.pi * np.hypot(radius, rise), rel=1e-4)
    np.testing.assert_allclose(curve.point_arcs_mm, turn * np.hypot(radius, rise), atol=0.02)


@GEOMETRY
@given(spine_curves(), st.floats(4.0, 8.0))
def test_equal_arcs_are_equally_far_apart_whichever_points_were_given(curve, distance_mm):
    arcs = np.arange(0, curve.length_mm, 0.5)
    steps = np.linalg.norm(np.diff(curve.position(arcs), axis=0), axis=1)
    np.testing.assert_allclose(steps, 0.5, rtol=0.03)
    others = np.linspace(0, curve.length_mm, round(curve.length_mm / distance_mm))
    assert curve_through(curve.position(others)).length_mm == pytest.approx(curve.length_mm, abs=0.2)


@GEOMETRY
@given(spine_curves())
def test_the_curve_goes_through_its_points(curve):
    np.testing.assert_allclose(curve.position(curve.point_arcs_mm), curve.points_ras, atol=1e-9)


@GEOMETRY
@given(spine_curves())
def test_the_frame_is_right_handed_and_locked_to_the_sagittal_plane(curve):
    arcs = np.linspace(-60, curve.length_mm + 60, 150)
    frame = curve.frame(arcs)
    right, anterior, superior = np.moveaxis(frame, -2, 0)
    np.testing.assert_allclose(frame @ np.swapaxes(frame, -1, -2), np.broadcast_to(np.eye(3), frame.shape), atol=1e-9)
    np.testing.assert_allclose(np.cross(right, anterior), superior, atol=1e-9)
    np.testing.assert_array_equal(anterior[:, 0], 0)
    np.testing.assert_allclose(superior, -curve.tangent(arcs))
    assert (anterior[:, 1] > 0).all()
    assert (right[:, 0] > 0).all()


@GEOMETRY
@given(spine_curves())
def test_the_frame_never_flips(curve):
    frame = curve.frame(np.arange(-20, curve.length_mm + 20, 1.0))
    turned = np.degrees(np.arccos(np.clip((frame[1:] * frame[:-1]).sum(-1), -1, 1)))
    assert turned.max() < 6.0


def test_the_frame_of_an_upright_spine_is_the_patients():
    curve = upright_curve()
    np.testing.assert_allclose(
        curve.frame([-30.0, 0.0, 77.0, 260.0]), np.broadcast_to(np.eye(3), (4, 3, 3)), atol=1e-12
    )
    np.testing.assert_allclose(curve.straight_to_ras([7.0, -9.0, -50.0]), [7.0, -9.0, -50.0], atol=1e-9)
    np.testing.assert_allclose(curve.ras_to_straight([7.0, -9.0, 12.0]), [7.0, -9.0, 12.0], atol=1e-9)


def test_a_scoliotic_frame_turns_about_the_anterior_axis_only():
    lean = np.radians(30)
    depth = np.linspace(0, 150, 10)
    curve = curve_through(np.column_stack([depth * np.sin(lean), 0 * depth, -depth * np.cos(lean)]))
    right, anterior, superior = curve.frame(70.0)
    np.testing.assert_allclose(anterior, [0, 1, 0], atol=1e-12)
    np.testing.assert_allclose(right, [np.cos(lean), 0, np.sin(lean)], atol=1e-9)
    np.testing.assert_allclose(superior, [-np.sin(lean), 0, np.cos(lean)], atol=1e-9)


def test_a_kyphotic_frame_turns_about_the_right_axis_only():
    curve = kyphotic_circle(80.0)
    top, bottom = curve.frame([20.0, curve.length_mm - 20.0])
    np.testing.assert_allclose([top[0], bottom[0]], [[1, 0, 0]] * 2, atol=1e-9)
    assert top[1, 2] < -0.3  # the upper bodies of a kyphosis look down
    assert bottom[1, 2] > 0.3


@GEOMETRY
@given(spine_curves(), st.integers(0, 999))
def test_round_trip_from_the_patient_is_exact_everywhere(curve, seed):
    points_ras = curve.points_ras.mean(0) + np.random.default_rng(seed).uniform(-300, 300, (80, 3))
    straight = curve.ras_to_straight(points_ras)
    assert np.linalg.norm(curve.straight_to_ras(straight) - points_ras, axis=-1).max() < 0.01
    assert not curve.planes_cross(straight).any()


@GEOMETRY
@given(spine_curves(), st.integers(0, 999))
def test_round_trip_from_straightened_space(curve, seed):
    points_straight = random_points(curve, seed)
    points_straight = points_straight[held_by_one_plane(curve, points_straight)]
    assume(len(points_straight))
    again = curve.ras_to_straight(curve.straight_to_ras(points_straight))
    assert np.linalg.norm(again - points_straight, axis=-1).max() < 0.01


def random_points(curve: SpineCurve, seed: int) -> np.ndarray:
    """Straightened points around the curve and up to 60 mm beyond both ends."""
    rng = np.random.default_rng(seed)
    return np.column_stack(
        [rng.uniform(-40, 40, 80), rng.uniform(-50, 50, 80), -rng.uniform(-60, curve.length_mm + 60, 80)]
    )


def held_by_one_plane(curve: SpineCurve, points_straight: np.ndarray) -> np.ndarray:
    """Points that would lie well before the centre of curvature at every place along the curve."""
    arcs = np.arange(0, curve.length_mm + 1, 2.0)
    moved = np.repeat(points_straight[:, None] * [1.2, 1.2, 1.0], len(arcs), 1)
    moved[..., 2] = -arcs
    return ~curve.planes_cross(moved).any(1)


@pytest.mark.parametrize("radius_mm", [40.0, 80.0])
def test_planes_of_a_circle_cross_at_its_centre(radius_mm):
    curve = kyphotic_circle(radius_mm, 120.0, 2.0)
    middle = -curve.length_mm / 2
    for share, crosses in ((-2.0, False), (0.0, False), (0.98, False), (1.02, True), (1.5, True)):
        assert curve.planes_cross([0.0, share * radius_mm, middle]) == crosses
    assert not curve.planes_cross([1.5 * radius_mm, 0.0, middle])


def test_planes_never_cross_beside_a_straight_spine_or_beyond_the_ends():
    points = np.random.default_rng(0).uniform(-500, 500, (200, 3))
    assert not upright_curve().planes_cross(points).any()
    circle = kyphotic_circle(40.0)
    assert not circle.planes_cross([[0, 300, 20.0], [0, 300, -circle.length_mm - 20.0]]).any()


def test_a_point_on_the_inner_side_is_given_to_the_nearest_plane():
    curve = kyphotic_circle(60.0, 100.0, 2.0)
    points_ras = np.array([[4.0, -60.0 + 25.0, 0.0], [-7.0, -60.0 - 20.0, 0.0], [0.0, -20.0, 5.0]])
    straight = curve.ras_to_straight(points_ras)
    np.testing.assert_allclose(
        straight[:2], [[4, 25, -curve.length_mm / 2], [-7, -20, -curve.length_mm / 2]], atol=0.01
    )
    np.testing.assert_allclose(curve.straight_to_ras(straight), points_ras, atol=1e-3)
    assert straight[2, 1] == pytest.approx(60.0 - np.hypot(20, 5), abs=0.01)


def test_no_place_is_given_to_a_point_whose_plane_was_not_found(monkeypatch):
    monkeypatch.setattr(spine_curve, "_NEWTON_STEPS", 0)
    with pytest.raises(ValueError, match="no plane across it holds it"):
        kyphotic_circle(60.0).ras_to_straight([[0.0, -40.0, 0.3]])


def test_points_far_beyond_the_ends_are_mapped_on():
    curve = kyphotic_circle(80.0, 60.0)
    points = np.array([[10.0, -20.0, 300.0], [-15.0, 20.0, -curve.length_mm - 300.0]])
    np.testing.assert_allclose(curve.ras_to_straight(curve.straight_to_ras(points)), points, atol=1e-3)
    beyond = curve.position([-50.0, -51.0, curve.length_mm + 70.0, curve.length_mm + 71.0])
    np.testing.assert_allclose(beyond[0] - beyond[1], curve.tangent(0.0), atol=1e-3)
    np.testing.assert_allclose(beyond[3] - beyond[2], curve.tangent(curve.length_mm), atol=1e-3)


def test_maps_take_points_of_any_shape():
    curve = kyphotic_circle(120.0)
    points = np.random.default_rng(1).uniform(-10, 10, (2, 3, 4, 3)) - [0, 0, 60]
    ras = curve.straight_to_ras(points)
    assert ras.shape == points.shape
    np.testing.assert_allclose(curve.ras_to_straight(ras)[1, 2, 3], curve.ras_to_straight(ras[1, 2, 3]), atol=1e-6)
    assert curve.ras_to_straight(np.empty((0, 3))).shape == (0, 3)
    assert curve.planes_cross(points).shape == (2, 3, 4)


def test_confidence_belongs_to_the_points_and_ends_with_the_curve():
    points = np.column_stack([np.zeros(5), np.zeros(5), -np.array([0.0, 10, 30, 60, 100])])
    curve = SpineCurve(points, [0.2, 0.4, 1.0, 0.6, 0.0])
    np.testing.assert_allclose(curve.confidence_at([0, 20, 30, 45, 100]), [0.2, 0.7, 1.0, 0.8, 0.0], atol=1e-3)
    np.testing.assert_array_equal(curve.confidence_at([-0.1, 100.1]), 0)


@pytest.mark.parametrize(
    ("points", "confidence", "message"),
    [
        (np.zeros((3, 3)), np.ones(3), "at least four finite points"),
        (np.zeros((5, 2)), np.ones(5), "at least four finite points"),
        (np.full((5, 3), np.nan), np.ones(5), "at least four finite points"),
        (np.arange(15.0).reshape(5, 3), np.ones(4), "one finite confidence per point"),
        (np.repeat(np.arange(9.0).reshape(3, 3), 2, 0), np.ones(6), "must not coincide"),
    ],
)
def test_points_that_make_no_curve_are_refused(points, confidence, message):
    with pytest.raises(ValueError, match=message):
        SpineCurve(points, confidence)


@pytest.mark.parametrize(("constant", "values"), [("_KNOT_MM", [0.5, 2.0]), ("_NEWTON_STEPS", [15, 60])])
def test_the_map_hangs_on_neither_knots_nor_steps(constant, values, monkeypatch):
    curve = kyphotic_circle(60.0, 100.0, 2.0)
    points = np.random.default_rng(0).uniform(-1, 1, (200, 3)) * [40, 40, 90]
    expected = curve.ras_to_straight(points)
    for value in values:
        monkeypatch.setattr(spine_curve, constant, value)
        np.testing.assert_allclose(curve.ras_to_straight(points), expected, atol=1e-6)


def test_a_curve_through_bodies_goes_on_for_half_a_distance():
    centres = np.array([[0.0, 0, 0], [0, 2, -20], [0, 2, -42], [0, 0, -66]])
    curve = spine_curve.curve_through_bodies(centres)
    np.testing.assert_allclose(curve.points_ras[[0, -1]], [[0, -1, 10], [0, -1, -78]])
    np.testing.assert_array_equal(curve.points_ras[1:-1], centres)
