"""Hounsfield units of a patient at arbitrary points: soft tissue, then canal, discs, arches, bodies and metal."""

from functools import lru_cache

import numpy as np

from ..patient.anatomy import Patient
from ..patient.fields import coverage, noise, noise_lattice
from ..patient.shapes import BodyDistances, EndplateShape
from ..patient.tubes import TubeBuilder, TubeSet
from ..patient.vertebra import SyntheticVertebra
from ..trunk.tissues import draw_tissues
from ..trunk.trunk import Trunk

_CHUNK = 24_576
"""Points evaluated at once, so that they stay in the processor's cache; values do not depend on it."""

METAL_HU = 9000.0
"""Chosen: far above 3071, where a CT of 12 bits saturates, so that partly covered voxels look like metal too."""


def hounsfield(patient: Patient, points_ras: np.ndarray, blur_mm: float = 0.3, contrast: float = 0.0) -> np.ndarray:
    """Hounsfield units of a patient at points, surfaces antialiased over ``blur_mm``.

    :param patient: what is rendered.
    :param points_ras: (..., 3) RAS mm.
    :param blur_mm: width over which a surface is averaged; 0.3 keeps a cortex of 0.4 mm.
    :param contrast: 0 none .. 1 strong intravenous contrast agent.
    :return: (...) float32.
    """
    return renderer(patient).hounsfield(points_ras, blur_mm, contrast)


@lru_cache(maxsize=4)
def renderer(patient: Patient) -> "Renderer":
    """What evaluates a patient; kept for the last few patients, as it takes a while to build.

    :param patient: what is rendered.
    """
    return Renderer(patient)


class Renderer:
    """Evaluates one patient.

    :param patient: what to evaluate.
    """

    def __init__(self, patient: Patient) -> None:
        rng = np.random.default_rng([patient.seed, 2])
        self.tissues = draw_tissues(patient.realism, rng)
        self.trunk = Trunk(patient, self.tissues, rng)
        self.metal = _metal(patient)
        self._patient = patient
        thin = 0.75 + 0.5 * (1 - patient.age_bone)
        self._wall_mm = float(rng.uniform(0.35, 0.75)) * thin
        self._plate_mm = float(rng.uniform(0.4, 0.8)) * thin
        self._arch_mm = float(rng.uniform(0.7, 1.35)) * thin
        self._vein_share = float(rng.uniform(0.1, 0.7))
        self._rough_mm = float(rng.uniform(0.05, 0.3))
        self._rim = float(rng.uniform(0.2, 1.3))
        self._offsets = rng.uniform(0, 64, (len(patient.column), 3)).astype(np.float32)
        self._trabeculae = noise_lattice(3, (1.3, 1.3, 5.0))
        self._patches = noise_lattice(4, 5.0)
        self._parts = [self._bounds(v) for v in patient.column]

    @staticmethod
    def _bounds(vertebra: SyntheticVertebra) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Box of body and disc below and arch in own coordinates, and half size of its RAS box with centre."""
        width, depth, height = vertebra.body.reach_mm
        low, high = np.array([-width - 4, -depth - 3, -height - 16]), np.array([width + 4, depth + 9, height + 3])
        if vertebra.arch is not None:
            low = np.minimum(low, vertebra.arch.capsules.low)
            high = np.maximum(high, vertebra.arch.capsules.high)
        corners = np.stack(np.meshgrid(*zip(low, high, strict=True), indexing="ij"), -1).reshape(-1, 3)
        world = vertebra.to_ras(corners)
        return np.stack([low, high]), world.min(0), world.max(0)

    def hounsfield(self, points_ras: np.ndarray, blur_mm: float = 0.3, contrast: float = 0.0) -> np.ndarray:
        """Hounsfield units at points; see :func:`hounsfield`.

        :param points_ras: (..., 3) RAS mm.
        :param blur_mm: width over which surfaces are averaged.
        :param contrast: 0 .. 1.
        """
        points = np.ascontiguousarray(points_ras, np.float32).reshape(-1, 3)
        values = np.empty(len(points), np.float32)
        for start in range(0, len(points), _CHUNK):
            part = np.ascontiguousarray(points[start : start + _CHUNK].T)
            values[start : start + _CHUNK] = self._chunk(part, blur_mm, contrast)
        return values.reshape(np.shape(points_ras)[:-1])

    def _chunk(self, points: np.ndarray, blur_mm: float, contrast: float) -> np.ndarray:
        hu = self.trunk.hounsfield(points, blur_mm, contrast)
        self.trunk.paint_tubes(points, hu, blur_mm, contrast)
        low, high = points.min(1), points.max(1)
        near = [i for i, (_, first, last) in enumerate(self._parts) if (first < high).all() and (last > low).all()]
        if not near:
            return hu
        self._paint_canal(points, hu, blur_mm)
        local = {}
        for index in near:
            found = self._localise(index, points)
            if found is not None:
                local[index] = found
        for index, (chosen, own) in local.items():
            self._paint_disc(index, chosen, own, hu, blur_mm)
        for index, (chosen, own) in local.items():
            self._paint_arch(index, chosen, own, hu, blur_mm)
        for index, (chosen, own) in local.items():
            self._paint_body(index, chosen, own, hu, blur_mm)
        self._paint_metal(points, hu, blur_mm)
        return hu

    def _localise(self, index: int, points: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        vertebra = self._patient.column[index]
        _, first, last = self._parts[index]
        inside = np.ones(points.shape[1], bool)
        for axis in (2, 1, 0):
            inside &= (points[axis] > first[axis]) & (points[axis] < last[axis])
        chosen = np.flatnonzero(inside)
        if not len(chosen):
            return None
        own = vertebra.axes.astype(np.float32) @ (points[:, chosen] - vertebra.centre_ras.astype(np.float32)[:, None])
        return chosen, own

    def _paint_canal(self, points: np.ndarray, hu: np.ndarray, blur_mm: float) -> None:
        spine, t = self.trunk.spine, self.tissues
        row = spine.index(points[2])
        across = points[0] - spine.canal_right.astype(np.float32)[row]
        ahead = (points[1] - spine.canal_anterior.astype(np.float32)[row]) * spine.upright.astype(np.float32)[row]
        chosen = np.flatnonzero((np.abs(across) < 16) & (np.abs(ahead) < 11))
        if not len(chosen):
            return
        row, across, ahead = row[chosen], across[chosen], ahead[chosen]
        width = spine.canal_half_width.astype(np.float32)[row]
        depth = spine.canal_half_depth.astype(np.float32)[row]
        radial = np.sqrt((across / width) ** 2 + (ahead / depth) ** 2)
        number = spine.number.astype(np.float32)[row]
        values = hu[chosen]
        scale = depth
        values += coverage((1 - radial) * scale, blur_mm) * (t.fat * np.float32(0.45) - values)
        values += coverage((np.float32(0.88) - radial) * scale, blur_mm) * (t.liquor - values)
        cord = np.clip((21.5 - number) / 1.5, 0, 1) * np.where(number > 18, 0.42, 0.5)
        values += coverage((cord - radial) * scale, blur_mm) * (t.cord - values) * (cord > 0)
        hu[chosen] = values

    def _paint_disc(self, index: int, chosen: np.ndarray, own: np.ndarray, hu: np.ndarray, blur_mm: float) -> None:
        patient = self._patient
        if index + 1 >= len(patient.column):
            return
        upper, lower, disc = patient.column[index], patient.column[index + 1], patient.discs[index]
        bottom = upper.to_ras(np.array([0, 0, -0.5 * sum(_rims(upper.body.inferior))]))
        top = lower.to_ras(np.array([0, 0, 0.5 * sum(_rims(lower.body.superior))]))
        centre = 0.5 * (bottom + top)
        up = upper.axes[2] + lower.axes[2]
        up = up / np.linalg.norm(up)
        gap = float((bottom - top) @ up)
        origin = (upper.axes @ (centre - upper.centre_ras)).astype(np.float32)
        normal = (upper.axes @ up).astype(np.float32)
        plate = upper.body.inferior
        width = 0.5 * (plate.half_width_mm + lower.body.superior.half_width_mm)
        depth = 0.5 * (plate.half_depth_mm + lower.body.superior.half_depth_mm) + upper.body.corner_posterior_mm
        reach = gap * 0.5 + plate.dish_mm + lower.body.superior.dish_mm + 7
        height = (own[0] - origin[0]) * normal[0] + (own[1] - origin[1]) * normal[1] + (own[2] - origin[2]) * normal[2]
        near = np.flatnonzero(np.abs(height) < reach)
        if not len(near):
            return
        right, anterior, height = own[0][near], own[1][near] - origin[1], height[near]
        x, y = right / np.float32(width), anterior / np.float32(depth)
        square = np.where(y > 0, x * x + y * y, np.sqrt(x**4 + y**4 + np.float32(0.7) * x * x * y * y))
        radial = np.sqrt(square)
        opening = np.tan(np.arccos(np.clip(upper.axes[2] @ lower.axes[2], -1, 1))) * depth
        half = np.float32(gap * 0.5 + 0.5) + np.float32(opening) * np.abs(y) * np.float32(0.5)
        half = half + np.float32(reach - gap * 0.5) * np.maximum(1 - square, 0)
        inside = np.minimum((np.float32(1.02) - radial) * np.float32(0.5 * (width + depth)), half - np.abs(height))
        cover = coverage(inside, max(float(blur_mm), 0.6))
        value = np.float32(disc.hu) + 18 * np.clip(radial - 0.6, 0, 1)
        if disc.fused:
            value = np.full_like(value, upper.hu_trabecular * 0.9 + 40)
        if disc.vacuum > 0:
            gas = np.minimum(disc.vacuum * np.float32(0.85) - radial, (np.float32(0.32 * gap) - np.abs(height)) / 6)
            gas = gas + np.float32(0.1) * noise(right, anterior, height * 2, self._patches)
            value = value + coverage(gas * np.float32(8), 0.8) * (np.float32(-650) - value)
        place = chosen[near]
        hu[place] += cover * (value - hu[place])
        if disc.bridge_mm > 0:
            self._paint_bridge(disc.bridge_mm, place, x, y, radial, height, gap, 0.5 * (width + depth), hu, blur_mm)

    def _paint_bridge(
        self,
        bridge_mm: float,
        place: np.ndarray,
        x: np.ndarray,
        y: np.ndarray,
        radial: np.ndarray,
        height: np.ndarray,
        gap: float,
        size_mm: float,
        hu: np.ndarray,
        blur_mm: float,
    ) -> None:
        swell = np.maximum(1 - (height / np.float32(0.5 * gap + 6)) ** 2, 0) * np.float32(bridge_mm + 1.5)
        swell *= np.clip(y * 2 - np.float32(0.7), 0, 1) * np.clip(1.2 + 1.2 * x, 0.15, 1)
        outside = (radial - np.float32(0.98)) * np.float32(size_mm)
        inside = np.minimum(swell - np.float32(1.5) - outside, outside + np.float32(2.5))
        outer = coverage(inside, blur_mm)
        core = coverage(inside - np.float32(1.0), blur_mm)
        value = np.float32(self.tissues.cortex * 0.85) * (outer - core) + np.float32(230) * core
        hu[place] = hu[place] * (1 - outer) + value

    def _paint_arch(self, index: int, chosen: np.ndarray, own: np.ndarray, hu: np.ndarray, blur_mm: float) -> None:
        vertebra = self._patient.column[index]
        if vertebra.arch is None:
            return
        capsules = vertebra.arch.capsules
        low, high = capsules.low, capsules.high
        inside = (
            (own[1] > low[1]) & (own[1] < high[1]) & (own[2] > low[2]) & (own[2] < high[2]) & (np.abs(own[0]) < high[0])
        )
        near = np.flatnonzero(inside)
        if not len(near):
            return
        place, right, anterior, superior = chosen[near], own[0][near], own[1][near], own[2][near]
        offset = self._offsets[index]
        rough = noise(
            right * np.float32(0.7) + offset[0],
            anterior * np.float32(0.7),
            superior * np.float32(0.7),
            self._patches,
        )
        depth = capsules.depth(right, anterior, superior) + np.float32(0.35) * rough
        outer = coverage(depth, blur_mm)
        core = coverage(depth - np.float32(self._arch_mm) * (1 + np.float32(0.25) * rough), blur_mm)
        texture = noise(right * 2 + offset[0], anterior * 2 + offset[1], superior * 2 + offset[2], self._trabeculae)
        marrow = (
            np.float32(vertebra.hu_trabecular * 0.9 + 70)
            + np.float32(0.7 * vertebra.hu_texture / (1 + blur_mm**2)) * texture
        )
        hu[place] = hu[place] * (1 - outer) + np.float32(self.tissues.cortex) * (outer - core) + marrow * core

    def _paint_body(self, index: int, chosen: np.ndarray, own: np.ndarray, hu: np.ndarray, blur_mm: float) -> None:
        vertebra = self._patient.column[index]
        width, depth, height = vertebra.body.reach_mm
        near = np.flatnonzero((np.abs(own[0]) < width) & (np.abs(own[1]) < depth) & (np.abs(own[2]) < height))
        if not len(near):
            return
        place, right, anterior, superior = chosen[near], own[0][near], own[1][near], own[2][near]
        found = vertebra.body.distances(right, anterior, superior)
        end = np.minimum(found.superior, found.inferior)
        plate = np.float32(self._plate_mm) * (1 + np.float32(self._rim) * np.clip(found.radial * 2 - 1, 0, 1) ** 2)
        lean = np.clip(np.float32(0.5) + (found.side - end) * np.float32(0.5), 0, 1)
        wall = np.float32(self._wall_mm) * np.clip(np.float32(0.85) + np.float32(0.35) * found.anterior_share, 0.5, 1.2)
        shell = wall + (plate - wall) * lean
        rough = self._rough_mm * noise(
            right * np.float32(1.8) + self._offsets[index][0],
            anterior * np.float32(1.8),
            superior * np.float32(1.8),
            self._patches,
        )
        inside = found.inside + rough
        outer = coverage(inside, blur_mm)
        core = np.minimum(coverage(inside - shell * (1 + rough), blur_mm), outer)
        hard = np.float32(self.tissues.cortex) + np.float32(self.tissues.endplate - self.tissues.cortex) * lean
        marrow = self._marrow(index, vertebra, found, end, right, anterior, superior, float(blur_mm))
        vein = self._vein(found, right, superior)
        marrow = marrow + vein * (20 - marrow)
        hard = hard + vein * (60 - hard)
        hu[place] = hu[place] * (1 - outer) + hard * (outer - core) + marrow * core

    def _marrow(
        self,
        index: int,
        vertebra: SyntheticVertebra,
        found: BodyDistances,
        end: np.ndarray,
        right: np.ndarray,
        anterior: np.ndarray,
        superior: np.ndarray,
        blur_mm: float,
    ) -> np.ndarray:
        offset = self._offsets[index]
        fade = 1 / (1 + 0.5 * blur_mm**2)
        texture = noise(
            right * np.float32(2.2) + offset[0],
            anterior * np.float32(2.2) + offset[1],
            superior * np.float32(1.5) + offset[2],
            self._trabeculae,
        )
        broad = noise(
            right * np.float32(0.8) + offset[1],
            anterior * np.float32(0.8) + offset[2],
            superior * np.float32(0.8),
            self._patches,
        )
        base = np.float32(vertebra.hu_trabecular)
        dense = np.float32(0.3) * np.exp(-np.maximum(end, 0) * np.float32(1 / 2.5))
        marrow = base * (1 + dense + np.float32(0.08) * broad) + np.float32(vertebra.hu_texture * fade) * texture
        for added, distance in zip(vertebra.sclerosis_hu, (found.superior, found.inferior), strict=True):
            if added > 5:
                band = np.maximum(distance, 0) * np.float32(1 / 4) + np.float32(0.4) * np.abs(broad)
                marrow = marrow + np.float32(added) * np.exp(-band * band)
        if vertebra.filling == "hemangioma":
            marrow = np.float32(20) + np.maximum(texture, -0.4) * np.float32(190 * fade + 40)
        elif vertebra.filling == "lysis":
            hole = np.clip(broad * np.float32(1.5) + np.float32(0.2), 0, 1)
            marrow = marrow + hole * (np.float32(45) - marrow)
        elif vertebra.filling == "cement":
            blob = np.clip(
                1.2 - found.radial * np.float32(1.5) - np.abs(found.level) * np.float32(0.6) + np.float32(0.35) * broad,
                0,
                1,
            )
            marrow = marrow + np.clip(blob * 4, 0, 1) * (np.float32(1900) - marrow)
        return marrow

    def _vein(self, found: BodyDistances, right: np.ndarray, superior: np.ndarray) -> np.ndarray:
        deep = (-found.anterior_share - np.float32(0.35)) * np.float32(1 / 0.6)
        radius = np.float32(0.3) + np.float32(1.7) * np.clip(deep, 0, 1)
        spread = np.sqrt((right * np.float32(0.55)) ** 2 + superior**2)
        share = np.clip((radius - spread) * np.float32(1.2), 0, 1) * np.clip(deep * 5, 0, 1)
        return share * np.float32(self._vein_share)

    def _paint_metal(self, points: np.ndarray, hu: np.ndarray, blur_mm: float) -> None:
        found = self.metal.nearest(points)
        if found is not None:
            chosen, depth, _ = found
            hu[chosen] += coverage(depth, blur_mm) * (METAL_HU - hu[chosen])


def _rims(plate: EndplateShape) -> tuple[float, float]:
    return plate.anterior_mm, plate.posterior_mm


def screw_axes(vertebra: SyntheticVertebra) -> list[np.ndarray]:
    """Head and tip (2, 3) RAS of the left and right pedicle screw.

    :param vertebra: with an arch.
    """
    assert vertebra.arch is not None
    arch, body = vertebra.arch, vertebra.body
    up = float(arch.capsules.start[0][2])
    lateral = float(arch.capsules.start[0][0])
    return [
        vertebra.to_ras(
            np.array(
                [
                    [side * (lateral + 4), arch.canal_anterior_mm - 16, up + 2],
                    [side * lateral * 0.5, body.posterior_wall_mm * 0.45, up - 1],
                ]
            )
        )
        for side in (-1, 1)
    ]


def _metal(patient: Patient) -> TubeSet:
    builder = TubeBuilder()
    pairs = [screw_axes(v) for v in patient.column if v.screws and v.arch is not None]
    for pair in pairs:
        for screw in pair:
            builder.add(screw, np.array([4.5, 2.6]), METAL_HU)
    if len(pairs) > 1:
        for side in (0, 1):
            builder.add(np.array([pair[side][0] for pair in pairs]), 2.8, METAL_HU)
    return builder.build()
