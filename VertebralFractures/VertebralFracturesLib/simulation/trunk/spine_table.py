"""The column's course as functions of the superior coordinate, for the tissues that follow it."""

import numpy as np
from scipy.interpolate import PchipInterpolator

from ..patient.anatomy import Patient
from ..patient.vertebra import SyntheticVertebra

_STEP_MM = 0.5
"""Between rows; finer than any slice is spaced."""


class SpineTable:
    """A row for every height, from the thighs to above the head, of the column's course and of the canal behind it.

    :param patient: whose column.
    """

    def __init__(self, patient: Patient) -> None:
        column = patient.column
        centres = np.array([v.centre_ras for v in column])
        numbers = np.array([v.number for v in column])
        order = np.argsort(centres[:, 2])
        heights = centres[order, 2]
        self.low = float(heights[0] - 330)
        count = int((heights[-1] + 260 - self.low) / _STEP_MM)
        self.superior = self.low + _STEP_MM * np.arange(count)
        inside = np.clip(self.superior, heights[0], heights[-1])
        self.right = self._column(inside, heights, centres[order, 0])
        self.anterior = self._column(inside, heights, centres[order, 1])
        self.number = np.interp(inside, heights, numbers[order])
        self.number += (self.superior < heights[0]) * (heights[0] - self.superior) / 25 / patient.size
        self.number -= (self.superior > heights[-1]) * (self.superior - heights[-1]) / 25 / patient.size
        free = [v for v in column if v.arch is not None]
        self._add_canal(free)
        wall = np.array(
            [
                [0.5 * v.body.superior.half_width_mm + 0.5 * v.body.inferior.half_width_mm, v.body.posterior_wall_mm]
                for v in column
            ]
        )[order]
        self.half_width, self.half_depth = (np.interp(inside, heights, wall[:, i]) for i in (0, 1))
        tilt = np.array([v.axes[2, 2] for v in column])[order]
        self.upright = np.interp(inside, heights, tilt)

    @staticmethod
    def _column(where: np.ndarray, heights: np.ndarray, values: np.ndarray) -> np.ndarray:
        return PchipInterpolator(heights, values)(where)

    def _add_canal(self, free: list[SyntheticVertebra]) -> None:
        arches = [v.arch for v in free if v.arch is not None]
        points = np.array([v.to_ras(np.array([0, a.canal_anterior_mm, 0])) for v, a in zip(free, arches, strict=True)])
        order = np.argsort(points[:, 2])
        points, arches = points[order], [arches[place] for place in order]
        where = np.clip(self.superior, points[0, 2], points[-1, 2])
        self.canal_right = self._column(where, points[:, 2], points[:, 0])
        self.canal_anterior = self._column(where, points[:, 2], points[:, 1])
        below = np.minimum(self.superior - points[0, 2], 0)
        self.canal_anterior += below * 0.35
        self.canal_half_width = np.interp(where, points[:, 2], [a.canal_half_width_mm for a in arches])
        self.canal_half_depth = np.interp(where, points[:, 2], [a.canal_half_depth_mm for a in arches])

    def index(self, superior_mm: np.ndarray) -> np.ndarray:
        """Row of the tables nearest to superior coordinates.

        :param superior_mm: any shape, float32.
        :return: the same shape; beyond the tables their ends.
        """
        row = ((superior_mm - np.float32(self.low)) * np.float32(1 / _STEP_MM) + np.float32(0.5)).astype(np.int32)
        return np.clip(row, 0, len(self.superior) - 1)

    def at(self, number: float) -> np.ndarray:
        """Body axis at a level number, (3,) RAS.

        :param number: fractions are between bodies.
        """
        row = int(np.argmin(np.abs(self.number - number)))
        return np.array([self.right[row], self.anterior[row], self.superior[row]])

    def body_front(self, number: float) -> float:
        """Half depth of the body at a level number.

        :param number: fractions are between bodies.
        :return: mm.
        """
        return float(self.half_depth[int(np.argmin(np.abs(self.number - number)))])
