"""The picture of a hard case: frontal and lateral view with the curves, and the straightened slice with the bodies."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core.report import SpineReport
from ...core.spine_curve import SpineCurve
from ...core.straightening import StraightenedSlice, straighten
from ...core.volume import Volume
from .annotated_scan import AnnotatedScan

VIEW_MM = 2.5
"""Side of the pixels of the views."""

_PROJECTED_HU = (-200.0, 900.0)
_BRIGHTEST_PERCENT = 99.7

Lines = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class View:
    """A projection along an axis of the patient, cranial at the top.

    :param image: grey values (rows, columns) of 0 .. 255.
    :param reference: (n, 2) the reference curve in pixels, as (column, row); empty where there is none.
    :param found: (m, 2) the curve that was found, likewise.
    """

    image: NDArray[np.uint8]
    reference: Lines
    found: Lines


@dataclass(frozen=True, eq=False)
class Figure:
    """What is drawn of a hard case.

    :param frontal: as a reader faces the patient, whose right side is on the left.
    :param lateral: anterior on the left.
    :param straightened: the slice along the curve that was found, or else along the reference; None without either.
    :param reference_mm: (n, 6, 2) keypoints to be found, (x, y) in mm of the slice.
    :param found_mm: (m, 6, 2) keypoints that were found.
    """

    frontal: View
    lateral: View
    straightened: StraightenedSlice | None
    reference_mm: Lines
    found_mm: Lines


def figure(scan: AnnotatedScan, report: SpineReport | None) -> Figure:
    """The picture of a scan and what was found in it, if anything."""
    found = report.curve if report else None
    coarse = scan.volume.resampled(VIEW_MM)
    curve = found or (scan.curve if len(scan.keypoints_ras) else None)
    views = [_view(coarse, axis, scan.curve if len(scan.keypoints_ras) else None, found) for axis in (1, 0)]
    if curve is None:
        return Figure(views[0], views[1], None, *[np.zeros((0, 6, 2))] * 2)
    view = straighten(scan.volume, curve)
    found_ras = [vertebra.keypoints_ras for vertebra in report.vertebrae] if report else []
    return Figure(views[0], views[1], view, _drawn(view, scan.keypoints_ras), _drawn(view, found_ras))


def _drawn(view: StraightenedSlice, bodies_ras: Iterable[NDArray[np.float64]]) -> Lines:
    """Keypoints (n, 6, 2) in mm of the slice, without bodies beyond a bend, which no plane across the curve holds."""
    held = []
    for keypoints_ras in bodies_ras:
        with suppress(ValueError):
            held.append(view.ras_to_pixels(keypoints_ras) * view.pixel_mm)
    return np.array(held).reshape(-1, 6, 2)


def _view(coarse: Volume, axis: int, reference: SpineCurve | None, found: SpineCurve | None) -> View:
    """Means of soft tissue and bone along A (axis 1, frontal) or R (axis 0, lateral)."""
    seen = np.clip(coarse.voxels, *_PROJECTED_HU).mean(2 - axis)[::-1, ::-1]
    dark, bright = seen.min(), np.percentile(seen, _BRIGHTEST_PERCENT)
    grey = np.clip((seen - dark) / max(bright - dark, 1.0), 0, 1) * 255
    across = 0 if axis == 1 else 1

    def drawn(curve: SpineCurve | None) -> Lines:
        if curve is None:
            return np.zeros((0, 2))
        points = curve.position(np.arange(0.0, curve.length_mm, 6.0))
        ijk = coarse.to_ijk(points[coarse.contains(points)])
        return np.column_stack([grey.shape[1] - 1 - ijk[:, across], grey.shape[0] - 1 - ijk[:, 2]])

    return View(grey.astype(np.uint8), drawn(reference), drawn(found))
