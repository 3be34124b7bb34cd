"""Directions in the patient and a bar of 10 mm, drawn on the pictures of views."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw, ImageFont

_LETTERS = (("L", "R"), ("P", "A"), ("F", "H"))
"""Letters of the negative and the positive direction of each axis of RAS, by the names of radiology: foot and head."""

_TEXT_PIXELS = 16
"""Height of letters; chosen, about that of the labels of vertebrae."""

_OUTLINE_PIXELS = 2
"""Dark outline of letters and bar; chosen, so that they can be read on bone."""

_BAR_MM = 10.0
"""Length of the bar, that of the report's page."""

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_WHITE, _BLACK = "white", "black"


@dataclass(frozen=True, eq=False)
class PictureAxes:
    """What the sides of a picture are in the patient, and its scale.

    :param right: (3,) direction of the columns to the right in RAS.
    :param up: (3,) direction of the rows upwards in RAS.
    :param pixels_per_mm: pixels that 1 mm takes; in a perspective view at the depth of its focal point.
    """

    right: NDArray[np.float64]
    up: NDArray[np.float64]
    pixels_per_mm: float


def direction_letter(direction: ArrayLike) -> str:
    """The letter of the patient's direction that is nearest to a direction (3,) in RAS."""
    parts = np.asarray(direction, dtype=np.float64)
    axis = int(np.abs(parts).argmax())
    return _LETTERS[axis][int(parts[axis] > 0)]


def with_directions(picture: NDArray[np.uint8], axes: PictureAxes) -> NDArray[np.uint8]:
    """A picture with the letters of its four sides and a bar of 10 mm at the lower right.

    :param picture: (rows, columns, 3), first row on top.
    :param axes: what its sides are.
    :return: a copy of the same shape.
    """
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    width, height = image.size
    font = ImageFont.load_default(_TEXT_PIXELS)
    margin = _TEXT_PIXELS // 3
    sides = (
        (-axes.right, (margin, height / 2), "lm"),
        (axes.right, (width - margin, height / 2), "rm"),
        (axes.up, (width / 2, margin), "ma"),
        (-axes.up, (width / 2, height - margin), "md"),
    )
    for direction, place, anchor in sides:
        letter = direction_letter(direction)
        draw.text(place, letter, _WHITE, font, anchor, stroke_width=_OUTLINE_PIXELS, stroke_fill=_BLACK)
    _draw_bar(draw, (width - 2 * margin, height - 2 * margin), axes.pixels_per_mm, font)
    return np.array(image)


def _draw_bar(
    draw: ImageDraw.ImageDraw,
    end: tuple[int, int],
    pixels_per_mm: float,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    """A bar of 10 mm that ends at a pixel, its length written above."""
    right, bottom = end
    length = round(_BAR_MM * pixels_per_mm)
    edge = _OUTLINE_PIXELS
    draw.rectangle((right - length + 1 - edge, bottom - 1 - edge, right + edge, bottom + edge), _BLACK)
    draw.rectangle((right - length + 1, bottom - 1, right, bottom), _WHITE)
    place = (right, bottom - 3 * edge)
    draw.text(place, f"{_BAR_MM:.0f} mm", _WHITE, font, "rd", stroke_width=edge, stroke_fill=_BLACK)
