"""A vertebra as a markups file of 3D Slicer (``*.mrk.json``): a list of its six keypoints."""

import json
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...core.keypoints import KEYPOINT_NAMES
from ...core.levels import parse_level
from .points import VertebraPoints, numbers

SCHEMA = (
    "https://raw.githubusercontent.com/slicer/slicer/master/Modules/Loadable/Markups/Resources/Schema/"
    "markups-schema-v1.0.3.json#"
)
"""Layout of the file, which 3D Slicer reads since version 5.0."""

_LPS = np.array([-1.0, -1.0, 1.0])
"""Factors between RAS and LPS, in which 3D Slicer writes these files."""

_LABEL = re.compile(rf"(?:(?P<level>.*?)\s+)?(?P<keypoint>{'|'.join(KEYPOINT_NAMES)})\??")
_CENTRE_LABEL = "body centre"

_DECIMALS = 6
"""Decimals of coordinates in millimetres: a nanometre."""


def markups_json(vertebra: VertebraPoints) -> str:
    """The text of a markups file: the six keypoints, or the body centre where they are not known."""
    if vertebra.keypoints_ras is None:
        named = {_CENTRE_LABEL: vertebra.centre_ras}
    else:
        named = dict(zip(KEYPOINT_NAMES, vertebra.keypoints_ras, strict=True))
    points = [
        {
            "id": str(number),
            "label": f"{vertebra.level} {name}",
            "description": "",
            "associatedNodeID": "",
            "position": (point_ras * _LPS).round(_DECIMALS).tolist(),
            "orientation": [-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0],
            "selected": True,
            "locked": False,
            "visibility": True,
            "positionStatus": "defined",
        }
        for number, (name, point_ras) in enumerate(named.items(), 1)
    ]
    markup = {
        "type": "Fiducial",
        "coordinateSystem": "LPS",
        "coordinateUnits": "mm",
        "locked": False,
        "fixedNumberOfControlPoints": True,
        "labelFormat": "%N-%d",
        "lastUsedControlPointNumber": len(points),
        "controlPoints": points,
        "measurements": [],
    }
    return json.dumps({"@schema": SCHEMA, "markups": [markup]}, indent=1) + "\n"


def is_markups(document: Any) -> bool:
    """Whether a JSON document is a markups file."""
    return isinstance(document, dict) and "markups" in document


def read_markups(document: Any, name: str) -> VertebraPoints:
    """The vertebra of a markups file, whose points are labelled as ours are: "L1 anterior superior".

    :param document: the JSON document.
    :param name: of the file, which tells the level where the points do not.
    :raises ValueError: other points, or several levels.
    :raises LookupError: likewise.
    :raises TypeError: likewise.
    """
    (markup,) = document["markups"]
    factors = _LPS if markup.get("coordinateSystem", "LPS") == "LPS" else np.ones(3)
    placed = [one for one in markup["controlPoints"] if one.get("positionStatus", "defined") == "defined"]
    positions = {one["label"].strip(): numbers(one["position"], (3,)) * factors for one in placed}
    if not all(np.isfinite(position).all() for position in positions.values()):
        raise ValueError("a position is not three numbers")
    centres = [label for label in positions if label.endswith(_CENTRE_LABEL)]
    if len(positions) == len(centres) == 1:
        level = _level(centres[0].removesuffix(_CENTRE_LABEL), name)
        return VertebraPoints(level, positions[centres[0]])
    matches = {label: match for label in positions if (match := _LABEL.fullmatch(label))}
    by_name = {match["keypoint"]: positions[label] for label, match in matches.items()}
    levels = {match["level"] or "" for match in matches.values()}
    if set(by_name) != set(KEYPOINT_NAMES) or len(positions) != len(KEYPOINT_NAMES) or len(levels) != 1:
        raise ValueError(f"six points of one vertebra are needed, labelled {', '.join(KEYPOINT_NAMES)}")
    return _of_keypoints(levels.pop(), name, by_name)


def _of_keypoints(label: str, name: str, by_name: Mapping[str, Any]) -> VertebraPoints:
    return VertebraPoints.of_keypoints(_level(label, name), np.array([by_name[one] for one in KEYPOINT_NAMES]))


def _level(label: str, name: str) -> str:
    """The level that the labels of points or else the name of the file tell; a mark of uncertainty is dropped."""
    return parse_level(label.strip().rstrip("?") or name.partition(".")[0].rstrip("?"))
