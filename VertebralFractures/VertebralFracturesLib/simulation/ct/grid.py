"""What is left of fine Hounsfield units on the grid of a CT: slices of some thickness, pixels, noise.

And where a reader puts the keypoints there: on thick slices the rims are lost, and the points lie further out.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from ...core.keypoints import ANTERIOR_INFERIOR, ANTERIOR_SUPERIOR, POSTERIOR_INFERIOR, POSTERIOR_SUPERIOR, beyond_walls
from .protocol import Protocol

_BOX_SIGMA = 12.0**-0.5
"""Standard deviation of a box of width 1."""

_GRAIN_PIXELS = 0.6
"""Blur of the noise within slices; chosen by eye."""

_THIN_MM, _THICK_MM = 1.25, 2.5
_FURTHER_OUT_MM = (0.6, 0.2)
"""Slices between which points move, and how far in front and behind; measured on readers' points, see as_read."""


def random_grid_protocol(rng: np.random.Generator) -> Protocol:
    """Draw slices, pixels, kernel and noise, thick slices more often than in practice.

    :param rng: draws them.
    """
    spacing = float(rng.choice([1.0, 1.25, 2.0, 2.5, 3.0, 4.0, 5.0], p=[0.12, 0.13, 0.2, 0.25, 0.15, 0.05, 0.1]))
    thickness = min(spacing * float(rng.choice([1.0, 1.5, 2.0], p=[0.7, 0.15, 0.15])), 5.0)
    pixel = float(rng.uniform(0.6, 1.0)) if rng.random() < 0.85 else float(rng.uniform(1.0, 3.0))
    noise = float(np.exp(rng.uniform(np.log(5), np.log(40))))
    return Protocol(pixel, spacing, thickness, kernel_mm=float(rng.uniform(0.3, 0.8)), noise_hu=noise)


def on_ct_grid(
    hu: NDArray[np.float32], step_mm: ArrayLike, protocol: Protocol, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Hounsfield units as interpolated linearly in the axial slices of a CT.

    :param hu: (right, superior, anterior), fine.
    :param step_mm: (3,) distances of its points along right, anterior and superior.
    :param protocol: of the CT: its slices, pixels, kernel and noise count; the slices are axial.
    :param rng: of the noise and of where the slices and pixels lie.
    :return: the same shape.
    """
    right_mm, anterior_mm, superior_mm = np.asarray(step_mm, dtype=np.float64)
    sigma_mm = float(np.hypot(protocol.kernel_mm, _BOX_SIGMA * protocol.pixel_mm))
    slices = _centres(hu.shape[1] * superior_mm, protocol.slice_spacing_mm, rng)
    pixels = _centres(hu.shape[2] * anterior_mm, protocol.pixel_mm, rng)
    superior, anterior = np.arange(hu.shape[1]) * superior_mm, np.arange(hu.shape[2]) * anterior_mm
    apart = np.abs(slices[:, None] - superior)
    within = np.clip((protocol.slice_thickness_mm / 2 - apart) / superior_mm + 0.5, 1e-6, 1)
    near = np.exp(-0.5 * ((pixels[:, None] - anterior) / sigma_mm) ** 2) + 1e-12
    seen = _shares(within) @ ndimage.gaussian_filter1d(hu, sigma_mm / right_mm, axis=0, mode="nearest")
    seen = seen @ _shares(near).T
    grain = ndimage.gaussian_filter1d(rng.standard_normal(seen.shape, np.float32), _GRAIN_PIXELS, axis=2)
    seen += grain * np.float32(protocol.noise_hu / grain.std())
    return np.asarray(linear_weights(superior, slices) @ seen @ linear_weights(anterior, pixels).T)


def as_read(keypoints_ras: ArrayLike, thickness_mm: float) -> NDArray[np.float64]:
    """Where a reader puts the keypoints of bodies in slices of some thickness.

    From the half-height edge of the wall, readers' points of the training CTs lie 1.9 mm (in front) and 1.6 mm
    (behind) inwards on slices up to 1.25 mm and 1.1 mm on those from 2.5 mm; blur alone does not move that edge.
    Those of synthetic patients lie 1.5 and 1.0 mm inwards. Points move by the mean of both differences.

    :param keypoints_ras: (n, 6, 3) in RAS mm where they are in fine detail.
    :param thickness_mm: of the slices.
    :return: the same shape; the anterior and posterior ones moved outwards along the endplates.
    """
    points = np.array(keypoints_ras, dtype=np.float64)
    share = float(np.clip((thickness_mm - _THIN_MM) / (_THICK_MM - _THIN_MM), 0, 1))
    ahead, behind = (beyond_walls(keypoints_ras, share * out_mm) for out_mm in _FURTHER_OUT_MM)
    points[:, [ANTERIOR_SUPERIOR, ANTERIOR_INFERIOR]] = ahead[:, :2]
    points[:, [POSTERIOR_SUPERIOR, POSTERIOR_INFERIOR]] = behind[:, 2:]
    return points


def _centres(length_mm: float, spacing_mm: float, rng: np.random.Generator) -> NDArray[np.float64]:
    return np.asarray(np.arange(-rng.uniform(0, spacing_mm), length_mm + spacing_mm, spacing_mm))


def _shares(weights: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(weights / weights.sum(1, keepdims=True), dtype=np.float32)


def linear_weights(places: NDArray[np.float64], knots: NDArray[np.float64]) -> NDArray[np.float32]:
    """Weights (places, knots) of linear interpolation between evenly spaced knots; beyond them the last counts.

    :param places: (n,) where to interpolate.
    :param knots: (m,) ascending.
    :return: (n, m).
    """
    within = np.clip(places, knots[0], knots[-1])
    return np.maximum(1 - np.abs(within[:, None] - knots) / (knots[1] - knots[0]), 0).astype(np.float32)
