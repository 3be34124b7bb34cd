"""``demo``: a synthetic patient with known fractures, measured and compared with the truth."""

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.heights.genant import find_preset, genant_index, grade, heights_mm
from ..core.report import SpineReport
from ..files import output_folder
from ..io.ct import read_input
from ..io.reference_case import ReferenceCase, read_case
from ..report.text import printable, text_table
from ..simulation.case import write_case
from ..simulation.ct.acquisition import scan
from ..simulation.demo_patient import demo_patient, demo_protocol
from ..simulation.matching import match_vertebrae
from .arguments import PROGRAM, add_output, add_run_options, add_seed
from .results import analyze_read_image, write_results
from .terminal import ProgressLine

CT_FILE = "ct.nii.gz"
_HEADER = ("Level", "Ha mm", "Hm mm", "Hp mm", "G", "Grade", "|", "true", "Ha mm", "Hm mm", "Hp mm", "G", "Grade")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_output(parser, "vertebral-fractures-demo")
    add_seed(parser, 1, "random seed")
    add_run_options(parser)


def run(args: argparse.Namespace) -> None:
    """Make the patient, measure it as ``analyze`` does, and compare."""
    target = args.output or Path(f"{PROGRAM}-demo")
    with output_folder(target, args.overwrite) as folder, ProgressLine() as progress:
        compared = _make_and_measure(folder, args, progress)
    print(f"{compared}\n\n{printable(str(target))}: the synthetic CT and the results; open scene.mrb in 3D Slicer")


def _make_and_measure(folder: Path, args: argparse.Namespace, progress: Callable[[str, float], None]) -> str:
    """Write the case and the result files into a folder, and compare both."""
    patient = demo_patient(args.seed)
    volume = scan(patient, demo_protocol(), args.seed, lambda share: progress("synthetic patient", share))
    write_case(folder, patient, volume)
    progress("reading", 0.0)
    read = read_input(folder / CT_FILE)
    description = {**read.description, "path": CT_FILE, "patient": f"synthetic, seed {args.seed}"}
    read = replace(read, description=description)
    report = analyze_read_image(read, device=args.device, detector=args.detector, preset=args.preset, progress=progress)
    write_results(folder, read.image, report, read.path.name, progress)
    return comparison(report, read_case(folder))


def comparison(report: SpineReport, case: ReferenceCase) -> str:
    """Detected beside true, one line per vertebra of the case, cranial to caudal.

    :param report: what was detected.
    :param case: the truth.
    """
    detected = np.array([vertebra.keypoints_ras for vertebra in report.vertebrae]).reshape(-1, 6, 3)
    matching = match_vertebrae(detected, case.keypoints_ras, case.curve)
    partner = {reference: index for index, reference in matching.pairs}
    rows = []
    for reference, level in enumerate(case.levels):
        true = (level, *_measures(case.keypoints_ras[reference], report.preset))
        if reference in partner:
            vertebra = report.vertebrae[partner[reference]]
            mine = (vertebra.level or "?", *_measures(vertebra.keypoints_ras, report.preset))
        else:
            mine = ("not found", *[""] * 5)
        rows.append((*mine, "|", *true))
    lines = [text_table(_HEADER, rows), ""]
    lines.append(
        f"{len(matching.pairs)} of {len(case.levels)} vertebrae detected, {len(matching.false)} false detections"
    )
    return "\n".join(lines)


def _measures(keypoints_ras: NDArray[np.float64], preset: str) -> tuple[str, ...]:
    """Heights, G and grade of a vertebra as text."""
    heights = heights_mm(keypoints_ras)
    index = float(genant_index(heights))
    return (*(f"{height:.1f}" for height in heights), f"{index:.2f}", str(int(grade(index, find_preset(preset)))))
