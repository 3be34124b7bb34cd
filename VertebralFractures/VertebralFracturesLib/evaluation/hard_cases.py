"""The permanent suite of hard cases: every condition made, analysed and judged."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.ct_check import without_padding
from ..core.reference_case import ReferenceCase
from ..core.report import SpineReport
from ..core.volume import Volume
from ..errors import NoSpineFound, UnusableInput
from .comparison import Marks, compare, report_marks
from .hard_case_figure import Figure, figure
from .hard_conditions import Condition, real_conditions, synthetic_conditions
from .marked_scan import MarkedScan
from .metrics import precision, recall
from .results import CaseResult, MissedVertebra, Pool

SYNTHETIC, REAL = "synthetic", "real"
ENOUGH = 0.8
"""Least recall, and least precision, at which a spine counts as found and not as found in part."""

FOUND, IN_PART, MISSED, REFUSED, INVENTED, UNFIT = (
    "found", "in part", "MISSED", "refused", "INVENTED", "unfit"
)  # fmt: skip
"""What can be said of a case; those in capitals are failures."""


@dataclass(frozen=True, eq=False)
class HardResult:
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


def run_hard_cases(
    analyze: Callable[[Volume], SpineReport],
    cases: Sequence[ReferenceCase] = (),
    read: Callable[[Path], Volume] | None = None,
    only: str = "",
    progress: Callable[[str, float], None] = lambda name, share: None,
) -> list[HardResult]:
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
            assert read is not None
            volumes = {case.name: read(case.image)}
        scan = MarkedScan(volumes[case.name], case.levels, case.keypoints_ras, case.curve)
        results.append(_judged_change(condition, case.name, scan, analyze))
    return results


def _whole_name(condition: Condition, case: ReferenceCase | None) -> str:
    return f"{REAL if case else SYNTHETIC} {condition.group}: {condition.name}"


def _judged_change(
    condition: Condition, name: str, scan: MarkedScan, analyze: Callable[[Volume], SpineReport]
) -> HardResult:
    """A condition made from a real CT, or why this CT cannot be changed so."""
    try:
        changed = condition.make(scan)
    except ValueError as error:
        nothing = CaseResult(name, (), (), (), 0, 0.0, str(error))
        return HardResult(condition, REAL, name, 0, nothing, (), UNFIT, None)
    return judged(condition, REAL, name, changed, analyze)


def judged(
    condition: Condition, source: str, patient: str, scan: MarkedScan, analyze: Callable[[Volume], SpineReport]
) -> HardResult:
    """Analyse one CT and compare with what is marked in it."""
    name = patient or condition.name
    start = time.perf_counter()
    report: SpineReport | None = None
    try:
        volume, _ = without_padding(scan.volume)
        report = analyze(volume)
        failure = None
    except (NoSpineFound, UnusableInput) as error:
        failure = f"{type(error).__name__}: {error}"
    seconds = time.perf_counter() - start
    if report is None or not condition.has_spine:
        missed = tuple(map(MissedVertebra, scan.levels, scan.keypoints_ras)) if condition.has_spine else ()
        finds = 0 if report is None else len(report.vertebrae)
        result = CaseResult(name, (), missed, (), finds, seconds, failure)
    else:
        assert scan.curve is not None
        result = compare(name, report_marks(report), Marks(scan.keypoints_ras, scan.levels), scan.curve, seconds)
    warnings = () if report is None else report.warnings
    bodies = len(scan.levels) if condition.has_spine else 0
    picture = figure(scan, report)
    return HardResult(
        condition, source, patient, bodies, result, warnings, _verdict(condition, result, report), picture
    )


def _verdict(condition: Condition, result: CaseResult, report: SpineReport | None) -> str:
    if not condition.has_spine:
        return REFUSED if report is None else INVENTED
    if not result.matched:
        return MISSED if result.missed else UNFIT
    pool = Pool([result])
    return FOUND if min(recall(pool), precision(pool)) >= ENOUGH else IN_PART


def failures(results: Sequence[HardResult]) -> Iterator[HardResult]:
    """Spines that were missed, and spines found where there is none."""
    return (one for one in results if one.verdict in (MISSED, INVENTED))
