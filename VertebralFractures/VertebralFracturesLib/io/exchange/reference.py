"""Points of a spine as the content of a reference case, see :mod:`..reference_case`."""

import numpy as np
from numpy.typing import NDArray

from ...core.heights.genant import genant_index, heights_mm
from ...core.levels import NEVER_MEASURED
from ...core.spine_curve import curve_through_bodies
from ...errors import UnusableInput
from ..reference_case import C2_CENTRE, IMAGE_FILE, S1_CENTRE
from .points import C2, S1, SpinePoints

_LANDMARKS = {C2: C2_CENTRE, S1: S1_CENTRE}

_FEWEST = 2
"""Vertebrae with keypoints that a spine curve needs."""

_DECIMALS = 4
"""Decimals of coordinates and heights in millimetres, as the annotations have them or more."""

ONLY_CENTRES = (
    "it holds body centres and levels but no landmarks, so heights and grades cannot be determined and it cannot "
    "become "
    "a reference case; --to exchange writes the centres in the other formats"
)


def reference_document(points: SpinePoints, source: str) -> tuple[dict[str, object], tuple[str, ...]]:
    """The content of ``reference.json``.

    :param points: vertebrae, of which those with keypoints are taken; the curve runs through their bodies.
    :param source: where they come from, in words.
    :return: the content, and what was left out, one sentence each.
    :raises UnusableInput: fewer than two vertebrae with keypoints, or keypoints that give no height.
    """
    measurable = [one for one in points.vertebrae if one.level not in NEVER_MEASURED]
    if measurable and all(one.keypoints_ras is None for one in measurable):
        raise UnusableInput(ONLY_CENTRES)
    whole = [(one.level, one.keypoints_ras) for one in measurable if one.keypoints_ras is not None]
    if len(whole) < _FEWEST:
        raise UnusableInput(f"a reference case needs {_FEWEST} vertebrae with six landmarks, this one has {len(whole)}")
    centres_ras = np.array([one.centre_ras for one in measurable])
    document: dict[str, object] = {
        "ct": IMAGE_FILE,
        "source": source,
        "curve": curve_through_bodies(centres_ras).points_ras.round(_DECIMALS).tolist(),
        "vertebrae": [_entry(level, keypoints_ras) for level, keypoints_ras in whole],
        "landmarks": {
            _LANDMARKS[name]: centre_ras.round(_DECIMALS).tolist() for name, centre_ras in points.landmarks.items()
        },
    }
    without = [one.level for one in measurable if one.keypoints_ras is None]
    left_out = [f"without keypoints: {', '.join(without)}"] if without else []
    never = [one.level for one in points.vertebrae if one.level in NEVER_MEASURED and one.keypoints_ras is not None]
    left_out += [f"never measured: {', '.join(never)}"] if never else []
    return document, tuple(f"left out of the reference case, {sentence}" for sentence in left_out)


def _entry(level: str, keypoints_ras: NDArray[np.float64]) -> dict[str, object]:
    heights = heights_mm(keypoints_ras)
    if not (np.isfinite(heights).all() and heights.min() > 0):
        raise UnusableInput(
            f"the keypoints of {level} give no heights, because a superior and an inferior one coincide"
        )
    ha, hm, hp = heights.round(_DECIMALS).tolist()
    ratio = round(float(genant_index(heights)), _DECIMALS)
    return {"label": level, "ras": keypoints_ras.round(_DECIMALS).tolist(), "ha": ha, "hm": hm, "hp": hp, "G": ratio}
