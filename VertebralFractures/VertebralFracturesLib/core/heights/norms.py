"""What vertebrae of each level normally measure: heights, height ratios and distances between body centres.

The one place for the norms that results are compared with. Synthetic patients are drawn from finer tables of their own
(``simulation/patient``), so that a result is never judged by the patient it was made from.

Heights and ratios: 100 chest CTs of older adults, mean over two to four readers, vertebrae with G > 0.8 (computed from
the annotation published with Zakharov 2023; heights between the annotated endplate points, so that the middle height
includes the concavity of both endplates). The heights of L3 to L5, which those CTs do not show, follow the ratios of
healthy lumbar bodies and carry no standard deviation: they scale heights between neighbours. The ratios of L2 are means
of 16 bodies of those CTs; those of L3 to L5 follow the wedge angles of healthy lumbar bodies (PMC2899959, table 1) and
the heights of L5 in healthy adults (anterior 30.3 mm, posterior 26.3 mm, standard deviation 1.9 mm each), with
deviations that grow towards L5 as they do there.

Spacings: medians of the distance between consecutive body centres in 2116 CTs (computed from the ImFusion VID
keypoints).
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class HeightNorm:
    """Normal heights of one level.

    :param mean_mm: anterior, middle and posterior height in mm.
    :param sd_mm: standard deviation of each over patients in mm, or None where no measured one is known.
    """

    mean_mm: tuple[float, float, float]
    sd_mm: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class RatioNorm:
    """Normal ratio of two heights of one level: median and robust standard deviation."""

    median: float
    sd: float


HEIGHT_NORMS = {
    "C7": HeightNorm((15.1, 13.5, 15.4), (1.4, 1.2, 1.2)),
    "T1": HeightNorm((16.6, 15.1, 17.4), (1.5, 1.6, 1.5)),
    "T2": HeightNorm((17.9, 16.0, 18.4), (1.4, 1.4, 1.3)),
    "T3": HeightNorm((18.3, 16.4, 19.1), (1.2, 1.3, 1.2)),
    "T4": HeightNorm((18.5, 16.9, 19.7), (1.3, 1.3, 1.3)),
    "T5": HeightNorm((18.9, 17.6, 20.5), (1.4, 1.4, 1.4)),
    "T6": HeightNorm((18.7, 18.0, 20.9), (1.4, 1.5, 1.6)),
    "T7": HeightNorm((18.8, 18.2, 21.2), (1.2, 1.2, 1.3)),
    "T8": HeightNorm((19.6, 18.6, 21.7), (1.4, 1.3, 1.6)),
    "T9": HeightNorm((20.6, 19.2, 22.3), (1.4, 1.4, 1.4)),
    "T10": HeightNorm((22.3, 20.5, 23.6), (1.4, 1.3, 1.4)),
    "T11": HeightNorm((23.3, 21.9, 25.3), (1.5, 1.4, 1.5)),
    "T12": HeightNorm((24.9, 23.3, 26.8), (1.6, 1.5, 1.7)),
    "L1": HeightNorm((26.5, 24.8, 28.4), (1.6, 1.5, 1.8)),
    "L2": HeightNorm((27.9, 24.8, 28.8), (1.2, 1.4, 1.8)),
    "L3": HeightNorm((29.1, 25.1, 28.5)),
    "L4": HeightNorm((29.5, 24.5, 27.8)),
    "L5": HeightNorm((30.3, 23.1, 26.3)),
}
"""Normal heights per level, C7 to L5."""

ANTERIOR_POSTERIOR_NORMS = {
    "T1": RatioNorm(0.961, 0.050),
    "T2": RatioNorm(0.976, 0.054),
    "T3": RatioNorm(0.958, 0.063),
    "T4": RatioNorm(0.940, 0.039),
    "T5": RatioNorm(0.907, 0.050),
    "T6": RatioNorm(0.877, 0.057),
    "T7": RatioNorm(0.867, 0.051),
    "T8": RatioNorm(0.891, 0.060),
    "T9": RatioNorm(0.924, 0.056),
    "T10": RatioNorm(0.945, 0.053),
    "T11": RatioNorm(0.918, 0.066),
    "T12": RatioNorm(0.916, 0.066),
    "L1": RatioNorm(0.939, 0.066),
    "L2": RatioNorm(0.971, 0.053),
    "L3": RatioNorm(1.02, 0.055),
    "L4": RatioNorm(1.06, 0.06),
    "L5": RatioNorm(1.15, 0.08),
}
"""Anterior over posterior height per level, T1 to L5."""

MIDDLE_POSTERIOR_NORMS = {
    "T1": RatioNorm(0.861, 0.045),
    "T2": RatioNorm(0.859, 0.038),
    "T3": RatioNorm(0.851, 0.044),
    "T4": RatioNorm(0.851, 0.038),
    "T5": RatioNorm(0.843, 0.047),
    "T6": RatioNorm(0.840, 0.048),
    "T7": RatioNorm(0.842, 0.050),
    "T8": RatioNorm(0.846, 0.040),
    "T9": RatioNorm(0.852, 0.044),
    "T10": RatioNorm(0.863, 0.031),
    "T11": RatioNorm(0.852, 0.039),
    "T12": RatioNorm(0.861, 0.044),
    "L1": RatioNorm(0.858, 0.041),
    "L2": RatioNorm(0.862, 0.027),
    "L3": RatioNorm(0.88, 0.04),
    "L4": RatioNorm(0.88, 0.04),
    "L5": RatioNorm(0.88, 0.05),
}
"""Middle over posterior height per level, T1 to L5."""

TYPICAL_SHAPE = (0.93, 0.86, 1.0)
"""Anterior, middle and posterior height of a normal body of unknown level, relative to the posterior one.

The mean of the levels' ratios of height norms, C7 to L2. The level-aware height ratio brings every body to this shape,
so that its cut-offs stay those of the plain ratio.
"""

# Medians in 2116 CTs (see the module).
# fmt: off
_SPACINGS_MM = (
    17.2, 24.2, 17.7, 17.2, 16.5, 17.2, 19.6,
    20.8, 20.8, 20.9, 21.4, 22.1, 22.6, 23.3, 24.0, 25.3, 27.2, 29.6, 32.4,
    34.5, 35.8, 36.4, 36.3,
)
# fmt: on

CENTRES_MM: NDArray[np.float64] = np.concatenate([[0.0], np.cumsum(_SPACINGS_MM)])
"""Position (24,) of the body centres C1 to L5 along a typical spine, in mm below C1."""

SPACING_PATIENT_LOG_SD = 0.064
"""Standard deviation between patients of the logarithm of the spine's scale, in the same CTs as the spacings."""

SPACING_LOG_SD = 0.05
"""Standard deviation within a patient of the logarithm of one spacing between detected centres.

Between marked centres it is 0.037 (robust, with heavy tails), with the error of detection more; at this value the
confidence of the level names given to those CTs is the rate at which they are right.
"""


@cache
def height_growth(from_level: str | None, to_level: str | None) -> NDArray[np.float64]:
    """How much higher a normal body of one level is than one of another.

    The array is kept, because a drag asks for the same pairs of levels at every move; it must not be changed.

    :return: (3,) ratio of the anterior, middle and posterior heights; 1 where a level is not known or has no norm.
    """
    if from_level not in HEIGHT_NORMS or to_level not in HEIGHT_NORMS:
        return np.ones(3)
    return np.asarray(HEIGHT_NORMS[to_level].mean_mm) / np.asarray(HEIGHT_NORMS[from_level].mean_mm)


def normal_shape(level: str | None) -> NDArray[np.float64]:
    """Normal anterior, middle and posterior heights (3,) of a level relative to its posterior height.

    The robust ratio norms where there are any, else the ratio of the height norms, else :data:`TYPICAL_SHAPE`.
    """
    if level in ANTERIOR_POSTERIOR_NORMS:
        return np.array([ANTERIOR_POSTERIOR_NORMS[level].median, MIDDLE_POSTERIOR_NORMS[level].median, 1.0])
    if level in HEIGHT_NORMS:
        heights = np.asarray(HEIGHT_NORMS[level].mean_mm)
        return heights / heights[2]
    return np.array(TYPICAL_SHAPE)


def ratio_deviations(level: str | None) -> NDArray[np.float64]:
    """Standard deviations (3,) of the anterior, middle and posterior height relative to the normal shape of a level.

    The anterior and the posterior one are that of their ratio, the middle one that of the middle over the posterior
    height, each as a fraction of the norm; those of a level without a norm are the means over the levels.
    """
    if level in ANTERIOR_POSTERIOR_NORMS:
        pairs = [(ANTERIOR_POSTERIOR_NORMS[level], MIDDLE_POSTERIOR_NORMS[level])]
    else:
        pairs = list(zip(ANTERIOR_POSTERIOR_NORMS.values(), MIDDLE_POSTERIOR_NORMS.values(), strict=True))
    rim, middle = np.mean([[one.sd / one.median for one in pair] for pair in pairs], axis=0)
    return np.array([rim, middle, rim])
