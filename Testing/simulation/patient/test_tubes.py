"""Tubes: distances through the grid of cells are those of every tube looked at."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from VertebralFracturesLib.simulation.patient.tubes import TubeBuilder


def random_tubes(rng: np.random.Generator, count: int) -> tuple[TubeBuilder, list[tuple[np.ndarray, np.ndarray]]]:
    builder, lines = TubeBuilder(), []
    for _ in range(count):
        points = rng.uniform(-80, 80, 3) + np.cumsum(rng.normal(0, 12, (4, 3)), 0)
        radii = rng.uniform(2, 7, 4)
        builder.add(points, radii, 100.0, 400.0, 1.0)
        lines.append((points, radii))
    return builder, lines


def brute_force(lines: list[tuple[np.ndarray, np.ndarray]], points: np.ndarray) -> np.ndarray:
    """Depth (n,) in the deepest of all segments of points (n, 3)."""
    depths = []
    for line, radii in lines:
        for start, end, first, last in zip(line, line[1:], radii, radii[1:], strict=False):
            share = np.clip((points - start) @ (end - start) / ((end - start) @ (end - start)), 0, 1)
            nearest = start + share[:, None] * (end - start)
            depths.append(first + share * (last - first) - np.linalg.norm(points - nearest, axis=1))
    return np.max(depths, axis=0)


@settings(max_examples=20)
@given(st.integers(0, 10**6), st.integers(1, 6))
def test_depths_are_those_of_brute_force(seed, count):
    rng = np.random.default_rng(seed)
    builder, lines = random_tubes(rng, count)
    vertices = np.concatenate([line for line, _ in lines])
    points = vertices[rng.integers(len(vertices), size=500)] + rng.normal(0, 5, (500, 3))
    expected = brute_force(lines, points)
    chosen, depth, _ = builder.build().nearest(points.T.astype(np.float32))
    inside = np.flatnonzero(expected > -1)
    assert np.isin(inside, chosen).all()
    found = np.full(len(points), -np.inf)
    found[chosen] = depth
    np.testing.assert_allclose(found[inside], expected[inside], atol=0.01)


def test_a_flat_tube_is_thinner_across_by_its_flatness():
    builder = TubeBuilder()
    builder.add(np.array([[0.0, 0, -30], [0, 0, 30]]), 6.0, 100.0, flat=np.array([0.0, 1, 0]), flatness=2.0)
    tubes = builder.build()
    wide, thin = (tubes.nearest(np.float32([[x], [y], [0.0]]))[1][0] for x, y in ((6.0, 0.0), (0.0, 3.0)))
    assert wide == pytest.approx(0.0, abs=1e-3)
    assert thin == pytest.approx(0.0, abs=1e-3)


def test_tubes_keep_what_they_are_made_of():
    builder = TubeBuilder()
    builder.add(np.array([[0.0, 0, 0], [40, 0, 0]]), 5.0, 100.0, 700.0, 1.5)
    builder.add(np.array([[0.0, 60, 0], [40, 60, 0]]), 5.0, 50.0)
    tubes = builder.build()
    _, _, number = tubes.nearest(np.float32([[20, 20], [0, 60], [0, 0]]))
    assert tubes.hu_core[number].tolist() == [100.0, 50.0]
    assert tubes.hu_shell[number].tolist() == [700.0, 50.0]
    assert tubes.shell_mm[number].tolist() == [1.5, 0.0]


def test_nothing_is_near_where_no_tube_is():
    points = np.zeros((3, 5), np.float32)
    assert TubeBuilder().build().nearest(points) is None
    builder = TubeBuilder()
    builder.add(np.array([[300.0, 0, 0], [340, 0, 0]]), 5.0, 100.0)
    assert builder.build().nearest(points) is None
