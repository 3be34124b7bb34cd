"""The bone around the spine as a surface."""

import numpy as np
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.mrml.nodes.bone import add_bone_node, bone_surface

RADIUS_MM, LENGTH_MM = 15.0, 100.0


def column_and_rib() -> tuple[Volume, SpineCurve]:
    """A round column of bone along a straight curve, and a second one 80 mm to its right."""
    matrix = np.diag([2.0, 2.0, 2.0, 1.0])
    matrix[:3, 3] = -120, -120, -60
    k, j, i = np.indices((80, 120, 120))
    x, y, z = 2 * i - 120.0, 2 * j - 120.0, 2 * k - 60.0
    is_bone = (np.hypot(x, y) < RADIUS_MM) | (np.hypot(x - 80, y) < RADIUS_MM)
    hu = np.where(is_bone & (np.abs(z) < LENGTH_MM / 2), 600, 40).astype(np.int16)
    points = np.c_[np.zeros(9), np.zeros(9), np.linspace(55, -55, 9)]
    return Volume(hu, matrix), SpineCurve(points, np.ones(9))


def test_the_surface_is_that_of_the_bone_near_the_spine() -> None:
    surface = bone_surface(*column_and_rib())
    left, right, back, front, low, high = surface.GetBounds()
    np.testing.assert_allclose([left, right, back, front], [-RADIUS_MM, RADIUS_MM, -RADIUS_MM, RADIUS_MM], atol=1.5)
    np.testing.assert_allclose([low, high], [-LENGTH_MM / 2, LENGTH_MM / 2], atol=1.5)


def test_a_volume_without_bone_has_no_surface() -> None:
    volume, curve = column_and_rib()
    assert bone_surface(Volume(np.full(volume.shape, 40, np.int16), volume.ijk_to_ras), curve).GetNumberOfCells() == 0


def test_the_node_is_drawn_in_3d_only_and_not_saved(scene) -> None:
    node = add_bone_node(scene, *column_and_rib(), "bone", ["vtkMRMLViewNode1"])
    assert node.GetDisplayNode().GetViewNodeIDs() == ("vtkMRMLViewNode1",)
    assert not node.GetDisplayNode().GetVisibility2D()
    assert not node.GetSaveWithScene()
