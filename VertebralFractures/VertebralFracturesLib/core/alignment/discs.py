"""Heights of the intervertebral discs, from the facing keypoints of the bodies above and below."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from ..keypoints import INFERIOR, KEYPOINT_NAMES, SUPERIOR
from .spinal_angles import are_neighbours, disc_angles_deg, endplates


@dataclass(frozen=True)
class Disc:
    """One intervertebral disc between two measured bodies.

    :param upper: level of the body above.
    :param lower: level of the body below.
    :param heights_mm: anterior, middle and posterior height: the distances between the inferior keypoints of the upper
        body and the superior keypoints of the lower one.
    :param angle_deg: intervertebral angle, between the facing endplates in the patient's sagittal plane; positive where
        the disc is open anteriorly.
    """

    upper: str
    lower: str
    heights_mm: tuple[float, float, float]
    angle_deg: float

    @property
    def name(self) -> str:
        """For example "L4-L5"."""
        return f"{self.upper}-{self.lower}"


def discs_below(levels: Sequence[str | None], keypoints_ras: ArrayLike, evaluable: Sequence[bool]) -> list[Disc | None]:
    """The disc below each vertebra.

    :param levels: (n,) level of each vertebra or None, cranial to caudal.
    :param keypoints_ras: (n, 6, 3) in RAS mm.
    :param evaluable: (n,) which vertebrae may be measured.
    :return: (n,); None where the next vertebra is not the adjacent level, or one of both may not be measured.
    """
    points = np.asarray(keypoints_ras, dtype=np.float64)
    discs: list[Disc | None] = [None] * len(levels)
    for index, (upper, lower) in enumerate(pairwise(levels)):
        if upper and lower and evaluable[index] and evaluable[index + 1] and are_neighbours(upper, lower):
            discs[index] = _disc(upper, lower, points[index : index + 2].tobytes())
    return discs


@lru_cache(maxsize=256)
def _disc(upper: str, lower: str, pair_bytes: bytes) -> Disc:
    """Measure one disc; kept, because a drag changes two discs at a time.

    :param pair_bytes: keypoints (2, 6, 3) of the bodies above and below in RAS mm.
    """
    pair = np.frombuffer(pair_bytes).reshape(2, len(KEYPOINT_NAMES), 3)
    anterior, middle, posterior = np.linalg.norm(pair[0, INFERIOR, :] - pair[1, SUPERIOR, :], axis=-1).tolist()
    (angle,) = disc_angles_deg(endplates((upper, lower), pair)).values()
    return Disc(upper, lower, (anterior, middle, posterior), angle)
