"""Patients of whom every sixth has one and the same anatomical variant, with and without fractures, seed by seed."""

import numpy as np

from .patient.anatomy import Patient, make_patient
from .patient.deformity import FractureKind, random_fracture
from .patient.level_tables import LEVEL_NAMES, LEVEL_NUMBERS
from .patient.options import SACRALISED, VARIANTS

KINDS = (None, *VARIANTS)
"""What every sixth patient is: normal, or with one of the variants."""

_ROUNDS, _FRACTURED_ROUNDS = 5, (1, 3)
"""Of five patients of a kind, two have fractures; chosen, so that most patients can give a false alarm."""

_PATHOLOGY_RATE = 0.5
"""Half of the usual frequency of Schmorl nodes, cement, bridges and the like; chosen, so that most bodies are sound."""

_CRUSH_INDEX = (0.5, 0.75)
_DEEP_L5_INDEX = (0.5, 0.72)
"""Ranges of G of a crush fracture and of one of L5; chosen: moderate and severe ones."""


def variant_patient(seed: int) -> Patient:
    """A patient for measurements of whole spines and lumbosacral scans, realistic.

    :param seed: six patients in a row have the six of :data:`KINDS`; of five such rows, two have fractures: a crush
        fracture, an L5 where it is free, and one or two others.
    """
    kind = KINDS[seed % len(KINDS)]
    has_fractures = seed // len(KINDS) % _ROUNDS in _FRACTURED_ROUNDS
    fractures = _fractures(kind, np.random.default_rng([seed, 19])) if has_fractures else {}
    return make_patient(
        seed,
        realism="realistic",
        fractures=fractures,
        pathology_rate=_PATHOLOGY_RATE,
        level_variants=False,
        variant=kind,
    )


def _fractures(kind: str | None, rng: np.random.Generator) -> dict[str, tuple[FractureKind, float]]:
    """A crush fracture, one or two others and, where L5 is free, one of L5."""
    names = LEVEL_NAMES[LEVEL_NAMES.index("T5") : LEVEL_NAMES.index("L5")]
    drawn = [str(name) for name in rng.choice(names, int(rng.integers(2, 4)), replace=False)]
    fractures = {name: random_fracture(LEVEL_NUMBERS[name], rng) for name in drawn}
    fractures[drawn[0]] = ("crush", float(rng.uniform(*_CRUSH_INDEX)))
    if kind != SACRALISED:
        shape: FractureKind = "crush" if rng.random() < 0.5 else "biconcave"
        fractures["L5"] = (shape, float(rng.uniform(*_DEEP_L5_INDEX)))
    return fractures
