"""The demonstration's synthetic patient: three known fractures, and how it is scanned."""

from collections.abc import Callable

from ..core.volume import Volume
from .ct.acquisition import scan
from .ct.protocol import Protocol
from .patient.anatomy import Patient, make_patient

FRACTURES = {"T7": ("wedge", 0.68), "T12": ("biconcave", 0.77), "L2": ("wedge", 0.52)}
"""Kind and index G of the fractures that the patient has."""


def demo_patient(seed: int) -> Patient:
    """A patient with :data:`FRACTURES` and nothing else that is unusual.

    :param seed: which patient.
    """
    return make_patient(seed, realism="realistic", fractures=FRACTURES, pathology_rate=0.0, level_variants=False)


def sample_ct(progress: Callable[[float], None], seed: int = 1) -> Volume:
    """The CT of the demonstration's patient.

    :param progress: called with the fraction done; an exception from it ends the making.
    :param seed: which patient.
    """
    return scan(demo_patient(seed), demo_protocol(), seed, progress)


def demo_protocol() -> Protocol:
    """How the patient is scanned: coarse enough to be made in half a minute, fine enough to measure."""
    return Protocol(
        pixel_mm=0.9,
        slice_spacing_mm=1.5,
        slice_thickness_mm=1.5,
        first_level=10.5,
        last_level=23.0,
        field_mm=340.0,
    )
