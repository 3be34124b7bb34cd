"""The organs of chest and abdomen as ellipsoids.

Their sizes and places are chosen by eye so that axial slices look like those of real CTs.
"""

from dataclasses import dataclass

import numpy as np

from ..patient.fields import coverage
from .outline import TrunkOutline


@dataclass(frozen=True, eq=False)
class Ellipsoid:
    """An organ.

    :param centre: (3,) RAS mm.
    :param half_axes: (3,) mm.
    :param rotation: (3, 3) rows are the axes in RAS.
    :param hu: its value without contrast agent.
    :param gain: HU added by full contrast.
    :param place: "abdomen" or "thorax".
    :param texture: standard deviation of its values, HU.
    """

    centre: np.ndarray
    half_axes: np.ndarray
    rotation: np.ndarray
    hu: float
    gain: float
    place: str
    texture: float = 4.0


def make_organs(outline: TrunkOutline, rng: np.random.Generator) -> list[Ellipsoid]:
    """Draw the organs of a patient.

    :param outline: of the patient.
    :param rng: draws places and sizes.
    """
    t, size = outline.tissues, outline.patient.size
    organs: list[Ellipsoid] = []

    def organ(
        number: float,
        right: float,
        anterior: float,
        half: tuple[float, float, float],
        hu: float,
        gain: float,
        place: str,
        texture: float = 4.0,
        up: float = 0.0,
    ) -> None:
        front = outline.spine.body_front(number)
        centre = outline.spine.at(number) + np.array([right * size, front + anterior * size, up * size])
        centre += rng.normal(0, 4, 3)
        angles = rng.normal(0, 0.2, 3)
        turn = np.linalg.qr(
            np.eye(3) + np.array([[0, angles[0], angles[1]], [-angles[0], 0, angles[2]], [-angles[1], -angles[2], 0]])
        )[0]
        organs.append(
            Ellipsoid(centre, np.array(half) * size * rng.uniform(0.9, 1.1, 3), turn, hu, gain, place, texture)
        )

    organ(19, 62, 38, (82, 74, 66), t.liver, 55, "abdomen", 5)
    organ(18.6, -10, 66, (70, 40, 34), t.liver, 55, "abdomen", 5)
    organ(19.2, -88, -14, (28, 46, 50), t.spleen, 70, "abdomen")
    organ(21.2, 60, -18, (27, 25, 54), t.kidney, 130, "abdomen", 6)
    organ(20.8, -60, -18, (27, 25, 54), t.kidney, 130, "abdomen", 6)
    organ(19.3, -52, 52, (46, 38, 48), t.bowel, 15, "abdomen", 10)
    organ(19.2, -52, 72, (34, 16, 36), -920.0, 0, "abdomen", 10)
    organ(20.6, 0, 30, (55, 11, 12), 38.0, 60, "abdomen", 8)
    for _ in range(int(rng.integers(45, 90))):
        number, gas = rng.uniform(20, 29), rng.random()
        hu = -900.0 if gas < 0.22 else float(rng.uniform(150, 500)) if gas > 0.9 else t.bowel + rng.normal(0, 15)
        half = rng.uniform(8, 24, 3) * (0.8 if gas < 0.22 else 1)
        organ(number, rng.uniform(-105, 105), rng.uniform(14, 88), tuple(half), float(hu), 40, "abdomen", 12)
    organ(29, 0, 30, (42, 34, 30), 5.0, 20, "abdomen", 2)
    organ(15.4, -26, 62, (58, 46, 56), t.blood, 180, "thorax", 4)
    organ(13.8, 8, 64, (36, 34, 38), t.blood, 200, "thorax", 4)
    organ(12.4, 0, 60, (30, 30, 34), -60.0, 0, "thorax", 14)
    organ(17.2, -60, 78, (45, 22, 26), -95.0, 0, "thorax", 10)
    return organs


def with_organs(
    organs: list[Ellipsoid], points: np.ndarray, place: str, hu: np.ndarray, blur_mm: float, contrast: float
) -> np.ndarray:
    """Values with the organs of a place painted over them.

    :param organs: of the patient.
    :param points: (3, n) RAS mm, float32.
    :param place: "abdomen" or "thorax".
    :param hu: (n,) what lies there without them.
    :param blur_mm: width over which a surface is averaged.
    :param contrast: 0 none .. 1 strong.
    """
    low, high = points.min(1), points.max(1)
    for organ in organs:
        reach = float(organ.half_axes.max())
        if organ.place != place or (organ.centre + reach < low).any() or (organ.centre - reach > high).any():
            continue
        turn = (organ.rotation / organ.half_axes[:, None]).astype(np.float32)
        q = turn @ (points - organ.centre.astype(np.float32)[:, None])
        depth = (1 - np.sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2])) * np.float32(organ.half_axes.min())
        value = np.float32(organ.hu + contrast * organ.gain)
        hu = hu + coverage(depth, max(blur_mm, 0.8)) * (value - hu)
    return hu
