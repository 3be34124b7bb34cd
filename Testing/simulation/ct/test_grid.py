"""What a CT keeps of fine Hounsfield units."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from VertebralFracturesLib.simulation.ct.grid import as_read, on_ct_grid, random_grid_protocol
from VertebralFracturesLib.simulation.ct.protocol import Protocol

STEP_MM = (3.0, 0.8, 0.8)


def seen(hu: np.ndarray, protocol: Protocol, seed: int = 0) -> np.ndarray:
    return on_ct_grid(hu.astype(np.float32), STEP_MM, protocol, np.random.default_rng(seed))


def plate(thickness: int) -> np.ndarray:
    """Bone of 800 HU across the spine's axis, (right, superior, anterior)."""
    hu = np.zeros((4, 120, 60))
    hu[:, 60 : 60 + thickness] = 800.0
    return hu


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10**6), hu=st.floats(-900, 1500))
def test_what_is_the_same_everywhere_stays(seed: int, hu: float) -> None:
    silent = replace(random_grid_protocol(np.random.default_rng(seed)), noise_hu=0.0)
    np.testing.assert_allclose(seen(np.full((5, 90, 70), hu), silent, seed), hu, rtol=1e-4, atol=0.02)


@pytest.mark.parametrize("slice_mm", [1.25, 2.5, 5.0])
def test_slices_blur_thin_bone_by_their_thickness(slice_mm: float) -> None:
    """Bone of 0.8 mm keeps its amount and loses its height; where it lies does not change on average."""
    grid = Protocol(0.8, slice_mm, slice_mm, kernel_mm=0.4, noise_hu=0.0)
    profiles = np.mean([seen(plate(1), grid, seed)[2, :, 30] for seed in range(40)], 0)
    assert profiles.sum() == pytest.approx(800.0, rel=0.05)
    assert profiles.max() < 800.0 * 0.8 / slice_mm * 1.2
    assert (profiles * np.arange(120)).sum() / profiles.sum() == pytest.approx(60.0, abs=0.2)


def test_coarse_pixels_blur_edges_within_slices() -> None:
    hu = np.zeros((4, 40, 120))
    hu[..., 60:] = 700.0
    widths = []
    for pixel_mm in (0.7, 3.0):
        profile = seen(hu, Protocol(pixel_mm, 2.0, 2.0, kernel_mm=0.4, noise_hu=0.0))[1, 20]
        widths.append(np.count_nonzero((profile > 70) & (profile < 630)))
    assert widths[1] > 2 * widths[0] > 0


def test_noise_is_as_strong_as_asked_and_differs_between_slices() -> None:
    noise = seen(np.zeros((6, 200, 100)), Protocol(0.8, 0.8, 0.8, kernel_mm=0.4, noise_hu=30.0))
    assert 15.0 < noise.std() < 30.0
    near = np.corrcoef(noise[:, :-4].ravel(), noise[:, 4:].ravel())[0, 1]
    assert abs(near) < 0.1


def test_drawn_grids_are_possible_and_differ() -> None:
    grids = [random_grid_protocol(np.random.default_rng(seed)) for seed in range(60)]
    assert all(grid.slice_spacing_mm <= grid.slice_thickness_mm <= 5.0 for grid in grids)
    assert len({grid.slice_spacing_mm for grid in grids}) > 3
    assert max(grid.pixel_mm for grid in grids) > 1.0 > min(grid.pixel_mm for grid in grids)


def test_points_are_read_further_out_on_thick_slices() -> None:
    body = np.array([[0.0, y, z] for y, z in ((15, 10), (15, -10), (0, 8), (0, -8), (-15, 10), (-15, -10))])
    bodies = np.stack([body, body[:, [1, 0, 2]] + [5, 6, -40]])
    np.testing.assert_allclose(as_read(bodies, 1.0), bodies)
    np.testing.assert_allclose(as_read(bodies, 5.0), as_read(bodies, 2.5))
    moved = as_read(bodies, 2.5) - bodies
    np.testing.assert_allclose(moved[:, 2:4], 0)
    np.testing.assert_allclose(moved[0, [0, 1]], [[0, 0.6, 0]] * 2)
    np.testing.assert_allclose(moved[1, [4, 5]], [[-0.2, 0, 0]] * 2)
    np.testing.assert_allclose(as_read(bodies, 1.875) - bodies, moved / 2)
