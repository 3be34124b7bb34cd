"""The demonstration: a synthetic patient with known fractures, measured and set against the truth."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from ..core.genant import find_preset, genant_index, grade, heights_mm
from ..core.report import SpineReport
from ..io.ct import read_input
from ..report.text import text_table
from .results import Progress, analyze_input

if TYPE_CHECKING:
    from ..io.reference_case import ReferenceCase


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
    from ..io.reference_case import read_case
    from ..simulation.case import write_case
    from ..simulation.ct.acquisition import scan
    from ..simulation.demo_patient import demo_patient, demo_protocol

    patient = demo_patient(seed)
    volume = scan(patient, demo_protocol(), seed, lambda share: progress("synthetic patient", share))
    write_case(folder, patient, volume)
    progress("reading", 0.0)
    read = read_input(folder / CT_FILE)
    read = replace(read, description={**read.description, "path": CT_FILE, "patient": f"synthetic, seed {seed}"})
    report = analyze_input(read, folder, device=device, detector=detector, preset=preset, progress=progress)
    return comparison(report, read_case(folder))


def comparison(report: SpineReport, case: "ReferenceCase") -> str:
    """Found beside true, one line per vertebra of the case, cranial to caudal.

    :param report: what was found.
    :param case: the truth.
    """
    from ..core.matching import match_vertebrae

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
