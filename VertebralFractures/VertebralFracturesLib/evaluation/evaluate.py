"""Running an analysis over reference cases."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..core.report import SpineReport
from ..core.volume import Volume
from ..errors import NoSpineFound, UnusableInput
from ..io.reference_case import ReferenceCase
from .bootstrap import Estimate, FoldSpread, estimate, fold_spreads
from .conclusion import conclusion_of
from .matching import Annotations, all_missed, compare, report_annotations
from .results import CaseResult, MatchedVertebra

Analyze = Callable[[Volume, ReferenceCase], SpineReport]
"""An analysis; it may look at the case, for instance to take its curve and so to test the second step alone."""

WORST_COUNT = 10
"""How many of the worst vertebrae are listed."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """How an analysis did.

    :param cases: what came of each case.
    :param pooled: every measure over all cases, by name.
    :param spreads: the measures over the folds of a cross-validation, by name; empty without folds.
    :param facts: what was evaluated, by words for readers.
    """

    cases: tuple[CaseResult, ...]
    pooled: dict[str, Estimate]
    spreads: dict[str, FoldSpread] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)

    def worst(self, count: int = WORST_COUNT) -> list[tuple[str, MatchedVertebra]]:
        """The vertebrae with the greatest height errors and their cases, the worst first."""
        every = [(case.name, vertebra) for case in self.cases for vertebra in case.matched]
        return sorted(every, key=lambda entry: -entry[1].height_error_mm)[:count]


def summarized(
    cases: Sequence[CaseResult], facts: Mapping[str, str], folds: Sequence[Sequence[CaseResult]] = ()
) -> Evaluation:
    """The evaluation that follows from what came of some cases.

    :param cases: at least one.
    :param facts: what was evaluated.
    :param folds: the same cases by fold, where there are folds.
    """
    return Evaluation(tuple(cases), estimate(cases), fold_spreads(folds), facts)


def evaluate_cases(
    cases: Sequence[ReferenceCase],
    analyze: Analyze,
    read: Callable[[Path], Volume],
    progress: Callable[[str, float], None] | None = None,
) -> list[CaseResult]:
    """Analyse cases and compare with their references.

    A case in which no spine is found, or that is refused, counts with all its vertebrae missed.

    :param cases: see :func:`~..io.reference_case.find_cases`.
    :param analyze: the analysis.
    :param read: reads an image file.
    :param progress: called with the name of each case and the share done, before it starts.
    """
    results = []
    for place, case in enumerate(cases):
        if progress:
            progress(case.name, place / len(cases))
        results.append(_evaluate_case(case, analyze, read))
    return results


def _evaluate_case(case: ReferenceCase, analyze: Analyze, read: Callable[[Path], Volume]) -> CaseResult:
    start = time.perf_counter()
    reference = Annotations(case.keypoints_ras, case.levels, fractures=case.fractures)
    try:
        volume = read(case.image)
        start = time.perf_counter()
        report = analyze(volume, case)
    except (NoSpineFound, UnusableInput) as error:
        return CaseResult(case.name, (), all_missed(reference), (), 0, time.perf_counter() - start, str(error))
    seconds = time.perf_counter() - start
    result = compare(case.name, report_annotations(report), reference, case.curve, seconds)
    return replace(result, conclusion=conclusion_of(report, case.landmarks))
