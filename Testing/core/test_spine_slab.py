"""The slab's maps are exact both ways, its voxels hold what lies there, and the canal lies straight behind."""

import numpy as np
import pytest
from helpers.spine_shapes import upright_curve
from hypothesis import given, settings
from hypothesis import strategies as st
from VertebralFracturesLib.core import spine_slab
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.core.spine_slab import (
    FRONT_MM,
    MARGIN_MM,
    SLAB_SIZE,
    VOXEL_MM,
    SlabFrame,
    cut_slab,
    slab_frame,
)
from VertebralFracturesLib.core.volume import AIR_HU, Volume

CANAL_BEHIND_MM = 27.0


def bent_curve(sideways_mm: float = 15.0, forward_mm: float = 25.0, length_mm: float = 240.0) -> SpineCurve:
    along = np.linspace(0, 1, 30)
    points = np.c_[sideways_mm * np.sin(2 * along), forward_mm * np.sin(3 * along), -length_mm * along]
    return SpineCurve(points, np.ones(len(along)))


def canal_of(curve: SpineCurve, turns_rad: np.ndarray) -> SpineCurve:
    """The canal of vertebrae that are turned by angles spread evenly along a curve."""
    arcs = np.linspace(-5, curve.length_mm + 5, 40)
    turn = np.interp(arcs, np.linspace(0, curve.length_mm, len(turns_rad)), turns_rad)
    straight = np.c_[-np.sin(turn) * CANAL_BEHIND_MM, -np.cos(turn) * CANAL_BEHIND_MM, -arcs]
    return SpineCurve(curve.straight_to_ras(straight), np.ones(len(arcs)))


@given(
    turns=st.lists(st.floats(-0.6, 0.6), min_size=2, max_size=6),
    sideways=st.floats(-25, 25),
    forward=st.floats(-40, 40),
    voxel=st.tuples(st.floats(0, SLAB_SIZE[0]), st.floats(0, SLAB_SIZE[1]), st.floats(-10, 200)),
)
@settings(deadline=None)
def test_maps_return_to_where_they_came_from(turns, sideways, forward, voxel):
    frame = SlabFrame(bent_curve(sideways, forward), np.array(turns))
    there = frame.voxels_to_ras(np.array([voxel]))
    np.testing.assert_allclose(frame.ras_to_voxels(there), [voxel], atol=1e-6)
    np.testing.assert_allclose(frame.slab_to_ras(frame.ras_to_slab(there)), there, atol=1e-6)


def test_distances_across_the_spine_are_those_of_the_patient():
    frame = SlabFrame(bent_curve(), np.array([0.3, -0.2, 0.5]))
    corners = np.array([[0, 0, 60], [SLAB_SIZE[0] - 1, SLAB_SIZE[1] - 1, 60]], dtype=float)
    one, two = frame.voxels_to_ras(corners)
    assert np.linalg.norm(one - two) == pytest.approx(VOXEL_MM * np.linalg.norm(corners[1] - corners[0]))


@pytest.mark.parametrize("turns", [[0.0, 0.0], [0.35, 0.35], [-0.4, 0.1, 0.4]])
def test_the_canal_lies_straight_behind(turns):
    curve = bent_curve()
    frame = slab_frame(curve, canal_of(curve, np.array(turns)))
    arcs = np.linspace(30, curve.length_mm - 30, 20)
    canal = canal_of(curve, np.array(turns)).points_ras
    slab = frame.ras_to_slab(canal)
    inside = (-slab[:, 2] > arcs[0]) & (-slab[:, 2] < arcs[-1])
    assert np.abs(slab[inside, 0]).max() < 1.5  # the turn is smoothed along the spine
    np.testing.assert_allclose(slab[inside, 1], -CANAL_BEHIND_MM, atol=0.5)


def test_without_a_canal_the_frame_is_that_of_the_curve():
    curve = bent_curve()
    points = np.array([[3.0, 10.0, -50.0], [-8.0, -20.0, -100.0]])
    np.testing.assert_array_equal(slab_frame(curve, None).slab_to_ras(points), curve.straight_to_ras(points))


def test_an_absurd_canal_turns_the_frame_only_so_far():
    curve = bent_curve(0.0, 0.0)
    beside = SpineCurve(curve.points_ras + [60.0, 1.0, 0.0], np.ones(len(curve.points_ras)))
    assert np.degrees(np.abs(slab_frame(curve, beside).turns_rad)).max() == pytest.approx(35.0)


def test_voxels_hold_what_lies_there():
    """A volume whose intensities are a linear function of place is sampled without error."""
    shape, spacing = (110, 80, 80), 3.0
    matrix = np.diag([spacing, spacing, spacing, 1.0])
    matrix[:3, 3] = -120.0, -120.0, -280.0
    gradient = np.array([2.0, -1.5, 1.0])
    k, j, i = np.indices(shape)
    places = np.stack([i, j, k], -1) * spacing + matrix[:3, 3]
    volume = Volume((places @ gradient).astype(np.float32), matrix)
    slab = cut_slab(volume, SlabFrame(bent_curve(), np.array([0.2, -0.3])))
    right, front, rows = slab.image.shape
    assert (right, front) == SLAB_SIZE
    grid = np.stack(np.meshgrid(np.arange(right), np.arange(front), np.arange(20, rows - 20), indexing="ij"), -1)
    expected = slab.frame.voxels_to_ras(grid) @ gradient
    np.testing.assert_allclose(slab.image[..., 20:-20], expected, atol=0.01)


def test_a_slab_reaches_beyond_the_curve_and_is_air_where_nothing_was_measured():
    curve = bent_curve()
    slab = cut_slab(Volume(np.zeros((3, 3, 3), np.int16), np.diag([1.0, 1.0, 1.0, 1.0])), slab_frame(curve, None))
    first, last = slab.frame.rows_mm[[0, -1]]
    assert first == -MARGIN_MM
    assert last >= curve.length_mm + MARGIN_MM - VOXEL_MM
    assert slab.frame.voxels_to_slab([0, 0, 0])[1] == FRONT_MM
    assert (slab.image == AIR_HU).mean() > 0.99
    assert slab.image.nbytes < 1_000_000


def test_the_same_volume_gives_the_same_slab():
    noise = Volume(np.random.default_rng(0).normal(0, 100, (60, 40, 40)).astype(np.float32), np.diag([4.0, 4, 4, 1]))
    frame = SlabFrame(bent_curve(), np.array([0.1, 0.2]))
    np.testing.assert_array_equal(cut_slab(noise, frame).image, cut_slab(noise, frame).image)


def test_voxels_lie_where_the_sequence_networks_learnt_them():
    frame = slab_frame(bent_curve(), None)
    np.testing.assert_allclose(frame.voxels_to_slab([[0, 0, 0], [15, 47, 8]]), [[-11.25, 25.5, 12], [11.25, -45, 0]])
    assert frame.shape[:2] == (16, 48)


def test_a_voxel_averages_two_layers():
    """Of points 0.375 mm to both sides of its middle, the square of the distance from the middle."""
    matrix = np.diag([0.375, 20.0, 20.0, 1.0])
    matrix[:3, 3] = -15.0, -100.0, -160.0
    right = (np.arange(81) * 0.375 - 15.0) ** 2
    volume = Volume(np.broadcast_to(right, (10, 11, 81)).astype(np.float32), matrix)
    slab = cut_slab(volume, slab_frame(upright_curve(100.0), None))
    middles = (np.arange(16) - 7.5) * 1.5
    np.testing.assert_allclose(slab.image[:, 20, 30], middles**2 + 0.375**2, atol=1e-3)


def sudden_turn() -> tuple[SpineCurve, SpineCurve]:
    """A curve and a canal that turns from one vertebra to the next."""
    curve = bent_curve(0.0, 0.0)
    return curve, canal_of(curve, np.repeat([0.0, 0.4], 60))


def test_angles_are_smoothed_over_a_vertebra():
    curve, canal = sudden_turn()
    arcs = np.linspace(0, curve.length_mm, 400)
    slope = np.gradient(slab_frame(curve, canal).turn_at(arcs), arcs).max()
    assert 0.4 / (slope * np.sqrt(2 * np.pi)) == pytest.approx(20.0, rel=0.1)


def test_angles_hang_not_on_the_knots(monkeypatch):
    curve, canal = sudden_turn()
    arcs = np.linspace(0, curve.length_mm, 100)
    expected = slab_frame(curve, canal).turn_at(arcs)
    for knot_mm in (1.5, 6.0):
        monkeypatch.setattr(spine_slab, "_KNOT_MM", knot_mm)
        np.testing.assert_allclose(slab_frame(curve, canal).turn_at(arcs), expected, atol=0.02)
