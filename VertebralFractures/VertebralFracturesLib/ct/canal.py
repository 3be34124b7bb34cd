"""The spinal canal: the window behind the vertebral bodies in which it is looked for, and its centre line."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import make_smoothing_spline

from ..core.spine_curve import SpineCurve
from ..core.volume import Volume
from ..errors import Cancelled
from .networks import LocateCanal

WINDOW_SIZE = (36, 24)
"""Pixels of a cross-section of the window to the back and to the right. Chosen, 72 and 48 mm; the
weights have learned them."""

PIXEL_MM = 2.0
"""Side of these pixels. Chosen; the weights have learned it."""

STEP_MM = 3.0
"""Distance between the cross-sections, that of the slices of step 1. Chosen; the weights have learned it."""

CONFIDENT_CANAL = 0.5
"""Confidence that a centre line has to reach in the mean: rather there than not. On CTs with a spine a third more or
less changes nothing (experiments.md, 2026-12-01)."""

_FRONT_MM = 6.0
"""How far in front of the curve the window begins. Chosen; the weights have learned it."""

_LAYERS_MM = (-1.0, 0.0, 1.0)
"""Layers that are averaged to a section of 3 mm. A third more or less moves probabilities by 0.001 at most
(experiments.md, 2026-12-01)."""

_SHORTEST_WAVE_MM = 60.0
_KNOT_MM = 8.0
"""Length of a wave that smoothing halves, and distance of the line's points. Chosen, as for the spine curve; a third
more or less moves probabilities by 0.001 at most (experiments.md, 2026-12-01)."""

_LEAST_SECTIONS = 6
"""Sections, and points of the line, as many as smoothing and a curve through them need."""


@dataclass(frozen=True, eq=False)
class CanalWindow:
    """Cross-sections of the straightened spine from the middle of the bodies to the spinous processes.

    :param image: Hounsfield units (sections, back, right), the first section at the curve's cranial end.
    :param curve: the spine curve.
    """

    image: NDArray[np.float32]
    curve: SpineCurve

    @property
    def arcs_mm(self) -> NDArray[np.float64]:
        """Arc length (sections,) of each cross-section."""
        return section_arcs_mm(self.curve)

    def to_straight(self, places: ArrayLike) -> NDArray[np.float64]:
        """Straightened mm (sections, 3) of one place (sections, 2) as (right, back) in pixels in each section."""
        right_mm, anterior_mm = pixels_to_mm(places).T
        return np.column_stack([right_mm, anterior_mm, -self.arcs_mm])


def pixels_to_mm(places: ArrayLike) -> NDArray[np.float64]:
    """Straightened (right, anterior) mm (..., 2) of places (..., 2) as (right, back) in pixels."""
    pixels = np.asarray(places, dtype=np.float64)
    right_mm = (pixels[..., 0] - (WINDOW_SIZE[1] - 1) / 2) * PIXEL_MM
    return np.stack([right_mm, _FRONT_MM - pixels[..., 1] * PIXEL_MM], -1)


def mm_to_pixels(places_mm: ArrayLike) -> NDArray[np.float64]:
    """Places (..., 2) as (right, back) in pixels of straightened (right, anterior) mm (..., 2)."""
    millimetres = np.asarray(places_mm, dtype=np.float64)
    right = millimetres[..., 0] / PIXEL_MM + (WINDOW_SIZE[1] - 1) / 2
    return np.stack([right, (_FRONT_MM - millimetres[..., 1]) / PIXEL_MM], -1)


def section_arcs_mm(curve: SpineCurve) -> NDArray[np.float64]:
    """Arc lengths (sections,) of the cross-sections along a curve."""
    return np.arange(0.0, curve.length_mm + STEP_MM / 2, STEP_MM)


def window_points(arcs_mm: ArrayLike) -> NDArray[np.float64]:
    """Straightened points (sections, back, right, 3) of the pixels of cross-sections at arc lengths (sections,)."""
    back, right = np.meshgrid(*(np.arange(size) for size in WINDOW_SIZE), indexing="ij")
    plane = pixels_to_mm(np.stack([right, back], -1))
    arcs = np.asarray(arcs_mm, dtype=np.float64)
    shape = (len(arcs), *WINDOW_SIZE, 1)
    superior = np.broadcast_to(-arcs[:, None, None, None], shape)
    return np.concatenate([np.broadcast_to(plane, (*shape[:3], 2)), superior], -1)


def canal_window(volume: Volume, curve: SpineCurve) -> CanalWindow:
    """Cut the window out of a CT, averaged over the thickness of its sections."""
    arcs = section_arcs_mm(curve)
    layers = [volume.sample(curve.straight_to_ras(window_points(arcs + layer))) for layer in _LAYERS_MM]
    return CanalWindow(np.mean(layers, axis=0, dtype=np.float32), curve)


def find_canal(
    locate_canal: LocateCanal, volume: Volume, curve: SpineCurve, cancel: Callable[[], bool] = lambda: False
) -> SpineCurve | None:
    """The centre line of the spinal canal behind a spine curve; None where it is not seen.

    :param locate_canal: locates the canal in cross-sections.
    :param volume: a CT in any orientation.
    :param curve: through the vertebral bodies.
    :param cancel: asked before the network runs.
    :raises Cancelled: ``cancel`` said so.
    """
    window = canal_window(volume, curve)
    if cancel():
        raise Cancelled("cancelled while the spinal canal was detected")
    return fit_canal(window, *locate_canal(window.image))


def fit_canal(window: CanalWindow, places: NDArray[np.float64], confidence: NDArray[np.float64]) -> SpineCurve | None:
    """The smooth centre line through one uncertain place per cross-section.

    :param window: where the canal was looked for.
    :param places: (sections, 2) as (right, back) in pixels.
    :param confidence: (sections,) in 0..1; weighs the sections against one another.
    :return: the line in RAS mm; None where the canal is not seen with :data:`CONFIDENT_CANAL` in the mean.
    """
    arcs = window.arcs_mm
    if len(arcs) < _LEAST_SECTIONS or confidence.mean() < CONFIDENT_CANAL:
        return None
    straight = window.to_straight(places)
    weights = np.clip(confidence, 1e-3, 1.0) ** 2
    stiffness = (_SHORTEST_WAVE_MM / (2 * np.pi)) ** 4 / STEP_MM
    smooth = [make_smoothing_spline(arcs, straight[:, axis], weights / weights.mean(), stiffness) for axis in (0, 1)]
    knots = np.linspace(0.0, arcs[-1], max(_LEAST_SECTIONS, round(arcs[-1] / _KNOT_MM) + 1))
    points = window.curve.straight_to_ras(np.column_stack([smooth[0](knots), smooth[1](knots), -knots]))
    return SpineCurve(points, np.clip(np.interp(knots, arcs, confidence), 0.0, 1.0))
