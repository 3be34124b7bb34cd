"""The bodies of a synthetic patient: sizes with their random effects, fractures and other disease."""

from dataclasses import replace

import numpy as np

from . import level_tables as tables
from .arches import make_arch
from .deformity import BodyPlan, body_shape, fractured, osteophytes, random_fracture, schmorl_nodes
from .options import PatientOptions
from .shapes import BodyShape, Pit
from .vertebra import SyntheticVertebra


def draw_plans(levels: list[str], size: float, rng: np.random.Generator) -> list[BodyPlan]:
    """The planned heights and depths of the bodies, without disease.

    :param levels: names, cranial to caudal.
    :param size: patient's linear size.
    :param rng: draws the sizes.
    """
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


def draw_fractures(
    levels: list[str], plans: list[BodyPlan], options: PatientOptions, rng: np.random.Generator
) -> list[BodyPlan]:
    """The plans with fractures, as the options say or drawn.

    :param levels: names, cranial to caudal.
    :param plans: without disease.
    :param options: the patient's.
    :param rng: draws the fractures.
    """
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


def draw_vertebrae(
    levels: list[str],
    plans: list[BodyPlan],
    size: float,
    age_bone: float,
    options: PatientOptions,
    rng: np.random.Generator,
) -> list[SyntheticVertebra]:
    """The vertebrae, all at the origin; :func:`~.column.place_column` puts them in space.

    :param levels: names, cranial to caudal.
    :param plans: of the bodies, fractures included.
    :param size: patient's linear size.
    :param age_bone: 0 young .. 1 old.
    :param options: the patient's.
    :param rng: draws the rest.
    """
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
        nodes = schmorl_nodes(rng, int(rng.integers(1, 3))) if rng.random() < schmorl_rate else ()
        spurs = osteophytes(rng, degeneration)
        hollow_mm = size * _draw_hollow_mm(number, surface_rng)
        body = _draw_body(plan, number, float(waist), hollow_mm, nodes, spurs, rng)
        arch = make_arch(number, body, plan.height_posterior_mm + plan.lost_posterior_mm, size, rng)
        sclerosis = rng.gamma(1.0, 60 * degeneration, 2) + (rng.uniform(0, 220, 2) if plan.fracture else 0)
        filling = _draw_filling(plan.fracture is not None, rate, rng)
        vertebrae.append(
            SyntheticVertebra(
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


def _draw_body(
    plan: BodyPlan,
    number: float,
    waist: float,
    hollow_mm: float,
    pits: tuple[Pit, ...],
    osteophytes_mm: tuple[float, ...],
    rng: np.random.Generator,
) -> BodyShape:
    """The surfaces of a body; how it is rounded and narrowed is drawn, by eye as in real CTs."""
    thoracic = float(np.clip(1 - abs(number - 13.5) / 6, 0, 1))
    return body_shape(
        plan,
        (float(rng.uniform(1.4, 2.8)), float(rng.uniform(1.2, 2.3))),
        float(np.clip(waist + rng.normal(0, 0.02), 0.02, 0.22)),
        float(rng.uniform(0.02, 0.08)),
        float(rng.uniform(0.05, 0.15) + 0.05 * thoracic),
        hollow_mm,
        float(thoracic * rng.uniform(0.05, 0.28)),
        pits,
        osteophytes_mm,
    )


def _draw_filling(is_fractured: bool, rate: float, rng: np.random.Generator) -> str:
    if rng.random() < 0.02 * rate:
        return "hemangioma"
    if rng.random() < 0.01 * rate:
        return "lysis"
    return "cement" if rng.random() < (0.12 if is_fractured else 0.003) * rate else "bone"


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
