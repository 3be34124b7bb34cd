"""What the formats of other tools hold of a spine: a level, a body centre and perhaps six keypoints per vertebra."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.keypoints import body_centre
from ...core.levels import ALL_LEVEL_NAMES
from ...core.report import SpineReport

C2, S1 = "C2", "S1"
"""Vertebrae that are no levels of ours to be measured but landmarks, of which a file may give the body centre."""


_FARTHEST = 1e6
"""Largest coordinate in voxels or millimetres; chosen, far beyond any scanner."""


def numbers(values: Any, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Coordinates of a file, which may be NaN where a point is not known.

    :param values: what the file holds.
    :param shape: how many there have to be.
    :raises ValueError: other values, or beyond any scanner.
    :raises TypeError: likewise.
    """
    found = np.array(values, dtype=np.float64)
    if found.shape != shape or (np.abs(found) > _FARTHEST).any():
        raise ValueError(f"{values} are not coordinates")
    return found


@dataclass(frozen=True, eq=False)
class VertebraPoints:
    """A vertebra.

    :param level: house name of its level.
    :param centre_ras: (3,) centre of its body in RAS mm.
    :param keypoints_ras: (6, 3) in RAS mm in the order of :data:`~...core.keypoints.KEYPOINT_NAMES`; None where they
        are not known.
    """

    level: str
    centre_ras: NDArray[np.float64]
    keypoints_ras: NDArray[np.float64] | None = None

    @classmethod
    def of_keypoints(cls, level: str, keypoints_ras: NDArray[np.float64]) -> "VertebraPoints":
        """A vertebra whose centre is that of its keypoints."""
        return cls(level, body_centre(keypoints_ras), keypoints_ras)


@dataclass(frozen=True, eq=False)
class SpinePoints:
    """A spine.

    :param vertebrae: cranial to caudal, each level once.
    :param landmarks: body centres (3,) in RAS mm of :data:`C2` and :data:`S1`, as far as they are known.
    :param left_out: what could not be taken over, one sentence each.
    """

    vertebrae: tuple[VertebraPoints, ...]
    landmarks: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()


def points_of(report: SpineReport) -> SpinePoints:
    """The points of a report, in formats that tell vertebrae apart by their levels.

    Vertebrae without a level, and a second one of the same level, are left out.
    """
    kept: dict[str, VertebraPoints] = {}
    left_out = []
    for number, vertebra in enumerate(report.vertebrae, 1):
        if vertebra.level is None:
            left_out.append(f"Vertebra No. {number} is missing from the exchange formats because it has no level.")
        elif vertebra.level in kept:
            left_out.append(
                f"Vertebra No. {number} is missing from the exchange formats because another one has the level "
                f"{vertebra.level}."
            )
        else:
            kept[vertebra.level] = VertebraPoints.of_keypoints(vertebra.level, vertebra.keypoints_ras)
    return SpinePoints(in_order(kept), left_out=tuple(left_out))


def in_order(vertebrae: Mapping[str, VertebraPoints]) -> tuple[VertebraPoints, ...]:
    """Vertebrae by level, cranial to caudal."""
    return tuple(vertebrae[level] for level in ALL_LEVEL_NAMES if level in vertebrae)
