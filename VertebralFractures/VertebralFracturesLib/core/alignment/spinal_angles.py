"""Sagittal alignment: angles of the spine in a lateral view, each between two named endplates.

An endplate is the line from its anterior to its posterior corner. Its tilt is the angle against the horizontal,
positive where the anterior corner lies lower. Every angle is a difference of two tilts, so that all of them add up.

On a CT the corners are projected onto the patient's sagittal plane, as on a lateral radiograph: their right coordinate
is dropped. The patient lies supine, and angles differ from those of a patient who stands: lordosis from T12 to S1 is
36.8 degrees (SD 13.2) recumbent and 49.8 (SD 11.2) standing (PMC6680033).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..heights.genant import wedge_angle_deg
from ..keypoints import ANTERIOR_INFERIOR, ANTERIOR_SUPERIOR, POSTERIOR_INFERIOR, POSTERIOR_SUPERIOR
from ..levels import steps_between

SACRUM = "S1"
"""Name of the sacrum's superior endplate."""

Endplate = tuple[str, str]
"""Level and side: ("L1", "superior")."""


@dataclass(frozen=True)
class AngleDefinition:
    """One angle.

    :param name: its name, which report/table titles and describes.
    :param upper: the cranial endplate; None for the horizontal.
    :param lower: the caudal endplate.
    :param lordotic: positive in lordosis; otherwise positive in kyphosis.
    """

    name: str
    upper: Endplate | None
    lower: Endplate
    lordotic: bool


ANGLES = (
    AngleDefinition("lordosis_l1_l5_deg", ("L1", "superior"), ("L5", "inferior"), lordotic=True),
    AngleDefinition("lordosis_l1_s1_deg", ("L1", "superior"), (SACRUM, "superior"), lordotic=True),
    AngleDefinition("sacral_slope_deg", None, (SACRUM, "superior"), lordotic=True),
    AngleDefinition("kyphosis_t4_t12_deg", ("T4", "superior"), ("T12", "inferior"), lordotic=False),
    AngleDefinition("thoracolumbar_t10_l2_deg", ("T10", "superior"), ("L2", "inferior"), lordotic=False),
)
"""The angles of a spine, Cina 2021 and the usual ones of the thoracic spine."""


def tilt_deg(anterior: ArrayLike, posterior: ArrayLike) -> NDArray[np.float64]:
    """Tilt of endplates against the horizontal, positive where the anterior corner lies lower.

    :param anterior: corner (..., 2) or (..., 3); the last two coordinates are anterior and superior.
    :param posterior: corner, likewise.
    :return: (...) degrees, -180 to 180.
    """
    along = np.asarray(anterior, dtype=np.float64) - np.asarray(posterior, dtype=np.float64)
    return np.degrees(np.arctan2(-along[..., -1], along[..., -2]))


def endplates(
    levels: Sequence[str | None], keypoints: ArrayLike, sacral_endplate: ArrayLike | None = None
) -> dict[Endplate, NDArray[np.float64]]:
    """The endplates of the vertebrae that have a name, (2, d) anterior and posterior corner each.

    :param levels: (n,) names.
    :param keypoints: (n, 6, d), d 2 or 3; the last two coordinates are anterior and superior.
    :param sacral_endplate: (m, d) from the anterior to the posterior corner of S1; None where it is not in view.
    """
    found: dict[Endplate, NDArray[np.float64]] = {}
    for level, points in zip(levels, np.asarray(keypoints, dtype=np.float64), strict=True):
        if level is not None:
            found[level, "superior"] = points[[ANTERIOR_SUPERIOR, POSTERIOR_SUPERIOR]]
            found[level, "inferior"] = points[[ANTERIOR_INFERIOR, POSTERIOR_INFERIOR]]
    return with_sacrum(found, sacral_endplate)


def with_sacrum(
    plates: Mapping[Endplate, NDArray[np.float64]], sacral_endplate: ArrayLike | None
) -> dict[Endplate, NDArray[np.float64]]:
    """Endplates and, last, the superior endplate of S1.

    :param plates: of the vertebrae.
    :param sacral_endplate: (m, d) from its anterior to its posterior corner; None where it is not in view.
    """
    if sacral_endplate is None:
        return dict(plates)
    return {**plates, (SACRUM, "superior"): np.asarray(sacral_endplate, dtype=np.float64)[[0, -1]]}


def spinal_angles_deg(plates: Mapping[Endplate, ArrayLike]) -> dict[str, float | None]:
    """The angles of :data:`ANGLES` by name; None where an endplate is not in view.

    :param plates: from :func:`endplates`.
    """
    return {angle.name: _angle_deg(angle, plates) for angle in ANGLES}


def _angle_deg(angle: AngleDefinition, plates: Mapping[Endplate, ArrayLike]) -> float | None:
    if angle.lower not in plates or (angle.upper is not None and angle.upper not in plates):
        return None
    upper = 0.0 if angle.upper is None else tilt_deg(*np.asarray(plates[angle.upper]))
    lordosis = float(_within_half_turn(tilt_deg(*np.asarray(plates[angle.lower])) - upper))
    return lordosis if angle.lordotic else -lordosis


def disc_angles_deg(plates: Mapping[Endplate, ArrayLike]) -> dict[str, float]:
    """Angle of every disc between two neighbours in view, positive = open anteriorly, by name ("L4-L5").

    :param plates: from :func:`endplates`, cranial to caudal.
    """
    levels = [level for level, side in plates if side == "superior"]
    angles = {}
    for upper, lower in pairwise(levels):
        if are_neighbours(upper, lower):
            tilts = [tilt_deg(*np.asarray(plates[plate])) for plate in ((upper, "inferior"), (lower, "superior"))]
            angles[f"{upper}-{lower}"] = float(_within_half_turn(tilts[1] - tilts[0]))
    return angles


def are_neighbours(upper: str, lower: str) -> bool:
    """Whether one disc lies between two levels, :data:`SACRUM` among them."""
    return upper in ("L5", "L6") if lower == SACRUM else steps_between(upper, lower) == 1


def wedge_angles_deg(levels: Sequence[str | None], keypoints: ArrayLike) -> dict[str, float]:
    """Angle between the endplates of every named body, positive where it is lower in front, by level."""
    points = np.asarray(keypoints, dtype=np.float64)
    if not len(points):
        return {}
    wedges = wedge_angle_deg(points)
    return {level: float(wedge) for level, wedge in zip(levels, wedges, strict=True) if level is not None}


def _within_half_turn(degrees: ArrayLike) -> NDArray[np.float64]:
    return (np.asarray(degrees, dtype=np.float64) + 180.0) % 360.0 - 180.0
