"""Mean dimensions of the spine per level, about which patients are drawn.

The tables C2 .. L5 have a line each for the neck, T1 .. T12 and the lumbar spine. Heights, ratios, depths, tilts and
gaps of T1 .. L2 are statistics of 100 annotated chest CTs (annotations published with Pisov 2020 and Zakharov 2023,
bodies with G > 0.8); lumbar values follow published CT and cadaver series (Panjabi 1991 and 1992, lumbar CTs from New
Zealand), cervical values are extrapolated.

Posterior heights from C7 down are those of ``core.heights.norms``. The ratios differ from the norms there for a reason:
a norm is the robust median that z-scores are counted from, while a population of patients also has a mean, which is
higher in the thoracic spine; T1 .. L1 lie halfway between the mean and the median of the same bodies. Of discs, depths,
widths and tilts ``core.heights.norms`` has nothing.

Level numbers: C1 = 1 .. C7 = 7, T1 = 8 .. T12 = 19, L1 = 20 .. L5 = 24, S1 = 25; fractions are supernumerary levels.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...core import levels
from ...core.heights.norms import HEIGHT_NORMS

LEVEL_NAMES: tuple[str, ...] = (*levels.LEVEL_NAMES, "S1")
LEVEL_NUMBERS: dict[str, float] = {**levels.LEVEL_NUMBERS, "S1": 25.0}
"""Names and numbers of the levels of a patient."""

FIRST_NUMBER = 2
"""The tables' first level is C2."""

# fmt: off
# Means as told at the head of the module; what was measured is what Testing/helpers/patient_statistics.py lists.
HEIGHT_POSTERIOR_MM = np.array([
    17.5, 13.9, 13.6, 13.4, 13.6,
    *(HEIGHT_NORMS[level].mean_mm[2] for level in levels.LEVEL_NAMES[6:24]),
])
ANTERIOR_RATIO = np.array([
    0.97, 0.97, 0.96, 0.95, 0.95, 0.975,
    0.959, 0.976, 0.958, 0.940, 0.914, 0.886, 0.876, 0.898, 0.925, 0.946, 0.919, 0.923,
    0.938, 0.971, 1.02, 1.06, 1.14,
])
MIDDLE_RATIO = np.array([
    0.88, 0.88, 0.875, 0.875, 0.875, 0.873,
    0.866, 0.864, 0.857, 0.855, 0.851, 0.850, 0.851, 0.852, 0.858, 0.869, 0.859, 0.866,
    0.866, 0.862, 0.87, 0.88, 0.89,
])
DEPTH_SUPERIOR_MM = np.array([
    13.5, 14.0, 14.3, 14.6, 14.8, 14.8,
    14.7, 16.0, 17.8, 19.9, 21.5, 23.1, 24.5, 26.1, 27.1, 27.5, 27.6, 28.0,
    29.0, 29.8, 30.5, 31.0, 31.0,
])
DEPTH_INFERIOR_MM = np.array([
    14.2, 14.6, 14.9, 15.0, 15.0, 14.7,
    15.7, 17.6, 19.5, 21.4, 22.9, 24.5, 25.7, 26.9, 27.4, 27.8, 27.8, 28.0,
    29.5, 29.9, 30.6, 31.0, 30.0,
])
WIDTH_TO_DEPTH = np.array([
    1.15, 1.2, 1.22, 1.25, 1.3, 1.4,
    1.40, 1.30, 1.15, 1.08, 1.05, 1.03, 1.03, 1.05, 1.05, 1.07, 1.12, 1.19,
    1.22, 1.24, 1.27, 1.31, 1.36,
])
GAP_ANTERIOR_MM = np.array([
    3.0, 3.2, 3.3, 3.3, 3.2, 3.1,
    3.0, 2.5, 2.1, 1.9, 2.0, 2.3, 2.7, 3.1, 3.4, 3.9, 4.9, 6.4,
    7.7, 8.6, 9.6, 11.0, 12.0,
])
GAP_POSTERIOR_MM = np.array([
    2.6, 2.6, 2.6, 2.6, 2.5, 2.5,
    2.5, 2.4, 2.2, 2.1, 2.2, 2.3, 2.5, 2.5, 2.5, 2.6, 3.4, 4.1,
    4.5, 5.0, 5.5, 5.5, 4.8,
])
TILT_DEGREES = np.array([
    -4.0, -5.0, -8.0, -12.0, -17.0, -23.0,
    -26.6, -26.8, -25.0, -21.1, -16.3, -10.0, -3.1, 2.5, 5.9, 7.5, 9.5, 11.9,
    13.0, 10.5, 5.0, -2.0, -13.0,
])
DISC_WEDGE_SD_DEGREES = np.array([
    2.5, 2.5, 2.5, 2.5, 2.5, 3.0,
    3.0, 2.5, 1.6, 1.5, 1.5, 1.6, 1.6, 1.5, 1.5, 1.6, 2.0, 2.6,
    2.8, 3.0, 3.0, 3.5, 4.0,
])
# fmt: on

MEASURED_DISC_WEDGE_DEGREES = np.array([-2.4, -0.7, 0.1, 0.2, 0.3, 0.5, -0.5, -1.1, -1.8, -2.3, -3.2, -3.5])
"""Mean wedges of the discs T1/2 .. T12/L1 between normal bodies of the same CTs."""

SACRUM_TILT_DEGREES = -28.0
"""Mean tilt of S1; its source was not written down."""

CURVE_SHARE_AT_PELVIS = 0.5
"""How much of a lateral curve is left at S1; with it L5 is tilted and rotated as in 1781 CTs (VID keypoints)."""

# Of the endplates' depression at the midline, what is lost towards the sides, and how much further back the posterior
# wall lies beside the canal, both as in the masks of five VerSe patients (53 endplates). Superior endplates are troughs
# from T11 down, inferior ones bowls whose sides stand out. Level number -> mm
SUPERIOR_BOWL_MM = {7: 2.5, 8: 2.5, 9: 1.2, 10: 0.9, 17: 0.9, 18: 0.3, 19: 0.0, 20: -0.2, 23: -0.2, 24: 0.0}
INFERIOR_BOWL_MM = {8: 1.2, 11: 2.0, 16: 1.4, 18: 1.1, 20: 1.2, 21: 1.6, 22: 2.1, 23: 3.3, 24: 2.7}
BOWL_SD_MM = 0.5
HOLLOW_MM = {7: 0.0, 8: 0.8, 9: 1.8, 10: 3.2, 12: 3.6, 16: 2.3, 19: 2.2, 20: 1.9, 21: 1.0, 22: 0.6, 23: 0.2, 24: 0.0}
HOLLOW_SD_MM = 0.8

# Standard deviations between patients and within one. Measured on bodies with G > 0.8 of the same chest CTs were 0.058
# and 0.035 of the logarithm of heights (here the latter is parted into a drift along the spine and this rest), (0.024,
# 0.043) and (0.023, 0.027) of the ratios; why slightly less is drawn within patients was not written down. Those of
# depths and gaps are chosen by eye.
PATIENT_SIZE_LOG_SD = 0.058
HEIGHT_RESIDUAL_LOG_SD = 0.026
ANTERIOR_RATIO_SD = (0.024, 0.040)
MIDDLE_RATIO_SD = (0.021, 0.026)
DEPTH_LOG_SD = (0.07, 0.03)
GAP_LOG_SD = (0.16, 0.17)


def at_level(table: np.ndarray, number: float) -> float:
    """Value of a C2 .. L5 table at a level, linear between levels.

    :param table: (23,) values for C2 .. L5.
    :param number: level number; above C2 and below L5 these count.
    """
    return float(np.interp(number, np.arange(FIRST_NUMBER, FIRST_NUMBER + len(table)), table))


def by_knots(number: float | np.ndarray, knots: Mapping[Any, float]) -> np.ndarray:
    """Piecewise linear value over the level number.

    :param number: level numbers, any shape.
    :param knots: level number to value, ascending; beyond the first and the last one these count.
    :return: values of the same shape.
    """
    return np.interp(number, np.array(list(knots)), np.array(list(knots.values())))
