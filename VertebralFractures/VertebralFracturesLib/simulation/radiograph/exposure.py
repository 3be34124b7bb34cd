"""Lateral radiographs of CTs and synthetic patients, second half: from line integrals to the picture on the screen."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

ENERGIES_KEV = np.array([40.0, 50.0, 60.0, 80.0, 100.0])
"""Energies that stand for the spectrum."""

WATER_CM2_G = np.array([0.2683, 0.2269, 0.2059, 0.1837, 0.1707], np.float32)
BONE_CM2_G = np.array([0.6655, 0.4242, 0.3148, 0.2229, 0.1855], np.float32)
"""Mass attenuation of water and of cortical bone at these energies (NIST XCOM)."""

_LEAST = 0.02
"""Of the metered exposure; less is shown alike, as a detector's electronic noise hides it. Chosen."""

_SCATTER_DEPTH_G_CM2 = 30.0
"""Depth of tissue beside a lumbar spine, for which an exposure's scatter is given."""


@dataclass(frozen=True)
class Exposure:
    """How an exposure is taken and shown.

    :param mean_kev: mean of the spectrum.
    :param spread_kev: its standard deviation.
    :param scatter: scattered over primary radiation behind 30 g/cm2 of tissue, as lie beside a lumbar spine.
    :param scatter_mm: how far it spreads.
    :param metered: where the exposure is metered: the share of the picture that is exposed less; automatic exposure
        control measures behind the spine, where little gets through.
    :param photons: detected per mm2 where it is metered.
    :param response_mm: blur of focus and detector.
    :param detail: strength of the enhancement of detail.
    :param detail_mm: size of what it enhances.
    :param contrast: slope of the S-shaped tone curve; 0 shows the logarithm of the exposure.
    :param pivot: where between the darkest and the brightest the curve is steepest.
    """

    mean_kev: float = 62.0
    spread_kev: float = 14.0
    scatter: float = 0.6
    scatter_mm: float = 35.0
    metered: float = 0.2
    photons: float = 5e4
    response_mm: float = 0.25
    detail: float = 1.0
    detail_mm: float = 12.0
    contrast: float = 0.0
    pivot: float = 0.5


def random_exposure(rng: np.random.Generator) -> Exposure:
    """Draw an exposure over more than what is met in practice, to learn from.

    :param rng: draws it.
    """
    return Exposure(
        mean_kev=float(rng.uniform(50, 78)),
        spread_kev=float(rng.uniform(9, 20)),
        scatter=float(rng.uniform(0.1, 2.0)),
        scatter_mm=float(rng.uniform(20, 60)),
        metered=float(rng.uniform(0.05, 0.5)),
        photons=float(np.exp(rng.uniform(np.log(3e4), np.log(1e6)))),
        response_mm=float(rng.uniform(0.1, 0.5)),
        detail=float(rng.choice([0.0, rng.uniform(0.2, 3.0)])),
        detail_mm=float(rng.uniform(2, 30)),
        contrast=float(rng.choice([0.0, rng.uniform(1, 5)])),
        pivot=float(rng.uniform(0.3, 0.7)),
    )


def usual_exposure(spine_share: float, rng: np.random.Generator) -> Exposure:
    """Draw an exposure as in practice: 80 to 90 kVp behind a patient and a grid, 2 to 5 uGy behind the spine.

    A detector counts a part of the 30000 photons per mm2 and uGy (IEC 62220-1, RQA5); detail is always enhanced.

    :param spine_share: the share of the picture that is exposed less than the spine; the chamber that meters the
        exposure lies about there.
    :param rng: draws the exposure.
    """
    return Exposure(
        mean_kev=float(rng.uniform(55, 68)),
        spread_kev=float(rng.uniform(10, 16)),
        scatter=float(rng.uniform(0.3, 1.0)),
        scatter_mm=float(rng.uniform(20, 50)),
        metered=float(np.clip(spine_share * np.exp(rng.normal(0, 0.3)), 0.005, 0.5)),
        photons=float(np.exp(rng.uniform(np.log(3e4), np.log(1.2e5)))),
        response_mm=float(rng.uniform(0.15, 0.3)),
        detail=float(rng.uniform(0.5, 2.0)),
        detail_mm=float(rng.uniform(5, 20)),
        contrast=float(rng.choice([0.0, rng.uniform(1, 3)])),
    )


EXPOSURES: dict[str, Callable[[float, np.random.Generator], Exposure]] = {
    "usual": usual_exposure,
    "any": lambda spine_share, rng: random_exposure(rng),
}
"""How exposures may be drawn, by name, of a picture of whose pixels a share is exposed less than the spine."""


def expose(
    integrals: NDArray[np.float32], pixel_mm: float, exposure: Exposure, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Take and show an exposure.

    :param integrals: water and bone (2, rows, columns) in g/cm2.
    :param pixel_mm: side of a pixel.
    :param exposure: how.
    :param rng: of the noise.
    :return: (rows, columns) brightness about 0 to 1; bone is bright.
    """
    weights = np.exp(-0.5 * ((ENERGIES_KEV - exposure.mean_kev) / exposure.spread_kev) ** 2)
    weights = (weights / weights.sum()).astype(np.float32)
    primary = np.zeros(integrals.shape[1:], np.float32)
    for weight, water, bone in zip(weights, WATER_CM2_G, BONE_CM2_G, strict=True):
        primary += weight * np.exp(-(water * integrals[0] + bone * integrals[1]))
    scattering = primary * integrals.sum(0) * np.float32(exposure.scatter / _SCATTER_DEPTH_G_CM2)
    scattered = _smooth(scattering, exposure.scatter_mm / pixel_mm)
    seen = _smooth(primary + scattered, exposure.response_mm / pixel_mm)
    seen /= np.quantile(seen[::4, ::4], exposure.metered)
    grain = rng.standard_normal(seen.shape, np.float32) * np.sqrt(seen / (exposure.photons * pixel_mm**2))
    return _shown(-np.log(np.maximum(seen + grain, _LEAST)), pixel_mm, exposure)


def _shown(image: NDArray[np.float32], pixel_mm: float, exposure: Exposure) -> NDArray[np.float32]:
    """The processing between detector and screen."""
    low, high = np.percentile(image[::4, ::4], (1, 99))
    image = (image - np.float32(low)) / np.float32(max(high - low, 1e-3))
    if exposure.detail > 0:
        image = image + np.float32(exposure.detail) * (image - _smooth(image, exposure.detail_mm / pixel_mm))
    if exposure.contrast > 0:
        image = 1 / (1 + np.exp(-np.float32(exposure.contrast) * (image - np.float32(exposure.pivot))))
    return image


def _smooth(image: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Gaussian blur; a wide one on a coarser grid, where it costs little and looks the same."""
    step = int(sigma // 4)
    if step < 2 or min(image.shape) < 4 * step:
        return ndimage.gaussian_filter(image, sigma, mode="nearest") if sigma > 0.15 else image
    small = ndimage.uniform_filter(image, step, mode="nearest")[::step, ::step]
    small = ndimage.gaussian_filter(small, sigma / step, mode="nearest")
    place = [np.arange(count) / step for count in image.shape]
    return ndimage.map_coordinates(small, np.stack(np.meshgrid(*place, indexing="ij")), order=3, mode="nearest")
