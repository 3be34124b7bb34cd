"""Coronal alignment: the largest Cobb angle that the spine curve has in the coronal plane.

The six keypoints of a body lie in one sagittal plane, so that the coronal tilt of its endplates is not known. In their
place stands the spine curve: at each body its tangent, projected onto the patient's coronal plane, is taken for the
normal of the endplates. The curve-based Cobb angle is the largest angle between two of these tangents, and the two
bodies are its end vertebrae. The patient lies supine, which straightens a scoliosis.

Along the true curve of 150 synthetic patients with Cobb angles of 5 to 60 degrees it differs from the largest angle
between the coronal tilts of the bodies by 1.8 degrees on average (bias 0.3, SD 2.7; experiments.md, 2026-12-01).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..keypoints import body_centre
from ..spine_curve import SpineCurve

_STEP_MM = 1.0
"""Distance of the points of the curve among which the one nearest to a body is sought. Chosen: the tangent turns by
about a degree per millimetre only in the sharpest of curves."""


@dataclass(frozen=True)
class CoronalCurve:
    """The largest curve of a spine in the coronal plane.

    :param angle_deg: curve-based Cobb angle, 0 or more.
    :param upper: index of the upper end vertebra.
    :param lower: index of the lower end vertebra.
    :param convex_to: side of the patient to which the curve is convex.
    """

    angle_deg: float
    upper: int
    lower: int
    convex_to: Literal["right", "left"]


def coronal_tilts_deg(curve: SpineCurve, keypoints_ras: ArrayLike) -> NDArray[np.float64]:
    """Coronal tilt of the spine curve at each body.

    :param curve: the spine curve.
    :param keypoints_ras: (n, 6, 3) in RAS mm.
    :return: (n,) degrees against the patient's long axis, positive where the curve runs to the right on its way down.
    """
    centres_ras = body_centre(np.asarray(keypoints_ras, dtype=np.float64).reshape(-1, 6, 3))
    arcs_mm = np.arange(0.0, curve.length_mm, _STEP_MM)
    nearest = np.linalg.norm(curve.position(arcs_mm) - centres_ras[:, None], axis=-1).argmin(-1)
    tangents = curve.tangent(arcs_mm[nearest])
    return np.degrees(np.arctan2(tangents[:, 0], -tangents[:, 2]))


def largest_coronal_curve(
    curve: SpineCurve, levels: Sequence[str | None], keypoints_ras: ArrayLike, evaluable: Sequence[bool]
) -> CoronalCurve | None:
    """The largest curve-based Cobb angle between two vertebrae in view, cervical ones left out.

    :param curve: the spine curve.
    :param levels: (n,) level of each vertebra or None, cranial to caudal.
    :param keypoints_ras: (n, 6, 3) in RAS mm.
    :param evaluable: (n,) which vertebrae may be measured.
    :return: None with fewer than two vertebrae.
    """
    used = [i for i, level in enumerate(levels) if evaluable[i] and not (level or "").startswith("C")]
    if len(used) < 2:
        return None
    tilts = coronal_tilts_deg(curve, np.asarray(keypoints_ras, dtype=np.float64)[used])
    first, last = sorted((int(tilts.argmax()), int(tilts.argmin())))
    bend = float(tilts[first] - tilts[last])
    return CoronalCurve(abs(bend), used[first], used[last], "right" if bend > 0 else "left")
