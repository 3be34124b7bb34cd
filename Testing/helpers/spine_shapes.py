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


def turned_deg(axis: int, degrees: float) -> NDArray[np.float64]:
    """The rotation matrix about an axis of the patient."""
    one, two = (axis + 1) % 3, (axis + 2) % 3
    angle = np.radians(degrees)
    matrix = np.eye(3)
    matrix[[one, one, two, two], [one, two, one, two]] = np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)
    return matrix


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


@st.composite
def bodies_along(draw: st.DrawFn, curve: SpineCurve, count: int = 3) -> NDArray[np.float64]:
    """Bodies (n, 6, 3) in RAS in the middle of a spine: normal to severely fractured, tilted by up to 20 degrees."""
    bodies = []
    for share in np.linspace(0.2, 0.8, count):
        height, depth = draw(st.floats(14.0, 32.0)), draw(st.floats(14.0, 38.0))
        heights = height * np.array([draw(st.floats(0.5, 1.0)) for _ in range(3)])
        tilt = np.radians(draw(st.floats(-20.0, 20.0)))
        anterior = depth / 2 * np.array([1, 1, 0, 0, -1, -1])
        superior = np.repeat(heights, 2) / 2 * np.array([1, -1] * 3)
        turned = np.column_stack(
            [
                0 * anterior,
                anterior * np.cos(tilt) - superior * np.sin(tilt),
                anterior * np.sin(tilt) + superior * np.cos(tilt) - share * curve.length_mm,
            ]
        )
        bodies.append(curve.straight_to_ras(turned))
    return np.stack(bodies)
