"""Whether a CT was made with an intravenous contrast agent: how bright the blood in front of the spine is.

The aorta, the inferior vena cava and the heart lie in front of the vertebral bodies. Without a contrast agent nothing
soft there is much brighter than blood and muscle.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..keypoints import ANTERIOR_INFERIOR, ANTERIOR_SUPERIOR, POSTERIOR_INFERIOR, POSTERIOR_SUPERIOR
from ..volume import Volume
from .sampling import sampled_hu

_STEP_MM = 2.0
_ASIDE_MM = 40.0
_AHEAD_MM = (3.0, 45.0)
_ALONG_MM = (-4.0, 0.0, 4.0)
"""The points that are looked at: to both sides of the body, in front of its anterior wall, and along the spine, over
which they are averaged. Chosen: the aorta lies within them from T5 to L4."""

_VESSEL_MM = 10.0
_QUARTER = 25.0
"""Diameter of a disc that lies in the blood, and the percentile of its values that counts: three quarters of the disc
are brighter. Chosen: the disc is smaller than any aorta and larger than most calcifications and osteophytes."""

_BLOOD_HU = (-20.0, 600.0)
"""Values of a disc that can be blood, with or without contrast agent. Chosen: fat, lung and air are less dense, metal
and cortical bone denser."""

CONTRAST_HU = 100.0
"""Attenuation from which blood holds a contrast agent. Chosen: the median along the spine is 31 to 58 HU in ten CTs of
ct/train and ct/val without contrast agent and 141 to 408 HU in seven with it (experiments.md, 2026-12-01)."""


def blood_hu(volume: Volume, keypoints_ras: NDArray[np.float64]) -> float | None:
    """Attenuation that most of the brightest disc of soft tissue in front of a body reaches.

    :param volume: the CT in Hounsfield units.
    :param keypoints_ras: (6, 3) in RAS mm.
    :return: HU; None where no soft tissue in front of the body is in the image.
    """
    section = _section_hu(volume, keypoints_ras)
    radius = _VESSEL_MM / 2 / _STEP_MM
    size = int(np.floor(radius))
    rows, columns = np.mgrid[-size : size + 1, -size : size + 1]
    disc = rows**2 + columns**2 <= radius**2
    lowest = ndimage.minimum_filter(section, footprint=disc, mode="constant", cval=-np.inf)
    highest = ndimage.maximum_filter(section, footprint=disc, mode="constant", cval=np.inf)
    is_soft = (lowest > _BLOOD_HU[0]) & (highest < _BLOOD_HU[1])
    if not is_soft.any():
        return None
    reached = ndimage.percentile_filter(section, _QUARTER, footprint=disc, mode="nearest")
    return float(reached[is_soft].max())


def contrast_is_likely(measured_hu: Sequence[float | None]) -> bool:
    """Whether the blood along a spine holds a contrast agent.

    :param measured_hu: from :func:`blood_hu` of each body; their median counts, so that bright bowel, bone or a kidney
        in front of some bodies does not.
    """
    known = [value for value in measured_hu if value is not None]
    return bool(known) and float(np.median(known)) >= CONTRAST_HU


def _section_hu(volume: Volume, keypoints_ras: NDArray[np.float64]) -> NDArray[np.float64]:
    """Section (right, forwards) in front of a body."""
    front = keypoints_ras[[ANTERIOR_SUPERIOR, ANTERIOR_INFERIOR]].mean(0)
    forwards = front - keypoints_ras[[POSTERIOR_SUPERIOR, POSTERIOR_INFERIOR]].mean(0)
    forwards = forwards / max(float(np.linalg.norm(forwards)), 1e-9)
    upwards = keypoints_ras[ANTERIOR_SUPERIOR] - keypoints_ras[ANTERIOR_INFERIOR]
    right = np.cross(forwards, upwards)
    right = right / max(float(np.linalg.norm(right)), 1e-9)
    aside = np.arange(-_ASIDE_MM, _ASIDE_MM + _STEP_MM, _STEP_MM)
    ahead = np.arange(_AHEAD_MM[0], _AHEAD_MM[1] + _STEP_MM, _STEP_MM)
    offsets = np.stack(np.meshgrid(aside, ahead, _ALONG_MM, indexing="ij"), -1)
    points_ras = front + offsets @ np.stack([right, forwards, np.cross(right, forwards)])
    return sampled_hu(volume, points_ras).mean(-1)
