"""The straightened spine of a case as a small image, with the outline of each vertebra in the colour of its grade."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from ..core.heights.genant import GRADE_COLORS, NOT_EVALUABLE_COLOR
from ..core.keypoints import OUTLINE
from ..core.report import SpineReport
from ..core.straightening import straighten
from ..core.volume import Volume
from ..files import whole_file
from .close_up import window_of

_PIXEL_MM = 0.75
"""Side of the pixels. Chosen: 128 pixels across, and the endplates of a thoracic body can be told apart."""

_QUALITY = 85
"""Quality of the JPEG. Chosen: a spine takes some 15 kB, so that a page of 1000 cases loads 15 MB at most."""


def thumbnail(report: SpineReport, volume: Volume) -> Image.Image:
    """The image.

    :param report: what was found in the CT.
    :param volume: the CT.
    """
    view = straighten(volume, report.curve, pixel_mm=_PIXEL_MM)
    image = Image.fromarray(window_of(report, volume).grey(view.image)).convert("RGB")
    draw = ImageDraw.Draw(image)
    for vertebra, measures in zip(report.vertebrae, report.measures, strict=True):
        grade = None if measures is None else measures.grade
        color = NOT_EVALUABLE_COLOR if grade is None else GRADE_COLORS[grade]
        corners = view.ras_to_pixels(vertebra.keypoints_ras[list(OUTLINE)])
        outline = [(float(x), float(y)) for x, y in np.vstack([corners, corners[:1]])]
        draw.line(outline, fill=tuple(round(255 * share) for share in color), width=2 if grade else 1)
    return image


def write_thumbnail(path: Path, report: SpineReport, volume: Volume) -> None:
    """Write the image as JPEG.

    :param path: the file.
    :param report: what was found in the CT.
    :param volume: the CT.
    """
    with whole_file(path) as draft:
        thumbnail(report, volume).save(draft, "JPEG", quality=_QUALITY, subsampling=0)
