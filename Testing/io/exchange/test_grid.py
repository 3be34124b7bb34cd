"""The letters of axes, and coordinates along other directions."""

import numpy as np
import pytest
from helpers.exchange_points import grids
from hypothesis import given
from hypothesis import strategies as st
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.io.exchange.grid import Grid


@pytest.mark.parametrize(
    ("axes", "letters"),
    [
        (((1, 0, 0), (0, 1, 0), (0, 0, 1)), "RAS"),
        (((-1, 0, 0), (0, -1, 0), (0, 0, 1)), "LPS"),
        (((0, -1, 0), (0, 0, -1), (1, 0, 0)), "PIR"),
        (((0.9, 0.1, 0), (-0.1, 0.9, 0.2), (0, -0.2, -0.9)), "RAI"),
    ],
)
def test_axes_have_the_letter_of_the_side_they_point_to(axes, letters: str) -> None:
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(axes, dtype=float).T * [0.5, 2.0, 3.0]
    assert "".join(Grid((4, 5, 6), matrix).direction) == letters


@given(grids(), st.lists(st.floats(0, 500), min_size=3, max_size=3))
def test_millimetres_and_voxels_are_inverse(grid: Grid, point_ijk: list[float]) -> None:
    assert np.allclose(grid.to_ijk(grid.to_ras(point_ijk)), point_ijk, rtol=0, atol=1e-6)


@given(grids(), st.permutations(range(3)), st.lists(st.booleans(), min_size=3, max_size=3), st.integers(0, 10**6))
def test_voxels_of_a_turned_copy_are_found_again(grid: Grid, order: list[int], flips: list[bool], seed: int) -> None:
    """As when a CT was stored with its axes in another order and direction, by another program."""
    columns = grid.ijk_to_ras[:3, order].copy()
    origin = grid.ijk_to_ras[:3, 3].copy()
    shape = [grid.shape_ijk[axis] for axis in order]
    for axis, is_flipped in enumerate(flips):
        if is_flipped:
            origin += columns[:, axis] * (shape[axis] - 1)
            columns[:, axis] *= -1
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = columns, origin
    turned = Grid((shape[0], shape[1], shape[2]), matrix)
    places = np.random.default_rng(seed).uniform(0, 19, (5, 3))
    found = grid.from_direction(places, turned.direction)
    assert np.allclose(grid.to_ras(found), turned.to_ras(places), rtol=0, atol=1e-6)


@pytest.mark.parametrize("direction", [("R", "L", "S"), ("R", "A", "X"), ("R", "A")])
def test_other_letters_are_refused(direction: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="direction"):
        Grid((4, 5, 6), np.eye(4)).from_direction(np.zeros(3), direction)


def test_the_grid_of_a_volume_counts_from_i_to_k() -> None:
    grid = Grid.of(Volume(np.zeros((4, 5, 6)), np.diag([1.0, 2.0, 3.0, 1.0])))
    assert grid.shape_ijk == (6, 5, 4)
    assert grid.contains([5.4, 8.9, -1.4])
    assert not grid.contains([5.6, 8.9, -1.4])
