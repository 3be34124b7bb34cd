"""Distance to many tapered, flattened tubes (ribs, vessels, airways) through a cell grid."""

from dataclasses import dataclass, field

import numpy as np

_CELL_MM = 10.0
_SLOTS = 6
"""Side of a cell, and tubes that one can hold; more in one cell, the thinnest are left out. Chosen for speed."""


@dataclass
class TubeBuilder:
    """Collects polylines as tube segments; see :meth:`add`."""

    rows: list[np.ndarray] = field(default_factory=list)

    def add(
        self,
        points_ras: np.ndarray,
        radius_mm: np.ndarray | float,
        hu_core: float,
        hu_shell: float | None = None,
        shell_mm: float = 0.0,
        flat: np.ndarray | None = None,
        flatness: float = 1.0,
    ) -> None:
        """Add one polyline.

        :param points_ras: (n, 3) mm.
        :param radius_mm: scalar or (n,).
        :param hu_core: inside the shell.
        :param hu_shell: shell value, as the core when None.
        :param shell_mm: shell thickness.
        :param flat: (3,) or (n-1, 3) unit direction along which the tube is thinner.
        :param flatness: how many times thinner.
        """
        points = np.asarray(points_ras, float)
        count = len(points) - 1
        radius = np.broadcast_to(np.asarray(radius_mm, float), len(points))
        direction = np.broadcast_to(np.zeros(3) if flat is None else np.asarray(flat, float), (count, 3))
        shell = hu_core if hu_shell is None else hu_shell
        constants = np.broadcast_to([flatness, hu_core, shell, shell_mm], (count, 4))
        self.rows.append(
            np.hstack(
                [
                    points[:-1],
                    np.diff(points, axis=0),
                    radius[:-1, None],
                    np.diff(radius)[:, None],
                    direction,
                    constants,
                ]
            )
        )

    def build(self) -> "TubeSet":
        """All tubes that were added, ready to be evaluated."""
        return TubeSet(np.vstack(self.rows) if self.rows else np.zeros((0, 15)))


class TubeSet:
    """Tubes that can be evaluated at points.

    :param rows: (n, 15) start, direction, start radius, radius change, flat direction, flatness, core HU, shell HU,
        shell mm.
    """

    def __init__(self, rows: np.ndarray) -> None:
        self.count = len(rows)
        if not self.count:
            return
        self._start = np.ascontiguousarray(rows[:, :3].T, np.float32)
        self._along = np.ascontiguousarray(rows[:, 3:6].T, np.float32)
        self._inverse_length2 = (1 / np.maximum((rows[:, 3:6] ** 2).sum(1), 1e-6)).astype(np.float32)
        self._radius, self._taper = rows[:, 6].astype(np.float32), rows[:, 7].astype(np.float32)
        self._flat = np.ascontiguousarray(rows[:, 8:11].T, np.float32)
        flatness = rows[:, 11]
        self._any_flat = bool((flatness != 1).any())
        self._flat2, self._flat4 = (flatness**2 - 1).astype(np.float32), (flatness**4 - 1).astype(np.float32)
        self.hu_core, self.hu_shell, self.shell_mm = (rows[:, i].astype(np.float32) for i in (12, 13, 14))
        self._build_cells(rows)

    def _build_cells(self, rows: np.ndarray) -> None:
        reach = np.maximum(rows[:, 6], rows[:, 6] + rows[:, 7]) + 1.5
        low = np.minimum(rows[:, :3], rows[:, :3] + rows[:, 3:6]) - reach[:, None]
        high = np.maximum(rows[:, :3], rows[:, :3] + rows[:, 3:6]) + reach[:, None]
        self.low, self.high = low.min(0).astype(np.float32), high.max(0).astype(np.float32)
        self._shape = np.ceil((self.high - self.low) / _CELL_MM).astype(int) + 1
        cells = np.full((*self._shape, _SLOTS), -1, np.int16)
        used = np.zeros(self._shape, np.int8)
        for number in np.argsort(-reach):
            first = ((low[number] - self.low) / _CELL_MM).astype(int)
            last = ((high[number] - self.low) / _CELL_MM).astype(int)
            axes = [np.arange(f, min(e, n - 1) + 1) for f, e, n in zip(first, last, self._shape, strict=True)]
            grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
            centre = self.low + (grid + 0.5) * _CELL_MM - rows[number, :3]
            share = np.clip(centre @ rows[number, 3:6] * self._inverse_length2[number], 0, 1)
            gap = np.linalg.norm(centre - share[:, None] * rows[number, 3:6], axis=1)
            grid = grid[gap < reach[number] + _CELL_MM * 0.87]
            slot = used[tuple(grid.T)]
            free = slot < _SLOTS
            grid, slot = grid[free], slot[free]
            cells[(*grid.T, slot)] = number
            used[tuple(grid.T)] += 1
        self._cells, self._used = cells.reshape(-1, _SLOTS), used.ravel()

    def nearest(self, points_ras: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """Depth inside the tubes near each point.

        :param points_ras: (3, n) float32.
        :return: indices of the points that lie in an occupied cell, their depth (mm, positive inside), tube number;
            None when there are none.
        """
        if not self.count:
            return None
        if (points_ras.max(1) < self.low).any() or (points_ras.min(1) > self.high).any():
            return None
        flat_index, inside = self._cell_of(points_ras)
        used = self._used[flat_index] * inside
        chosen = np.flatnonzero(used)
        if not len(chosen):
            return None
        cell, used, points = flat_index[chosen], used[chosen], points_ras[:, chosen]
        winner = self._cells[cell, 0]
        depth = self._depth(points, winner)
        for slot in range(1, int(used.max())):
            here = np.flatnonzero(used > slot)
            number = self._cells[cell[here], slot]
            value = self._depth(points[:, here], number)
            better = np.flatnonzero(value > depth[here])
            depth[here[better]], winner[here[better]] = value[better], number[better]
        return chosen, depth, winner

    def _cell_of(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        flat_index: np.ndarray = np.zeros(points.shape[1], np.int32)
        inside: np.ndarray = np.ones(points.shape[1], bool)
        for axis in range(3):
            index = np.floor((points[axis] - self.low[axis]) * np.float32(1 / _CELL_MM)).astype(np.int32)
            inside &= (index >= 0) & (index < self._shape[axis])
            flat_index = flat_index * np.int32(self._shape[axis]) + index
        flat_index[~inside] = 0
        return flat_index, inside

    def _depth(self, points: np.ndarray, number: np.ndarray) -> np.ndarray:
        along = [self._along[axis][number] for axis in range(3)]
        offset = [points[axis] - self._start[axis][number] for axis in range(3)]
        dot = offset[0] * along[0] + offset[1] * along[1] + offset[2] * along[2]
        share = np.clip(dot * self._inverse_length2[number], 0, 1)
        for axis in range(3):
            offset[axis] -= share * along[axis]
        square = offset[0] * offset[0] + offset[1] * offset[1] + offset[2] * offset[2] + np.float32(1e-6)
        radius = self._radius[number] + share * self._taper[number]
        if not self._any_flat:
            return radius - np.sqrt(square)
        flat = sum(offset[axis] * self._flat[axis][number] for axis in range(3)) ** 2
        distance = np.sqrt(square + self._flat2[number] * flat)
        slope = np.sqrt(square + self._flat4[number] * flat) / distance
        return (radius - distance) / slope
