"""The vertebrae of synthetic patients as studies see them: partly, turned, and with errors."""

from functools import lru_cache

import numpy as np
from helpers.spine_shapes import curve_through, turned_deg
from numpy.typing import NDArray
from VertebralFracturesLib.core.report import SpineReport, Vertebra
from VertebralFracturesLib.simulation.patient.anatomy import make_patient

UNCERTAINTY_MM = 0.9


@lru_cache
def bodies_ras(seed: int) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Keypoints (n, 6, 3) and levels of the vertebrae of a patient from C3 down."""
    vertebrae = [one for one in make_patient(seed).vertebrae if one.level not in ("C1", "C2")]
    return np.array([one.keypoints_ras for one in vertebrae]), tuple(one.level for one in vertebrae)


def study(
    points_ras: NDArray[np.float64],
    levels: tuple[str | None, ...],
    seed: int = 0,
    error_mm: float = 0.4,
    confidence: float = 0.9,
) -> SpineReport:
    """A study of a patient in another position, each point with an error of its own."""
    rng = np.random.default_rng(seed)
    turned = points_ras @ turned_deg(0, rng.uniform(-15, 15)).T + rng.uniform(-80, 80, 3)
    measured = turned + rng.normal(0, error_mm, turned.shape)
    vertebrae = tuple(
        Vertebra(points, 0.95, np.full(6, UNCERTAINTY_MM), level, confidence)
        for points, level in zip(measured, levels, strict=True)
    )
    return SpineReport("test", {"case_id": f"study {seed}"}, "anchor-free", "level-aware",
                       curve_through(measured.mean(1)), vertebrae)  # fmt: skip


def pressed(points_ras: NDArray[np.float64], loss: float) -> NDArray[np.float64]:
    """A body (6, 3) whose superior anterior and middle points have come down by a share of their heights."""
    lower = points_ras.copy()
    for superior, inferior in ((0, 1), (2, 3)):
        lower[superior] += loss * (points_ras[inferior] - points_ras[superior])
    return lower
