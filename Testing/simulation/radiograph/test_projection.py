"""Projections of bodies whose line integrals and shadows are known."""

import numpy as np
import pytest
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.simulation.ct.protocol import Protocol
from VertebralFracturesLib.simulation.radiograph.camera import Camera, lateral_axes, random_camera
from VertebralFracturesLib.simulation.radiograph.exposure import (
    ENERGIES_KEV,
    EXPOSURES,
    WATER_CM2_G,
    Exposure,
    expose,
    usual_exposure,
)
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


def test_closer_to_the_tube_is_larger() -> None:
    one = camera(lateral_axes(), 1000.0)
    size = [np.ptp(one.project([[right, -3 + half, 1.0] for half in (-20.0, 20.0)])[:, 0]) for right in (2.0, 202.0)]
    assert size[0] == pytest.approx(40.0)
    assert size[1] == pytest.approx(40.0 * 1000 / 800)


@pytest.mark.parametrize("height_mm", [200.0, 450.0, 700.0])
def test_a_beam_opens_no_wider_than_that_of_a_tube(height_mm: float) -> None:
    for seed in range(50):
        one = random_camera(SPINE, (-height_mm / 2, height_mm / 2), 4.0, np.random.default_rng(seed))
        ends = one.rays_ras()[[0, -1], int(one.centre_pixels[0])] @ one.axes.T
        assert np.degrees(np.arctan2(np.abs(ends[:, 2]), np.abs(ends[:, 0]))).max() < 17
        assert 850 <= abs(one.source_mm) <= 1900


def test_anterior_is_left_and_superior_up() -> None:
    for seed in range(5):
        one = random_camera(SPINE, (-60.0, 60.0), 0.8, np.random.default_rng(seed))
        anterior, posterior = one.project(SPINE[0][[0, 4]])
        superior, inferior = one.project(SPINE[0][[2, 3]])
        assert anterior[0] < posterior[0]
        assert superior[1] < inferior[1]


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


def test_bone_is_bright_and_softer_rays_show_it_more() -> None:
    """The picture runs from the least to the most water; bone adds to it more where the rays are soft."""
    integrals = np.zeros((2, 60, 60), np.float32)
    integrals[0] = np.linspace(10, 30, 60)[None]
    integrals[1, 20:40] = 2.0
    added = []
    for mean_kev in (45.0, 95.0):
        exposure = Exposure(mean_kev, 5.0, scatter=0.0, detail=0.0, photons=1e12, response_mm=0.01)
        image = expose(integrals, 1.0, exposure, np.random.default_rng(1))
        added.append(float((image[30] - image[5]).mean() / (image[5, -1] - image[5, 0])))
    assert added[0] > 1.3 * added[1] > 0


def test_scatter_veils_and_photons_make_grain() -> None:
    integrals = np.zeros((2, 80, 80), np.float32)
    integrals[0] = np.linspace(5, 25, 80)[None]

    def grain(**changes: float) -> float:
        image = expose(integrals, 1.0, Exposure(detail=0.0, **changes), np.random.default_rng(1))
        return float(np.abs(np.diff(image, axis=0)).mean())

    assert grain(photons=1e3, scatter=0.0) > 3 * grain(photons=1e5, scatter=0.0)


def bar_in_water(exposure: Exposure, air_mm: int = 200, bar_mm: int = 200) -> float:
    """Contrast of a bar in 30 cm of water with air beside it, relative to that of water and air."""
    integrals = np.zeros((2, 300, 400 + air_mm), np.float32)
    integrals[0, :, :400] = 30.0
    integrals[0, :, bar_mm : bar_mm + 10] += 0.2
    image = expose(integrals, 1.0, exposure, np.random.default_rng(1)).mean(0)
    return float((image[bar_mm + 5] - image[[bar_mm - 5, bar_mm + 15]].mean()) / (image[100] - image[-1]))


def test_scatter_takes_contrast_as_its_share_says() -> None:
    clear, veiled = (
        bar_in_water(Exposure(62.0, 1.0, scatter=scatter, scatter_mm=20.0, detail=0.0, photons=1e12))
        for scatter in (0.0, 0.5)
    )
    water = 30 * np.interp(62.0, ENERGIES_KEV, WATER_CM2_G)
    assert veiled / clear == pytest.approx(water / (water - np.log(1.5)) / 1.5, rel=0.03)


def test_air_beside_the_patient_does_not_scatter() -> None:
    exposure = Exposure(62.0, 1.0, scatter=0.5, scatter_mm=40.0, detail=0.0, photons=1e12)
    little, much = (bar_in_water(exposure, air_mm, bar_mm=330) for air_mm in (50, 250))
    assert little == pytest.approx(much, rel=0.02)
    assert much == pytest.approx(bar_in_water(exposure), rel=0.3)


def test_exposures_are_metered_where_little_gets_through() -> None:
    """As many photons behind the spine instead of in the middle of the range: more of them everywhere, less grain."""
    integrals = np.zeros((2, 80, 80), np.float32)
    integrals[0] = np.linspace(5, 25, 80)[None]
    grains = []
    for metered in (0.1, 0.5):
        exposure = Exposure(detail=0.0, scatter=0.0, photons=1e3, metered=metered)
        image = expose(integrals, 1.0, exposure, np.random.default_rng(1))
        grains.append(float(np.abs(np.diff(image, axis=0)).mean()))
    assert grains[1] > 1.5 * grains[0]


def test_usual_exposures_are_metered_about_the_spine() -> None:
    drawn = [usual_exposure(0.08, np.random.default_rng(i)).metered for i in range(200)]
    assert np.median(drawn) == pytest.approx(0.08, rel=0.1)
    assert 0.02 < min(drawn) < max(drawn) < 0.3


@pytest.mark.parametrize("kind", EXPOSURES)
def test_random_exposures_are_finite_and_differ(kind: str) -> None:
    integrals = np.zeros((2, 50, 40), np.float32)
    integrals[0], integrals[1, 10:30, 10:30] = 15.0, 4.0
    images = [expose(integrals, 2.0, EXPOSURES[kind](0.1, np.random.default_rng(i)), np.random.default_rng(i))
              for i in range(6)]  # fmt: skip
    assert all(np.isfinite(image).all() for image in images)
    assert np.std([image.mean() for image in images]) > 1e-3


def test_scatter_leaves_no_stripes() -> None:
    """Wide blur is made on a coarser grid, whose cells must not show where little else does."""
    integrals = np.zeros((2, 300, 200), np.float32)
    integrals[0] = 20 + 8 * np.cos(np.linspace(-2, 2, 200))[None] * np.cos(np.linspace(-1, 1, 300))[:, None]
    exposure = Exposure(scatter=2.0, scatter_mm=35.0, detail=0.0, photons=1e12)
    inside = expose(integrals, 0.8, exposure, np.random.default_rng(1))[50:-50, 50:-50]
    assert np.abs(np.diff(inside, 2, axis=1)).max() < 3 * np.median(np.abs(np.diff(inside, 2, axis=1)))
