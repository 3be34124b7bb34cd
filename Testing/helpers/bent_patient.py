"""A patient bent by 40 degrees, coarsely scanned: seven bodies."""

from VertebralFracturesLib.evaluation.stress_tests.annotated_scan import AnnotatedScan
from VertebralFracturesLib.evaluation.stress_tests.conditions import FIRST_SEED, scanned

COARSE = {"pixel_mm": 1.5, "slice_spacing_mm": 3.0, "slice_thickness_mm": 3.0, "first_level": 13.4, "last_level": 20.6}


def bent_patient() -> AnnotatedScan:
    """Seven bodies of a patient bent by 40 degrees."""
    return scanned(FIRST_SEED + 95, {"cobb_degrees": 40.0}, COARSE)
