"""Fractures and their mimics: changes of a vertebral body's plan before it becomes a surface."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from .shapes import BodyShape, EndplateShape, Pit

FractureKind = Literal["wedge", "biconcave", "crush"]


@dataclass(frozen=True)
class BodyPlan:
    """What a vertebral body shall measure.

    :param height_anterior_mm, height_middle_mm, height_posterior_mm: distances of the paired keypoints.
    :param superior_share: part of an anterior or posterior loss that the superior endplate takes.
    :param superior_dish_share: part of the middle depression that the superior endplate takes.
    :param bend: how late the anterior loss sets in, 0 .. 1.
    :param depth_superior_mm, depth_inferior_mm: distances of the anterior and posterior keypoints.
    :param width_mm: outer width at the endplates.
    :param lost_anterior_mm, lost_middle_mm, lost_posterior_mm: what a fracture took from the normal heights.
    :param superior_bowl_mm, inferior_bowl_mm: of the normal depressions, what is lost towards the sides.
    :param lost_bowl_share: how much of what a fracture deepens an endplate by is lost towards the sides.
    """

    height_anterior_mm: float
    height_middle_mm: float
    height_posterior_mm: float
    depth_superior_mm: float
    depth_inferior_mm: float
    width_superior_mm: float
    width_inferior_mm: float
    superior_share: float = 0.5
    superior_dish_share: float = 0.42
    bend: float = 0.0
    lost_anterior_mm: float = 0.0
    lost_middle_mm: float = 0.0
    lost_posterior_mm: float = 0.0
    superior_bowl_mm: float = 0.0
    inferior_bowl_mm: float = 0.0
    lost_bowl_share: float = 1.0
    fracture: str | None = None


def fractured(plan: BodyPlan, kind: FractureKind, index: float, rng: np.random.Generator) -> BodyPlan:
    """Fracture a body. Wedge keeps the posterior height, biconcave keeps the rims, crush lowers everything.

    :param plan: the normal body.
    :param kind: shape of the fracture.
    :param index: wanted Genant index (least over largest height).
    :param rng: draws how the loss is shared between endplates and heights.
    :raises ValueError: an unknown kind.
    """
    anterior, middle, posterior = plan.height_anterior_mm, plan.height_middle_mm, plan.height_posterior_mm
    if kind == "wedge":
        new_posterior = posterior
        new_anterior = index * posterior
        new_middle = max((new_anterior + posterior) / 2 * rng.uniform(0.84, 0.93), new_anterior * 1.015)
        new_middle = min(new_middle, middle)
        new_middle = max(new_middle, new_anterior * 1.002)
    elif kind == "biconcave":
        new_posterior = posterior * rng.uniform(0.97, 1)
        new_anterior = anterior * (1 - rng.uniform(0.0, 0.35) * (1 - index))
        new_anterior = max(new_anterior, new_posterior * min(index + 0.06, 0.99))
        new_middle = index * max(new_anterior, new_posterior)
    elif kind == "crush":
        new_posterior = posterior * rng.uniform(max(0.55, index - 0.15), 0.88)
        new_anterior = new_posterior * rng.uniform(min(index + 0.02, 0.97), 1.02)
        new_middle = index * max(new_anterior, new_posterior)
    else:
        raise ValueError(f"a fracture is wedge, biconcave or crush, not {kind!r}")
    swelling = 1 + (0.06 if kind == "crush" else 0.025) * (1 - index) / 0.4
    return replace(
        plan,
        height_anterior_mm=new_anterior,
        height_middle_mm=new_middle,
        height_posterior_mm=new_posterior,
        lost_anterior_mm=anterior - new_anterior,
        lost_middle_mm=middle - new_middle,
        lost_posterior_mm=posterior - new_posterior,
        superior_share=float(rng.choice([1.0, 0.85, 0.5, 0.15], p=[0.4, 0.3, 0.2, 0.1])),
        superior_dish_share=float(np.clip(rng.normal(0.6 if kind != "biconcave" else 0.52, 0.12), 0.2, 0.9)),
        bend=float(rng.uniform(0, 0.7)) if kind == "wedge" else float(rng.uniform(0, 0.25)),
        depth_superior_mm=plan.depth_superior_mm * swelling,
        depth_inferior_mm=plan.depth_inferior_mm * swelling,
        fracture=kind,
    )


def random_fracture(number: float, rng: np.random.Generator) -> tuple[FractureKind, float]:
    """Draw a fracture's shape and Genant index; indices of .6 to .8 are drawn most.

    :param number: level number; wedges prefer T6-T8 and T11-L1.
    :param rng: draws both.
    """
    wedge = 0.55 if 13 <= number <= 15 or 18 <= number <= 20 else 0.35
    kinds: tuple[FractureKind, ...] = ("wedge", "biconcave", "crush")
    kind = kinds[int(rng.choice(3, p=[wedge, 0.88 - wedge, 0.12]))]
    low, high = ((0.6, 0.8), (0.42, 0.6), (0.78, 0.86))[int(rng.choice(3, p=[0.68, 0.16, 0.16]))]
    return kind, float(rng.uniform(low, high))


def body_shape(
    plan: BodyPlan,
    corner_mm: tuple[float, float],
    waist_anterior: float,
    waist_posterior: float,
    canal_notch: float,
    hollow_mm: float,
    taper: float,
    pits: tuple[Pit, ...] = (),
    osteophytes_mm: tuple[float, ...] = (0.0,) * 6,
) -> BodyShape:
    """Turn a plan into surfaces whose keypoints have exactly the planned heights (before nodes).

    :param plan: what to measure.
    :param corner_mm: anterior and posterior rounding.
    :param waist_anterior: this and the others as in :class:`.shapes.BodyShape`.
    """
    share = plan.superior_share
    half_anterior = 0.5 * (plan.height_anterior_mm + plan.lost_anterior_mm)
    half_posterior = 0.5 * (plan.height_posterior_mm + plan.lost_posterior_mm)
    rims = []
    for part in (share, 1 - share):
        rims.append((half_anterior - part * plan.lost_anterior_mm, half_posterior - part * plan.lost_posterior_mm))
    bends = (plan.bend * share, plan.bend * (1 - share))
    rim_middle = sum(p + (a - p) * (0.5 - 0.25 * b) for (a, p), b in zip(rims, bends, strict=True))
    depression = rim_middle - plan.height_middle_mm
    lost_at_rims_mm = half_anterior + half_posterior - rim_middle
    deepened_mm = max(0.0, plan.lost_middle_mm - lost_at_rims_mm)
    dish_shares = (plan.superior_dish_share, 1 - plan.superior_dish_share)
    bowls = (plan.superior_bowl_mm, plan.inferior_bowl_mm)
    depths = (plan.depth_superior_mm, plan.depth_inferior_mm)
    widths = (plan.width_superior_mm, plan.width_inferior_mm)
    plates = [
        EndplateShape(a, p, depression * d, b, depth / 2, width / 2, bowl + plan.lost_bowl_share * deepened_mm * d)
        for (a, p), d, b, depth, width, bowl in zip(rims, dish_shares, bends, depths, widths, bowls, strict=True)
    ]
    return BodyShape(
        plates[0],
        plates[1],
        *corner_mm,
        waist_anterior,
        waist_posterior,
        canal_notch,
        hollow_mm,
        taper,
        pits,
        osteophytes_mm,
    )


def schmorl_nodes(rng: np.random.Generator, count: int) -> tuple[Pit, ...]:
    """Draw Schmorl nodes, most of them in the middle and posterior third near the midline.

    :param rng: draws places and sizes.
    :param count: how many.
    """
    nodes = []
    for _ in range(count):
        nodes.append(
            Pit(
                bool(rng.random() < 0.4),
                float(np.clip(rng.normal(-0.12, 0.3), -0.6, 0.6)),
                float(np.clip(rng.normal(0, 0.25), -0.6, 0.6)),
                float(rng.uniform(1.5, 5.5)),
                float(rng.uniform(2.8, 5.5)),
            )
        )
    return tuple(nodes)


def osteophytes(rng: np.random.Generator, severity: float) -> tuple[float, ...]:
    """Draw rim outgrowths in mm.

    :param rng: draws them.
    :param severity: 0 none .. 1 heavy.
    :return: (superior, inferior) x (anterior, left, right).
    """
    grown = rng.gamma(1.2, 2.2 * severity, 6) * (rng.random(6) < 0.25 + 0.6 * severity)
    return tuple(float(v) for v in np.minimum(grown, 8.0))
