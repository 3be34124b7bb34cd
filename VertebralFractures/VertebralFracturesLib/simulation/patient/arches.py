"""Posterior elements of a vertebra: pedicles, laminae, articular, transverse and spinous processes as capsules."""

from dataclasses import dataclass

import numpy as np

from .level_tables import by_knots
from .shapes import BodyShape, Capsules

# Means by level number, in mm and degrees, of an average adult; chosen by eye so that posterior elements look like
# those of real CTs, and not measured. Pedicles and canal of L5 are near those of published CTs from New Zealand.
_PEDICLE_HALF_WIDTH = {3: 2.4, 7: 3.0, 8: 4.0, 11: 2.4, 15: 2.6, 18: 3.6, 20: 3.6, 22: 4.8, 24: 7.0}
_PEDICLE_HALF_HEIGHT = {3: 3.4, 8: 4.6, 13: 5.6, 19: 7.8, 22: 7.2, 24: 6.8}
_CANAL_HALF_WIDTH = {2: 12.0, 5: 12.5, 8: 10.0, 12: 8.2, 17: 8.6, 20: 11.0, 24: 13.5}
_CANAL_DEPTH = {2: 17.0, 4: 14.5, 8: 15.0, 14: 15.5, 20: 16.5, 24: 16.0}
_LAMINA_HALF_HEIGHT = {3: 5.2, 8: 9.0, 15: 11.0, 19: 10.5, 22: 9.0, 24: 6.5}
_SPINOUS_ANGLE = {
    2: 10.0,
    3: 22.0,
    5: 28.0,
    7: 46.0,
    8: 53.0,
    10: 63.0,
    12: 67.0,
    15: 68.0,
    17: 60.0,
    18: 46.0,
    19: 36.0,
    20: 27.0,
    24: 22.0,
}
_SPINOUS_LENGTH = {
    2: 16.0,
    4: 14.0,
    6: 20.0,
    7: 29.0,
    8: 30.0,
    10: 31.0,
    13: 38.0,
    16: 37.0,
    18: 28.0,
    19: 25.0,
    22: 26.0,
    24: 17.0,
}
_SPINOUS_HALF_HEIGHT = {2: 6.0, 4: 3.6, 7: 5.2, 10: 5.8, 15: 6.2, 18: 7.5, 20: 9.5, 22: 10.5, 24: 7.5}
_SPINOUS_HALF_WIDTH = {2: 4.0, 7: 3.4, 15: 3.3, 20: 3.0, 24: 3.0}
_TRANSVERSE_LENGTH = {
    2: 6.0,
    6: 9.0,
    7: 14.0,
    8: 20.0,
    12: 19.0,
    16: 17.0,
    18: 11.0,
    19: 7.0,
    20: 15.0,
    22: 22.0,
    24: 17.0,
}


@dataclass(frozen=True, eq=False)
class Arch:
    """A posterior arch and the canal it encloses, in the vertebra's own coordinates.

    :param capsules: the bone.
    :param canal_anterior_mm: anterior coordinate of the canal's centre (negative).
    :param canal_half_width_mm, canal_half_depth_mm: half sizes of the canal.
    :param transverse_tip: (3,) tip of the right transverse process.
    """

    capsules: Capsules
    canal_anterior_mm: float
    canal_half_width_mm: float
    canal_half_depth_mm: float
    transverse_tip: np.ndarray


def make_arch(number: float, body: BodyShape, height_mm: float, size: float, rng: np.random.Generator) -> Arch:
    """Draw a posterior arch.

    :param number: level number, 2 (C2) .. 24 (L5).
    :param body: the body it belongs to.
    :param height_mm: the body's unfractured height.
    :param size: patient's linear size, 1 average.
    :param rng: draws the sizes.
    :return: the arch, in the coordinates of the body.
    """
    arch = _ArchBuilder(number, body, height_mm, size, rng)
    arch.add_pedicle()
    arch.add_laminae()
    arch.add_spinous_process()
    tip = arch.add_transverse_process()
    arch.add_facets()
    if number < 3:
        arch.add_dens()
    columns = [np.array([bone[i] for bone in arch.bones], float) for i in range(6)]
    return Arch(
        Capsules(columns[0], columns[1], columns[2], columns[3], columns[4], columns[5]),
        arch.canal,
        arch.canal_width,
        arch.canal_depth,
        tip,
    )


class _ArchBuilder:
    """The right half of an arch, bone by bone, in the vertebra's own coordinates (right, anterior, superior)."""

    def __init__(self, number: float, body: BodyShape, height_mm: float, size: float, rng: np.random.Generator) -> None:
        self._number, self._height_mm, self._size, self._rng = number, height_mm, size, rng
        self.bones: list[tuple] = []
        self.canal_width, self.canal_depth = self._drawn(_CANAL_HALF_WIDTH, 0.05), self._drawn(_CANAL_DEPTH, 0.06) / 2
        self._wall = body.posterior_wall_mm / (1 + 0.5 * body.canal_notch)
        self.canal = -(self._wall + self.canal_depth)
        self._pedicle, self._pedicle_height = self._drawn(_PEDICLE_HALF_WIDTH), self._drawn(_PEDICLE_HALF_HEIGHT)
        self._lumbar = float(np.clip((number - 18.5) / 2, 0, 1))
        self._cervical = float(np.clip(8 - number, 0, 1))
        self._pedicle_up = height_mm * (0.2 - 0.02 * self._lumbar - 0.18 * self._cervical)
        self._lateral = self.canal_width + self._pedicle
        self._lamina_down = -height_mm * (0.18 if not self._cervical else 0.1)
        self._back = self.canal - self.canal_depth - 3.2

    def _drawn(self, knots: dict[int, float], spread: float = 0.07) -> float:
        mean = float(by_knots(self._number, knots)) * self._size
        return mean * float(np.exp(self._rng.normal(0, spread)))

    def _bone(
        self,
        start: tuple,
        end: tuple,
        radius: float,
        radius_end: float,
        flat: tuple = (1, 0, 0),
        flatness: float = 1.0,
    ) -> None:
        self.bones.append((start, end, radius, radius_end, np.array(flat, float) / np.linalg.norm(flat), flatness))

    def add_pedicle(self) -> None:
        """From the body to the articular pillar."""
        height = self._pedicle_height
        self._bone(
            (self._lateral, -0.55 * self._wall, self._pedicle_up),
            (self._lateral, self.canal - 1, self._pedicle_up),
            height,
            height,
            (1, 0, 0),
            max(1.0, height / self._pedicle),
        )

    def add_laminae(self) -> None:
        """From the pillar to the middle, in two pieces."""
        lamina, tilted = self._drawn(_LAMINA_HALF_HEIGHT), 1 - self._cervical
        middle = (0.72 * self.canal_width, self._back + 2.4, self._lamina_down)
        self._bone(
            (self._lateral - 0.5, self.canal - 2, self._pedicle_up - 3),
            middle,
            lamina,
            lamina,
            (0.75, -0.65, -0.3 * tilted),
            lamina / 2.8,
        )
        end = (0.5, self._back - 1.5, self._lamina_down - 1)
        self._bone(middle, end, lamina, lamina, (0.45, -0.85, -0.35 * tilted), lamina / 3.0)

    def add_spinous_process(self) -> None:
        """Backwards and down, with a broader tip."""
        angle = np.deg2rad(float(by_knots(self._number, _SPINOUS_ANGLE)) + self._rng.normal(0, 4))
        length, height = self._drawn(_SPINOUS_LENGTH), self._drawn(_SPINOUS_HALF_HEIGHT)
        flatness = height / self._drawn(_SPINOUS_HALF_WIDTH, 0.1)
        start = (0.0, self._back - 0.8, self._lamina_down + 1.0)
        end = (0.0, start[1] - length * np.cos(angle), start[2] - length * np.sin(angle))
        self._bone(start, end, height, height * self._rng.uniform(0.7, 1.0), (1, 0, 0), flatness)
        tip_width = float(self._rng.uniform(1.1, 1.7))
        self._bone(
            (0.0, end[1] + 2 * np.cos(angle), end[2] + 2 * np.sin(angle)),
            end,
            height * 0.75,
            height * 0.7,
            (1, 0, 0),
            max(1.0, flatness / tip_width),
        )

    def add_transverse_process(self) -> np.ndarray:
        """To the side; costal in the lumbar spine.

        :return: its tip (3,).
        """
        length, size, lateral, up = self._drawn(_TRANSVERSE_LENGTH, 0.1), self._size, self._lateral, self._pedicle_up
        if self._lumbar > 0.5:
            tip = np.array([lateral + length, self.canal + 2, up + 1])
            self._bone((lateral, self.canal + 4, up - 1), tuple(tip), 5.0 * size, 4.0 * size, (0, 1, 0), 2.0)
        elif self._cervical > 0.5:
            tip = np.array([lateral + length, self.canal + 8, -1.0])
            self._bone((lateral - 1, self.canal + 3, 0), tuple(tip), 4.0 * size, 3.5 * size, (0, 0, 1), 1.2)
        else:
            tip = np.array([lateral + length * 0.86, self.canal - 4 - length * 0.5, up - 1.0])
            self._bone((lateral, self.canal - 4, up - 3), tuple(tip), 5.0 * size, 5.0 * size, (0, 1, 0), 1.25)
        return tip

    def add_facets(self) -> None:
        """The superior and the inferior articular process."""
        is_lumbar, half, size = self._lumbar > 0.5, self._height_mm * 0.5, self._size
        facet, wide = ((1.0, -0.25, 0.0), 6.0) if is_lumbar else ((0.0, 1.0, 0.25), 6.6)
        self._bone(
            (self._lateral - 0.5, self.canal - 3, self._pedicle_up),
            (self._lateral + (3.5 if is_lumbar else -0.5), self.canal - 4.5, half + 4),
            wide * size,
            wide * 0.9 * size,
            facet,
            2.2,
        )
        inner = (0.8 if is_lumbar else 0.85) * self.canal_width
        self._bone(
            (inner, self._back + 1, self._lamina_down),
            (inner + (1.5 if is_lumbar else 1), self.canal - 10.8, -half - 5),
            wide * size,
            wide * 0.95 * size,
            facet,
            2.2,
        )

    def add_dens(self) -> None:
        """The dens of C2 and its lateral masses."""
        height, size = self._height_mm, self._size
        self._bone((0.0, -1.0, 0.3 * height), (0.0, 1.0, 0.5 * height + 17), 6.0 * size, 5.0 * size)
        self._bone((8.0, -3, 0.35 * height), (13.0, -4, 0.4 * height), 6.5 * size, 5.5 * size, (0, 0, 1), 1.3)
