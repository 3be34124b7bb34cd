"""From one uncertain point per axial slice to a smooth spine curve."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.interpolate import make_smoothing_spline

from ..core.spine_curve import SpineCurve

EXISTENCE_THRESHOLD = 0.5
"""Probability from which the spine is in a slice: rather there than not. A third more or less moves keypoints by 0.3 mm
at most, and keeps one body of 32 more or not (experiments.md, 2026-12-01)."""

MIN_LENGTH_MM = 40.0
"""Spine that has to be in view. Chosen: about a lumbar vertebra with the discs around it (L4 is 28 mm high,
core/heights/norms)."""

_BRIDGED_GAP_MM = 36.0
"""How long a gap, such as metal makes, may be. Chosen, about a lumbar vertebra with a disc."""

_MEDIAN_MM = 60.0
_OUTLIER_MM = 8.0
"""Stretch whose median a slice is held against, and how far off it strays. Chosen; 60 mm are about two vertebrae.
Without stray slices a third more or less changes nothing (experiments.md, 2026-12-01)."""

_SHORTEST_WAVE_MM = 70.0
"""Length of a wave that smoothing halves. Chosen, about two vertebrae; a third more or less moves keypoints by 0.3 mm
at most (experiments.md, 2026-12-01)."""

_KNOT_MM = 8.0
"""Distance of the curve's points. Chosen, short against the waves that are left; a third more or less moves keypoints
by 0.01 mm at most (experiments.md, 2026-12-01)."""


def fit_spine_curve(
    centres_ras: NDArray[np.float64], existence: NDArray[np.float64], spread_mm: NDArray[np.float64]
) -> SpineCurve | None:
    """Fit a smooth curve through the slices in which the spine exists.

    :param centres_ras: body centre of each axial slice (n, 3) in RAS mm, cranial to caudal, evenly spaced.
    :param existence: probability (n,) that the spine is in the slice.
    :param spread_mm: spread (n,) of the evidence in the slice; weighs the slices against one another.
    :return: the curve, or None where less than :data:`MIN_LENGTH_MM` of spine is in view.
    """
    heights = centres_ras[:, 2]
    if len(heights) < 2:
        return None
    step_mm = float(np.abs(np.diff(heights)).mean())
    stretch = _longest_stretch(existence > EXISTENCE_THRESHOLD, step_mm)
    if (stretch.stop - stretch.start) * step_mm < MIN_LENGTH_MM:
        return None
    centres, belief = centres_ras[stretch], existence[stretch]
    weights = np.clip(belief, 0.02, 1.0) / (1.0 + spread_mm[stretch]) ** 2
    weights = np.where(_stray(centres, step_mm), 1e-3 * weights, weights)
    along = -centres[:, 2]
    stiffness = (_SHORTEST_WAVE_MM / (2 * np.pi)) ** 4 / step_mm
    weights = weights / weights.mean()
    smooth = [make_smoothing_spline(along, centres[:, axis], weights, stiffness) for axis in (0, 1)]
    knots = np.linspace(along[0], along[-1], max(6, round((along[-1] - along[0]) / _KNOT_MM) + 1))
    points = np.column_stack([smooth[0](knots), smooth[1](knots), -knots])
    return SpineCurve(points, np.interp(knots, along, ndimage.gaussian_filter1d(belief, 6.0 / step_mm)))


def _longest_stretch(exists: NDArray[np.bool_], step_mm: float) -> slice:
    """The longest run of slices with spine, across gaps such as metal makes."""
    gap = max(1, round(_BRIDGED_GAP_MM / step_mm))
    padded = np.pad(ndimage.median_filter(exists.astype(np.uint8), 5, mode="nearest"), gap)
    closed = ndimage.binary_closing(padded, np.ones(gap))[gap:-gap]
    labels, count = ndimage.label(closed)
    if count == 0:
        return slice(0, 0)
    return ndimage.find_objects(labels)[np.bincount(labels)[1:].argmax()][0]


def _stray(centres_ras: NDArray[np.float64], step_mm: float) -> NDArray[np.bool_]:
    """Slices whose centre lies far from the line through its neighbours."""
    width = min(len(centres_ras) // 2 * 2 - 1, round(_MEDIAN_MM / step_mm) // 2 * 2 + 1)
    places = np.arange(len(centres_ras))
    trend = np.column_stack([np.polyval(np.polyfit(places, centres_ras[:, axis], 3), places) for axis in (0, 1)])
    residual = centres_ras[:, :2] - trend
    middle = np.column_stack([ndimage.median_filter(residual[:, axis], width, mode="nearest") for axis in (0, 1)])
    return np.linalg.norm(residual - middle, axis=1) > _OUTLIER_MM
