"""Small synthetic patients and short scans of them, and folders of such cases."""

from pathlib import Path

from helpers.synthetic_spine import LEVELS, body_keypoints, lps_volume, scoliotic_curve
from VertebralFracturesLib.io.reference_case import ReferenceCase, find_cases, write_reference_case
from VertebralFracturesLib.simulation.case import write_case
from VertebralFracturesLib.simulation.ct.acquisition import scan
from VertebralFracturesLib.simulation.ct.protocol import Protocol
from VertebralFracturesLib.simulation.patient.anatomy import Patient, make_patient

SMALL = Protocol(
    pixel_mm=1.0, slice_spacing_mm=2.0, slice_thickness_mm=2.0, first_level=15.5, last_level=18.5, field_mm=120,
    centre_mm=(0.0, -45.0), noise_hu=0.0)  # fmt: skip
"""Three thoracic levels without noise."""

COARSE = Protocol(pixel_mm=3.0, slice_spacing_mm=3.0, first_level=17.5, last_level=21.5, field_mm=260.0)
"""Four levels at the spacing in which the curve network sees them."""


def unfractured_patient() -> Patient:
    """A patient without fractures, other findings and variants of the number of levels."""
    return make_patient(2, realism="realistic", pathology_rate=0.0, fractures={}, level_variants=False)


def write_patients(folder: Path) -> Path:
    """Two folders of small synthetic patients: two to train on, one to measure on."""
    for seed, part in ((1, "training"), (2, "training"), (3, "further")):
        write_patient(folder / part, seed)
    return folder


def write_patient(folder: Path, seed: int) -> None:
    """The case ``phantom_<seed>``: a coarse scan of the patient with this seed."""
    patient = make_patient(seed)
    write_case(folder / f"phantom_{seed}", patient, scan(patient, COARSE, seed, lambda share: None))


def write_boxes(folder: Path) -> ReferenceCase:
    """Eight bright boxes along a scoliotic curve, on disk."""
    curve = scoliotic_curve()
    entries = [
        {"label": level, "ras": points.tolist()} for level, points in zip(LEVELS, body_keypoints(curve), strict=True)
    ]
    document = {"curve": curve.points_ras.tolist(), "vertebrae": entries}
    write_reference_case(folder / "boxes", lps_volume(curve), document)
    return find_cases(folder)[0]
