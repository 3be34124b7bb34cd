"""Pictures of single vertebrae out of the straightened slice along the reference curve, with both sets of keypoints."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...core.keypoints import body_centre
from ...core.straightening import StraightenedSlice, straighten
from ...core.volume import Volume
from ...io.reference_case import ReferenceCase
from ..results import MatchedVertebra

SIZE_MM = (60.0, 46.0)
"""Width and height of a picture."""

_PIXEL_MM = 0.5


@dataclass(frozen=True, eq=False)
class Crop:
    """The picture of one vertebra.

    :param case: name of the case.
    :param vertebra: what came of it.
    :param image: Hounsfield units (rows, columns), pixels of half a millimetre.
    :param reference_mm: (6, 2) keypoints as (x, y) from the picture's corner.
    :param found_mm: (6, 2) the same as found, dropped onto the plane of the picture.
    """

    case: str
    vertebra: MatchedVertebra
    image: NDArray[np.float32]
    reference_mm: NDArray[np.float64]
    found_mm: NDArray[np.float64]


def vertebra_crops(
    shown: Sequence[tuple[str, MatchedVertebra]], cases: Sequence[ReferenceCase], read: Callable[[Path], Volume]
) -> list[Crop]:
    """Pictures of vertebrae, in the given order; every volume is read once.

    :param shown: names of cases and vertebrae.
    :param cases: all that are named.
    :param read: reads an image file.
    """
    crops: dict[int, Crop] = {}
    for case in cases:
        indices = [index for index, (name, _) in enumerate(shown) if name == case.name]
        if indices:
            view = straighten(read(case.image), case.curve, _PIXEL_MM)
            crops |= {index: _crop(view, case.name, shown[index][1]) for index in indices}
    return [crops[index] for index in range(len(shown))]


def _crop(view: StraightenedSlice, case: str, vertebra: MatchedVertebra) -> Crop:
    reference, found = (view.ras_to_pixels(points) for points in (vertebra.keypoints_ras, vertebra.found_keypoints_ras))
    columns, rows = (round(length / view.pixel_mm) for length in SIZE_MM)
    left, top = np.rint(body_centre(reference) - np.array([columns, rows]) / 2).astype(int)
    image = view.image.take(np.arange(top, top + rows), 0, mode="clip").take(
        np.arange(left, left + columns), 1, mode="clip"
    )
    corner = np.array([left, top])
    return Crop(case, vertebra, image, (reference - corner) * view.pixel_mm, (found - corner) * view.pixel_mm)
