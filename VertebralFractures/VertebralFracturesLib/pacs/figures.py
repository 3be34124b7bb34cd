"""Figures of a report as grey and colored pixels, for programs that show images only, as the viewers of a PACS do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ..core.heights.genant import GRADE_COLORS, NOT_EVALUABLE_COLOR
from ..core.keypoints import KEYPOINT_NAMES, OUTLINE
from ..core.report import SpineReport
from ..report.spine_image import ShownBody, SpineImage
from ..report.table import Value, format_value, table_rows

SPINE_PIXEL_MM = 0.25
CLOSE_UP_PIXEL_MM = 0.1
"""Sides of the pixels of a figure. Chosen: a spine of 500 mm has 2000 rows, which a diagnostic display shows, and a
body of 30 mm is 300 pixels wide."""

_TEXT_PIXELS = 22
_LINE_PIXELS = 30
_MARGIN_PIXELS = 12
"""Size of the letters, distance of their lines, and what is left free around them. Chosen: read on a display of 2000
rows without a magnifying glass."""

_LEVEL_PIXELS = 110
_VALUE_PIXELS = 420
"""Room beside the spine for the levels and for the values. Chosen: that of the longest texts."""

_DOT_PIXELS = 4
_OUTLINE_PIXELS = 2
"""Radius of a landmark and width of an outline. Chosen: seen, and nothing of an endplate is hidden."""

_BAR_MM = 10.0
"""Length of the bar, as on the report's page."""

_WHITE, _SHADE = (255, 255, 255), (170, 170, 170)
"""Colors of texts and landmarks, and of what stands below an image. Chosen: seen on black, on bone and beside it."""

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Capture:
    """A figure.

    :param title: what it shows.
    :param pixels: (rows, columns, 3) red, green and blue.
    :param pixel_mm: side of a pixel in the patient; None where lengths are not true or their scale is not known.
    """

    title: str
    pixels: Pixels
    pixel_mm: float | None = None


def spine_capture(report: SpineReport, shown: SpineImage, footer: str) -> Capture:
    """The spine with the outline, level and grade of every vertebra.

    :param report: what was found.
    :param shown: the image of the spine.
    :param footer: a line below the image.
    """
    picture = _scaled(shown.window.grey(shown.pixels), shown.pixel_mm / SPINE_PIXEL_MM)
    header = [shown.title, *_wrapped(report.summary.headline, _LEVEL_PIXELS + picture.width + _VALUE_PIXELS)]
    canvas, draw, top = _canvas(picture, header, [*_footer(shown), shown.note, footer], _LEVEL_PIXELS, _VALUE_PIXELS)
    for body, row in zip(shown.bodies, table_rows(report), strict=True):
        points = (body.points_mm + shown.pixel_mm / 2) / SPINE_PIXEL_MM + (_LEVEL_PIXELS, top)
        color = _color(row["grade"])
        _draw_body(draw, points, color)
        middle = float(points[:, 1].mean()) - _LINE_PIXELS / 2
        draw.text((_MARGIN_PIXELS, middle), str(row["level_shown"]), _WHITE, _font())
        draw.text((_LEVEL_PIXELS + picture.width + _MARGIN_PIXELS, middle), _value_text(row), color, _font())
    _draw_bar(draw, _LEVEL_PIXELS, top + picture.height, SPINE_PIXEL_MM, shown.bar_text)
    return Capture(shown.title, np.asarray(canvas))


def abnormal_captures(report: SpineReport, shown: SpineImage, footer: str, is_scale_known: bool) -> Iterator[Capture]:
    """Every vertebra of grade 1 or more: its close-up alone, and beside it with landmarks and heights.

    :param report: what was found.
    :param shown: the image of the spine.
    :param footer: a line below the images.
    :param is_scale_known: whether the image has a scale.
    """
    for body, row in zip(shown.bodies, table_rows(report), strict=True):
        if row["grade"]:
            yield _close_up_capture(body, row, shown, footer, is_scale_known)


def _close_up_capture(
    body: ShownBody, row: dict[str, Value], shown: SpineImage, footer: str, is_scale_known: bool
) -> Capture:
    cut = body.close_up.slice
    alone = _scaled(shown.window.grey(cut.image), cut.pixel_mm / CLOSE_UP_PIXEL_MM)
    pair = Image.new("RGB", (2 * alone.width + _MARGIN_PIXELS, alone.height))
    pair.paste(alone, (0, 0))
    pair.paste(alone, (alone.width + _MARGIN_PIXELS, 0))
    level = str(row["level_shown"])
    heights = ", ".join(
        f"{name} {row[column]:.1f}"
        for name, column in (
            ("anterior", "height_anterior_mm"), ("middle", "height_middle_mm"), ("posterior", "height_posterior_mm")
        )
    )  # fmt: skip
    header = [f"{level}: {_value_text(row)}, {row['shape']}", f"Heights in mm: {heights}"]
    canvas, draw, top = _canvas(pair, header, [*_footer(shown), footer], 0, 0)
    left, upper, *_ = body.close_up.view_box
    points = (body.close_up.points_mm - (left, upper)) / CLOSE_UP_PIXEL_MM + (alone.width + _MARGIN_PIXELS, top)
    _draw_body(draw, points, _color(row["grade"]))
    for superior, inferior in points.reshape(len(KEYPOINT_NAMES) // 2, 2, 2):
        draw.line([tuple(superior), tuple(inferior)], _WHITE, 1)
    _draw_bar(draw, 0, top + alone.height, CLOSE_UP_PIXEL_MM, shown.bar_text)
    title = f"Close-up of {level}"
    return Capture(title, np.asarray(canvas), CLOSE_UP_PIXEL_MM if is_scale_known else None)


def _footer(shown: SpineImage) -> list[str]:
    return [f"Window: {shown.window_text}".replace("−", "-")]


def _value_text(row: dict[str, Value]) -> str:
    """Height loss and grade: "33 % height loss, moderate (grade 2)"; of a normal vertebra its height ratio."""
    grade = str(row["grade_name"] or "not evaluable")
    if row["height_loss_percent"] is None or row["grade"] is None:
        return grade
    if row["grade"] == 0:
        return f"height ratio {format_value('height_ratio', row['height_ratio'])}, {grade}"
    return f"{round(float(row['height_loss_percent']))} % height loss, {grade} (grade {row['grade']})"


def _color(grade: Value) -> tuple[int, int, int]:
    red, green, blue = NOT_EVALUABLE_COLOR if grade is None else GRADE_COLORS[int(grade)]
    return round(255 * red), round(255 * green), round(255 * blue)


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(_TEXT_PIXELS)


def _scaled(grey: Pixels, factor: float) -> Image.Image:
    image = Image.fromarray(grey)
    size = round(image.width * factor), round(image.height * factor)
    return image.resize(size, Image.Resampling.BICUBIC).convert("RGB")


def _wrapped(text: str, width: float) -> list[str]:
    """A text in lines that are not wider than some pixels."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and _font().getlength(longer) > width - 2 * _MARGIN_PIXELS:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _canvas(
    picture: Image.Image, header: Sequence[str], footer: Sequence[str], left: int, right: int
) -> tuple[Image.Image, ImageDraw.ImageDraw, int]:
    """The picture on black with lines above and below it, and where its first row lies."""
    width = left + picture.width + right
    below = [line for text in footer for line in _wrapped(text, width)]
    above = [line for text in header for line in _wrapped(text, width)]
    top = len(above) * _LINE_PIXELS + 2 * _MARGIN_PIXELS
    height = top + picture.height + len(below) * _LINE_PIXELS + 2 * _MARGIN_PIXELS
    canvas = Image.new("RGB", (width, height))
    canvas.paste(picture, (left, top))
    draw = ImageDraw.Draw(canvas)
    for number, line in enumerate(above):
        draw.text((_MARGIN_PIXELS, _MARGIN_PIXELS + number * _LINE_PIXELS), line, _WHITE, _font())
    for number, line in enumerate(below):
        y = top + picture.height + _MARGIN_PIXELS + number * _LINE_PIXELS
        draw.text((_MARGIN_PIXELS, y), line, _SHADE, _font())
    return canvas, draw, top


def _draw_body(draw: ImageDraw.ImageDraw, points: NDArray[np.float64], color: tuple[int, int, int]) -> None:
    corners = [(float(x), float(y)) for x, y in points[list(OUTLINE)]]
    draw.line([*corners, corners[0]], color, _OUTLINE_PIXELS)
    for x, y in corners:
        draw.ellipse((x - _DOT_PIXELS, y - _DOT_PIXELS, x + _DOT_PIXELS, y + _DOT_PIXELS), outline=_WHITE)


def _draw_bar(draw: ImageDraw.ImageDraw, left: int, bottom: int, pixel_mm: float, text: str) -> None:
    """A bar of 10 mm in the lower left corner of an image, where its front is."""
    x, y = left + _MARGIN_PIXELS, bottom - _MARGIN_PIXELS
    draw.line([(x, y), (x + _BAR_MM / pixel_mm, y)], _WHITE, _OUTLINE_PIXELS)
    draw.text((x, y - _LINE_PIXELS), text.replace("≈", "about"), _WHITE, _font())
