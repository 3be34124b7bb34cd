"""Running an analysis over reference cases."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..core.genant import genant_index, heights_mm
from ..core.keypoints import body_centre
from ..core.reference_case import ReferenceCase, find_cases
from ..core.report import SpineReport
from ..core.volume import Volume
from ..errors import NoSpineFound, UnusableInput
from .matching import match_vertebrae
from .metrics import CaseResult, Estimate, MatchedVertebra, MissedVertebra, estimate

Analyze = Callable[[Volume, ReferenceCase], SpineReport]
"""An analysis; it may look at the case, for instance to take its curve and so to test the second step alone."""

WORST_COUNT = 10
"""How many of the worst vertebrae are listed."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """How an analysis did.

    :param cases: what came of each case.
    :param pooled: every measure over all cases, by name.
    """

    cases: tuple[CaseResult, ...]
    pooled: dict[str, Estimate]

    def worst(self) -> list[tuple[str, MatchedVertebra]]:
        """The vertebrae with the greatest height errors and their cases, the worst first."""
        every = [(case.name, vertebra) for case in self.cases for vertebra in case.matched]
        return sorted(every, key=lambda entry: -entry[1].height_error_mm)[:WORST_COUNT]


def evaluate(
    folder: Path | str,
    analyze: Analyze,
    read: Callable[[Path], Volume],
    progress: Callable[[str, float], None] | None = None,
) -> Evaluation:
    """Analyse every case of a folder and compare with its reference.

    A case in which no spine is found, or that is refused, counts with all its vertebrae missed.

    :param folder: one folder per case, see :mod:`~..core.reference_case`.
    :param analyze: the analysis.
    :param read: reads an image file.
    :param progress: called with the name of each case and the share done, before it starts.
    :raises UnusableInput: no case in the folder, or a reference that cannot be read.
    """
    cases = find_cases(folder)
    results = []
    for place, case in enumerate(cases):
        if progress:
            progress(case.name, place / len(cases))
        results.append(_evaluate_case(case, analyze, read))
    return Evaluation(tuple(results), estimate(results))


def _evaluate_case(case: ReferenceCase, analyze: Analyze, read: Callable[[Path], Volume]) -> CaseResult:
    start = time.perf_counter()
    try:
        volume = read(case.image)
        start = time.perf_counter()
        report = analyze(volume, case)
    except (NoSpineFound, UnusableInput) as error:
        missed = tuple(_missed(case, place) for place in range(len(case.levels)))
        return CaseResult(case.name, (), missed, 0, 0, time.perf_counter() - start, str(error))
    return compare(case, report, time.perf_counter() - start)


def compare(case: ReferenceCase, report: SpineReport, seconds: float) -> CaseResult:
    """Set a report against the reference of its case.

    :param case: the reference.
    :param report: what was found.
    :param seconds: how long that took.
    """
    found = np.array([vertebra.keypoints_ras for vertebra in report.vertebrae]).reshape(-1, 6, 3)
    matching = match_vertebrae(found, case.keypoints_ras, case.curve)
    matched = tuple(
        MatchedVertebra(
            level=case.levels[j],
            found_level=report.levels[i],
            centre_error_mm=float(np.linalg.norm(body_centre(found[i]) - body_centre(case.keypoints_ras[j]))),
            keypoint_errors_mm=np.linalg.norm(found[i] - case.keypoints_ras[j], axis=-1),
            heights_mm=heights_mm(case.keypoints_ras[j]),
            found_heights_mm=heights_mm(found[i]),
        )
        for i, j in matching.pairs
    )
    missed = tuple(_missed(case, j) for j in matching.missed)
    return CaseResult(case.name, matched, missed, len(matching.false), len(matching.outside), seconds)


def _missed(case: ReferenceCase, place: int) -> MissedVertebra:
    return MissedVertebra(case.levels[place], float(genant_index(heights_mm(case.keypoints_ras[place]))))
