"""A small CT of bright vertebral bodies along a scoliotic curve, with exact truth."""

import numpy as np
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.core.volume import Volume

LEVELS = ("T9", "T10", "T11", "T12", "L1", "L2", "L3", "L4")
_PITCH_MM = 31.0
_HALF_DEPTH_MM = 15.0
_HALF_WIDTH_MM = 20.0
_HALF_HEIGHT_MM = 11.5
_ANTERIOR_LOSS = {"T12": 0.45, "L2": 0.27}


def scoliotic_curve(length_mm: float = 270.0, bend_mm: float = 18.0) -> SpineCurve:
    """A curve bent to the side and in kyphosis, with samples about every 3 mm."""
    s = np.linspace(0.0, 1.0, 90)
    points = np.stack([bend_mm * np.sin(2 * np.pi * s), 12 * np.sin(np.pi * s) - 20 * s, 120 - length_mm * s], -1)
    return SpineCurve(points + [5.0, -30.0, 0.0], 0.8 + 0.2 * np.sin(np.pi * s))


def body_keypoints(curve: SpineCurve) -> np.ndarray:
    """Keypoints (n, 6, 3) in RAS of wedge-shaped bodies across the curve."""
    return np.stack([_keypoints(curve, index) for index in range(len(LEVELS))])


def _arc_mm(index: int) -> float:
    return 20.0 + _PITCH_MM * index


def _keypoints(curve: SpineCurve, index: int) -> np.ndarray:
    centre, (_, anterior, superior) = curve.position(_arc_mm(index)), curve.frame(_arc_mm(index))
    corners = []
    for depth in (_HALF_DEPTH_MM, 0.0, -_HALF_DEPTH_MM):
        top = _top_mm(index, depth)
        corners += [centre + depth * anterior + top * superior, centre + depth * anterior - _HALF_HEIGHT_MM * superior]
    return np.array(corners)


def _top_mm(index: int, anterior_mm: np.ndarray | float) -> np.ndarray | float:
    loss = _ANTERIOR_LOSS.get(LEVELS[index], 0.04)
    return _HALF_HEIGHT_MM - loss * 2 * _HALF_HEIGHT_MM * (anterior_mm + _HALF_DEPTH_MM) / (2 * _HALF_DEPTH_MM)


def render(curve: SpineCurve, ijk_to_ras: np.ndarray, shape_kji: tuple[int, int, int]) -> Volume:
    """The bodies (400 HU with a bright shell) in soft tissue inside an ellipse, on any voxel grid."""
    k, j, i = np.meshgrid(*(np.arange(n, dtype=np.float64) for n in shape_kji), indexing="ij")
    points = np.stack([i, j, k], -1) @ ijk_to_ras[:3, :3].T + ijk_to_ras[:3, 3]
    inside_skin = (points[..., 0] / 90) ** 2 + ((points[..., 1] - 5) / 75) ** 2 < 1
    voxels = np.where(inside_skin, 40, -1000).astype(np.int16)
    for index in range(len(LEVELS)):
        frame = curve.frame(_arc_mm(index))
        near = np.abs(points - curve.position(_arc_mm(index))).max(-1) < 35
        right, anterior, superior = ((points[near] - curve.position(_arc_mm(index))) @ frame.T).T
        distance = np.max(
            [
                np.abs(right) - _HALF_WIDTH_MM,
                np.abs(anterior) - _HALF_DEPTH_MM,
                superior - _top_mm(index, anterior),
                -_HALF_HEIGHT_MM - superior,
            ],
            axis=0,
        )
        voxels[near] = np.where(distance < -2, 350, np.where(distance < 0, 900, voxels[near]))
    return Volume(voxels, ijk_to_ras)


def lps_volume(curve: SpineCurve) -> Volume:
    """The usual CT: i to the left, j to posterior, k to superior, slices thicker than pixels."""
    matrix = np.diag([-1.5, -1.5, 2.5, 1.0])
    matrix[:3, 3] = 95.0, 75.0, -180.0
    return render(curve, matrix, (130, 104, 128))


def oblique_volume(curve: SpineCurve) -> Volume:
    """A grid turned by 17 and 12 degrees, with anisotropic spacing."""
    a, b = np.radians([17.0, 12.0])
    turn_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    turn_z = np.array([[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]])
    matrix = np.eye(4)
    matrix[:3, :3] = turn_z @ turn_x @ np.diag([-1.4, -1.6, 2.2])
    shape = (150, 110, 140)
    matrix[:3, 3] = [5.0, -25.0, -15.0] - matrix[:3, :3] @ (np.array(shape[::-1]) / 2)
    return render(curve, matrix, shape)
