"""Curves and bodies of spines in closed form, for tests of geometry."""

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from VertebralFracturesLib.core.spine_curve import SpineCurve


def curve_through(points_ras: NDArray[np.float64]) -> SpineCurve:
    """A curve that exists everywhere."""
    return SpineCurve(points_ras, np.ones(len(points_ras)))


def upright_curve(length_mm: float = 200.0, top_ras: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> SpineCurve:
    """A straight spine that runs down from a point."""
    depth = np.linspace(0, length_mm, 12)
    return curve_through(np.array(top_ras) - np.column_stack([0 * depth, 0 * depth, depth]))


def kyphotic_circle(radius_mm: float, degrees: float = 120.0, step_mm: float = 5.0) -> SpineCurve:
    """An arc of a circle in the sagittal plane, concave to the front: its centre is the origin."""
    half = np.radians(degrees / 2)
    angles = np.linspace(half, -half, max(8, round(2 * half * radius_mm / step_mm)))
    return curve_through(radius_mm * np.column_stack([0 * angles, -np.cos(angles), np.sin(angles)]))


@st.composite
def spine_curves(draw: st.DrawFn) -> SpineCurve:
    """Spines up to strong kyphosis, lordosis and scoliosis (Cobb angle about 60 degrees), leaning any way."""
    length = draw(st.floats(120.0, 500.0))
    depth = np.linspace(0, length, max(8, round(length / draw(st.floats(6.0, 20.0)))))
    sagittal, frontal = (draw(st.floats(-1.0, 1.0)) for _ in range(2))
    wave_mm = draw(st.floats(150.0, 400.0))
    phase = draw(st.floats(0.0, 2 * np.pi))
    angle = 2 * np.pi * depth / wave_mm + phase
    anterior = sagittal * np.radians(32) * wave_mm / (2 * np.pi) * np.sin(angle)
    right = frontal * np.radians(30) * wave_mm / (2 * np.pi) * np.cos(angle)
    lean = np.array([draw(st.floats(-0.2, 0.2)), draw(st.floats(-0.3, 0.3))])
    start = np.array([draw(st.floats(-300.0, 300.0)) for _ in range(3)])
    return curve_through(start + np.column_stack([right + lean[0] * depth, anterior + lean[1] * depth, -depth]))


def upright_bodies_mm(
    count: int = 3,
    height: float = 20.0,
    depth: float = 28.0,
    distance: float = 28.0,
    first_centre: tuple[float, float] = (48.0, 30.0),
) -> NDArray[np.float64]:
    """Rectangular bodies (n, 6, 2) below one another in a slice, (x, y) in mm, in the order of the keypoints."""
    x = np.array([-depth / 2, -depth / 2, 0, 0, depth / 2, depth / 2])
    y = np.array([-height / 2, height / 2] * 3)
    down = np.arange(count)[:, None] * distance
    return np.stack([first_centre[0] + x + 0 * down, first_centre[1] + y + down], -1)
