"""The permanent suite of stress tests: every condition made, analysed and judged."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...core.report import SpineReport
from ...core.volume import Volume
from ...ct.check import without_padding
from ...errors import NoSpineFound, UnusableInput
from ...io.ct import read_volume
from ...io.reference_case import ReferenceCase
from ..matching import Annotations, compare, report_annotations
from ..metrics import precision, recall
from ..results import CaseResult, MissedVertebra, Pool
from .annotated_scan import AnnotatedScan
from .conditions import Condition, real_conditions, synthetic_conditions
from .figure import Figure, figure

SYNTHETIC, REAL = "synthetic", "real"
ENOUGH = 0.8
"""Least recall, and least precision, at which a spine counts as found and not as found in part."""

FOUND, IN_PART, MISSED, UNFIT = "found", "in part", "MISSED", "unfit"
REFUSED, INVENTED = "refused", "INVENTED"
"""What can be said of a case; those in capitals are failures."""


@dataclass(frozen=True, eq=False)
class StressResult:
    """What came of one condition in one patient.

    :param condition: the condition.
    :param source: :data:`SYNTHETIC` or :data:`REAL`.
    :param patient: name of the real case; empty for a synthetic one.
    :param bodies: bodies that lie wholly in view.
    :param result: what was found and missed.
    :param warnings: what the report warns of.
    :param verdict: one of the words above.
    :param picture: the CT with what was found.
    """

    condition: Condition
    source: str
    patient: str
    bodies: int
    result: CaseResult
    warnings: tuple[str, ...]
    verdict: str
    picture: Figure | None


def run_stress_tests(
    analyze: Callable[[Volume], SpineReport],
    cases: Sequence[ReferenceCase] = (),
    read: Callable[[Path], Volume] = read_volume,
    only: str = "",
    progress: Callable[[str, float], None] = lambda name, share: None,
) -> list[StressResult]:
    """Make, analyse and judge all conditions.

    :param analyze: the analysis, as users run it.
    :param cases: real cases to be changed; without them only the synthetic conditions are run.
    :param read: reads an image file.
    :param only: words that must stand in the whole name, as in "real scoliosis: bent by 60 degrees".
    :param progress: called with the name of each condition and the share done, before it starts.
    :raises UnusableInput: no condition is called so.
    """
    chosen: list[tuple[Condition, ReferenceCase | None]] = [(one, None) for one in synthetic_conditions()]
    chosen += [(condition, case) for case in cases for condition in real_conditions()]
    chosen = [(one, case) for one, case in chosen if only.lower() in _whole_name(one, case).lower()]
    if not chosen:
        raise UnusableInput(f"no hard case has {only!r} in its name")
    results = []
    volumes: dict[str, Volume] = {}
    for place, (condition, case) in enumerate(chosen):
        progress(f"{condition.group}: {condition.name}" + (f", {case.name}" if case else ""), place / len(chosen))
        if case is None:
            results.append(judged(condition, SYNTHETIC, "", condition.make(), analyze))
            continue
        if case.name not in volumes:
            volumes = {case.name: read(case.image)}
        scan = AnnotatedScan.of_case(case, volumes[case.name])
        results.append(_judged_change(condition, case.name, scan, analyze))
    return results


def _whole_name(condition: Condition, case: ReferenceCase | None) -> str:
    return f"{REAL if case else SYNTHETIC} {condition.group}: {condition.name}"


def _judged_change(
    condition: Condition, name: str, scan: AnnotatedScan, analyze: Callable[[Volume], SpineReport]
) -> StressResult:
    """A condition made from a real CT, or why this CT cannot be changed so."""
    try:
        changed = condition.make(scan)
    except ValueError as error:
        nothing = CaseResult(name, (), (), (), 0, 0.0, str(error))
        return StressResult(condition, REAL, name, 0, nothing, (), UNFIT, None)
    return judged(condition, REAL, name, changed, analyze)


def judged(
    condition: Condition, source: str, patient: str, scan: AnnotatedScan, analyze: Callable[[Volume], SpineReport]
) -> StressResult:
    """Analyse one CT and compare with what is annotated in it."""
    start = time.perf_counter()
    report, failure = _answer(scan.volume, analyze)
    seconds = time.perf_counter() - start
    expected = scan if condition.has_spine else AnnotatedScan(scan.volume)
    result = _result(patient or condition.name, expected, report, failure, seconds)
    return StressResult(
        condition=condition,
        source=source,
        patient=patient,
        bodies=len(expected.levels),
        result=result,
        warnings=report.warnings if report else (),
        verdict=_verdict(condition, result, report),
        picture=figure(scan, report),
    )


def _answer(volume: Volume, analyze: Callable[[Volume], SpineReport]) -> tuple[SpineReport | None, str | None]:
    """The report, or why there is none."""
    try:
        return analyze(without_padding(volume)[0]), None
    except (NoSpineFound, UnusableInput) as error:
        return None, f"exit {3 if isinstance(error, NoSpineFound) else 2}: {error}"


def _result(
    name: str, expected: AnnotatedScan, report: SpineReport | None, failure: str | None, seconds: float
) -> CaseResult:
    """What was found of what is annotated; without annotations, all detections are beyond them."""
    if report is None or expected.curve is None:
        missed = tuple(map(MissedVertebra, expected.levels, expected.keypoints_ras))
        return CaseResult(name, (), missed, (), len(report.vertebrae) if report else 0, seconds, failure)
    return compare(
        name, report_annotations(report), Annotations(expected.keypoints_ras, expected.levels), expected.curve, seconds
    )


def _verdict(condition: Condition, result: CaseResult, report: SpineReport | None) -> str:
    if not condition.has_spine:
        return REFUSED if report is None else INVENTED
    if not result.matched:
        return MISSED if result.missed else UNFIT
    pool = Pool([result])
    return FOUND if min(recall(pool), precision(pool)) >= ENOUGH else IN_PART


def failures(results: Sequence[StressResult]) -> Iterator[StressResult]:
    """Spines that were missed, and spines found where there is none."""
    return (one for one in results if one.verdict in (MISSED, INVENTED))
