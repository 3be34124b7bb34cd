"""Soft tissue and skeleton around the column: what lies at any point of the trunk outside the vertebrae."""

import numpy as np

from ..patient.anatomy import Patient
from ..patient.fields import coverage, noise, noise_lattice
from ..patient.tubes import TubeBuilder, TubeSet
from .organs import make_organs, with_organs
from .outline import TrunkOutline
from .skeleton import add_head, add_pelvis, add_ribs, add_shoulders
from .tissues import Tissues
from .vessels import add_soft_tubes, add_vessels, airways


class Trunk:
    """Soft tissue and the skeleton outside the column.

    :param patient: whose trunk.
    :param tissues: of the patient.
    :param rng: draws what differs between patients.
    """

    def __init__(self, patient: Patient, tissues: Tissues, rng: np.random.Generator) -> None:
        self.tissues = tissues
        arms_down = bool(rng.random() < 0.3)
        self.outline = TrunkOutline(patient, tissues, rng)
        self.spine = self.outline.spine
        self.organs = make_organs(self.outline, rng)
        self._offset = rng.uniform(0, 64, 3).astype(np.float32)
        self._calcified = float(rng.uniform(0.8, 3.0)) - 1.2 * patient.age_bone
        bones, vessels, soft = TubeBuilder(), TubeBuilder(), TubeBuilder()
        add_ribs(self.outline, bones, rng)
        add_shoulders(self.outline, bones, soft, rng, arms_down)
        add_pelvis(self.outline, bones, rng)
        add_head(self.outline, bones, rng)
        add_vessels(self.outline, vessels, rng)
        add_soft_tubes(self.outline, soft, rng)
        self.bones, self.vessels, self.soft = bones.build(), vessels.build(), soft.build()
        self.airways = airways(self.outline, rng)
        self._coarse, self._broad = noise_lattice(2, 2.0), noise_lattice(1, (9.0, 9.0, 9.0))

    def hounsfield(self, points: np.ndarray, blur_mm: float, contrast: float) -> np.ndarray:
        """Soft tissue and outer skeleton, without the column.

        :param points: (3, n) float32 RAS mm.
        :param blur_mm: width over which a surface is averaged.
        :param contrast: 0 none .. 1 strong.
        :return: (n,) float32.
        """
        hu = self._couch(points, blur_mm)
        right, anterior, superior = points
        row = self.spine.index(superior)
        take = {
            k: self.outline.columns[k][row]
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
        if points[1].min() > self.outline.couch_anterior + 20:
            return hu
        right = points[0] - np.float32(self.outline.middle_right[len(self.outline.middle_right) // 2])
        below = np.float32(self.outline.couch_anterior - 2) + np.float32(0.00055) * right * right - points[1]
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
        t, column = self.tissues, self.outline.columns
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
        septum *= np.float32(0.35 + 0.5 * self.outline.patient.obesity + 0.3 * self.outline.patient.age_bone)
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
        c = {k: v[row] for k, v in self.outline.columns.items()}
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
        diaphragm = np.float32(self.outline.dome) + np.where(across > 0, 10, 0) - 72 * (side * side + deep * deep)
        above = superior - np.maximum(diaphragm, np.float32(self.outline.sulcus))
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
        mediastinum = with_organs(self.organs, points[:, inside], "thorax", mediastinum, blur_mm, contrast)
        heart = with_organs(
            self.organs, points[:, inside], "thorax", np.full(len(inside), -2000, np.float32), blur_mm, contrast
        )
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
        content = with_organs(self.organs, points[:, inside], "abdomen", content, blur_mm, contrast)
        values = hu[inside]
        hu[inside] = values + coverage(belly[inside], max(blur_mm, 1.0)) * (content - values)
        return hu

    def paint_tubes(self, points: np.ndarray, hu: np.ndarray, blur_mm: float, contrast: float) -> None:
        """Vessels, airways and bones over ``hu``, in place.

        :param points: (3, n) float32 RAS mm.
        :param hu: (n,) values so far.
        :param blur_mm: width over which a surface is averaged.
        :param contrast: 0 none .. 1 strong.
        """
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
