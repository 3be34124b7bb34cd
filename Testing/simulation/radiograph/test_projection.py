"""Projections of bodies whose line integrals and shadows are known."""

import numpy as np
import pytest
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.simulation.ct.protocol import Protocol
from VertebralFracturesLib.simulation.radiograph.camera import Camera, lateral_axes
from VertebralFracturesLib.simulation.radiograph.projection import Absorber, densities, volume_sample

BOUNDS = np.array([[-90.0, -90, -60], [90, 90, 60]])
SPINE = np.array([[[0.0, y, z] for y, z in ((15, 10), (15, -10), (0, 8), (0, -8), (-15, 10), (-15, -10))]])


def camera(axes: np.ndarray, source_mm: float = 1000.0) -> Camera:
    return Camera(np.array([2.0, -3.0, 1.0]), axes, source_mm, (100, 150), 1.0, (75.0, 50.0))


def ball(centre: np.ndarray, radius_mm: float):
    """Water with a ball of 400 HU in air, sharp to the blur."""

    def sample(points: np.ndarray, blur_mm: float) -> np.ndarray:
        inside = np.clip((radius_mm - np.linalg.norm(points - centre, axis=-1)) / blur_mm + 0.5, 0, 1)
        return (-1000 + 1400 * inside).astype(np.float32)

    return sample


def test_densities_are_those_of_water_and_bone() -> None:
    water, bone = densities(np.array([-1000.0, 0, 80, 700, 1500], np.float32))
    np.testing.assert_allclose(water, [0, 1, 1.08, 0, 0], atol=1e-5)
    assert bone[:3] == pytest.approx([0, 0, 0])
    assert 1.4 < bone[3] < bone[4] < 2.1


@pytest.mark.parametrize("source_mm", [900.0, -1500.0])
@pytest.mark.parametrize("angles", [(0, 0, 0), (8, -4, 6)])
def test_a_ball_is_seen_where_its_centre_is_projected(source_mm: float, angles: tuple[int, int, int]) -> None:
    for centre in ((25.0, 8.0, -6.0), (-30.0, -12.0, 10.0)):
        one = camera(lateral_axes(*angles), source_mm)
        seen = Absorber(ball(np.array(centre), 9.0), BOUNDS, SPINE).integrals(one).sum(0)
        rows, columns = np.indices(seen.shape)
        found = [(seen * columns).sum() / seen.sum(), (seen * rows).sum() / seen.sum()]
        np.testing.assert_allclose(found, one.project(centre), atol=0.12)


def test_nothing_is_lost_where_fine_and_coarse_meet() -> None:
    def water(points: np.ndarray, blur_mm: float) -> np.ndarray:
        inside = np.clip((50.0 - np.abs(points[..., 0])) / blur_mm + 0.5, 0, 1)
        return (-1000 + 1000 * inside).astype(np.float32)

    one = camera(lateral_axes(), 1e6)
    depth_cm = Absorber(water, BOUNDS, SPINE).integrals(one)[0]
    np.testing.assert_allclose(depth_cm[10:-10, 10:-10], 10.0, atol=0.12)


def test_bodies_are_finer_than_the_spine() -> None:
    """A plate of 0.6 mm within the body keeps more of its contrast than one beside it; both keep their mass."""

    def plated(points: np.ndarray, blur_mm: float) -> np.ndarray:
        inside = np.clip((80.0 - np.abs(points).max(-1)) / blur_mm + 0.5, 0, 1)
        thickness = np.maximum(blur_mm, 0.6)
        is_plate = (np.abs(points[..., 1] + 20) < 40) & (np.abs(points[..., 0]) < 20)
        thin = np.clip(1 - np.abs(points[..., 2]) / thickness, 0, 1) * 0.6 / thickness * is_plate
        return (-1000 + 1000 * inside + 900 * thin).astype(np.float32)

    one = Camera(np.zeros(3), lateral_axes(), 1e6, (60, 600), 0.2, (300.0, 30.0))
    seen = Absorber(plated, BOUNDS, SPINE).integrals(one).sum(0)
    body, beside = (seen[:, 300 - round(anterior / 0.2)] for anterior in (0.0, -48.0))
    water = np.median(body)
    assert (body.max() - water) > 1.3 * (beside.max() - water) > 0
    assert (body - water).sum() == pytest.approx((beside - water).sum(), rel=0.15)


def test_neighbouring_stretches_leave_no_seam() -> None:
    """A rod along two bodies, seen at its finest throughout."""

    def rod(points: np.ndarray, blur_mm: float) -> np.ndarray:
        inside = np.clip((3.0 - np.hypot(points[..., 0], points[..., 1])) / blur_mm + 0.5, 0, 1)
        return (-1000 + 1400 * inside).astype(np.float32)

    bodies = np.concatenate([SPINE + [0, 0, 17], SPINE + [0, 4, -17]])
    seen = Absorber(rod, BOUNDS, bodies).integrals(camera(lateral_axes(), 1e6)).sum(0)
    widths = seen[20:81].sum(1)
    np.testing.assert_allclose(widths, widths.mean(), rtol=0.02)


def test_slices_hide_bone_from_the_projection() -> None:
    """A plate of 0.8 mm is told from water where it is fine, not where a slice averages it; all tissue is kept."""

    def plated(points: np.ndarray, blur_mm: float) -> np.ndarray:
        inside = np.clip((40.0 - np.abs(points).max(-1)) / blur_mm + 0.5, 0, 1)
        thin = np.clip(1 - np.abs(points[..., 2]) / blur_mm, 0, 1) * 0.8 / blur_mm
        thin = thin * (np.abs(points[..., :2]).max(-1) < 20)
        return (-1000 + 1000 * inside + 500 * inside * thin).astype(np.float32)

    fine = Absorber(plated, BOUNDS, SPINE)
    coarse = fine.on_ct_grid(Protocol(0.8, 5.0, 5.0, kernel_mm=0.4, noise_hu=0.0), np.random.default_rng(0))
    seen, blurred = (one.integrals(camera(lateral_axes(), 1e6)) for one in (fine, coarse))
    assert 0 < blurred[1].max() < 0.3 * seen[1].max()
    assert blurred.sum() == pytest.approx(seen.sum(), rel=0.01)


def test_a_frontal_view_holds_all_tissue() -> None:
    frontal = Absorber(ball(np.array([10.0, 0.0, -20.0]), 30.0), BOUNDS, SPINE).frontal_integrals().sum(0)
    columns = np.arange(frontal.shape[1])
    across = BOUNDS[0, 0] + 4.0 * (frontal * columns).sum() / frontal.sum()
    assert across == pytest.approx(10.0, abs=0.5)


def test_cts_are_sampled_in_the_world() -> None:
    voxels = np.full((40, 40, 40), -1000, np.int16)
    voxels[20:, :, :] = 0
    sample = volume_sample(Volume(voxels, np.array([[3.0, 0, 0, -60], [0, 3, 0, -60], [0, 0, 3, -60], [0, 0, 0, 1]])))
    points = np.array([[0.0, 0, 20], [0, 0, -20], [0, 0, 500]], np.float32)
    assert sample(points, 0.8).tolist() == [0, -1000, -1000]
