"""What an analysis without any error would find in a synthetic patient."""

from collections.abc import Sequence

import numpy as np

from ..core.heights.genant import DEFAULT_PRESET
from ..core.report import SpineReport, Vertebra
from ..core.spine_curve import SpineCurve
from ..core.volume import Volume
from .patient.anatomy import Patient
from .trunk.spine_table import SpineTable

_CANAL_STEP_MM = 2.0
"""The step of a patient's curve."""


def true_report(patient: Patient, levels: Sequence[str]) -> SpineReport:
    """A report that holds the truth.

    :param patient: whose keypoints and curve it takes.
    :param levels: the vertebrae that it holds.
    :return: keypoints without uncertainty, curve and levels; it has no versions.
    """
    vertebrae = tuple(
        Vertebra(one.keypoints_ras, 1.0, np.zeros(len(one.keypoints_ras)), one.level, 1.0)
        for one in patient.vertebrae
        if one.level in levels
    )
    curve = SpineCurve(patient.curve_ras, np.ones(len(patient.curve_ras)))
    return SpineReport("synthetic patient", {}, "truth", DEFAULT_PRESET, curve, vertebrae)


def true_canal(patient: Patient) -> np.ndarray:
    """Centre line of the spinal canal as it is rendered, from the top of C2 to the bottom of L5.

    :param patient: whose canal.
    :return: (n, 3) RAS mm, cranial to caudal, about every 2 mm.
    """
    table = SpineTable(patient)
    top, bottom = patient.extent_superior_mm
    superior = np.linspace(top, bottom, max(4, round((top - bottom) / _CANAL_STEP_MM)))
    across = [np.interp(superior, table.superior, side) for side in (table.canal_right, table.canal_anterior)]
    return np.column_stack([*across, superior])


def blank_ct(curve: SpineCurve, spacing_mm: float = 5.0, around_mm: float = 100.0) -> Volume:
    """A volume of water around a curve, for where the image does not matter.

    :param curve: in RAS mm.
    :param spacing_mm: size of the voxels.
    :param around_mm: how far the volume reaches beyond the curve.
    """
    low, high = curve.points_ras.min(0) - around_mm, curve.points_ras.max(0) + around_mm
    columns, rows, slices = (int(count) for count in np.ceil((high - low) / spacing_mm))
    ijk_to_ras = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    ijk_to_ras[:3, 3] = low
    return Volume(np.zeros((slices, rows, columns), np.int16), ijk_to_ras)
