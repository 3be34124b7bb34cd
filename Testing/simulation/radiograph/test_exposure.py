"""Exposures: bone is bright, scatter veils, photons make grain."""

import numpy as np
import pytest
from VertebralFracturesLib.simulation.radiograph.exposure import (
    ENERGIES_KEV,
    EXPOSURES,
    WATER_CM2_G,
    Exposure,
    expose,
    usual_exposure,
)


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
