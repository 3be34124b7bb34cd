"""Hounsfield units of the soft tissues and of bone."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Tissues:
    """Hounsfield units of the soft tissues; see :func:`draw_tissues`."""

    fat: float
    muscle: float
    skin: float
    lung: float
    blood: float
    liver: float
    spleen: float
    kidney: float
    bowel: float
    cord: float
    liquor: float
    brain: float
    marrow: float
    cortex: float
    endplate: float
    cartilage: float


def draw_tissues(realism: str, rng: np.random.Generator) -> Tissues:
    """Draw tissue values.

    Means and standard deviations are textbook values of CT without contrast agent, of no single source; those of
    "randomised" are chosen by eye, wide enough that no network can rely on a value.

    :param realism: "realistic" around them, "randomised" widely.
    :param rng: draws the values.
    """
    means = np.array([-102.0, 54, 5, -850, 45, 56, 48, 34, 30, 36, 12, 35, 120, 700, 570, 110])
    spread = np.array([7.0, 7, 20, 35, 5, 7, 6, 5, 10, 4, 5, 3, 50, 120, 110, 30])
    if realism == "randomised":
        spread = np.array([28.0, 35, 40, 90, 45, 45, 45, 45, 50, 35, 40, 30, 90, 260, 260, 80])
    values = means + spread * np.clip(rng.standard_normal(len(means)), -2.2, 2.2)
    values[13:15] = np.maximum(values[13:15], 300)
    values[3] = max(values[3], -980)
    return Tissues(*(float(v) for v in values))
