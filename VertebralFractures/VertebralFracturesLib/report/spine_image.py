"""The image of the spine on a report's page: the straightened slice of a CT, or the radiograph itself."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.report import SpineReport
from ..core.straightening import straighten
from ..core.volume import Volume
from ..radiograph.network_input import resampled
from ..radiograph.record import Image, Radiograph, RadiographReport
from .angles import EndplateLine, endplate_lines
from .images import BONE_WINDOW_HU, bone_window_png

PIXEL_MM = 0.5
"""Side of the image's pixels. Chosen: about that of a spine CT, and a page stays under 1 MB; nothing is measured."""

Points = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SpineImage:
    """The image on a page.

    :param pixels: (rows, columns), shown in the bone window, anterior on the left.
    :param pixel_mm: side of a pixel.
    :param points_mm: (6, 2) column and row in mm of the keypoints of each vertebra.
    :param title: heading.
    :param note: what readers have to know of the image.
    :param lines: along the endplates that span angles.
    :param sacral_points_mm: (n, 2) points of the sacral endplate.
    """

    pixels: NDArray
    pixel_mm: float
    points_mm: tuple[Points, ...]
    title: str
    note: str
    lines: tuple[EndplateLine, ...] = ()
    sacral_points_mm: tuple[Points, ...] = ()

    @property
    def width_mm(self) -> float:
        """Width of the image."""
        return float(self.pixels.shape[1] * self.pixel_mm)

    @property
    def height_mm(self) -> float:
        """Height of the image."""
        return float(self.pixels.shape[0] * self.pixel_mm)

    @property
    def png(self) -> str:
        """The image as a data URI."""
        return bone_window_png(self.pixels)


def spine_image(report: SpineReport, image: Image) -> SpineImage:
    """The image of the spine that a report is about.

    :param report: what was found.
    :param image: the CT or the radiograph, as it was read.
    :raises ValueError: the report is not of this kind of image.
    """
    if isinstance(report, RadiographReport) and isinstance(image, Radiograph):
        return _radiograph_image(report, image)
    if isinstance(report, RadiographReport) or isinstance(image, Radiograph):
        raise ValueError("the report of a radiograph goes with a radiograph, that of a CT with a volume")
    return _straightened_image(report, image)


def _straightened_image(report: SpineReport, volume: Volume) -> SpineImage:
    view = straighten(volume, report.curve, pixel_mm=PIXEL_MM)
    window = f"window {BONE_WINDOW_HU[0]:.0f} to {BONE_WINDOW_HU[1]:.0f} HU"
    return SpineImage(
        view.image,
        view.pixel_mm,
        tuple(view.ras_to_pixels(vertebra.keypoints_ras) * view.pixel_mm for vertebra in report.vertebrae),
        "Straightened mid-sagittal slice",
        f"Anterior is on the left, {window}, outlines through the six keypoints.",
    )


def _radiograph_image(report: RadiographReport, radiograph: Radiograph) -> SpineImage:
    """The radiograph with anterior on the left, whatever side the image has it on."""
    placed = Radiograph(radiograph.image, report.pixel_mm, report.anterior_is)
    mirrored = report.anterior_is == "right"
    pixels = placed.as_volume().voxels[:, :, 0].astype(np.float32)
    pixels = np.ascontiguousarray(pixels[:, ::-1]) if mirrored else pixels
    factor = PIXEL_MM / report.pixel_mm
    last_mm = (radiograph.image.shape[1] - 1) * report.pixel_mm

    def on_page(points_ras: Points) -> Points:
        points_mm = placed.ras_to_pixels(points_ras) * report.pixel_mm
        if mirrored:
            points_mm[..., 0] = last_mm - points_mm[..., 0]
        return points_mm

    plate = report.sacral_endplate_ras
    return SpineImage(
        resampled(pixels, factor) if factor > 1 else pixels,
        max(PIXEL_MM, report.pixel_mm),
        tuple(on_page(vertebra.keypoints_ras) for vertebra in report.vertebrae),
        "Radiograph",
        "Anterior is on the left, outlines through the six keypoints, endplates of the angles in their colours.",
        tuple(endplate_lines(report, on_page)),
        () if plate is None else tuple(on_page(plate)),
    )
