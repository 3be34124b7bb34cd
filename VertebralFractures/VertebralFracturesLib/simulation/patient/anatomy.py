"""Sampling of a synthetic patient: vertebral sizes with their random effects, the column in space, and the truth."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.interpolate import CubicSpline

from ...core.spine_curve import chord_arcs
from . import level_tables as tables
from .bodies import draw_fractures, draw_plans, draw_vertebrae
from .column import draw_discs, draw_gaps, make_sacrum, place_column
from .options import SACRALISED, SIXTH_LUMBAR, THIRTEENTH_THORACIC, PatientOptions
from .transitional import TRANSITIONAL_GAP_SHARE, joined_to_sacrum
from .vertebra import Disc, SyntheticVertebra

_NORMAL_LEVELS = tables.LEVEL_NAMES[1:24]


@dataclass(frozen=True, eq=False)
class Patient:
    """A synthetic patient: an implicit function in RAS mm with exact truth.

    :param seed: what it was made from.
    :param options: as given.
    :param column: all vertebrae cranial to caudal, C2 .. S5.
    :param discs: the space below each of ``column``.
    :param realism: "realistic" or "randomised".
    :param size: linear size, 1 average.
    :param age_bone: 0 young dense .. 1 old osteoporotic.
    :param obesity: 0 lean .. 1 obese.
    """

    seed: int
    options: PatientOptions
    column: tuple[SyntheticVertebra, ...]
    discs: tuple[Disc, ...]
    realism: str
    size: float
    age_bone: float
    obesity: float

    @cached_property
    def vertebrae(self) -> tuple[SyntheticVertebra, ...]:
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


def _smooth_polyline(knots: np.ndarray, step_mm: float) -> np.ndarray:
    arc = chord_arcs(knots)
    return CubicSpline(arc, knots)(np.linspace(0, arc[-1], int(np.ceil(arc[-1] / step_mm)) + 1))


def make_patient(seed: int, **options: object) -> Patient:
    """Sample a patient; the same seed and options give the same patient.

    :param seed: any non-negative integer.
    :param options: fields of :class:`PatientOptions`.
    :raises ValueError: an unknown variant, or a level to fracture or to screw that the patient does not have.
    """
    chosen = PatientOptions(**options)  # type: ignore[arg-type]
    rng = np.random.default_rng([seed, 1])
    realism = chosen.realism or ("realistic" if rng.random() < 0.5 else "randomised")
    size = float(np.exp(rng.normal(0, tables.PATIENT_SIZE_LOG_SD)))
    age_bone = float(rng.beta(1.6, 1.6))
    obesity = float(rng.beta(1.3, 2.2))
    levels = _draw_levels(rng, chosen)
    plans = draw_plans(levels, size, rng)
    plans = draw_fractures(levels, plans, chosen, rng)
    vertebrae = draw_vertebrae(levels, plans, size, age_bone, chosen, rng)
    gaps = draw_gaps(levels, size, rng)
    if chosen.variant == SACRALISED:
        gaps[-1] = max(gaps[-1] * TRANSITIONAL_GAP_SHARE, 1.2)
    placed = place_column(vertebrae, gaps, chosen, rng)
    sacrum = make_sacrum(placed[-1], gaps[-1], size, rng)
    if chosen.variant == SACRALISED:
        placed[-1] = joined_to_sacrum(placed[-1], sacrum[0], size)
    column = (*placed, *sacrum)
    return Patient(
        seed, chosen, column, draw_discs(column, age_bone, chosen, realism, rng), realism, size, age_bone, obesity
    )


def _draw_levels(rng: np.random.Generator, options: PatientOptions) -> list[str]:
    levels = list(_NORMAL_LEVELS)
    if options.variant == THIRTEENTH_THORACIC:
        levels.insert(levels.index("L1"), "T13")
    elif options.variant == SIXTH_LUMBAR:
        levels.append("L6")
    unknown = {*(options.fractures or ()), *(options.screws or ())} - set(levels[1:])
    if unknown:
        raise ValueError(f"no such level to fracture or to screw: {', '.join(sorted(unknown))}")
    if not options.level_variants or options.variant is not None or options.fractures or options.screws:
        return levels
    if options.kyphosis_degrees is not None:
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
