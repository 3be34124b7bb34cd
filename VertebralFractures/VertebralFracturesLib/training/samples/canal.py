"""Cross-sections of the straightened spine with the place of the canal in each, from synthetic patients."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...core.spine_curve import SpineCurve
from ...core.volume import AIR_HU, Volume
from ...ct.canal import STEP_MM, WINDOW_SIZE, mm_to_pixels, window_points
from .slices import jittered

CROP_SECTIONS = 40
_END_MM = 10.0


@dataclass(frozen=True, eq=False)
class CanalSample:
    """A trunk and its spine.

    :param volume: a CT.
    :param curve: through the vertebral bodies.
    :param canal_ras: (n, 3) centre line of the spinal canal in RAS mm, cranial to caudal.
    """

    volume: Volume
    curve: SpineCurve
    canal_ras: NDArray[np.float64]


def random_crop(sample: CanalSample, rng: np.random.Generator) -> dict[str, NDArray[np.float32]]:
    """Cross-sections along a curve that strays, turned, stretched, mirrored and degraded.

    :return: image (sections, back, right) in Hounsfield units; centres (sections, 2) of the canal as (right, back) in
        pixels; located (sections,), where the canal is in the window and was scanned.
    """
    curve = jittered(sample.curve, rng)
    first_mm = rng.uniform(-_END_MM, max(-_END_MM, curve.length_mm - CROP_SECTIONS * STEP_MM + _END_MM))
    arcs_mm = first_mm + STEP_MM * np.arange(CROP_SECTIONS)
    angle, size = np.radians(rng.normal(0, 9.0)), np.exp(rng.normal(0, 0.1, 2))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * size
    turn[:, 0] *= rng.choice([-1.0, 1.0])
    points = window_points(arcs_mm)
    points[..., :2] = points[..., :2] @ turn.T
    image = sample.volume.sample(curve.straight_to_ras(points))
    behind = curve.ras_to_straight(sample.canal_ras)
    order = np.argsort(-behind[:, 2])
    canal_arcs = -behind[order, 2]
    canal_mm = np.column_stack([np.interp(arcs_mm, canal_arcs, behind[order, axis]) for axis in (0, 1)])
    centres = mm_to_pixels(canal_mm @ np.linalg.inv(turn).T)
    inside = ((centres >= 0) & (centres <= np.array(WINDOW_SIZE[::-1]) - 1)).all(1)
    scanned = (image > AIR_HU + 1).mean((1, 2)) > 0.5
    located = inside & scanned & (arcs_mm >= canal_arcs[0]) & (arcs_mm <= canal_arcs[-1])
    parts = {"image": _degraded(image, rng), "centres": centres, "located": located}
    return {name: np.ascontiguousarray(part, dtype=np.float32) for name, part in parts.items()}


def _degraded(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Vary contrast, sharpness and noise."""
    result = np.where(image > -200.0, image * rng.uniform(0.7, 1.4) + rng.normal(0, 30), image)
    if rng.random() < 0.4:
        result = result + rng.uniform(0.3, 1.2) * (result - ndimage.gaussian_filter(result, (0.0, 1.0, 1.0)))
    if rng.random() < 0.3:
        result = ndimage.gaussian_filter(result, (rng.uniform(0.0, 1.0), rng.uniform(0.0, 0.7), rng.uniform(0.0, 0.7)))
    noise = rng.normal(0, 1, image.shape) * rng.exponential(35.0)
    return np.where(image > AIR_HU + 1, result + noise, AIR_HU).astype(np.float32)
