"""One vertebra of a synthetic patient, the disc below it, and how it is turned."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.spatial.transform import Rotation

from .arches import Arch
from .deformity import BodyPlan
from .shapes import BodyShape


@dataclass(frozen=True, eq=False)
class SyntheticVertebra:
    """One vertebra of a patient.

    :param level: name, "C2" .. "L5", "T13", "L6", "S1" .. "S5".
    :param number: level number as in ``level_tables``.
    :param body: surfaces in the vertebra's own coordinates.
    :param arch: posterior elements; None in the sacrum.
    :param centre_ras: origin of the own coordinates, mm.
    :param axes: (3, 3) rows right, anterior, superior in RAS.
    :param plan: planned heights and the fracture, if any.
    :param hu_trabecular: mean of the core.
    :param hu_texture: standard deviation of the trabecular texture.
    :param sclerosis_hu: added next to the (superior, inferior) endplate.
    :param filling: "bone", "hemangioma", "cement" or "lysis".
    :param screws: pedicle screws.
    """

    level: str
    number: float
    body: BodyShape
    arch: Arch | None
    centre_ras: np.ndarray
    axes: np.ndarray
    plan: BodyPlan
    hu_trabecular: float
    hu_texture: float
    sclerosis_hu: tuple[float, float] = (0.0, 0.0)
    filling: str = "bone"
    screws: bool = False

    def to_ras(self, points: np.ndarray) -> np.ndarray:
        """Points of the vertebra in space.

        :param points: (..., 3) mm in its own coordinates.
        :return: (..., 3) RAS mm.
        """
        return np.asarray(points, float) @ self.axes + self.centre_ras

    @cached_property
    def keypoints_ras(self) -> np.ndarray:
        """Six keypoints (6, 3) mm in the order of ``core.keypoints.KEYPOINT_NAMES``."""
        return self.to_ras(self.body.keypoints_local())


@dataclass(frozen=True, eq=False)
class Disc:
    """The space below a body.

    :param hu: value; the rim is denser.
    :param vacuum: 0 none .. 1 gas through most of the disc.
    :param bridge_mm: thickness of an anterior bony bridge, 0 none.
    :param fused: bone in place of the disc.
    """

    hu: float
    vacuum: float = 0.0
    bridge_mm: float = 0.0
    fused: bool = False


def lateral_and_rotation(axes: np.ndarray) -> np.ndarray:
    """Lateral tilt and axial rotation of a body.

    :param axes: (3, 3) as of :class:`SyntheticVertebra`.
    :return: (2,) degrees.
    """
    right = axes[0]
    return np.rad2deg([np.arcsin(-right[2]), np.arctan2(right[1], right[0])])


def turned_axes(tilt: float, lateral: float, rotation: float) -> np.ndarray:
    """Axes of a body that is turned.

    :param tilt: degrees forwards, about the right axis.
    :param lateral: degrees about the forward axis.
    :param rotation: degrees about the long axis.
    :return: (3, 3) rows right, anterior, superior in RAS.
    """
    return Rotation.from_euler("xyz", [tilt, lateral, rotation], degrees=True).as_matrix().T
