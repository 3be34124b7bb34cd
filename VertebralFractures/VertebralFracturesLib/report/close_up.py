"""Close-ups of single vertebrae in their true lengths, and the window that shows their endplates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.keypoints import OUTLINE
from ..core.reformation.oblique_slice import ObliqueSlice, cut_plane, plane_through_body
from ..core.report import SpineReport
from ..core.volume import Volume
from .window import BONE_WINDOW, Window

SIZE_MM = (60.0, 45.0)
"""Width and height of a close-up. Chosen: a lumbar body with half of each neighbour."""

PIXEL_MM = 0.3
"""Side of the pixels of a close-up. Chosen: finer than the voxels of a spine CT, and a page of 25 bodies stays below
2 MB; nothing is measured in it."""

_WINDOW_PIXEL_MM = 1.0
"""Side of the pixels from which the window is chosen. Chosen: as finer ones give it within 10 HU in six real CTs."""

_GROWN = 1.15
"""How far the outline through the keypoints is grown until it holds the endplates and the walls as well. Chosen: 1 to
2 mm on each side."""

_WHITE_PERCENT = 99.0
"""Percentile of a body with its cortex that is shown as white. Chosen: endplates are white, single noisy pixels do not
set the window."""

_SOFT_PERCENT = 25.0
_AIR_HU = -200.0
"""Percentile of what surrounds a body, air and lung left out, that is taken for its soft tissue. Chosen: a close-up
also holds half of each neighbour, and in six real CTs this percentile lies between fat and disc."""

_BELOW_SOFT_TISSUE = 0.15
"""How far black lies below soft tissue, over the distance from soft tissue to white. Chosen by looking at six real CTs:
discs are dark grey, endplates white, and trabecular bone lies between them at slices of 2 to 5 mm."""

_NARROWEST_HU = 200.0
"""Width of the narrowest window. Chosen: in a narrower one noise looks like structure."""

_STEP_HU = 10.0
"""The ends of a window are rounded to this; chosen, to be read easily."""


@dataclass(frozen=True, eq=False)
class CloseUp:
    """The oblique sagittal reformation of one body, in which lengths are true.

    :param slice: the reformation through the body.
    :param points_mm: (6, 2) x and y of the keypoints in mm of its plane.
    :param off_plane_mm: largest distance of a keypoint from the plane.
    """

    slice: ObliqueSlice
    points_mm: NDArray[np.float64]
    off_plane_mm: float

    @property
    def view_box(self) -> tuple[float, float, float, float]:
        """Left, top, width and height of the image in mm of its plane, pixels drawn whole."""
        half = self.slice.pixel_mm / 2
        return (self.slice.left_mm - half, self.slice.top_mm - half, self.slice.width_mm, self.slice.height_mm)


def cut_close_up(volume: Volume, keypoints_ras: NDArray[np.float64], pixel_mm: float = PIXEL_MM) -> CloseUp:
    """The close-up of a body.

    :param volume: the CT, or a radiograph as a volume.
    :param keypoints_ras: (6, 3) in RAS mm.
    :param pixel_mm: side of a pixel.
    """
    plane = plane_through_body(keypoints_ras)
    cut = cut_plane(volume, plane, SIZE_MM, pixel_mm)
    return CloseUp(cut, plane.from_ras(keypoints_ras), float(plane.distance_mm(keypoints_ras).max()))


def window_of(report: SpineReport, volume: Volume) -> Window:
    """The window in which the bodies of a CT are shown, in the report's page as in the views of 3D Slicer.

    :param report: what was found.
    :param volume: the CT.
    """
    bodies = [vertebra.keypoints_ras for vertebra in report.vertebrae]
    return fitted_window([cut_close_up(volume, keypoints_ras, _WINDOW_PIXEL_MM) for keypoints_ras in bodies])


def fitted_window(close_ups: Sequence[CloseUp]) -> Window:
    """The window in which the endplates of these bodies stand out against discs and trabecular bone.

    White is the brightest part of the bodies with their cortex, and soft tissue around them is nearly black. Both are
    medians over the bodies, so that cement or a screw in one of them does not darken all others.

    :param close_ups: of the measured bodies, in Hounsfield units.
    :return: the window; that of bone where there is no body.
    """
    if not close_ups:
        return BONE_WINDOW
    white, soft = np.median([_bone_and_soft_tissue(one) for one in close_ups], axis=0)
    high = max(white, soft + _NARROWEST_HU / (1 + _BELOW_SOFT_TISSUE))
    low = soft - _BELOW_SOFT_TISSUE * (high - soft)
    return Window(*(float(np.round(end / _STEP_HU) * _STEP_HU) for end in (low, high)))


def _bone_and_soft_tissue(close_up: CloseUp) -> tuple[float, float]:
    """Intensity of the brightest part of a body with its cortex, and of the soft tissue around it."""
    image, inside = close_up.slice.image, _inside(close_up)
    around = image[~inside & (image > _AIR_HU)]
    bone, soft = (values if values.size else image for values in (image[inside], around))
    return float(np.percentile(bone, _WHITE_PERCENT)), float(np.percentile(soft, _SOFT_PERCENT))


def _inside(close_up: CloseUp) -> NDArray[np.bool_]:
    """Which pixels (rows, columns) of a close-up belong to the body with its cortex, by the even-odd rule."""
    cut = close_up.slice
    outline_mm = close_up.points_mm[list(OUTLINE)]
    corners_mm = outline_mm.mean(0) + _GROWN * (outline_mm - outline_mm.mean(0))
    rows, columns = np.indices(cut.image.shape)
    x_mm, y_mm = cut.left_mm + columns * cut.pixel_mm, cut.top_mm + rows * cut.pixel_mm
    inside = np.zeros(cut.image.shape, dtype=bool)
    for (x1, y1), (x2, y2) in zip(corners_mm, np.roll(corners_mm, 1, axis=0), strict=True):
        if y1 != y2:
            crosses = (y_mm < y1) != (y_mm < y2)
            inside ^= crosses & (x_mm < x1 + (y_mm - y1) * (x2 - x1) / (y2 - y1))
    return inside
