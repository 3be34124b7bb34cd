"""Sampling of a synthetic patient: vertebral sizes with their random effects, the column in space, and the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.interpolate import CubicSpline

from ...core.spine_curve import chord_arcs
from . import level_tables as tables
from .arches import Arch, make_arch
from .deformity import BodyPlan, FractureKind, body_shape, fractured, osteophytes, random_fracture, schmorl_nodes
from .shapes import BodyShape, EndplateShape

if TYPE_CHECKING:
    from ..ct.render import Renderer

_NORMAL_LEVELS = tables.LEVEL_NAMES[1:24]
_L1, _S1 = tables.LEVEL_NUMBERS["L1"], tables.LEVEL_NUMBERS["S1"]


@dataclass(frozen=True, eq=False)
class PatientOptions:
    """
    What a patient shall be like; None draws at random.

    :param realism: "realistic" tissue values, or "randomised" (domain randomisation); half and half when None
    :param deformity_rate: share of vertebrae (T4..L5 preferred) that are fractured; None draws a fracture patient
        half of the time, with 15-35 % of the vertebrae
    :param fractures: level name -> (kind, Genant index), exactly these and no others
    :param pathology_rate: multiplies the frequency of all other disease; 0 gives clean spines
    :param level_variants: allow T13, L6, missing T12 or L5
    :param cobb_degrees: greatest angle between two bodies from T1 to L1 in the frontal plane, to about 2 degrees
    :param kyphosis_degrees: angle between T4 and T12 in the sagittal plane; the discs open behind to make room
    :param screws: levels with pedicle screws, exactly these
    """

    realism: str | None = None
    deformity_rate: float | None = None
    fractures: Mapping[str, tuple[FractureKind, float]] | None = None
    pathology_rate: float = 1.0
    level_variants: bool = True
    cobb_degrees: float | None = None
    kyphosis_degrees: float | None = None
    screws: tuple[str, ...] | None = None


@dataclass(frozen=True, eq=False)
class PhantomVertebra:
    """
    One vertebra of a patient.

    :param level: name, "C2" .. "L5", "T13", "L6", "S1" .. "S5"
    :param number: level number as in ``level_tables``
    :param body: surfaces in the vertebra's own coordinates
    :param arch: posterior elements; None in the sacrum
    :param centre_ras: origin of the own coordinates, mm
    :param axes: (3, 3) rows right, anterior, superior in RAS
    :param plan: planned heights and the fracture, if any
    :param hu_trabecular: mean of the core
    :param hu_texture: standard deviation of the trabecular texture
    :param sclerosis_hu: added next to the (superior, inferior) endplate
    :param filling: "bone", "hemangioma", "cement" or "lysis"
    :param screws: pedicle screws
    """

    level: str
    number: float
    body: BodyShape
    arch: Arch | None
    centre_ras: np.ndarray
    axes: np.ndarray
    plan: BodyPlan
    hu_trabecular: float
    hu_texture: float
    sclerosis_hu: tuple[float, float] = (0.0, 0.0)
    filling: str = "bone"
    screws: bool = False

    def to_ras(self, points: np.ndarray) -> np.ndarray:
        """Own coordinates (..., 3) to RAS mm."""
        return np.asarray(points, float) @ self.axes + self.centre_ras

    @cached_property
    def keypoints_ras(self) -> np.ndarray:
        """Six keypoints (6, 3) mm in the order of ``core.keypoints.KEYPOINT_NAMES``."""
        return self.to_ras(self.body.keypoints_local())

    @property
    def heights_mm(self) -> np.ndarray:
        """Anterior, middle, posterior height (3,)."""
        points = self.keypoints_ras
        return np.linalg.norm(points[0::2] - points[1::2], axis=1)

    @property
    def genant_index(self) -> float:
        """Least over largest height."""
        heights = self.heights_mm
        return float(heights.min() / heights.max())


@dataclass(frozen=True, eq=False)
class Disc:
    """
    The space below a body.

    :param hu: value; the rim is denser
    :param vacuum: 0 none .. 1 gas through most of the disc
    :param bridge_mm: thickness of an anterior bony bridge, 0 none
    :param fused: bone in place of the disc
    """

    hu: float
    vacuum: float = 0.0
    bridge_mm: float = 0.0
    fused: bool = False


@dataclass(frozen=True, eq=False)
class Patient:
    """
    A synthetic patient: an implicit function in RAS mm with exact truth.

    :param seed: what it was made from
    :param options: as given
    :param column: all vertebrae cranial to caudal, C2 .. S5
    :param discs: the space below each of ``column``
    :param realism: "realistic" or "randomised"
    :param size: linear size, 1 average
    :param age_bone: 0 young dense .. 1 old osteoporotic
    :param obesity: 0 lean .. 1 obese
    """

    seed: int
    options: PatientOptions
    column: tuple[PhantomVertebra, ...]
    discs: tuple[Disc, ...]
    realism: str
    size: float
    age_bone: float
    obesity: float

    @cached_property
    def vertebrae(self) -> tuple[PhantomVertebra, ...]:
        """The vertebrae with truth, C3 .. L5 (L6), cranial to caudal."""
        return tuple(v for v in self.column if 2 < v.number < 25)

    @cached_property
    def curve_ras(self) -> np.ndarray:
        """Curve through the body centres from the top of C2 to the bottom of L5, (n, 3) mm about every 2 mm."""
        bodies = [v for v in self.column if v.number < 25]
        centres = [v.keypoints_ras.mean(0) for v in bodies]
        top = bodies[0].keypoints_ras[0::2].mean(0)
        bottom = bodies[-1].keypoints_ras[1::2].mean(0)
        return _smooth_polyline(np.array([top, *centres, bottom]), 2.0)

    @property
    def extent_superior_mm(self) -> tuple[float, float]:
        """Superior coordinate of the spine's upper and lower end (top of C2, bottom of L5)."""
        return float(self.curve_ras[0, 2]), float(self.curve_ras[-1, 2])

    def exists(self, superior_mm: np.ndarray) -> np.ndarray:
        """Whether axial planes cut the spine between the top of C2 and the bottom of L5. :param superior_mm: (n,)"""
        top, bottom = self.extent_superior_mm
        return (np.asarray(superior_mm) <= top) & (np.asarray(superior_mm) >= bottom)

    @cached_property
    def renderer(self) -> Renderer:
        """Evaluates the patient at points; built once."""
        from ..ct.render import Renderer

        return Renderer(self)

    def hounsfield(self, points_ras: np.ndarray, blur_mm: float = 0.3, contrast: float = 0.0) -> np.ndarray:
        """
        Hounsfield units at points, surfaces antialiased over ``blur_mm``.

        :param points_ras: (..., 3) RAS mm
        :param blur_mm: width over which a surface is averaged; .3 keeps a cortex of .4 mm
        :param contrast: 0 none .. 1 strong intravenous contrast agent
        :returns: (...) float32
        """
        return self.renderer.hounsfield(points_ras, blur_mm, contrast)


def _smooth_polyline(knots: np.ndarray, step_mm: float) -> np.ndarray:
    arc = chord_arcs(knots)
    return CubicSpline(arc, knots)(np.linspace(0, arc[-1], int(np.ceil(arc[-1] / step_mm)) + 1))


def make_patient(seed: int, **options: object) -> Patient:
    """
    Sample a patient; the same seed and options give the same patient.

    :param seed: any non-negative integer
    :param options: fields of :class:`PatientOptions`
    """
    chosen = PatientOptions(**options)  # type: ignore[arg-type]
    rng = np.random.default_rng([seed, 1])
    realism = chosen.realism or ("realistic" if rng.random() < 0.5 else "randomised")
    size = float(np.exp(rng.normal(0, tables.PATIENT_SIZE_LOG_SD)))
    age_bone = float(rng.beta(1.6, 1.6))
    obesity = float(rng.beta(1.3, 2.2))
    levels = _draw_levels(rng, chosen)
    plans = _draw_plans(levels, size, rng)
    plans = _draw_fractures(levels, plans, chosen, rng)
    vertebrae = _draw_vertebrae(levels, plans, size, age_bone, chosen, rng)
    gaps = _draw_gaps(levels, size, rng)
    placed = _place(vertebrae, gaps, chosen, rng)
    sacrum = _make_sacrum(placed[-1], gaps[-1], size, rng)
    column = (*placed, *sacrum)
    return Patient(
        seed, chosen, column, _draw_discs(column, age_bone, chosen, realism, rng), realism, size, age_bone, obesity
    )


def _draw_levels(rng: np.random.Generator, options: PatientOptions) -> list[str]:
    levels = list(_NORMAL_LEVELS)
    unknown = {*(options.fractures or ()), *(options.screws or ())} - set(levels[1:])
    if unknown:
        raise ValueError(f"no such level to fracture or to screw: {', '.join(sorted(unknown))}")
    if not options.level_variants or options.fractures or options.screws or options.kyphosis_degrees is not None:
        return levels
    kind = rng.random()
    if kind < 0.03:
        levels.insert(levels.index("L1"), "T13")
    elif kind < 0.06:
        levels.append("L6")
    elif kind < 0.08:
        levels.remove("T12")
    elif kind < 0.1:
        levels.remove("L5")
    return levels


def _draw_plans(levels: list[str], size: float, rng: np.random.Generator) -> list[BodyPlan]:
    anterior_patient = rng.normal(0, tables.ANTERIOR_RATIO_SD[0])
    middle_patient = rng.normal(0, tables.MIDDLE_RATIO_SD[0])
    depth_patient = size * np.exp(rng.normal(0, tables.DEPTH_LOG_SD[0] * 0.6))
    drift = np.convolve(rng.normal(0, 1, len(levels) + 4), np.ones(5) / 5**0.5, "valid") * 0.014
    plans = []
    for index, level in enumerate(levels):
        number = tables.LEVEL_NUMBERS[level]
        posterior = tables.at_level(tables.HEIGHT_POSTERIOR_MM, number) * size
        posterior *= np.exp(drift[index] + rng.normal(0, tables.HEIGHT_RESIDUAL_LOG_SD))
        anterior = tables.at_level(tables.ANTERIOR_RATIO, number) + anterior_patient
        anterior += rng.normal(0, tables.ANTERIOR_RATIO_SD[1])
        middle = tables.at_level(tables.MIDDLE_RATIO, number) + middle_patient
        middle += rng.normal(0, tables.MIDDLE_RATIO_SD[1])
        anterior = float(np.clip(anterior, 0.74, 1.28))
        middle = float(np.clip(middle, 0.70, min(0.975, 0.5 * (1 + anterior) * 0.985)))
        own = depth_patient * np.exp(rng.normal(0, tables.DEPTH_LOG_SD[1]))
        top = tables.at_level(tables.DEPTH_SUPERIOR_MM, number) * own
        bottom = tables.at_level(tables.DEPTH_INFERIOR_MM, number) * own
        ratio = tables.at_level(tables.WIDTH_TO_DEPTH, number) * np.exp(rng.normal(0, 0.04))
        plans.append(
            BodyPlan(
                anterior * posterior,
                middle * posterior,
                posterior,
                top,
                bottom,
                (top + 2.4) * ratio,
                (bottom + 2.4) * ratio,
                superior_dish_share=float(np.clip(rng.normal(0.42, 0.1), 0.15, 0.7)),
            )
        )
    return plans


def _draw_fractures(
    levels: list[str], plans: list[BodyPlan], options: PatientOptions, rng: np.random.Generator
) -> list[BodyPlan]:
    if options.fractures is not None:
        wanted = dict(options.fractures)
    else:
        rate = options.deformity_rate
        if rate is None:
            rate = rng.uniform(0.15, 0.35) if rng.random() < 0.5 else 0.0
        weight = {7: 0.2, 8: 0.4, 11: 0.6, 13: 1.0, 16: 0.9, 18: 1.3, 21: 1.2, 24: 0.8}
        wanted = {}
        for level in levels[1:]:
            number = tables.LEVEL_NUMBERS[level]
            if rng.random() < rate * float(tables.by_knots(number, weight)):
                wanted[level] = random_fracture(number, rng)
    return [
        fractured(plan, *wanted[level], rng) if level in wanted else plan
        for level, plan in zip(levels, plans, strict=True)
    ]


def _draw_vertebrae(
    levels: list[str],
    plans: list[BodyPlan],
    size: float,
    age_bone: float,
    options: PatientOptions,
    rng: np.random.Generator,
) -> list[PhantomVertebra]:
    rate = options.pathology_rate
    degeneration = float(np.clip(rng.beta(1.2, 1.6) * (0.4 + 0.9 * age_bone), 0, 1)) * min(rate, 1.0)
    schmorl_rate = float(rng.choice([0.0, 0.05, 0.3], p=[0.5, 0.35, 0.15])) * rate
    trabecular = float(np.clip(rng.normal(225 - 150 * age_bone, 35), 25, 340))
    texture = float(rng.uniform(0.25, 1.1))
    instrumented = _instrumented_levels(levels, rng) if rng.random() < 0.05 * rate else set()
    if options.screws is not None:
        instrumented = set(options.screws)
    waist = rng.uniform(0.07, 0.19)
    surface_rng = rng.spawn(1)[0]  # of its own, so that a seed keeps everything else of its patient
    vertebrae = []
    for level, normal in zip(levels, plans, strict=True):
        number = tables.LEVEL_NUMBERS[level]
        plan = _with_bowls(normal, number, size, surface_rng)
        thoracic = float(np.clip(1 - abs(number - 13.5) / 6, 0, 1))
        nodes = schmorl_nodes(rng, int(rng.integers(1, 3))) if rng.random() < schmorl_rate else ()
        spurs = osteophytes(rng, degeneration)
        body = body_shape(
            plan,
            (float(rng.uniform(1.4, 2.8)), float(rng.uniform(1.2, 2.3))),
            float(np.clip(waist + rng.normal(0, 0.02), 0.02, 0.22)),
            float(rng.uniform(0.02, 0.08)),
            float(rng.uniform(0.05, 0.15) + 0.05 * thoracic),
            size * _draw_hollow_mm(number, surface_rng),
            float(thoracic * rng.uniform(0.05, 0.28)),
            nodes,
            spurs,
        )
        arch = make_arch(number, body, plan.height_posterior_mm + plan.lost_posterior_mm, size, rng)
        sclerosis = rng.gamma(1.0, 60 * degeneration, 2) + (rng.uniform(0, 220, 2) if plan.fracture else 0)
        filling = "bone"
        if rng.random() < 0.02 * rate:
            filling = "hemangioma"
        elif rng.random() < 0.01 * rate:
            filling = "lysis"
        elif rng.random() < (0.12 if plan.fracture else 0.003) * rate:
            filling = "cement"
        vertebrae.append(
            PhantomVertebra(
                level,
                number,
                body,
                arch,
                np.zeros(3),
                np.eye(3),
                plan,
                float(np.clip(trabecular * np.exp(rng.normal(0, 0.1)), 20, 400)),
                float(texture * 100),
                (float(sclerosis[0]), float(sclerosis[1])),
                filling,
                level in instrumented,
            )
        )
    return vertebrae


def _with_bowls(plan: BodyPlan, number: float, size: float, rng: np.random.Generator) -> BodyPlan:
    """How deep the endplates are at the sides."""
    superior, inferior = (
        size * (float(tables.by_knots(number, table)) + rng.normal(0, tables.BOWL_SD_MM))
        for table in (tables.SUPERIOR_BOWL_MM, tables.INFERIOR_BOWL_MM)
    )
    share = float(rng.uniform(0.3, 1.0))
    return replace(plan, superior_bowl_mm=superior, inferior_bowl_mm=inferior, lost_bowl_share=share)


def _draw_hollow_mm(number: float, rng: np.random.Generator) -> float:
    """How far the posterior wall lies further back beside the canal, in a patient of average size."""
    return max(0.0, float(tables.by_knots(number, tables.HOLLOW_MM) + rng.normal(0, tables.HOLLOW_SD_MM)))


def _instrumented_levels(levels: list[str], rng: np.random.Generator) -> set[str]:
    first = int(rng.integers(8, len(levels) - 2))
    return set(levels[first : first + int(rng.integers(2, 7))])


def _draw_gaps(levels: list[str], size: float, rng: np.random.Generator) -> np.ndarray:
    """Mean rim-to-rim gap below each body, (n,) mm."""
    patient = np.exp(rng.normal(0, tables.GAP_LOG_SD[0])) * size
    numbers = [tables.LEVEL_NUMBERS[level] for level in levels]
    mean = np.array(
        [
            0.5 * (tables.at_level(tables.GAP_ANTERIOR_MM, n) + tables.at_level(tables.GAP_POSTERIOR_MM, n))
            for n in numbers
        ]
    )
    return np.maximum(0.94 * mean * patient * np.exp(rng.normal(0, tables.GAP_LOG_SD[1], len(levels))), 1.2)


def _slope_degrees(plate: EndplateShape) -> float:
    """Angle of an endplate against the body's middle plane, + = closing towards the front."""
    return float(np.rad2deg(np.arctan2(plate.posterior_mm - plate.anterior_mm, 2 * plate.half_depth_mm)))


def _mean_disc_wedges() -> np.ndarray:
    """Disc wedges below C2 .. L4 that give the mean tilts with mean bodies, (22,) degrees, + kyphotic."""
    depth = 0.5 * (tables.DEPTH_SUPERIOR_MM + tables.DEPTH_INFERIOR_MM)
    wedge = np.rad2deg(np.arctan2(tables.HEIGHT_POSTERIOR_MM * (1 - tables.ANTERIOR_RATIO), depth))
    implied = np.diff(tables.TILT_DEGREES) - 0.5 * (wedge[:-1] + wedge[1:])
    measured = slice(6, 6 + len(tables.MEASURED_DISC_WEDGE_DEGREES))
    implied[measured] = 0.6 * implied[measured] + 0.4 * tables.MEASURED_DISC_WEDGE_DEGREES
    return implied


def _draw_tilts(vertebrae: list[PhantomVertebra], gaps: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Tilt of each body in degrees, + = the posterior end lies lower; about 2.5 at T8."""
    disc_mean = _mean_disc_wedges()
    thoracic, lumbar, cervical = rng.normal(0, 0.5), rng.normal(0, 1.2), rng.normal(0, 1.8)
    tilts = [0.0]
    for index in range(len(vertebrae) - 1):
        above, below = vertebrae[index], vertebrae[index + 1]
        number = 0.5 * (above.number + below.number)
        disc = float(np.interp(number, np.arange(2.5, 24), disc_mean))
        spread = tables.at_level(tables.DISC_WEDGE_SD_DEGREES, above.number)
        disc += rng.normal(0, spread * (0.6 if number < 11 else 0.85)) + (
            cervical if number < 8 else thoracic if number < 19 else lumbar
        )
        depth = above.plan.depth_inferior_mm
        limit = float(np.rad2deg(np.arctan(2 * (gaps[index] - 1.1) / depth)))
        disc = float(np.clip(disc, -max(limit, 0.2), max(limit, 0.2)))
        tilts.append(tilts[-1] + _slope_degrees(above.body.inferior) + _slope_degrees(below.body.superior) + disc)
    numbers = np.array([v.number for v in vertebrae])
    middle = (numbers >= 11) & (numbers <= 20)
    target = np.interp(numbers, np.arange(2, 25), tables.TILT_DEGREES)
    pose = float((target - np.array(tilts))[middle].mean()) + rng.normal(0, 5.5)
    return np.array(tilts) + pose


def _bent_forward(
    tilts: np.ndarray, gaps: np.ndarray, vertebrae: list[PhantomVertebra], degrees: float
) -> tuple[np.ndarray, np.ndarray]:
    """Tilts and gaps of a spine whose kyphosis from T4 to T12 is as wanted."""
    first, last = (next(i for i, v in enumerate(vertebrae) if v.level == level) for level in ("T4", "T12"))
    added = degrees - (tilts[last] - tilts[first])
    share = np.clip((np.arange(len(tilts)) - first) / (last - first), 0, 1)
    opening = np.deg2rad(np.r_[np.diff(share * added), 0.0])
    depths = np.array([v.plan.depth_inferior_mm for v in vertebrae])
    return tilts + (share - 0.5) * added, gaps + 0.5 * depths * np.tan(np.maximum(opening, 0))


def _draw_lateral(
    numbers: np.ndarray, heights: np.ndarray, rng: np.random.Generator, cobb_degrees: float | None
) -> tuple[np.ndarray, np.ndarray]:
    """Lateral tilt and axial rotation of each body in degrees."""
    arc = np.cumsum(heights)
    arc = arc - arc[len(arc) // 2]
    angle = np.zeros_like(arc)
    for wave in (rng.uniform(180, 330), rng.uniform(330, 700)):
        angle += rng.normal() * np.sin(2 * np.pi * (arc / wave + rng.random()))
    path = np.cumsum(np.deg2rad(angle) * heights)
    seen = (numbers >= 8) & (numbers <= 20)
    excursion = np.ptp(path[seen])
    if rng.random() < 0.06:
        angle *= rng.uniform(20, 60) / max(np.ptp(angle[seen]), 1e-3)
    else:
        angle *= min(9.9 * float(np.exp(rng.normal(0, 0.5))) / max(excursion, 1e-3), 45 / max(np.ptp(angle), 1e-3))
    if cobb_degrees is not None:
        angle *= cobb_degrees / max(np.ptp(angle[seen]), 1e-3)
    curvature = np.gradient(angle)
    rotation = np.convolve(np.pad(curvature, 2, mode="edge"), np.ones(5) / 5, "valid") * rng.uniform(1.5, 4.0)
    share = _share_of_curve(numbers)
    rotation = share * (rotation + rng.normal(0, 1.5)) + rng.normal(0, 0.8, len(arc))
    return share * angle + rng.normal(0, 0.7, len(arc)), np.clip(rotation, -35, 35)


def _share_of_curve(number: np.ndarray | float) -> np.ndarray:
    """How much of a lateral curve is left at levels: it ends in the pelvis, to which L5 is tied."""
    return np.asarray(np.interp(number, (_L1, _S1), (1.0, tables.CURVE_SHARE_AT_PELVIS)))


def lateral_and_rotation(axes: np.ndarray) -> np.ndarray:
    """Lateral tilt and axial rotation in degrees (2,) of a body. :param axes: (3, 3) as of :class:`PhantomVertebra`"""
    right = axes[0]
    return np.rad2deg([np.arcsin(-right[2]), np.arctan2(right[1], right[0])])


def turned_axes(tilt: float, lateral: float, rotation: float) -> np.ndarray:
    """Rows right, anterior, superior in RAS for angles in degrees."""
    t, b, w = np.deg2rad([tilt, lateral, rotation])
    about_right = np.array([[1, 0, 0], [0, np.cos(t), -np.sin(t)], [0, np.sin(t), np.cos(t)]])
    about_anterior = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    about_superior = np.array([[np.cos(w), -np.sin(w), 0], [np.sin(w), np.cos(w), 0], [0, 0, 1]])
    return (about_superior @ about_anterior @ about_right).T


def _place(
    vertebrae: list[PhantomVertebra], gaps: np.ndarray, options: PatientOptions, rng: np.random.Generator
) -> list[PhantomVertebra]:
    tilts = _draw_tilts(vertebrae, gaps, rng)
    if options.kyphosis_degrees is not None:
        tilts, gaps = _bent_forward(tilts, gaps, vertebrae, options.kyphosis_degrees)
    numbers = np.array([v.number for v in vertebrae])
    heights = np.array([v.plan.height_posterior_mm for v in vertebrae]) + gaps
    lateral, rotation = _draw_lateral(numbers, heights, rng, options.cobb_degrees)
    roll = rng.normal(0, 2.5)
    axes = [turned_axes(t, b, w + roll) for t, b, w in zip(tilts, lateral, rotation, strict=True)]
    centres = [np.zeros(3)]
    slip = rng.normal(0, 0.35, len(vertebrae))
    if rng.random() < 0.08:
        slip[rng.integers(len(slip) - 5, len(slip))] += rng.uniform(-7, 5)
    for index in range(1, len(vertebrae)):
        above, below = vertebrae[index - 1], vertebrae[index]
        centres.append(centres[-1] + _step(above, axes[index - 1], below, axes[index], gaps[index - 1], slip[index]))
    middle = int(np.argmin(np.abs(numbers - 15)))
    origin = np.array([rng.normal(0, 8), rng.normal(-20, 15), rng.uniform(-60, 60)]) - centres[middle]
    return [replace(v, centre_ras=c + origin, axes=a) for v, c, a in zip(vertebrae, centres, axes, strict=True)]


def _step(
    above: PhantomVertebra,
    axes_above: np.ndarray,
    below: PhantomVertebra,
    axes_below: np.ndarray,
    gap: float,
    slip: float,
) -> np.ndarray:
    """From the centre of one body to that of the next; the posterior walls line up."""
    upper, lower = above.body.keypoints_local(), below.body.keypoints_local()
    bottom = 0.5 * (upper[1] + upper[5]) @ axes_above
    top = 0.5 * (lower[0] + lower[4]) @ axes_below
    down = -(axes_above[2] + axes_below[2])
    forward = axes_above[1] + axes_below[1]
    step = 0.5 * (below.plan.depth_superior_mm - above.plan.depth_inferior_mm) + slip
    return bottom + gap * down / np.linalg.norm(down) + step * forward / np.linalg.norm(forward) - top


def _make_sacrum(last: PhantomVertebra, gap: float, size: float, rng: np.random.Generator) -> list[PhantomVertebra]:
    lean = tables.SACRUM_TILT_DEGREES + rng.normal(0, 6)
    tilt_last = float(np.rad2deg(np.arctan2(last.axes[1, 2], last.axes[1, 1])))
    limit = float(np.rad2deg(np.arctan(2 * (gap - 1.2) / last.plan.depth_inferior_mm)))
    lean = float(np.clip(lean, tilt_last - limit - 4, tilt_last + 2))
    lateral, rotation = lateral_and_rotation(last.axes) * _share_of_curve(_S1) / _share_of_curve(last.number)
    sizes = (
        (29.0, 27.0, 24.0, 31.5, 24.0, 50.0),
        (23.0, 22.0, 21.0, 23.0, 18.0, 38.0),
        (20.0, 19.5, 19.0, 17.0, 13.0, 30.0),
        (17.0, 17.0, 17.0, 13.0, 10.0, 24.0),
        (15.0, 15.0, 15.0, 10.0, 7.0, 18.0),
    )
    bodies: list[PhantomVertebra] = []
    above, tilt = last, lean
    for index, values in enumerate(sizes):
        anterior, middle, posterior, top, bottom, width = (v * size for v in values)
        plan = BodyPlan(anterior, middle, posterior, top, bottom, width, width * 0.78)
        body = body_shape(plan, (1.8, 1.2), 0.04, 0.02, 0.05, 0.0, 0.1)
        draft = PhantomVertebra(
            f"S{index + 1}",
            25.0 + index,
            body,
            None,
            np.zeros(3),
            turned_axes(tilt, lateral, rotation),
            plan,
            last.hu_trabecular * 0.8,
            last.hu_texture,
        )
        space = gap if index == 0 else 2.0 * size
        step = _step(above, above.axes, draft, draft.axes, space, 0.0)
        above = replace(draft, centre_ras=above.centre_ras + step)
        bodies.append(above)
        tilt += -14.0 + 9.0 * index
    return bodies


def _draw_discs(
    column: tuple[PhantomVertebra, ...],
    age_bone: float,
    options: PatientOptions,
    realism: str,
    rng: np.random.Generator,
) -> tuple[Disc, ...]:
    rate = options.pathology_rate
    bridging = rng.uniform(0.3, 0.9) if rng.random() < (0.04 + 0.16 * age_bone) * rate else 0.0
    gas = rng.uniform(0.03, 0.25) if rng.random() < (0.05 + 0.2 * age_bone) * rate else 0.003 * rate
    base = rng.normal(88, 14) if realism == "realistic" else rng.uniform(30, 170)
    discs = []
    for vertebra in column:
        vacuum = float(rng.uniform(0.3, 1)) if rng.random() < gas else 0.0
        bridge = float(rng.uniform(2, 6)) if 10 < vertebra.number < 23 and rng.random() < bridging else 0.0
        fused = vertebra.number >= 26 or rng.random() < 0.006 * rate
        discs.append(Disc(float(base + rng.normal(0, 8)), vacuum, bridge, bool(fused)))
    return tuple(discs)
