"""Posterior elements of a vertebra: pedicles, laminae, articular, transverse and spinous processes as capsules."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .level_tables import by_knots
from .shapes import BodyShape, Capsules

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
    """
    A posterior arch and the canal it encloses, in the vertebra's own coordinates.

    :param capsules: the bone
    :param canal_anterior_mm: anterior coordinate of the canal's centre (negative)
    :param canal_half_width_mm, canal_half_depth_mm: half sizes of the canal
    :param transverse_tip: (3,) tip of the right transverse process
    """

    capsules: Capsules
    canal_anterior_mm: float
    canal_half_width_mm: float
    canal_half_depth_mm: float
    transverse_tip: np.ndarray


def make_arch(number: float, body: BodyShape, height_mm: float, size: float, rng: np.random.Generator) -> Arch:
    """
    Draw a posterior arch.

    :param number: level number, 2 (C2) .. 24 (L5)
    :param body: the body it belongs to
    :param height_mm: the body's unfractured height
    :param size: patient's linear size, 1 average
    """

    def drawn(knots: dict[int, float], spread: float = 0.07) -> float:
        return float(by_knots(number, knots)) * size * float(np.exp(rng.normal(0, spread)))

    canal_width, canal_depth = drawn(_CANAL_HALF_WIDTH, 0.05), drawn(_CANAL_DEPTH, 0.06) / 2
    wall = body.posterior_wall_mm / (1 + 0.5 * body.canal_notch)
    canal = -(wall + canal_depth)
    pedicle, pedicle_height = drawn(_PEDICLE_HALF_WIDTH), drawn(_PEDICLE_HALF_HEIGHT)
    lumbar = float(np.clip((number - 18.5) / 2, 0, 1))
    cervical = float(np.clip(8 - number, 0, 1))
    pedicle_up = height_mm * (0.2 - 0.02 * lumbar - 0.18 * cervical)
    lateral = canal_width + pedicle
    bones: list[tuple] = []

    def bone(
        start: tuple, end: tuple, radius: float, radius_end: float, flat: tuple = (1, 0, 0), flatness: float = 1.0
    ) -> None:
        bones.append((start, end, radius, radius_end, np.array(flat, float) / np.linalg.norm(flat), flatness))

    bone(
        (lateral, -0.55 * wall, pedicle_up),
        (lateral, canal - 1, pedicle_up),
        pedicle_height,
        pedicle_height,
        (1, 0, 0),
        max(1.0, pedicle_height / pedicle),
    )
    lamina = drawn(_LAMINA_HALF_HEIGHT)
    lamina_down = -height_mm * (0.18 if not cervical else 0.1)
    back = canal - canal_depth - 3.2
    flat = (0.75, -0.65, -0.3 * (1 - cervical))
    bone(
        (lateral - 0.5, canal - 2, pedicle_up - 3),
        (0.72 * canal_width, back + 2.4, lamina_down),
        lamina,
        lamina,
        flat,
        lamina / 2.8,
    )
    bone(
        (0.72 * canal_width, back + 2.4, lamina_down),
        (0.5, back - 1.5, lamina_down - 1),
        lamina,
        lamina,
        (0.45, -0.85, -0.35 * (1 - cervical)),
        lamina / 3.0,
    )
    angle = np.deg2rad(float(by_knots(number, _SPINOUS_ANGLE)) + rng.normal(0, 4))
    length = drawn(_SPINOUS_LENGTH)
    spine_height = drawn(_SPINOUS_HALF_HEIGHT)
    spine_flat = spine_height / drawn(_SPINOUS_HALF_WIDTH, 0.1)
    start = (0.0, back - 0.8, lamina_down + 1.0)
    end = (0.0, start[1] - length * np.cos(angle), start[2] - length * np.sin(angle))
    bone(start, end, spine_height, spine_height * rng.uniform(0.7, 1.0), (1, 0, 0), spine_flat)
    tip_width = float(rng.uniform(1.1, 1.7))
    bone(
        (0.0, end[1] + 2 * np.cos(angle), end[2] + 2 * np.sin(angle)),
        end,
        spine_height * 0.75,
        spine_height * 0.7,
        (1, 0, 0),
        max(1.0, spine_flat / tip_width),
    )
    transverse = drawn(_TRANSVERSE_LENGTH, 0.1)
    if lumbar > 0.5:
        tip = np.array([lateral + transverse, canal + 2, pedicle_up + 1])
        bone((lateral, canal + 4, pedicle_up - 1), tuple(tip), 5.0 * size, 4.0 * size, (0, 1, 0), 2.0)
    elif cervical > 0.5:
        tip = np.array([lateral + transverse, canal + 8, -1.0])
        bone((lateral - 1, canal + 3, 0), tuple(tip), 4.0 * size, 3.5 * size, (0, 0, 1), 1.2)
    else:
        tip = np.array([lateral + transverse * 0.86, canal - 4 - transverse * 0.5, pedicle_up - 1.0])
        bone((lateral, canal - 4, pedicle_up - 3), tuple(tip), 5.0 * size, 5.0 * size, (0, 1, 0), 1.25)
    facet, wide = ((1.0, -0.25, 0.0), 6.0) if lumbar > 0.5 else ((0.0, 1.0, 0.25), 6.6)
    spread = 3.5 if lumbar > 0.5 else -0.5
    bone(
        (lateral - 0.5, canal - 3, pedicle_up),
        (lateral + spread, canal - 4.5, height_mm * 0.5 + 4),
        wide * size,
        wide * 0.9 * size,
        facet,
        2.2,
    )
    inner = (0.8 if lumbar > 0.5 else 0.85) * canal_width
    bone(
        (inner, back + 1, lamina_down),
        (inner + (1.5 if lumbar > 0.5 else 1), canal - 10.8, -height_mm * 0.5 - 5),
        wide * size,
        wide * 0.95 * size,
        facet,
        2.2,
    )
    if number < 3:
        bone((0.0, -1.0, 0.3 * height_mm), (0.0, 1.0, 0.5 * height_mm + 17), 6.0 * size, 5.0 * size)
        bone((8.0, -3, 0.35 * height_mm), (13.0, -4, 0.4 * height_mm), 6.5 * size, 5.5 * size, (0, 0, 1), 1.3)
    columns = [np.array([b[i] for b in bones], float) for i in range(6)]
    return Arch(
        Capsules(columns[0], columns[1], columns[2], columns[3], columns[4], columns[5]),
        canal,
        canal_width,
        canal_depth,
        tip,
    )
