"""The camera: points appear where their rays meet the picture."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from VertebralFracturesLib.simulation.radiograph.camera import Camera, lateral_axes, random_camera

SPINE = np.array([[[0.0, y, z] for y, z in ((15, 10), (15, -10), (0, 8), (0, -8), (-15, 10), (-15, -10))]])
ANGLES = st.tuples(*[st.floats(-20, 20)] * 3)


def camera(axes: np.ndarray, source_mm: float = 1000.0) -> Camera:
    return Camera(np.array([2.0, -3.0, 1.0]), axes, source_mm, (100, 150), 1.0, (75.0, 50.0))


def test_closer_to_the_tube_is_larger() -> None:
    one = camera(lateral_axes(), 1000.0)
    size = [np.ptp(one.project([[right, -3 + half, 1.0] for half in (-20.0, 20.0)])[:, 0]) for right in (2.0, 202.0)]
    assert size[0] == pytest.approx(40.0)
    assert size[1] == pytest.approx(40.0 * 1000 / 800)


@pytest.mark.parametrize("height_mm", [200.0, 450.0, 700.0])
def test_a_beam_opens_no_wider_than_that_of_a_tube(height_mm: float) -> None:
    for seed in range(50):
        one = random_camera(SPINE, (-height_mm / 2, height_mm / 2), 4.0, np.random.default_rng(seed))
        ends = one.rays_ras()[[0, -1], int(one.centre_pixels[0])] @ one.axes.T
        assert np.degrees(np.arctan2(np.abs(ends[:, 2]), np.abs(ends[:, 0]))).max() < 17
        assert 850 <= abs(one.source_mm) <= 1900


def test_anterior_is_left_and_superior_up() -> None:
    for seed in range(5):
        one = random_camera(SPINE, (-60.0, 60.0), 0.8, np.random.default_rng(seed))
        anterior, posterior = one.project(SPINE[0][[0, 4]])
        superior, inferior = one.project(SPINE[0][[2, 3]])
        assert anterior[0] < posterior[0]
        assert superior[1] < inferior[1]


@given(ANGLES, st.sampled_from([900.0, -1500.0]), st.floats(0.8, 1.15))
def test_what_lies_on_a_ray_appears_in_its_pixel(angles, source_mm, share) -> None:
    one = camera(lateral_axes(*angles), source_mm)
    rays = one.rays_ras(10)
    seen = one.project(one.source_ras + share * rays)
    rows, columns = np.meshgrid(np.arange(rays.shape[0]) * 10, np.arange(rays.shape[1]) * 10, indexing="ij")
    np.testing.assert_allclose(seen, np.stack([columns, rows], -1), atol=1e-6)


@given(ANGLES)
def test_axes_of_a_camera_are_a_rotation(angles) -> None:
    axes = lateral_axes(*angles)
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(axes) == pytest.approx(1.0)
    assert axes[0, 0] > 0.8


def test_a_window_holds_what_it_is_asked_for_and_stays_in_the_picture() -> None:
    one = camera(lateral_axes(5, 2, -3))
    points = np.random.default_rng(0).uniform(-12, 12, (20, 3))
    rows, columns = one.window(points)
    seen = one.project(points)
    assert rows.start <= seen[:, 1].min() <= seen[:, 1].max() <= rows.stop
    assert columns.start <= seen[:, 0].min() <= seen[:, 0].max() <= columns.stop
    assert one.window(points * 100) == (slice(0, 100), slice(0, 150))
