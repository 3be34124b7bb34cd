"""What a synthetic patient shall be like."""

from collections.abc import Mapping
from dataclasses import dataclass

from .deformity import FractureKind


@dataclass(frozen=True, eq=False)
class PatientOptions:
    """What a patient shall be like; None draws at random.

    :param realism: "realistic" tissue values, or "randomised" (domain randomisation); half and half when None.
    :param deformity_rate: share of vertebrae (T4..L5 preferred) that are fractured; None draws a fracture patient
        half of the time, with 15-35 % of the vertebrae.
    :param fractures: level name -> (kind, Genant index), exactly these and no others.
    :param pathology_rate: multiplies the frequency of all other disease; 0 gives clean spines.
    :param level_variants: allow T13, L6, missing T12 or L5.
    :param cobb_degrees: greatest angle between two bodies from T1 to L1 in the frontal plane, to about 2 degrees.
    :param kyphosis_degrees: angle between T4 and T12 in the sagittal plane; the discs open behind to make room.
    :param screws: levels with pedicle screws, exactly these.
    """

    realism: str | None = None
    deformity_rate: float | None = None
    fractures: Mapping[str, tuple[FractureKind, float]] | None = None
    pathology_rate: float = 1.0
    level_variants: bool = True
    cobb_degrees: float | None = None
    kyphosis_degrees: float | None = None
    screws: tuple[str, ...] | None = None
