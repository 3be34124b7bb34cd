"""Body centres and keypoints as points of interest of TPTBox.

A list of two: the grid of the CT, then coordinates by vertebra and kind of point, as in
https://github.com/Hendrik-code/TPTBox (``TPTBox/core/poi_fun/save_load.py``, format POI).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .grid import Grid
from .points import C2, S1, SpinePoints, VertebraPoints, in_order, numbers
from .verse import LABELS

CENTRE = (50, "Vertebra_Corpus")
"""Number and name of a body centre among the locations of TPTBox."""

KEYPOINTS = (
    (101, "Ligament_Attachment_Point_Anterior_Longitudinal_Superior_Median"),
    (103, "Ligament_Attachment_Point_Anterior_Longitudinal_Inferior_Median"),
    (105, "Additional_Vertebral_Body_Middle_Superior_Median"),
    (107, "Additional_Vertebral_Body_Middle_Inferior_Median"),
    (102, "Ligament_Attachment_Point_Posterior_Longitudinal_Superior_Median"),
    (104, "Ligament_Attachment_Point_Posterior_Longitudinal_Inferior_Median"),
)
"""Numbers and names of the locations that are our keypoints, in the order of
:data:`~...core.keypoints.KEYPOINT_NAMES`: the corners and the middles of both endplates in the median plane."""

_NUMBERS = {name.lower(): number for number, name in (CENTRE, *KEYPOINTS)}
_VERTEBRAE = {number: level for level, number in LABELS.items()} | {26: S1}
"""Vertebrae by their numbers in TPTBox (``Vertebra_Instance``), which are those of VerSe; 26 is S1 alone."""

_OWN_GRID = {"zoom": (3,), "origin": (3,), "rotation": (3, 3)}
"""What of a header places its voxels in the patient, and how many numbers each is."""

_LABEL_MAX = 256
"""In the formats docker and none, a label is that of the vertebra plus this times the location (TPTBox)."""

_DECIMALS = 4
"""Decimals of voxel coordinates: below a thousandth of a millimetre."""


def poi_json(points: SpinePoints, grid: Grid) -> str:
    """The text of a file of points of interest.

    :param points: vertebrae with body centres and keypoints.
    :param grid: that of the CT, in whose voxels the points are given.
    """
    zoom_mm = np.linalg.norm(grid.ijk_to_ras[:3, :3], axis=0)
    header = {
        "direction": list(grid.direction),
        "zoom": zoom_mm.tolist(),
        "origin": grid.ijk_to_ras[:3, 3].tolist(),
        "rotation": (grid.ijk_to_ras[:3, :3] / zoom_mm).tolist(),
        "shape": list(grid.shape_ijk),
        "format": "POI",
        "level_one_info": "Vertebra_Instance",
        "level_two_info": "Location",
    }
    by_vertebra = {}
    for vertebra in points.vertebrae:
        named = {CENTRE[1]: vertebra.centre_ras}
        if vertebra.keypoints_ras is not None:
            named |= {name: point for (_, name), point in zip(KEYPOINTS, vertebra.keypoints_ras, strict=True)}
        by_vertebra[vertebra.level] = {
            name: grid.to_ijk(point).round(_DECIMALS).tolist() for name, point in named.items()
        }
    return json.dumps([header, by_vertebra], indent=1) + "\n"


def is_poi(document: Any) -> bool:
    """Whether a JSON document is a file of points of interest, in voxels or in millimetres."""
    is_list = isinstance(document, list) and bool(document) and isinstance(document[0], dict)
    return is_list and ("format" in document[0] or "coordinate_system" in document[0])


def read_poi(document: Any, grid: Grid) -> SpinePoints:
    """The points of a file of points of interest.

    :param document: the JSON document.
    :param grid: that of the CT; the points lie in the file's own grid where it states one.
    :raises ValueError: not such a file, or points that are not three numbers.
    :raises LookupError: likewise.
    :raises TypeError: likewise.
    """
    header = document[0]
    points = _listed(document[1:]) if header.get("format") in (None, "docker") else _nested(document[1])
    by_vertebra: dict[str, dict[int, NDArray[np.float64]]] = {}
    for vertebra, location, coordinates in points:
        place = numbers(coordinates, (3,))
        if np.isfinite(place).all() and vertebra in _VERTEBRAE:
            by_vertebra.setdefault(_VERTEBRAE[vertebra], {})[location] = _to_ras(place, header, grid)
    return _spine(by_vertebra)


def _spine(by_vertebra: Mapping[str, Mapping[int, NDArray[np.float64]]]) -> SpinePoints:
    """Vertebrae that have a centre or all keypoints."""
    numbers = [number for number, _ in KEYPOINTS]
    found, landmarks, left_out = {}, {}, []
    for level, points in by_vertebra.items():
        has_keypoints = all(number in points for number in numbers)
        centre_ras = points.get(CENTRE[0])
        if centre_ras is not None and level in (C2, S1):
            landmarks[level] = centre_ras
        if level == S1:
            continue
        keypoints_ras = np.array([points[number] for number in numbers]) if has_keypoints else None
        if centre_ras is None and keypoints_ras is None:
            left_out.append(f"{level} was left out because the file has neither its body centre nor its six landmarks")
        elif centre_ras is None and keypoints_ras is not None:
            found[level] = VertebraPoints.of_keypoints(level, keypoints_ras)
        elif centre_ras is not None:
            found[level] = VertebraPoints(level, centre_ras, keypoints_ras)
    return SpinePoints(in_order(found), landmarks, tuple(left_out))


def _to_ras(place: NDArray[np.float64], header: Mapping[str, Any], grid: Grid) -> NDArray[np.float64]:
    """RAS mm of a point, which is given in millimetres, in voxels of the file's own grid, or in those of the CT."""
    system = header.get("coordinate_system")
    if system is not None:
        return place if system == "nib" else place * np.array([-1.0, -1.0, 1.0])
    if all(header.get(name) is not None for name in _OWN_GRID):
        zoom_mm, origin_ras, rotation = (numbers(header[name], shape) for name, shape in _OWN_GRID.items())
        return np.asarray(rotation @ (place * zoom_mm) + origin_ras, dtype=np.float64)
    return grid.to_ras(grid.from_direction(place, header["direction"]))


def _nested(document: Mapping[str, Mapping[str, Any]]) -> list[tuple[int, int, Any]]:
    """Vertebra, location and coordinates of the format POI, where they are named or numbered."""
    return [
        (_vertebra(vertebra), _location(location), place)
        for vertebra, points in document.items()
        for location, place in points.items()
    ]


def _listed(entries: Sequence[Mapping[str, Any]]) -> list[tuple[int, int, Any]]:
    """The same of the format docker, where one number says both; 0 is the body centre."""
    numbered = [(int(entry["label"]), [entry[name] for name in "XYZ"]) for entry in entries]
    return [(label % _LABEL_MAX, label // _LABEL_MAX or CENTRE[0], place) for label, place in numbered]


def _vertebra(name: str) -> int:
    if name.isdecimal():
        return int(name)
    return next((number for number, level in _VERTEBRAE.items() if level == name), 0)


def _location(name: str) -> int:
    return int(name) if name.isdecimal() else _NUMBERS.get(name.lower(), 0)
