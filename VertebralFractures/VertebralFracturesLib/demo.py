"""The demonstration: a synthetic patient with known fractures, measured and set against the truth."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from .analysis import Progress, analyze_input
from .core.genant import find_preset, genant_index, grade, heights_mm
from .core.report import SpineReport
from .core.text_table import text_table
from .core.volume import Volume
from .io import read_input

if TYPE_CHECKING:
    from .core.reference_case import ReferenceCase
    from .phantom.acquisition import Protocol
    from .phantom.anatomy import Patient

FRACTURES = {"T7": ("wedge", 0.68), "T12": ("biconcave", 0.77), "L2": ("wedge", 0.52)}
"""Kind and index G of the fractures that the patient has."""

CT_FILE = "ct.nii.gz"
_HEADER = ("Level", "Ha mm", "Hm mm", "Hp mm", "G", "Grade", "|", "true", "Ha mm", "Hm mm", "Hp mm", "G", "Grade")


def run_demo(
    folder: Path,
    *,
    seed: int,
    device: str,
    detector: Literal["anchor-free", "anchor"],
    preset: str,
    progress: Progress,
) -> str:
    """Make the patient, measure it as ``analyze`` does, and compare.

    :param folder: takes the case and the result files.
    :param seed: which patient.
    :return: the comparison as text, one line per vertebra.
    """
    from .core.reference_case import read_case
    from .phantom.acquisition import scan
    from .phantom.case import write_case

    patient = demo_patient(seed)
    volume = scan(patient, demo_protocol(), seed, lambda share: progress("synthetic patient", share))
    write_case(folder, patient, volume)
    progress("reading", 0.0)
    read = read_input(folder / CT_FILE)
    read = replace(read, description={**read.description, "path": CT_FILE, "patient": f"synthetic, seed {seed}"})
    report = analyze_input(read, folder, device=device, detector=detector, preset=preset, progress=progress)
    return comparison(report, read_case(folder))


def demo_patient(seed: int) -> "Patient":
    """A patient with :data:`FRACTURES` and nothing else that is unusual."""
    from .phantom.anatomy import make_patient

    return make_patient(seed, realism="realistic", fractures=FRACTURES, pathology_rate=0.0, level_variants=False)


def sample_ct(progress: Callable[[float], None], seed: int = 1) -> Volume:
    """The CT of the demonstration's patient.

    :param progress: called with the fraction done; an exception from it ends the making.
    :param seed: which patient.
    """
    from .phantom.acquisition import scan

    return scan(demo_patient(seed), demo_protocol(), seed, progress)


def demo_protocol() -> "Protocol":
    """How the patient is scanned: coarse enough to be made in half a minute, fine enough to measure."""
    from .phantom.acquisition import Protocol

    return Protocol(
        pixel_mm=0.9,
        slice_spacing_mm=1.5,
        slice_thickness_mm=1.5,
        first_level=10.5,
        last_level=23.0,
        field_mm=340.0,
    )


def comparison(report: SpineReport, case: "ReferenceCase") -> str:
    """Found beside true, one line per vertebra of the case, cranial to caudal.

    :param report: what was found.
    :param case: the truth.
    """
    from .evaluation.matching import match_vertebrae

    found = np.array([vertebra.keypoints_ras for vertebra in report.vertebrae]).reshape(-1, 6, 3)
    matching = match_vertebrae(found, case.keypoints_ras, case.curve)
    partner = {reference: place for place, reference in matching.pairs}
    rows = []
    for place, level in enumerate(case.levels):
        true = (level, *_measures(case.keypoints_ras[place], report.preset))
        if place in partner:
            vertebra = report.vertebrae[partner[place]]
            mine = (vertebra.level or "?", *_measures(vertebra.keypoints_ras, report.preset))
        else:
            mine = ("not found", *[""] * 5)
        rows.append((*mine, "|", *true))
    lines = [text_table(_HEADER, rows), ""]
    lines.append(f"{len(matching.pairs)} of {len(case.levels)} vertebrae found, {len(matching.false)} false")
    return "\n".join(lines)


def _measures(keypoints_ras: NDArray[np.float64], preset: str) -> tuple[str, ...]:
    """Heights, G and grade of a vertebra as text."""
    heights = heights_mm(keypoints_ras)
    index = float(genant_index(heights))
    return (*(f"{height:.1f}" for height in heights), f"{index:.2f}", str(int(grade(index, find_preset(preset)))))
