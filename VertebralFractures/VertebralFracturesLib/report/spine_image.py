"""The image of the spine on a report's page, and its bodies: the straightened slice of a CT, or the radiograph."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageDraw
from numpy.typing import NDArray

from ..core.heights.genant import GRADE_COLORS, NOT_EVALUABLE_COLOR
from ..core.keypoints import OUTLINE
from ..core.reformation.stretch import height_stretch
from ..core.report import SpineReport
from ..core.straightening import straighten
from ..core.volume import Volume
from ..files import whole_file
from ..radiograph.network_input import resampled
from ..radiograph.record import Image, Radiograph, RadiographReport
from .angles import EndplateLine, endplate_lines
from .close_up import PIXEL_MM as CLOSE_UP_PIXEL_MM
from .close_up import CloseUp, cut_close_up, window_of
from .images import grey_png
from .window import BONE_WINDOW, Window

PIXEL_MM = 0.5
"""Side of the image's pixels. Chosen: about that of a spine CT, and a page stays under 2 MB; nothing is measured."""

BAR = "10 mm"
"""What is written at the bar, which is that long in the image."""

_NO_SCALE = "The scale of the radiograph is not known, so that no lengths are given."

_THUMBNAIL_PIXEL_MM = 0.75
"""Side of the pixels. Chosen: 128 pixels across, and the endplates of a thoracic body can be told apart."""

_THUMBNAIL_QUALITY = 85
"""Quality of the JPEG. Chosen: a spine takes some 15 kB, so that a page of 1000 cases loads 15 MB at most."""

Points = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ShownBody:
    """One body on the image and in its close-up.

    :param points_mm: (6, 2) column and row of its keypoints in mm of the image.
    :param stretch: (3,) length drawn on the image over true length of the anterior, middle and posterior height.
    :param close_up: the reformation in true lengths.
    """

    points_mm: Points
    stretch: Points
    close_up: CloseUp


@dataclass(frozen=True, eq=False)
class SpineImage:
    """The image on a page.

    :param pixels: (rows, columns), anterior on the left.
    :param pixel_mm: side of a pixel.
    :param bodies: each vertebra.
    :param window: in which the image and the close-ups are shown.
    :param window_text: the window in words.
    :param title: heading.
    :param note: what readers have to know of the image.
    :param close_up_note: what they have to know of the close-ups.
    :param bar_text: what is written at the bar of 10 mm; empty where lengths are not known, and there is no bar.
    :param lines: along the endplates that span angles.
    :param sacral_points_mm: (n, 2) points of the sacral endplate.
    """

    pixels: NDArray
    pixel_mm: float
    bodies: tuple[ShownBody, ...]
    window: Window
    window_text: str
    title: str
    note: str
    close_up_note: str
    bar_text: str = BAR
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
        return grey_png(self.window.grey(self.pixels))


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
    keypoints_ras = [vertebra.keypoints_ras for vertebra in report.vertebrae]
    window = window_of(report, volume)
    return SpineImage(
        view.image,
        view.pixel_mm,
        tuple(
            ShownBody(
                view.ras_to_pixels(points_ras) * view.pixel_mm,
                height_stretch(view, points_ras),
                cut_close_up(volume, points_ras),
            )
            for points_ras in keypoints_ras
        ),
        window,
        f"{window.low:.0f} to {window.high:.0f} HU".replace("-", "−"),
        "Straightened curved planar reformation (CPR)",
        "The spine is straightened: lengths along it are not true in this image, lengths across it are.",
        "Each close-up is an oblique sagittal reformation of the CT through the six landmarks of the body, with its "
        "endplates horizontal. It is not distorted: lengths are true.",
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
    scale = "Lengths have the scale of the radiograph." if report.is_scale_known else _NO_SCALE
    return SpineImage(
        resampled(pixels, factor) if factor > 1 else pixels,
        max(PIXEL_MM, report.pixel_mm),
        tuple(_bodies_of_radiograph(report, placed, on_page)),
        BONE_WINDOW,
        "whole radiograph",
        "Radiograph",
        "Anterior is on the left. Lines along endplates have the number and the colour of their angle.",
        "Each close-up is the radiograph itself, turned so that the endplates of the body lie horizontally. It is not "
        f"distorted. {scale}",
        BAR if report.is_scale_known else "",
        tuple(endplate_lines(report, on_page)),
        () if plate is None else tuple(on_page(plate)),
    )


def _bodies_of_radiograph(
    report: RadiographReport, placed: Radiograph, on_page: Callable[[Points], Points]
) -> Iterator[ShownBody]:
    """The bodies of a radiograph, which draws every length as it is; what is finer than a close-up is averaged."""
    factor = CLOSE_UP_PIXEL_MM / report.pixel_mm
    if factor > 1:
        placed = Radiograph(resampled(placed.image, factor), CLOSE_UP_PIXEL_MM, report.anterior_is)
    film = placed.as_volume()
    for vertebra in report.vertebrae:
        points_ras = vertebra.keypoints_ras
        yield ShownBody(on_page(points_ras), np.ones(3), cut_close_up(film, points_ras))


def thumbnail(report: SpineReport, volume: Volume) -> PIL.Image.Image:
    """The straightened spine of a CT as a small image, each vertebra outlined in the colour of its grade.

    :param report: what was found in the CT.
    :param volume: the CT.
    """
    view = straighten(volume, report.curve, pixel_mm=_THUMBNAIL_PIXEL_MM)
    image = PIL.Image.fromarray(window_of(report, volume).grey(view.image)).convert("RGB")
    draw = PIL.ImageDraw.Draw(image)
    for vertebra, measures in zip(report.vertebrae, report.measures, strict=True):
        grade = None if measures is None else measures.grade
        color = NOT_EVALUABLE_COLOR if grade is None else GRADE_COLORS[grade]
        corners = view.ras_to_pixels(vertebra.keypoints_ras[list(OUTLINE)])
        outline = [(float(x), float(y)) for x, y in np.vstack([corners, corners[:1]])]
        draw.line(outline, fill=tuple(round(255 * share) for share in color), width=2 if grade else 1)
    return image


def write_thumbnail(path: Path, report: SpineReport, volume: Volume) -> None:
    """Write that image as JPEG.

    :param path: the file.
    :param report: what was found in the CT.
    :param volume: the CT.
    """
    with whole_file(path) as draft:
        thumbnail(report, volume).save(draft, "JPEG", quality=_THUMBNAIL_QUALITY, subsampling=0)
