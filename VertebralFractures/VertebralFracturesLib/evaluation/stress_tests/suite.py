"""The permanent suite of stress tests: every condition made, analysed and judged."""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...core.report import SpineReport
from ...core.volume import Volume
from ...ct.check import without_padding
from ...errors import NoSpineFound, UnusableInput
from ...io.ct import read_volume
from ...io.reference_case import ReferenceCase
from ..conclusion import conclusion_of
from ..false_alarms import patient_faults
from ..matching import Annotations, all_missed, compare, report_annotations
from ..metrics import precision, recall
from ..results import CaseResult, Pool
from .annotated_scan import AnnotatedScan
from .conditions import Condition, real_conditions, synthetic_conditions
from .figure import Figure, figure

SYNTHETIC, REAL = "synthetic", "real"
ENOUGH = 0.8
"""Least recall, and least precision, at which a spine counts as found and not as found in part."""

FOUND, IN_PART, MISSED, UNFIT = "found", "in part", "MISSED", "unfit"
REFUSED, INVENTED = "refused", "INVENTED"
READ = "READ"
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
    :param faults: what must not come out of any patient, in words.
    """

    condition: Condition
    source: str
    patient: str
    bodies: int
    result: CaseResult
    warnings: tuple[str, ...]
    verdict: str
    picture: Figure | None
    faults: tuple[str, ...] = ()


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
        raise UnusableInput(f"no stress test has {only!r} in its name")
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
    report, failure = _answer(scan.volume, analyze) if condition.damage is None else _read(condition, scan, analyze)
    seconds = time.perf_counter() - start
    expected = scan if condition.has_spine else AnnotatedScan(scan.volume)
    result = _result(patient or condition.name, expected, report, failure, seconds)
    faults = (*patient_faults(result), *_faults_of_empty_slices(scan.volume, report))
    return StressResult(
        condition=condition,
        source=source,
        patient=patient,
        bodies=len(expected.levels),
        result=result,
        warnings=report.warnings if report else (),
        verdict=_verdict(condition, result, report),
        picture=figure(scan, report),
        faults=faults if condition.has_spine else (),
    )


def _answer(volume: Volume, analyze: Callable[[Volume], SpineReport]) -> tuple[SpineReport | None, str | None]:
    """The report, or why there is none."""
    try:
        return analyze(without_padding(volume)[0]), None
    except (NoSpineFound, UnusableInput) as error:
        return None, f"exit {3 if isinstance(error, NoSpineFound) else 2}: {error}"


def _read(
    condition: Condition, scan: AnnotatedScan, analyze: Callable[[Volume], SpineReport]
) -> tuple[SpineReport | None, str | None]:
    """The report on a damaged file, or why there is none."""
    assert condition.damage is not None
    with tempfile.TemporaryDirectory() as folder:
        file = condition.damage(scan.volume, Path(folder))
        try:
            volume = read_volume(file)
        except UnusableInput as error:
            return None, f"exit 2: {str(error).replace(folder, '')}"
    return _answer(volume, analyze)


def _faults_of_empty_slices(volume: Volume, report: SpineReport | None) -> Iterator[str]:
    """Bodies that are measured where the slices of a CT are constant."""
    if report is None or not report.vertebrae:
        return
    flat = volume.voxels.reshape(len(volume.voxels), -1)
    empty = flat.min(1) == flat.max(1)
    points_ras = np.array([vertebra.keypoints_ras for vertebra in report.vertebrae])
    slices = np.clip(np.rint(volume.to_ijk(points_ras)[..., 2]).astype(int), 0, len(empty) - 1)
    count = int(empty[slices].any(1).sum())
    if count:
        yield f"{count} measured in empty slices"


def _result(
    name: str, expected: AnnotatedScan, report: SpineReport | None, failure: str | None, seconds: float
) -> CaseResult:
    """What was found of what is annotated; without annotations, all detections are beyond them."""
    reference = Annotations(expected.keypoints_ras, expected.levels, fractures=expected.fractures)
    if report is None or expected.curve is None:
        finds = len(report.vertebrae) if report else 0
        return CaseResult(name, (), all_missed(reference), (), finds, seconds, failure)
    result = compare(name, report_annotations(report), reference, expected.curve, seconds)
    return replace(result, conclusion=conclusion_of(report, expected.landmarks))


def _verdict(condition: Condition, result: CaseResult, report: SpineReport | None) -> str:
    if condition.damage is not None:
        return REFUSED if result.failure and result.failure.startswith("exit 2") else READ
    if not condition.has_spine:
        return REFUSED if report is None else INVENTED
    if not result.matched:
        return MISSED if result.missed else UNFIT
    pool = Pool([result])
    return FOUND if min(recall(pool), precision(pool)) >= ENOUGH else IN_PART


def failures(results: Sequence[StressResult]) -> Iterator[StressResult]:
    """Spines that were missed or found where there is none, files read that are not whole, and faults of patients."""
    return (one for one in results if one.verdict in (MISSED, INVENTED, READ) or one.faults)
