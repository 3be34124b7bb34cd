"""Outlines of synthetic trunks, and where in them points lie."""

import numpy as np
from VertebralFracturesLib.simulation.patient.anatomy import make_patient
from VertebralFracturesLib.simulation.patient.tubes import TubeBuilder
from VertebralFracturesLib.simulation.trunk.outline import TrunkOutline
from VertebralFracturesLib.simulation.trunk.tissues import draw_tissues


def outline_of(seed: int) -> TrunkOutline:
    """The outline of a patient with the usual levels."""
    rng = np.random.default_rng(seed)
    return TrunkOutline(make_patient(seed, level_variants=False), draw_tissues("realistic", rng), rng)


def radial(outline: TrunkOutline, points_ras: np.ndarray) -> np.ndarray:
    """Where points (n, 3) lie between the middle of the trunk, 0, and the skin, 1."""
    row = outline.spine.index(points_ras[:, 2].astype(np.float32))
    across = (points_ras[:, 0] - outline.middle_right[row]) / outline.half_width[row]
    ahead = (points_ras[:, 1] - outline.middle_anterior[row]) / outline.half_depth[row]
    return (across**4 + ahead**4 + outline.squareness[row] * across**2 * ahead**2) ** 0.25


def ends_ras(builder: TubeBuilder) -> np.ndarray:
    """Both ends (2 n, 3) of the collected tubes' segments."""
    rows = np.vstack(builder.rows)
    return np.concatenate([rows[:, :3], rows[:, :3] + rows[:, 3:6]])
