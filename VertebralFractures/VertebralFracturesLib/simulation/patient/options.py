"""What a synthetic patient shall be like."""

from collections.abc import Mapping
from dataclasses import dataclass

from .deformity import FractureKind

SIXTH_LUMBAR, SACRALISED, THIRTEENTH_THORACIC = "L6", "sacralised L5", "T13"
ELEVEN_RIBS, LUMBAR_RIB = "11 ribs", "lumbar rib"
VARIANTS = (SIXTH_LUMBAR, SACRALISED, THIRTEENTH_THORACIC, ELEVEN_RIBS, LUMBAR_RIB)
"""Anatomical variants that a patient can be asked for; see :class:`PatientOptions`."""


@dataclass(frozen=True, eq=False)
class PatientOptions:
    """What a patient shall be like; None draws at random.

    Levels are counted down from C2, never up from the sacrum: seven cervical vertebrae, twelve thoracic ones (thirteen
    with "T13"), and what follows is lumbar. The truth of a variant therefore says:

    - "L6": six lumbar vertebrae, all of them free; the sixth is named L6.
    - "sacralised L5": four free lumbar vertebrae. The fifth is joined to the sacrum on both sides by broad transverse
      processes, above a thin disc (Castellvi IIIb); it is still named L5 and belongs to the vertebrae.
    - "T13": a thirteenth pair of ribs, on a vertebra between T12 and L1 that is named T13; five lumbar vertebrae.
    - "11 ribs": T12 keeps its name and its place and carries no ribs.
    - "lumbar rib": a short thirteenth pair of ribs on L1, which keeps its name.

    :param realism: "realistic" tissue values, or "randomised" (domain randomisation); half and half when None.
    :param deformity_rate: share of vertebrae (T4..L5 preferred) that are fractured; None draws a fracture patient
        half of the time, with 15-35 % of the vertebrae.
    :param fractures: level name -> (kind, Genant index), exactly these and no others.
    :param pathology_rate: multiplies the frequency of all other disease; 0 gives clean spines.
    :param level_variants: allow T13, L6, missing T12 or L5.
    :param variant: exactly this one of :data:`VARIANTS`, whatever ``level_variants`` says.
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
    variant: str | None = None

    def __post_init__(self) -> None:
        if self.variant is not None and self.variant not in VARIANTS:
            raise ValueError(f"a variant is one of {', '.join(VARIANTS)}, not {self.variant!r}")
