"""A synthetic patient as a reference case on disk: ``ct.nii.gz`` and ``reference.json``."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..core.heights.genant import genant_index, heights_mm
from ..core.volume import Volume
from ..io.reference_case import C2_CENTRE, REFERENCE_FILE, S1_CENTRE, write_reference_case
from .ct.acquisition import scan
from .ct.protocol import Protocol, lumbosacral_protocol, random_protocol, whole_spine_protocol
from .patient.anatomy import Patient, make_patient
from .patient.vertebra import SyntheticVertebra
from .variant_patients import variant_patient

FIELDS_OF_VIEW = ("random", "whole-spine", "lumbosacral")
"""What scans of synthetic patients can show: anything that is met in practice, C1 to the coccyx, or T10 to S5."""

_CURVE_MARGIN_MM = 15.0
"""Chosen: about half a body, so that the outermost bodies lie wholly on the curve."""


def write_case(folder: Path | str, patient: Patient, volume: Volume) -> None:
    """Write a scanned patient.

    :param folder: made if it does not exist; files of these names are replaced.
    :param patient: holds the truth.
    :param volume: from :func:`.acquisition.scan`.
    """
    write_reference_case(folder, volume, reference_document(patient, volume))


def reference_document(patient: Patient, volume: Volume) -> dict[str, object]:
    """The content of ``reference.json``: vertebrae wholly in the volume, and the curve to about 15 mm beyond them.

    :param patient: holds the truth.
    :param volume: decides what is in view.
    """
    whole = [v for v in patient.vertebrae if in_view(v, volume)]
    entries = []
    for vertebra in whole:
        heights = heights_mm(vertebra.keypoints_ras)
        entries.append(
            {
                "label": vertebra.level,
                "ras": vertebra.keypoints_ras.round(3).tolist(),
                "ha": round(float(heights[0]), 3),
                "hm": round(float(heights[1]), 3),
                "hp": round(float(heights[2]), 3),
                "G": round(float(genant_index(heights)), 4),
                "fracture": vertebra.plan.fracture,
            }
        )
    return {
        "ct": "ct.nii.gz",
        "source": f"synthetic patient, seed {patient.seed}",
        "variant": patient.options.variant,
        "curve": _curve_of(patient, whole).round(3).tolist(),
        "vertebrae": entries,
        "landmarks": landmarks(patient),
    }


def landmarks(patient: Patient) -> dict[str, list[float]]:
    """Centres of the bodies of C2 and S1 in RAS mm, by the names that reference cases use.

    :param patient: whose; in the truth, neither belongs to the vertebrae.
    """
    names = {"C2": C2_CENTRE, "S1": S1_CENTRE}
    bodies = (v for v in patient.column if v.level in names)
    return {names[v.level]: v.keypoints_ras.mean(0).round(3).tolist() for v in bodies}


def in_view(vertebra: SyntheticVertebra, volume: Volume) -> bool:
    """Whether a whole body lies in a volume, padding excluded.

    :param vertebra: whose body.
    :param volume: the scan.
    """
    body = vertebra.body
    width = min(body.superior.half_width_mm, body.inferior.half_width_mm)
    points = np.vstack([vertebra.keypoints_ras, vertebra.to_ras(np.array([[width, 0, 0], [-width, 0, 0]]))])
    if not volume.contains(points).all():
        return False
    nearest = np.rint(volume.to_ijk(points)).astype(int)
    return bool((volume.voxels[nearest[:, 2], nearest[:, 1], nearest[:, 0]] > -1500).all())


def _curve_of(patient: Patient, whole: list[SyntheticVertebra]) -> np.ndarray:
    curve = patient.curve_ras
    if not whole:
        return curve[:2]
    top = whole[0].keypoints_ras[:, 2].max() + _CURVE_MARGIN_MM
    bottom = whole[-1].keypoints_ras[:, 2].min() - _CURVE_MARGIN_MM
    return curve[(curve[:, 2] <= top) & (curve[:, 2] >= bottom)]


def write_random_cases(
    folder: Path | str,
    count: int,
    seed: int,
    progress: Callable[[str, float], None] | None = None,
    field_of_view: str = FIELDS_OF_VIEW[0],
    variants: bool = False,
) -> None:
    """Write random patients, scanned by random protocols, as cases ``phantom_SEED``; those that are there are kept.

    :param folder: takes one folder a patient.
    :param count: number of patients.
    :param seed: of the first patient, the others follow.
    :param progress: called with what is done and the share done, 0 .. 1.
    :param field_of_view: one of :data:`FIELDS_OF_VIEW`.
    :param variants: patients of :func:`~.variant_patients.variant_patient` instead of any.
    """
    for number in range(count):
        current = seed + number
        name = f"phantom_{current:04d}"
        if (Path(folder) / name / REFERENCE_FILE).exists():
            continue

        def report(share: float, name: str = name, number: int = number) -> None:
            if progress is not None:
                progress(name, (number + share) / count)

        patient = variant_patient(current) if variants else make_patient(current)
        protocol = _drawn_protocol(field_of_view, np.random.default_rng([current, 6]))
        write_case(Path(folder) / name, patient, scan(patient, protocol, current, report))


def _drawn_protocol(field_of_view: str, rng: np.random.Generator) -> Protocol:
    if field_of_view == "whole-spine":
        return whole_spine_protocol(rng)
    return lumbosacral_protocol(rng) if field_of_view == "lumbosacral" else random_protocol(rng)
