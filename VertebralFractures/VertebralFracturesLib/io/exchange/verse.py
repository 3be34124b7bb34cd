"""Body centres as the centroid files of VerSe (``*_ctd.json``).

A list: first the directions of the axes, then a label and voxel coordinates for each vertebra, as in
https://github.com/anjany/verse. Keypoints have no place in it.
"""

import json
from typing import Any

import numpy as np

from ...core.levels import ALL_LEVEL_NAMES, parse_level
from .grid import Grid
from .points import C2, SpinePoints, VertebraPoints, in_order, numbers

LABELS: dict[str, int] = {**{name: number for number, name in enumerate(
    (one for one in ALL_LEVEL_NAMES if one != "T13"), 1)}, "T13": 28}  # fmt: skip
"""Labels of the levels: C1 to C7 are 1 to 7, T1 to T12 8 to 19, L1 to L6 20 to 25, and T13 28 (VerSe 2020)."""

BELOW_L6 = (26, 27)
"""Labels of the sacrum and the coccyx (VerSe 2020), whose centroids are no body centres."""

_DECIMALS = 4
"""Decimals of voxel coordinates: below a thousandth of a millimetre."""


def centroids_json(points: SpinePoints, grid: Grid) -> str:
    """The text of a centroid file.

    :param points: the vertebrae; their keypoints are not part of the format.
    :param grid: that of the CT, in whose voxels and directions the centres are given.
    """
    entries: list[dict[str, Any]] = [{"direction": list(grid.direction)}]
    for vertebra in points.vertebrae:
        x, y, z = grid.to_ijk(vertebra.centre_ras).round(_DECIMALS).tolist()
        entries.append({"label": LABELS[vertebra.level], "X": x, "Y": y, "Z": z})
    return json.dumps(entries) + "\n"


def is_centroids(document: Any) -> bool:
    """Whether a JSON document is a centroid file: TPTBox adds a format to the directions."""
    is_list = isinstance(document, list) and bool(document) and isinstance(document[0], dict)
    return is_list and "direction" in document[0] and "format" not in document[0]


def read_centroids(document: Any, grid: Grid) -> SpinePoints:
    """The body centres of a centroid file.

    :param document: the JSON document.
    :param grid: that of the CT that the file belongs to; its directions may differ from those in the file.
    :raises ValueError: not such a file, or labels that are no vertebrae.
    :raises LookupError: likewise.
    :raises TypeError: likewise.
    """
    found: dict[str, VertebraPoints] = {}
    left_out = []
    for entry in document[1:]:
        label = int(entry["label"])
        coordinates = numbers([entry[name] for name in "XYZ"], (3,))
        if label in BELOW_L6:
            left_out.append(f"label {label} was left out because it is sacral or coccygeal")
        elif np.isfinite(coordinates).all():
            centre_ras = grid.to_ras(grid.from_direction(coordinates, document[0]["direction"]))
            level = parse_level(label)
            if level in found:
                raise ValueError(f"label {label} occurs twice")
            found[level] = VertebraPoints(level, centre_ras)
    landmarks = {C2: found[C2].centre_ras} if C2 in found else {}
    return SpinePoints(in_order(found), landmarks, tuple(left_out))
