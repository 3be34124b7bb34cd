"""What groups of synthetic patients measure, and the published means that they are drawn about."""

from dataclasses import dataclass

import numpy as np
from VertebralFracturesLib.simulation.patient.anatomy import Patient

# 100 annotated chest CTs, bodies with G > .8: mean Ha, SD, Hm, SD, Hp, SD, Ha/Hp, SD, Hm/Hp, SD, depth top, bottom
PUBLISHED_NORMALS: dict[str, tuple[float, ...]] = {
    "C7": (15.1, 1.4, 13.5, 1.2, 15.4, 1.2, 0.980, 0.060, 0.875, 0.040, 14.8, 14.7),
    "T1": (16.6, 1.5, 15.1, 1.6, 17.4, 1.5, 0.957, 0.046, 0.869, 0.039, 14.7, 15.7),
    "T2": (17.9, 1.4, 16.0, 1.4, 18.4, 1.3, 0.976, 0.052, 0.868, 0.036, 16.0, 17.6),
    "T3": (18.3, 1.2, 16.4, 1.3, 19.1, 1.2, 0.959, 0.047, 0.862, 0.031, 17.8, 19.5),
    "T4": (18.5, 1.3, 16.9, 1.3, 19.7, 1.3, 0.940, 0.043, 0.858, 0.032, 19.9, 21.4),
    "T5": (18.9, 1.4, 17.6, 1.4, 20.5, 1.4, 0.922, 0.043, 0.857, 0.033, 21.5, 22.9),
    "T6": (18.7, 1.4, 18.0, 1.5, 20.9, 1.6, 0.896, 0.043, 0.859, 0.034, 23.1, 24.5),
    "T7": (18.8, 1.2, 18.2, 1.2, 21.2, 1.3, 0.886, 0.039, 0.859, 0.032, 24.5, 25.7),
    "T8": (19.6, 1.4, 18.6, 1.3, 21.7, 1.6, 0.906, 0.046, 0.857, 0.035, 26.1, 26.9),
    "T9": (20.6, 1.4, 19.2, 1.4, 22.3, 1.4, 0.926, 0.053, 0.863, 0.038, 27.1, 27.4),
    "T10": (22.3, 1.4, 20.5, 1.3, 23.6, 1.4, 0.948, 0.056, 0.873, 0.042, 27.5, 27.8),
    "T11": (23.3, 1.5, 21.9, 1.4, 25.3, 1.5, 0.920, 0.051, 0.865, 0.035, 27.6, 27.8),
    "T12": (24.9, 1.6, 23.3, 1.5, 26.8, 1.7, 0.930, 0.056, 0.870, 0.035, 28.0, 28.0),
    "L1": (26.5, 1.6, 24.8, 1.5, 28.4, 1.8, 0.937, 0.054, 0.873, 0.035, 29.0, 29.5),
    "L2": (27.9, 1.2, 24.8, 1.4, 28.8, 1.8, 0.971, 0.053, 0.862, 0.027, 29.4, 29.5),
}
# Tilt (degrees) mean, SD and gap below (mm) anterior, middle, posterior
PUBLISHED_COLUMN: dict[str, tuple[float, ...]] = {
    "T1": (-26.6, 11.3, 3.0, 5.0, 2.5),
    "T2": (-26.8, 10.8, 2.5, 4.7, 2.4),
    "T3": (-25.0, 10.0, 2.1, 4.4, 2.2),
    "T4": (-21.1, 9.3, 1.9, 4.3, 2.1),
    "T5": (-16.3, 8.4, 2.0, 4.2, 2.2),
    "T6": (-10.0, 7.6, 2.3, 4.5, 2.3),
    "T7": (-3.1, 6.9, 2.7, 4.7, 2.5),
    "T8": (2.5, 6.3, 3.1, 5.0, 2.5),
    "T9": (5.9, 6.4, 3.4, 5.4, 2.5),
    "T10": (7.5, 6.6, 3.9, 5.9, 2.6),
    "T11": (9.5, 6.9, 4.9, 6.4, 3.4),
    "T12": (11.9, 7.1, 6.4, 8.3, 4.1),
    "L1": (13.5, 6.9, 7.7, 9.1, 4.5),
}
PUBLISHED_KYPHOSIS_DEGREES = (38.0, 14.3)
PUBLISHED_EXCURSION_MM = (9.9, 24.0)  # median, 95th percentile


@dataclass(frozen=True, eq=False)
class PatientStatistics:
    """What a group of patients measures.

    :param normals: level -> the columns of ``PUBLISHED_NORMALS``, over bodies with G > .8.
    :param column: level -> the columns of ``PUBLISHED_COLUMN``.
    :param kyphosis_degrees: T4 superior to T12 inferior endplate, mean and SD.
    :param excursion_mm: lateral excursion T1..L1, median and 95th percentile.
    :param grade_shares: share of T1..L3 bodies with G > .8, .74-.8, .6-.74, <= .6.
    :param middle_least: share of bodies with G <= .8 whose middle height is the least.
    """

    normals: dict[str, np.ndarray]
    column: dict[str, np.ndarray]
    kyphosis_degrees: tuple[float, float]
    excursion_mm: tuple[float, float]
    grade_shares: np.ndarray
    middle_least: float


def measure(patients: list[Patient]) -> PatientStatistics:
    """Measure patients from their keypoints alone.

    :param patients: at least two.
    """
    points = {
        level: np.array([v.keypoints_ras for p in patients for v in p.vertebrae if v.level == level])
        for level in PUBLISHED_NORMALS
    }
    below = {level: _facing(patients, level) for level in PUBLISHED_COLUMN}
    kyphosis = np.array([_kyphosis_degrees(p) for p in patients])
    excursion = np.array([_excursion_mm(p) for p in patients])
    heights = np.concatenate([_heights(points[level]) for level in points if level != "C7"])
    index = heights.min(1) / heights.max(1)
    shares = np.array([(index > 0.8).mean(), ((index <= 0.8) & (index > 0.74)).mean(),
                       ((index <= 0.74) & (index > 0.6)).mean(), (index <= 0.6).mean()])  # fmt: skip
    low = heights[index <= 0.8]
    return PatientStatistics(
        {level: _normal_row(points[level]) for level in points},
        {level: np.concatenate([_tilt_row(points[level]), below[level]]) for level in below},
        (float(kyphosis.mean()), float(kyphosis.std())),
        (float(np.median(excursion)), float(np.quantile(excursion, 0.95))),
        shares,
        float((low.argmin(1) == 1).mean()) if len(low) else 0.0,
    )


def _heights(points: np.ndarray) -> np.ndarray:
    return np.linalg.norm(points[:, 0::2] - points[:, 1::2], axis=-1)


def _normal_row(points: np.ndarray) -> np.ndarray:
    heights = _heights(points)
    normal = heights.min(1) / heights.max(1) > 0.8
    heights, points = heights[normal], points[normal]
    ratios = heights[:, :2] / heights[:, 2:]
    pairs = [*heights.T, *ratios.T]
    depth = [np.linalg.norm(points[:, i] - points[:, i + 4], axis=1).mean() for i in (0, 1)]
    return np.array([value for column in pairs for value in (column.mean(), column.std())] + depth)


def _tilt_degrees(points: np.ndarray) -> np.ndarray:
    backward = points[:, 4] - points[:, 0] + points[:, 5] - points[:, 1]
    return np.rad2deg(np.arctan2(-backward[:, 2], np.linalg.norm(backward[:, :2], axis=1)))


def _tilt_row(points: np.ndarray) -> np.ndarray:
    tilt = _tilt_degrees(points)
    return np.array([tilt.mean(), tilt.std()])


def _facing(patients: list[Patient], level: str) -> np.ndarray:
    gaps = []
    for patient in patients:
        for upper, lower in zip(patient.vertebrae[:-1], patient.vertebrae[1:], strict=True):
            if upper.level == level:
                gaps.append(np.linalg.norm(upper.keypoints_ras[1::2] - lower.keypoints_ras[0::2], axis=1))
    return np.mean(gaps, axis=0)


def _points_of(patient: Patient, level: str) -> np.ndarray | None:
    return next((v.keypoints_ras for v in patient.vertebrae if v.level == level), None)


def _kyphosis_degrees(patient: Patient) -> float:
    upper, lower = _points_of(patient, "T4"), _points_of(patient, "T12")
    if lower is None:
        lower = _points_of(patient, "T11")
    assert upper is not None
    assert lower is not None
    first, last = upper[4] - upper[0], lower[5] - lower[1]
    angles = [np.rad2deg(np.arctan2(-d[2], -d[1])) for d in (first, last)]
    return float(angles[1] - angles[0])


def _excursion_mm(patient: Patient) -> float:
    seen = [v.keypoints_ras[:, 0].mean() for v in patient.vertebrae if 8 <= v.number <= 20]
    return float(np.ptp(seen))
