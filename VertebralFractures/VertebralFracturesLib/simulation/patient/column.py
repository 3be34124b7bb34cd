"""The column of a synthetic patient in space: tilts, curves, gaps, sacrum and discs."""

from dataclasses import replace

import numpy as np

from . import level_tables as tables
from .deformity import BodyPlan, body_shape
from .options import PatientOptions
from .shapes import EndplateShape
from .vertebra import Disc, SyntheticVertebra, lateral_and_rotation, turned_axes

_L1, _S1 = tables.LEVEL_NUMBERS["L1"], tables.LEVEL_NUMBERS["S1"]


def draw_gaps(levels: list[str], size: float, rng: np.random.Generator) -> np.ndarray:
    """Mean rim-to-rim gap below each body.

    :param levels: names, cranial to caudal.
    :param size: patient's linear size.
    :param rng: draws the gaps.
    :return: (n,) mm.
    """
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


def _draw_tilts(vertebrae: list[SyntheticVertebra], gaps: np.ndarray, rng: np.random.Generator) -> np.ndarray:
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
    tilts: np.ndarray, gaps: np.ndarray, vertebrae: list[SyntheticVertebra], degrees: float
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


def place_column(
    vertebrae: list[SyntheticVertebra], gaps: np.ndarray, options: PatientOptions, rng: np.random.Generator
) -> list[SyntheticVertebra]:
    """Place the vertebrae in space, along the drawn curves.

    :param vertebrae: cranial to caudal, all at the origin.
    :param gaps: (n,) mm below each.
    :param options: the patient's.
    :param rng: draws the curves.
    """
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
    above: SyntheticVertebra,
    axes_above: np.ndarray,
    below: SyntheticVertebra,
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


def make_sacrum(last: SyntheticVertebra, gap: float, size: float, rng: np.random.Generator) -> list[SyntheticVertebra]:
    """The sacrum below the last lumbar vertebra; its sizes are chosen by eye on sagittal CTs.

    :param last: in its place.
    :param gap: mm between both.
    :param size: patient's linear size.
    :param rng: draws its tilt.
    :return: S1 .. S5.
    """
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
    bodies: list[SyntheticVertebra] = []
    above, tilt = last, lean
    for index, values in enumerate(sizes):
        anterior, middle, posterior, top, bottom, width = (v * size for v in values)
        plan = BodyPlan(anterior, middle, posterior, top, bottom, width, width * 0.78)
        body = body_shape(plan, (1.8, 1.2), 0.04, 0.02, 0.05, 0.0, 0.1)
        draft = SyntheticVertebra(
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


def draw_discs(
    column: tuple[SyntheticVertebra, ...],
    age_bone: float,
    options: PatientOptions,
    realism: str,
    rng: np.random.Generator,
) -> tuple[Disc, ...]:
    """The disc below each vertebra.

    :param column: cranial to caudal.
    :param age_bone: 0 young .. 1 old.
    :param options: the patient's.
    :param realism: "realistic" or "randomised" values.
    :param rng: draws the discs.
    """
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
