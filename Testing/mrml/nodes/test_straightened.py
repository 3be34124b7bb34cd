import numpy as np
import pytest
from helpers.synthetic_spine import scoliotic_curve
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.core.straightening import straighten
from VertebralFracturesLib.mrml.nodes.curve import control_points
from VertebralFracturesLib.mrml.nodes.straightened import (
    add_straightening_node,
    straightened_volume,
    straightening_error_mm,
    straightening_transform,
    update_straightening_node,
)


def _points_straight(curve: SpineCurve, count: int = 400) -> np.ndarray:
    rng = np.random.default_rng(1)
    low, high = [-40, -48, -curve.length_mm - 20], [40, 48, 20]
    points = rng.uniform(low, high, (count, 3))
    return points[~curve.planes_cross(points)]


@pytest.mark.parametrize("bend_mm", [0.0, 18.0, 45.0, 60.0])
@pytest.mark.parametrize("offset_ras", [(0, 0, 0), (40, -250, -1300), (-80, 90, 1700)])
def test_grid_agrees_with_the_curve_both_ways(bend_mm: float, offset_ras: tuple[float, float, float]) -> None:
    straight = scoliotic_curve(bend_mm=bend_mm)
    curve = SpineCurve(straight.points_ras + offset_ras, straight.confidence)
    points = _points_straight(curve)
    transform = straightening_transform(curve)
    ras = np.array([transform.TransformPoint(point) for point in points])
    assert np.linalg.norm(ras - curve.straight_to_ras(points), axis=1).max() < 0.05
    inverse = transform.GetInverse()
    back = np.array([inverse.TransformPoint(point) for point in curve.straight_to_ras(points)])
    near = np.abs(points[:, :2]).max(1) < 25
    assert np.linalg.norm(back - points, axis=1)[near].max() < 0.05


def test_nodes_under_the_transform_lie_in_straightened_space(scene, curve) -> None:
    node = add_straightening_node(scene, curve, "straightening")
    to_world, from_world = node.GetTransformToParent(), node.GetTransformFromParent()
    point = curve.straight_to_ras([3.0, 12.0, -140.0])
    np.testing.assert_allclose(to_world.TransformPoint(point), [3, 12, -140], atol=0.05)
    np.testing.assert_allclose(from_world.TransformPoint([3.0, 12.0, -140.0]), point, atol=0.05)


def test_update_is_seen_once(scene, curve) -> None:
    node = add_straightening_node(scene, curve, "straightening")
    events = []
    node.AddObserver(node.TransformModifiedEvent, lambda *_: events.append(1))
    other = scoliotic_curve(bend_mm=5.0)
    update_straightening_node(node, other)
    assert len(events) == 1
    point = np.array([3.0, 12.0, -140.0])
    np.testing.assert_allclose(
        node.GetTransformFromParent().TransformPoint(point), other.straight_to_ras(point), atol=0.05
    )


@pytest.mark.parametrize("grid", ["volume", "oblique"])
def test_the_straightened_volume_holds_what_the_curve_maps_there(curve, grid: str, request) -> None:
    volume = request.getfixturevalue(grid)
    straight = straightened_volume(volume, curve)
    assert straight.voxels.dtype == np.int16
    np.testing.assert_allclose(straight.spacing_mm, 1.0)
    points = _points_straight(curve)
    points = points[straight.contains(points)]
    ijk = np.rint(straight.to_ijk(points)).astype(int)
    centres = ijk @ straight.ijk_to_ras[:3, :3].T + straight.ijk_to_ras[:3, 3]
    expected = volume.sample(curve.straight_to_ras(centres))
    np.testing.assert_allclose(straight.voxels[ijk[:, 2], ijk[:, 1], ijk[:, 0]], expected, atol=0.51)


def test_its_middle_plane_is_the_straightened_slice(curve, volume) -> None:
    straight = straightened_volume(volume, curve)
    reference = straighten(volume, curve, slab_mm=1.0)
    rows, columns = np.mgrid[0 : reference.image.shape[0], 0 : reference.image.shape[1]]
    points = reference.pixels_to_straight(np.stack([columns, rows], -1))
    inside = straight.contains(points)
    assert inside.mean() > 0.9
    difference = np.abs(straight.sample(points) - reference.image)[inside]
    assert np.median(difference) < 1.0
    assert np.corrcoef(straight.sample(points)[inside], reference.image[inside])[0, 1] > 0.99


def test_the_inverse_of_vtk_is_checked(curve: SpineCurve) -> None:
    assert straightening_error_mm(curve, np.empty((0, 3))) < 0.02
    points_ras, confidence = control_points(curve)
    points_ras[9] += [10.0, 0, 0]
    sharp = SpineCurve(points_ras, confidence)
    assert straightening_error_mm(sharp, np.empty((0, 3))) > 0.02
    assert straightening_error_mm(curve, curve.straight_to_ras([[5.0, 20, -50], [-20, 0, -200]])) < 0.02
