"""The oblique sagittal slice through a body: its plane, its maps and its image."""

import numpy as np
import pytest
from helpers.spine_shapes import bodies_along, spine_curves, turned_deg, upright_curve
from hypothesis import given, settings
from hypothesis import strategies as st
from VertebralFracturesLib.core.reformation.oblique_slice import ObliquePlane, cut_plane, plane_through_body
from VertebralFracturesLib.core.straightening import straighten
from VertebralFracturesLib.core.volume import AIR_HU, Volume

SPINES = settings(deadline=None, max_examples=30)

RULERS = ((0, 1), (2, 3), (4, 5), (0, 4), (1, 5))
"""Keypoints between which something is measured: three heights, two endplates."""

BOX_RAS = np.array([[0, y, z] for y in (15.0, 0.0, -15.0) for z in (10.0, -10.0)])
"""An upright body around the origin."""


def ramp(slope: np.ndarray, half_mm: float = 100.0) -> Volume:
    """A volume around the origin whose intensity is slope . point."""
    matrix = np.diag([2 * half_mm, 2 * half_mm, 2 * half_mm, 1.0])
    matrix[:3, 3] = -half_mm
    corners_ras = np.stack(np.meshgrid(*[[-half_mm, half_mm]] * 3, indexing="ij"), -1).transpose(2, 1, 0, 3)
    return Volume(corners_ras @ slope, matrix)


def test_an_upright_body_lies_in_the_sagittal_plane() -> None:
    plane = plane_through_body(BOX_RAS + [3.0, 20.0, -50.0])
    np.testing.assert_allclose(plane.origin_ras, [3, 20, -50])
    np.testing.assert_allclose(plane.axes_ras, [[0, -1, 0], [0, 0, -1], [1, 0, 0]], atol=1e-4)
    np.testing.assert_allclose(plane.from_ras(BOX_RAS + [3.0, 20.0, -50.0])[[0, 5]], [[-15, -10], [15, 10]], atol=1e-3)


@SPINES
@given(spine_curves(), st.data())
def test_a_ruler_on_the_plane_agrees_with_the_patient_within_two_percent(curve, data) -> None:
    """Bodies of spines up to strong kyphosis and scoliosis, as the detection network places them."""
    for points_ras in data.draw(bodies_along(curve)):
        plane = plane_through_body(points_ras)
        drawn_mm = plane.from_ras(points_ras)
        for one, other in RULERS:
            true_mm = np.linalg.norm(points_ras[one] - points_ras[other])
            assert np.linalg.norm(drawn_mm[one] - drawn_mm[other]) == pytest.approx(true_mm, rel=0.02)
        assert plane.distance_mm(points_ras).max() < 2.0


@SPINES
@given(spine_curves(), st.data())
def test_endplates_lie_horizontally_with_anterior_on_the_left_and_cranial_on_top(curve, data) -> None:
    for points_ras in data.draw(bodies_along(curve)):
        points = plane_through_body(points_ras).from_ras(points_ras)
        upper, lower = points[4] - points[0], points[5] - points[1]
        assert abs((upper + lower)[1]) < 1e-3 * (upper + lower)[0]
        assert (points[::2, 1] < points[1::2, 1]).all()


@SPINES
@given(spine_curves(), st.data())
def test_plane_and_patient_map_onto_one_another(curve, data) -> None:
    (points_ras, *_) = data.draw(bodies_along(curve))
    plane = plane_through_body(points_ras)
    np.testing.assert_allclose(plane.axes_ras @ plane.axes_ras.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(plane.axes_ras) == pytest.approx(1.0)
    points_mm = np.random.default_rng(0).uniform(-40, 40, (9, 2))
    there_ras = plane.to_ras(points_mm)
    np.testing.assert_allclose(plane.from_ras(there_ras), points_mm, atol=1e-9)
    np.testing.assert_allclose(plane.distance_mm(there_ras), 0, atol=1e-9)
    beside_ras = there_ras - 7.0 * plane.axes_ras[2]
    np.testing.assert_allclose(plane.from_ras(beside_ras), points_mm, atol=1e-9)
    np.testing.assert_allclose(plane.distance_mm(beside_ras), 7.0)


@pytest.mark.parametrize("axis", [1, 2])
def test_the_plane_of_a_tilted_body_is_hardly_drawn_towards_the_sagittal(axis: int) -> None:
    turn = turned_deg(axis, 40.0)
    across = plane_through_body(BOX_RAS @ turn.T).axes_ras[2]
    assert np.degrees(np.arccos(across @ turn[:, 0])) < 0.3


def test_points_on_one_line_get_the_plane_nearest_to_sagittal() -> None:
    line_ras = np.outer([15, 15, 0, 0, -15, -15], [0.2, 1.0, 0.1])
    across = plane_through_body(line_ras).axes_ras[2]
    sideways = np.array([1.0, 0.0, 0.0]) - 0.2 * np.array([0.2, 1.0, 0.1]) / 1.05
    np.testing.assert_allclose(across, sideways / np.linalg.norm(sideways), atol=1e-3)


def test_points_in_one_place_get_a_sagittal_plane() -> None:
    plane = plane_through_body(np.tile([1.0, 2.0, 3.0], (6, 1)))
    np.testing.assert_allclose(plane.axes_ras, [[0, -1, 0], [0, 0, -1], [1, 0, 0]], atol=1e-9)
    np.testing.assert_allclose(plane.from_ras([[1, 2, 3]] * 6), 0, atol=1e-9)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_pixels_hold_what_lies_at_their_places(axis: int) -> None:
    slope = np.array([0.5, -1.0, 2.0])
    plane = plane_through_body(BOX_RAS @ turned_deg(axis, 25.0).T)
    cut = cut_plane(ramp(slope), plane, (60.0, 45.0), 0.5)
    assert (cut.image.shape, cut.image.dtype) == ((90, 120), np.float32)
    assert (cut.left_mm, cut.top_mm, cut.width_mm, cut.height_mm) == (-29.75, -22.25, 60.0, 45.0)
    rows, columns = np.indices(cut.image.shape)
    places_mm = np.stack([cut.left_mm + 0.5 * columns, cut.top_mm + 0.5 * rows], -1)
    np.testing.assert_allclose(cut.image, plane.to_ras(places_mm) @ slope, atol=0.01)


def test_the_slab_is_that_of_the_straightened_slice() -> None:
    matrix = np.diag([1.0, 40.0, 40.0, 1.0])
    matrix[:3, 3] = -10, -60, -120
    voxels = np.broadcast_to((np.arange(21.0) - 10) ** 2, (6, 4, 21)).copy()
    volume = Volume(voxels, matrix)
    cut = cut_plane(volume, ObliquePlane(np.array([0.0, 0, -40]), np.array([[0.0, -1, 0], [0, 0, -1], [1, 0, 0]])),
                    (10.0, 10.0), 1.0)  # fmt: skip
    straight = straighten(volume, upright_curve(120.0)).image
    assert cut.image[5, 5] == pytest.approx(straight[60, 48])
    assert cut.image[5, 5] == pytest.approx(2 / 3)


def test_where_the_volume_ends_there_is_air() -> None:
    cut = cut_plane(ramp(np.zeros(3), 10.0), plane_through_body(BOX_RAS), (60.0, 45.0), 1.0)
    assert cut.image[0, 0] == AIR_HU
    assert cut.image[22, 30] == 0
