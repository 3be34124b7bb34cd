"""Everything around the spine: body outline, lungs, organs, vessels, ribs, shoulders, pelvis, skull, couch."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .anatomy import lateral_and_rotation, turned_axes
from .fields import coverage, noise, noise_lattice
from .level_tables import by_knots
from .tubes import TubeBuilder, TubeSet

if TYPE_CHECKING:
    from .anatomy import Patient, PhantomVertebra

_STEP_MM = 0.5
_HALF_WIDTH = {
    -5.5: 8,
    -5: 40,
    -4: 68,
    -2: 78,
    0: 74,
    2: 64,
    4: 60,
    6: 66,
    7: 95,
    8: 150,
    9: 172,
    11: 166,
    14: 160,
    17: 152,
    20: 147,
    23: 150,
    25: 163,
    28: 176,
    31: 180,
    38: 175,
}
_FRONT = {
    -5.5: 8,
    -5: 45,
    -4: 75,
    -2: 88,
    0: 84,
    2: 72,
    4: 58,
    6: 54,
    7: 55,
    8: 62,
    10: 95,
    13: 132,
    16: 150,
    18: 150,
    20: 140,
    23: 112,
    25: 118,
    28: 115,
    31: 100,
    38: 90,
}
_BACK = {
    -5.5: 8,
    -5: 40,
    -4: 75,
    -2: 96,
    0: 92,
    2: 72,
    4: 64,
    6: 66,
    8: 74,
    10: 78,
    12: 76,
    14: 70,
    16: 68,
    18: 68,
    20: 72,
    22: 78,
    24: 86,
    26: 98,
    28: 105,
    31: 105,
    38: 85,
}
_CAVITY_WIDTH = {6.3: 1, 7.3: 26, 8: 48, 9: 78, 10: 100, 12: 124, 14: 135, 17: 137, 20: 130, 22: 116}
_CAVITY_FRONT = {6.3: 1, 7.3: 14, 9: 56, 11: 94, 13: 124, 16: 142, 19: 136, 22: 110}
_CAVITY_BACK = {6.3: 1, 7.3: 14, 9: 30, 11: 35, 14: 36, 17: 35, 20: 32, 22: 25}


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
    """
    Draw tissue values.

    :param realism: "realistic" around published priors, "randomised" widely
    """
    means = np.array([-102.0, 54, 5, -850, 45, 56, 48, 34, 30, 36, 12, 35, 120, 700, 570, 110])
    spread = np.array([7.0, 7, 20, 35, 5, 7, 6, 5, 10, 4, 5, 3, 50, 120, 110, 30])
    if realism == "randomised":
        spread = np.array([28.0, 35, 40, 90, 45, 45, 45, 45, 50, 35, 40, 30, 90, 260, 260, 80])
    values = means + spread * np.clip(rng.standard_normal(len(means)), -2.2, 2.2)
    values[13:15] = np.maximum(values[13:15], 300)
    values[3] = max(values[3], -980)
    return Tissues(*(float(v) for v in values))


@dataclass(frozen=True, eq=False)
class Ellipsoid:
    """An organ. :param gain: HU added by full contrast; :param place: "abdomen", "thorax" or "anywhere" """

    centre: np.ndarray
    half_axes: np.ndarray
    rotation: np.ndarray
    hu: float
    gain: float
    place: str
    texture: float = 4.0


class SpineTable:
    """The column's course as functions of the superior coordinate, for the tissues that follow it."""

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
        from scipy.interpolate import PchipInterpolator

        return PchipInterpolator(heights, values)(where)

    def _add_canal(self, free: list[PhantomVertebra]) -> None:
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
        """Row of the tables nearest to superior coordinates."""
        row = ((superior_mm - np.float32(self.low)) * np.float32(1 / _STEP_MM) + np.float32(0.5)).astype(np.int32)
        return np.clip(row, 0, len(self.superior) - 1)

    def at(self, number: float) -> np.ndarray:
        """Body axis at a level number, (3,) RAS."""
        row = int(np.argmin(np.abs(self.number - number)))
        return np.array([self.right[row], self.anterior[row], self.superior[row]])

    def body_front(self, number: float) -> float:
        """Half depth of the body at a level number."""
        return float(self.half_depth[int(np.argmin(np.abs(self.number - number)))])


class Trunk:
    """Soft tissue and the skeleton outside the column."""

    def __init__(self, patient: Patient, tissues: Tissues, rng: np.random.Generator) -> None:
        self.tissues = tissues
        self.spine = SpineTable(patient)
        self._patient = patient
        self._arms_down = bool(rng.random() < 0.3)
        self._outline(patient, rng)
        self.organs = self._make_organs(rng)
        self._offset = rng.uniform(0, 64, 3).astype(np.float32)
        self._calcified = float(rng.uniform(0.8, 3.0)) - 1.2 * patient.age_bone
        bones, vessels, soft = TubeBuilder(), TubeBuilder(), TubeBuilder()
        _add_ribs(self, bones, rng)
        _add_shoulders(self, bones, soft, rng, self._arms_down)
        _add_pelvis(self, bones, rng)
        _add_head(self, bones, rng)
        _add_vessels(self, vessels, rng)
        _add_soft_tubes(self, soft, rng)
        self.bones, self.vessels, self.soft = bones.build(), vessels.build(), soft.build()
        self.airways = _airways(self, rng)
        self._coarse, self._broad = noise_lattice(2, 2.0), noise_lattice(1, (9.0, 9.0, 9.0))

    def _outline(self, patient: Patient, rng: np.random.Generator) -> None:
        spine, size, fat = self.spine, patient.size, patient.obesity
        number = spine.number
        trunk = np.clip((number - 6) / 4, 0, 1)
        belly = np.exp(-(((number - 21) / 5) ** 2))
        width = by_knots(number, _HALF_WIDTH) * size * rng.uniform(0.93, 1.07) + trunk * (38 * fat - 8)
        front = by_knots(number, _FRONT) * size * rng.uniform(0.92, 1.1) + trunk * (22 * fat - 5) + belly * 45 * fat
        back = by_knots(number, _BACK) * size + trunk * (24 * fat - 6)
        rear = spine.anterior - back
        torso = (number > 8) & (number < 30)
        self.couch_anterior = float(np.quantile(rear[torso], 0.12))
        rear = np.maximum(rear, self.couch_anterior)
        lying = np.clip((number - 7) / 4, 0, 1) * np.maximum(rear - self.couch_anterior, 0)
        rear = rear - 0.4 * (lying - 20 * np.tanh(lying / 20))
        fore = spine.anterior + front
        self.fat_mm = (5 + 26 * fat) * np.clip((number - 3) / 5, 0.35, 1)
        self.middle_right = spine.right * 0.6 + 0.4 * float(spine.right[torso].mean())
        self.half_width, self.half_depth, self.middle_anterior = width, 0.5 * (fore - rear), 0.5 * (fore + rear)
        self.squareness = np.full_like(number, rng.uniform(0.5, 1.3))
        cavity_front = np.minimum(
            by_knots(number, _CAVITY_FRONT) * size * rng.uniform(0.9, 1.05), front - self.fat_mm - 12
        )
        cavity_back = by_knots(number, _CAVITY_BACK) * size
        self.cavity_width = np.minimum(by_knots(number, _CAVITY_WIDTH) * size, width - self.fat_mm * 0.6 - 14)
        self.cavity_width = np.maximum(self.cavity_width, 1)
        self.cavity_half = np.maximum(0.5 * (cavity_front + cavity_back), 1)
        self.cavity_middle = spine.anterior + 0.5 * (cavity_front - cavity_back)
        self.abdomen_front = front - self.fat_mm - rng.uniform(9, 15)
        self.abdomen_width = width - self.fat_mm - rng.uniform(16, 24)
        self.dome = spine.at(17.3 + rng.normal(0, 0.7))[2]
        self.sulcus = spine.at(20.2)[2]
        self._columns = {
            name: np.asarray(value, np.float32)
            for name, value in (
                ("middle_right", self.middle_right),
                ("middle_anterior", self.middle_anterior),
                ("half_width", self.half_width),
                ("half_depth", self.half_depth),
                ("fat_mm", self.fat_mm),
                ("squareness", self.squareness),
                ("cavity_width", self.cavity_width),
                ("cavity_half", self.cavity_half),
                ("cavity_middle", self.cavity_middle),
                ("abdomen_front", self.abdomen_front),
                ("abdomen_width", self.abdomen_width),
                ("spine_right", spine.right),
                ("spine_anterior", spine.anterior),
                ("body_width", spine.half_width),
                ("body_depth", spine.half_depth),
                ("number", spine.number),
            )
        }

    def wall_point(self, number: float, angle: float, outward_mm: float = 0.0) -> np.ndarray:
        """
        Point on the thoracic cavity's outline.

        :param number: level number of the axial plane
        :param angle: radians, 0 anterior, positive to the right
        """
        row = int(np.argmin(np.abs(self.spine.number - number)))
        x, y = np.sin(angle), np.cos(angle)
        stretch = (x**4 + y**4 + 1.2 * x * x * y * y) ** -0.25
        return np.array(
            [
                self.middle_right[row] + (self.cavity_width[row] * stretch + outward_mm) * x,
                self.cavity_middle[row] + (self.cavity_half[row] * stretch + outward_mm) * y,
                self.spine.superior[row],
            ]
        )

    def _make_organs(self, rng: np.random.Generator) -> list[Ellipsoid]:
        t, size = self.tissues, self._patient.size
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
            front = self.spine.body_front(number)
            centre = self.spine.at(number) + np.array([right * size, front + anterior * size, up * size])
            centre += rng.normal(0, 4, 3)
            angles = rng.normal(0, 0.2, 3)
            turn = np.linalg.qr(
                np.eye(3)
                + np.array([[0, angles[0], angles[1]], [-angles[0], 0, angles[2]], [-angles[1], -angles[2], 0]])
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

    def hounsfield(self, points: np.ndarray, blur_mm: float, contrast: float) -> np.ndarray:
        """
        Soft tissue and outer skeleton, without the column.

        :param points: (3, n) float32 RAS
        """
        hu = self._couch(points, blur_mm)
        right, anterior, superior = points
        row = self.spine.index(superior)
        take = {
            k: self._columns[k][row]
            for k in ("middle_right", "middle_anterior", "half_width", "half_depth", "squareness")
        }
        x = (right - take["middle_right"]) / take["half_width"]
        y = (anterior - take["middle_anterior"]) / take["half_depth"]
        x2, y2 = x * x, y * y
        radial = np.sqrt(np.sqrt(x2 * x2 + y2 * y2 + take["squareness"] * x2 * y2))
        skin = (1 - radial) * np.minimum(take["half_width"], take["half_depth"])
        inside = np.flatnonzero(skin > -blur_mm)
        if len(inside):
            within = self._inside(
                points[:, inside],
                right[inside],
                anterior[inside],
                superior[inside],
                row[inside],
                skin[inside],
                x[inside],
                blur_mm,
                contrast,
            )
            share = coverage(skin[inside], blur_mm)
            hu[inside] += share * (within - hu[inside])
        self._paint(self.soft, points, hu, blur_mm)
        return hu

    def _couch(self, points: np.ndarray, blur_mm: float) -> np.ndarray:
        hu = np.full(points.shape[1], -1000, np.float32)
        if points[1].min() > self.couch_anterior + 20:
            return hu
        right = points[0] - np.float32(self.middle_right[len(self.middle_right) // 2])
        below = np.float32(self.couch_anterior - 2) + np.float32(0.00055) * right * right - points[1]
        plate = np.minimum(np.minimum(below, 42 - below), 205 - np.abs(right))
        chosen = np.flatnonzero(plate > -blur_mm)
        if len(chosen):
            depth = plate[chosen]
            shell = coverage(depth, blur_mm) - coverage(depth - np.float32(1.6), blur_mm)
            foam = coverage(depth - np.float32(1.6), blur_mm)
            hu[chosen] += shell * 900 + foam * 70
        return hu

    def _inside(
        self,
        points: np.ndarray,
        right: np.ndarray,
        anterior: np.ndarray,
        superior: np.ndarray,
        row: np.ndarray,
        skin: np.ndarray,
        x: np.ndarray,
        blur_mm: float,
        contrast: float,
    ) -> np.ndarray:
        t, column = self.tissues, self._columns
        fine = noise(
            right * np.float32(0.6) + self._offset[0],
            anterior * np.float32(0.6),
            superior * np.float32(0.25),
            self._coarse,
        )
        dither = np.float32(0.35) * fine
        broad = noise(
            right * np.float32(0.8) + (dither + self._offset[1]),
            anterior * np.float32(1.05) + dither,
            superior * np.float32(0.33) + dither,
            self._broad,
        )
        hu = np.float32(t.fat) + 6 * fine + 4 * broad
        hu += coverage(np.float32(1.7) - skin, max(blur_mm, 0.6)) * (np.float32(t.skin) - hu)
        thickness = column["fat_mm"][row] * (np.float32(0.8) + np.float32(0.35) * x * x) + 3 * broad
        septum = np.maximum(1 - np.abs(broad + np.float32(0.25) * fine) * np.float32(6), 0)
        septum *= np.float32(0.35 + 0.5 * self._patient.obesity + 0.3 * self._patient.age_bone)
        muscle = np.float32(t.muscle) + 5 * fine
        muscle = muscle + np.minimum(septum, 1) * (np.float32(t.fat) - muscle)
        hu += coverage(skin - thickness, max(blur_mm, 1.0)) * (muscle - hu)
        head = column["number"][row] < 1.5
        if head.any():
            hu = np.where(head, self._head(points, skin, blur_mm, hu), hu)
        cavities = np.flatnonzero((column["number"][row] > 6.3) & (skin > 2))
        if len(cavities):
            hu[cavities] = self._cavities(
                points[:, cavities],
                right[cavities],
                anterior[cavities],
                superior[cavities],
                row[cavities],
                skin[cavities],
                fine[cavities],
                blur_mm,
                contrast,
                hu[cavities],
            )
        return hu

    def _head(self, points: np.ndarray, skin: np.ndarray, blur_mm: float, hu: np.ndarray) -> np.ndarray:
        top = self.spine.at(-1.8)
        q = (points - (top + np.array([0, -2, 8])).astype(np.float32)[:, None]) / np.array(
            [[70], [90], [66]], np.float32
        )
        depth = (1 - np.sqrt((q * q).sum(0))) * 70
        hu = hu + coverage(depth, blur_mm) * (900 - hu)
        return hu + coverage(depth - 6, blur_mm) * (self.tissues.brain - hu)

    def _cavities(
        self,
        points: np.ndarray,
        right: np.ndarray,
        anterior: np.ndarray,
        superior: np.ndarray,
        row: np.ndarray,
        skin: np.ndarray,
        fine: np.ndarray,
        blur_mm: float,
        contrast: float,
        hu: np.ndarray,
    ) -> np.ndarray:
        t = self.tissues
        c = {k: v[row] for k, v in self._columns.items()}
        across = right - c["middle_right"]
        aside = right - c["spine_right"]
        ahead = anterior - c["spine_anterior"]
        cx, cy = across / c["cavity_width"], (anterior - c["cavity_middle"]) / c["cavity_half"]
        cx2, cy2 = cx * cx, cy * cy
        cavity = (1 - np.sqrt(np.sqrt(cx2 * cx2 + cy2 * cy2 + np.float32(1.2) * cx2 * cy2))) * np.minimum(
            c["cavity_width"], c["cavity_half"]
        )
        side = (np.abs(across) - 66) * np.float32(1 / 80)
        deep = (ahead - 62) * np.float32(1 / 85)
        diaphragm = np.float32(self.dome) + np.where(across > 0, 10, 0) - 72 * (side * side + deep * deep)
        above = superior - np.maximum(diaphragm, np.float32(self.sulcus))
        hu = self._abdomen(points, c, aside, ahead, cavity, above, skin, fine, blur_mm, contrast, hu)
        inside = np.flatnonzero((cavity > -2) & (above > -3))
        if not len(inside):
            return hu
        cavity, above, aside, ahead = cavity[inside], above[inside], aside[inside], ahead[inside]
        body_width, body_depth = c["body_width"][inside], c["body_depth"][inside]
        bx, by = aside / (body_width + 4), ahead / (body_depth + 4)
        around = (np.sqrt(bx * bx + by * by) - 1) * (body_depth + 4)
        gutter = np.abs(aside) - body_width - 4 + np.minimum(ahead + np.float32(0.62) * body_depth, 0) * np.float32(0.9)
        gutter = np.where(ahead < 0, gutter * np.float32(0.7), 30)
        width = np.where(
            aside > 0, 6 + np.float32(0.22) * np.maximum(ahead, 0), 9 + np.float32(0.2) * np.maximum(ahead, 0)
        )
        middle = np.where(ahead > 0, np.abs(aside) - np.minimum(width, 34), 30)
        pleura = np.minimum(np.minimum(cavity, above), np.minimum(around, np.minimum(gutter, middle)))
        muscular = np.maximum(coverage(8 - around, 6), np.where(ahead < 0, coverage(-gutter - 2, 4), 0))
        mediastinum = np.float32(-55) + 22 * fine[inside] + muscular * 85
        mediastinum = self._organs(points[:, inside], "thorax", mediastinum, blur_mm, contrast)
        heart = self._organs(points[:, inside], "thorax", np.full(len(inside), -2000, np.float32), blur_mm, contrast)
        share = coverage(np.minimum(cavity, above), max(blur_mm, 0.8))
        values = hu[inside]
        values = values + share * (mediastinum - values)
        slope = np.clip(-ahead, -60, 60) * np.float32(0.5)
        lung = np.float32(t.lung) + slope + 14 * fine[inside]
        lung_share = coverage(pleura, max(blur_mm, 0.8)) * np.clip(-(heart + 500) / 1000, 0, 1)
        hu[inside] = values + lung_share * (lung - values)
        return hu

    def _abdomen(
        self,
        points: np.ndarray,
        c: dict[str, np.ndarray],
        aside: np.ndarray,
        ahead: np.ndarray,
        cavity: np.ndarray,
        above: np.ndarray,
        skin: np.ndarray,
        fine: np.ndarray,
        blur_mm: float,
        contrast: float,
        hu: np.ndarray,
    ) -> np.ndarray:
        low = c["number"] > 15
        wx, wy = aside / c["abdomen_width"], np.maximum(ahead, 0) / np.maximum(c["abdomen_front"], 1)
        wx2, wy2 = wx * wx, wy * wy
        rounding = np.sqrt(np.sqrt(wx2 * wx2 + wy2 * wy2 + np.float32(0.9) * wx2 * wy2))
        wall = (1 - rounding) * np.minimum(c["abdomen_width"], c["abdomen_front"])
        wall = np.minimum(wall, skin - c["fat_mm"] - 8)
        sx, sy = aside / (c["body_width"] + 4), ahead / (c["body_depth"] + 4)
        around = (np.sqrt(sx * sx + sy * sy) - 1) * (c["body_depth"] + 4)
        behind = ahead + np.float32(0.75) * c["body_depth"] + np.float32(0.22) * np.clip(np.abs(aside) - 45, 0, 60)
        below = np.minimum(wall, np.minimum(around, behind))
        upper = np.where(above < 0, np.minimum(cavity - 3, around), -5)
        belly = np.maximum(upper, below - 22 * np.maximum(21 - c["number"], 0))
        inside = np.flatnonzero(low & (belly > -1))
        if not len(inside):
            return hu
        content = np.float32(self.tissues.fat) + 9 * fine[inside]
        content = self._organs(points[:, inside], "abdomen", content, blur_mm, contrast)
        values = hu[inside]
        hu[inside] = values + coverage(belly[inside], max(blur_mm, 1.0)) * (content - values)
        return hu

    def _organs(self, points: np.ndarray, place: str, hu: np.ndarray, blur_mm: float, contrast: float) -> np.ndarray:
        low, high = points.min(1), points.max(1)
        for organ in self.organs:
            reach = float(organ.half_axes.max())
            if organ.place != place or (organ.centre + reach < low).any() or (organ.centre - reach > high).any():
                continue
            turn = (organ.rotation / organ.half_axes[:, None]).astype(np.float32)
            q = turn @ (points - organ.centre.astype(np.float32)[:, None])
            depth = (1 - np.sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2])) * np.float32(organ.half_axes.min())
            value = np.float32(organ.hu + contrast * organ.gain)
            hu = hu + coverage(depth, max(blur_mm, 0.8)) * (value - hu)
        return hu

    def paint_tubes(self, points: np.ndarray, hu: np.ndarray, blur_mm: float, contrast: float) -> None:
        """Vessels, airways and bones over ``hu``, in place."""
        found = self.vessels.nearest(points)
        if found is not None:
            chosen, depth, tube = found
            value = np.float32(self.tissues.blood) + np.float32(contrast) * self.vessels.hu_core[tube]
            x, y, z = points[:, chosen] * np.float32(1.2)
            wall = noise(x, y, z, self._broad) > self._calcified
            shell = coverage(depth, blur_mm) - coverage(depth - np.float32(1.6), blur_mm)
            values = hu[chosen]
            values = values + coverage(depth, blur_mm) * (value - values)
            calcium = shell * wall * (self.vessels.shell_mm[tube] > 0)
            hu[chosen] = values + calcium * (750 - values)
        self._paint(self.airways, points, hu, blur_mm)
        self._paint(self.bones, points, hu, blur_mm)

    @staticmethod
    def _paint(tubes: TubeSet, points: np.ndarray, hu: np.ndarray, blur_mm: float) -> None:
        found = tubes.nearest(points)
        if found is None:
            return
        chosen, depth, tube = found
        near = np.flatnonzero(depth > -blur_mm)
        if not len(near):
            return
        chosen, depth, tube = chosen[near], depth[near], tube[near]
        outer = coverage(depth, blur_mm)
        core = np.minimum(coverage(depth - tubes.shell_mm[tube], blur_mm), outer)
        hu[chosen] = hu[chosen] * (1 - outer) + tubes.hu_shell[tube] * (outer - core) + tubes.hu_core[tube] * core


def _add_ribs(trunk: Trunk, bones: TubeBuilder, rng: np.random.Generator) -> None:
    t, size = trunk.tissues, trunk._patient.size
    marrow, cortex = t.marrow * rng.uniform(0.6, 1.2), t.cortex * rng.uniform(0.8, 1.1)
    end_angle = {8: 35, 10: 22, 14: 22, 17: 42, 18: 75, 19: 118}
    drop = {8: 1.6, 10: 2.6, 13: 3.6, 16: 3.6, 18: 2.4, 19: 1.3}
    for vertebra in trunk._patient.column:
        if not 7.5 < vertebra.number < 19.8 or vertebra.arch is None:
            continue
        number = vertebra.number
        for side in (1, -1):
            shape = vertebra.body
            up = 0.85 if 8.5 < number < 17.5 else 0.35
            head = vertebra.to_ras(
                np.array(
                    [
                        side * (shape.superior.half_width_mm + 1.5),
                        -0.62 * shape.posterior_wall_mm,
                        up * shape.superior.posterior_mm,
                    ]
                )
            )
            tip = vertebra.arch.transverse_tip
            tubercle = vertebra.to_ras(np.array([side * (tip[0] + 1), tip[1] + 8.5, tip[2]]))
            stop = np.deg2rad(float(by_knots(number, end_angle)) + rng.normal(0, 3))
            fall = float(by_knots(number, drop))
            angles = np.linspace(np.deg2rad(158), stop, 13)
            share = np.linspace(0.04, 1, 13)
            wall = [
                trunk.wall_point(min(number + fall * s**1.15, 22.0), side * a, 4.5)
                for a, s in zip(angles, share, strict=True)
            ]
            path = np.vstack([head, 0.5 * (head + tubercle), tubercle, wall])
            radius = np.array([5.2, 4.0, 5.0] + [5.6] * 13) * size * (0.75 if number > 18.5 else 1)
            outward = path[1:] + path[:-1] - 2 * np.array([path[:, 0].mean() * 0.3, path[:, 1].mean(), 0])
            outward[:, 2] *= 0.15
            outward /= np.linalg.norm(outward, axis=1)[:, None]
            flatness = 1.7
            bones.add(path, radius, marrow, cortex, 1.0, outward, flatness)
            if number < 17.5:
                last = path[-1]
                sternum = trunk.wall_point(min(number + fall * 0.8, 16.5), 0, 4.0) + np.array([side * 14, 0, 0])
                bones.add(
                    np.vstack([last, 0.5 * (last + sternum) + [0, 2, -6], sternum]),
                    5.5 * size,
                    t.cartilage,
                    t.cartilage + 80,
                    1.0,
                    np.array([0, 1.0, 0]),
                    1.4,
                )
    sternum = np.array([trunk.wall_point(n, 0.0, 7.0) for n in np.linspace(10.2, 16.6, 8)])
    bones.add(
        sternum, np.array([26, 22, 17, 17, 19, 19, 16, 7.0]) * size, marrow, cortex, 1.2, np.array([0, 1.0, 0]), 3.6
    )


def _add_shoulders(
    trunk: Trunk, bones: TubeBuilder, soft: TubeBuilder, rng: np.random.Generator, arms_down: bool
) -> None:
    t, size = trunk.tissues, trunk._patient.size
    notch = trunk.wall_point(10.0, 0.0, 8.0)
    marrow, cortex = t.marrow, t.cortex
    lift = 0.0 if arms_down else 35.0
    back = trunk.spine.at(10)
    for side in (1, -1):
        joint = trunk.spine.at(8.5) + np.array([side * 150, 5, lift]) * size
        clavicle = np.array(
            [notch + [side * 18, -2, 2], notch + [side * 65, 2, 14 + 0.3 * lift], joint + [-side * 12, -4, 18]]
        )
        bones.add(clavicle, 6.0 * size, marrow, cortex, 1.6)
        arm = joint + (np.array([side * 18, 0, -260]) if arms_down else np.array([side * 25, 40, 250])) * size
        if arms_down:
            soft.add(np.vstack([joint, arm]), 46.0 * size, t.muscle, t.fat, 8 + 10 * trunk._patient.obesity)
        bones.add(
            np.vstack([joint, joint + 0.12 * (arm - joint), arm]),
            np.array([24, 14, 12.0]) * size,
            marrow * 0.6,
            cortex,
            3.0,
        )
        blade = np.array(
            [
                joint + [-side * 18, -12, 4],
                back + np.array([side * 90, -28, 10]) * size,
                back + np.array([side * 82, -34, -85]) * size,
            ]
        )
        bones.add(blade, np.array([14.0, 30, 16]) * size, marrow, cortex, 1.2, np.array([-side * 0.45, 0.9, 0]), 5.0)
        spine_of_scapula = np.array([joint + [-side * 8, -14, 20], back + np.array([side * 72, -40, 18]) * size])
        bones.add(spine_of_scapula, 6.0 * size, marrow, cortex, 1.3)


def _add_pelvis(trunk: Trunk, bones: TubeBuilder, rng: np.random.Generator) -> None:
    t, size = trunk.tissues, trunk._patient.size
    marrow, cortex = t.marrow, t.cortex * 0.85
    sacrum = trunk._patient.column[-5:]
    axes = turned_axes(0.0, *lateral_and_rotation(sacrum[0].axes))

    def place(beside_sacrum: list) -> np.ndarray:
        return sacrum[0].centre_ras + np.array(beside_sacrum) * size @ axes

    for side in (1, -1):
        for index, vertebra in enumerate(sacrum[:3]):
            spread = (34, 24, 14)[index] * size
            start = np.array([side * vertebra.body.superior.half_width_mm * 0.75, -4, 2.0])
            bones.add(
                np.vstack([vertebra.to_ras(start), vertebra.to_ras(start + [side * spread, -14, -6])]),
                (13.0 - 2 * index) * size,
                marrow,
                cortex,
                1.0,
            )
        crest = place([[side * 62, -38, 22], [side * 95, 0, 48], [side * 112, 48, 42], [side * 118, 82, 2]])
        socket = place([side * 88, 28, -92])
        for first, second in itertools.pairwise(crest):
            outward = np.cross(second - first, socket - first)
            outward = outward / np.linalg.norm(outward)
            middle = 0.5 * (first + second)
            bones.add(np.vstack([first, second]), 12 * size, marrow, cortex, 1.2, outward, 2.0)
            bones.add(
                np.vstack([middle, 0.55 * middle + 0.45 * socket, socket]),
                np.array([26, 24, 22.0]) * size,
                marrow,
                cortex,
                1.2,
                outward,
                3.2,
            )
        bones.add(
            np.vstack([socket, socket + np.array([side * 8, 2, -4]) * size]), 27.0 * size, marrow * 1.4, cortex, 2.0
        )
        bones.add(
            np.vstack(
                [socket, socket + np.array([side * 45, -4, -38]) * size, socket + np.array([side * 48, 0, -200]) * size]
            ),
            np.array([19.0, 20, 15]) * size,
            marrow,
            cortex * 1.2,
            4.0,
        )
        pubis = place([side * 8, 78, -128])
        bones.add(np.vstack([socket + [-side * 14, 18, -8], pubis]), 9.0 * size, marrow, cortex, 1.5)
        bones.add(
            np.vstack([socket + [-side * 8, -14, -16], place([side * 62, 5, -155]), pubis]),
            11.0 * size,
            marrow,
            cortex,
            1.5,
        )


def _add_head(trunk: Trunk, bones: TubeBuilder, rng: np.random.Generator) -> None:
    t, size = trunk.tissues, trunk._patient.size
    base = trunk.spine.at(0.6)
    cortex = t.cortex * 1.1
    atlas = trunk.spine.at(1.1) + np.array([0, -8, -2])
    ring = np.array([[22 * np.sin(a), 22 * np.cos(a), 0] for a in np.linspace(0, 2 * np.pi, 13)]) * size
    bones.add(atlas + ring, 4.5 * size, t.marrow, cortex, 1.2)
    for side in (1, -1):
        bones.add(
            np.vstack([atlas + [side * 17, 2, -2], atlas + [side * 20, 2, 14]]), 8.0 * size, t.marrow, cortex, 1.2
        )
        jaw = (
            base
            + np.array(
                [[side * 48, 8, 8], [side * 46, 14, -38], [side * 36, 48, -50], [side * 10, 74, -54], [0, 76, -54]]
            )
            * size
        )
        bones.add(
            jaw, np.array([6.0, 8, 10, 10, 9]) * size, t.marrow, cortex * 1.3, 2.0, np.array([side * 0.8, 0.5, 0]), 1.6
        )
        bones.add(base + np.array([[side * 34, 40, -34], [side * 8, 66, -36]]) * size, 6.0 * size, 1600.0, 1900.0, 1.0)
        bones.add(base + np.array([[side * 12, 0, 14], [side * 46, -8, 18]]) * size, 10.0 * size, 250.0, cortex, 2.0)
        bones.add(base + np.array([[side * 10, 30, 8], [side * 28, 56, 2]]) * size, 11.0 * size, -700.0, cortex, 1.2)
    bones.add(base + np.array([[0, 4, 16], [0, 32, 26]]) * size, 11.0 * size, t.marrow, cortex, 2.0)
    hyoid = trunk.spine.at(3.6) + np.array([0, 42, 0]) * size
    bones.add(np.vstack([hyoid + [-16, -14, 0], hyoid, hyoid + [16, -14, 0]]), 2.6 * size, 200.0, cortex * 0.6, 0.8)


def _along(trunk: Trunk, knots: list[tuple[float, float, float]]) -> np.ndarray:
    """Points beside the column. :param knots: level number, right mm, mm in front of the anterior wall"""
    points = []
    for number, right, ahead in knots:
        base = trunk.spine.at(number)
        points.append(
            base + np.array([right, trunk.spine.body_front(number) + ahead, 0]) * np.array([trunk._patient.size, 1, 1])
        )
    return np.array(points)


def _add_vessels(trunk: Trunk, vessels: TubeBuilder, rng: np.random.Generator) -> None:
    width = float(rng.uniform(10.5, 15.5)) * trunk._patient.size
    wander, beside = rng.normal(0, 2), 11 + 0.75 * width
    descending = [
        (11.0, -17.0, 14.0),
        (11.8, -beside, 7.0),
        (13, -beside + wander, 0.4 * width),
        (15, -beside + 1 + wander, 0.45 * width),
        (17, -13.0 + wander, 0.8 * width),
        (18.5, -8.0, 0.9 * width + 1),
        (20, -4.0, 0.85 * width + 2),
        (22, -5.0, 0.8 * width + 2),
        (23.6, -4.0, 0.72 * width + 2.5),
    ]
    narrowing = np.linspace(1.0, 0.72, len(descending))
    vessels.add(_along(trunk, descending), width * narrowing, 230.0, shell_mm=1.5)
    vessels.add(
        _along(trunk, [(14.6, 2.0, 58), (13.0, 14.0, 62), (11.4, 10.0, 52), (10.6, -6.0, 34), (11.0, -17.0, 14.0)]),
        width * 1.12,
        230.0,
        shell_mm=1.5,
    )
    for side in (1, -1):
        vessels.add(
            _along(trunk, [(23.6, -4.0, 0.72 * width + 2.5), (25.4, side * 30.0, 18.0), (28.5, side * 62.0, 34.0)]),
            6.5,
            210.0,
            shell_mm=1.0,
        )
        vessels.add(
            _along(trunk, [(10.6, side * 14.0, 34.0), (7.5, side * 22.0, 18), (3, side * 24.0, 8.0)]),
            3.6,
            220.0,
            shell_mm=0.8,
        )
        vessels.add(
            _along(trunk, [(9.8, side * 26.0, 42.0), (7.5, side * 30.0, 22), (3, side * 32.0, 8.0)]), 6.0, 180.0
        )
        vessels.add(_along(trunk, [(12.8, side * 4.0, 36.0), (13.2, side * 42.0, 34.0)]), 9.0, 220.0)
        for _ in range(46):
            _add_lung_vessel(trunk, vessels, side, rng)
    vessels.add(_along(trunk, [(10.2, 26.0, 48.0), (13.6, 26.0, 52.0)]), 9.0, 260.0)
    vessels.add(
        _along(trunk, [(15.8, 8.0, 48.0), (17.5, 22.0, 34.0), (20, 20.0, 12.0), (22, 17.0, 7.0), (24, 14.0, 6.0)]),
        11.5,
        130.0,
    )
    vessels.add(_along(trunk, [(12.4, 12.0, 14.0), (12.8, 5.0, 5.0), (15, 4.0, 5.0), (19, 5.0, 4.5)]), 3.2, 140.0)


def _add_lung_vessel(trunk: Trunk, vessels: TubeBuilder, side: int, rng: np.random.Generator) -> None:
    start = _along(trunk, [(13.2, side * 40.0, 34.0)])[0]
    direction = np.array([side * abs(rng.normal(0, 1)), rng.normal(-0.1, 0.8), rng.normal(-0.2, 1.1)])
    points, radii = [start], [rng.uniform(2.0, 4.5)]
    for _ in range(5):
        direction = direction / np.linalg.norm(direction) + rng.normal(0, 0.35, 3)
        points.append(points[-1] + direction / np.linalg.norm(direction) * rng.uniform(14, 26))
        radii.append(radii[-1] * rng.uniform(0.55, 0.85))
        row = trunk.spine.index(np.array([points[-1][2]], np.float32))[0]
        offset = (points[-1][0] - trunk.middle_right[row]) / trunk.cavity_width[row]
        depth = (points[-1][1] - trunk.cavity_middle[row]) / trunk.cavity_half[row]
        if offset**2 + depth**2 > 0.85 or points[-1][2] < trunk.dome + 8:
            points.pop()
            radii.pop()
            break
    if len(points) > 1:
        vessels.add(np.array(points), np.array(radii), 180.0)


def _add_soft_tubes(trunk: Trunk, soft: TubeBuilder, rng: np.random.Generator) -> None:
    t, size = trunk.tissues, trunk._patient.size
    bulk = rng.uniform(0.8, 1.15)
    for side in (1, -1):
        beside = [(19.5, 4.0, -26), (21, 9.0, -24), (22.5, 15.0, -22), (24, 22.0, -16), (26, 44, 0), (29, 70, 20)]
        knots = []
        for number, out, ahead in beside:
            row = int(np.argmin(np.abs(trunk.spine.number - number)))
            knots.append((number, side * (float(trunk.spine.half_width[row]) + out * 0.8), float(ahead)))
        soft.add(_along(trunk, knots), np.array([6, 11, 15, 19, 20, 17.0]) * size * bulk, t.muscle + 4)
        soft.add(
            _along(trunk, [(7.5, side * 26.0, 4.0), (5, side * 20.0, -1.0), (3, side * 14.0, -2.0)]),
            9.0 * size,
            t.muscle,
        )
        soft.add(_along(trunk, [(7.4, side * 20.0, 24.0), (6.2, side * 17.0, 24.0)]), np.array([11.0, 8]) * size, 105.0)
    soft.add(
        _along(trunk, [(8, -5.0, 9), (11, -5.0, 9.5), (14, -4.0, 11.0), (17, -10.0, 18.0), (18.3, -16.0, 30.0)]),
        7.0 * size,
        t.muscle - 18,
        t.muscle - 8,
        3.0,
    )


def _airways(trunk: Trunk, rng: np.random.Generator) -> TubeSet:
    builder, size = TubeBuilder(), trunk._patient.size
    wall = 50.0
    builder.add(
        _along(trunk, [(-0.2, 0, 10.0), (2, 0.0, 9.0), (4.5, 0.0, 12.0)]),
        8.0 * size,
        -1000.0,
        wall,
        1.2,
        np.array([0, 1.0, 0]),
        1.3,
    )
    trachea = [(4.5, 0.0, 12.0), (6, 0.0, 20.0), (8, 1.0, 22.0), (10, 2.0, 22.0), (11.8, 2.0, 22.0)]
    builder.add(_along(trunk, trachea), 9.6 * size, -1000.0, wall, 1.5)
    for side in (1, -1):
        main = _along(trunk, [(11.8, 2.0, 22.0), (12.7, side * 22.0, 26.0), (13.4, side * 42.0, 26.0)])
        builder.add(main, np.array([8.6, 7.6, 6.0]) * size, -1000.0, wall, 1.4)
        for target in ((14.8, side * 58.0, 14.0), (15.6, side * 50.0, 0.0), (12.0, side * 55.0, 34.0)):
            builder.add(np.vstack([main[-1], _along(trunk, [target])]), np.array([4.6, 2.8]) * size, -1000.0, wall, 1.2)
    if rng.random() < 0.5:
        number = float(rng.uniform(9, 16))
        builder.add(_along(trunk, [(number, -5.0, 10.0), (number + 1.2, -5.0, 10.5)]), 3.4, -900.0)
    return builder.build()
