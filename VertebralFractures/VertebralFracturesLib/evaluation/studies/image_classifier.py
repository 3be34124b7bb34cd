"""How well measured, seen, and both together tell at least moderate fractures: of vertebrae and of patients.

Variants of one CT that were pressed differently, and the same CT under other conditions, are one patient for the
intervals: ``NAME_fractured_NUMBER`` counts under ``NAME``.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.heights.genant import PRESETS, genant_index, heights_mm
from ...core.image_classification import SURE
from ...core.report import SpineReport
from ...core.statistics import area_under_curve
from ...core.volume import Volume
from ...errors import NoSpineFound, UnusableInput
from ...files import write_text
from ...io.reference_case import ReferenceCase
from ...report.text import text_table
from ...simulation.matching import match_vertebrae
from ..bootstrap import interval, resampled_patients
from ..stress_tests.annotated_scan import AnnotatedScan
from ..stress_tests.conditions import Condition

CUTOFF = PRESETS["genant"].moderate
"""Positive is who has G at or below it by the reference."""

READINGS = ("height-based", "image-based", "combined")
"""What is compared: by the index G, by the probability that the networks see, and by the average of both."""

AS_IT_IS, ALL = "as it is", "all conditions"
"""Names of the condition of an unchanged CT, and of all conditions taken together."""

_VARIANT = "_fractured_"


@dataclass(frozen=True, eq=False)
class ReadCase:
    """One CT, read both ways.

    :param name: name of the case.
    :param indices: (n,) G by the reference of the vertebrae that were found.
    :param measured: (n,) G of each as measured.
    :param probabilities: (n, 3) of an at least moderate fracture by the :data:`READINGS`.
    :param missed: number of reference vertebrae that were not found, or lack one of the readings.
    :param condition: what was done to the CT.
    """

    name: str
    indices: NDArray[np.float64]
    measured: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    missed: int
    condition: str = AS_IT_IS

    @property
    def patient(self) -> str:
        """Name of the patient, the same for all variants of a CT."""
        return self.name.split(_VARIANT)[0]

    @property
    def scores(self) -> NDArray[np.float64]:
        """Score (n, 3) of each vertebra by the :data:`READINGS`: 1 - G, and probabilities."""
        return np.column_stack([1 - self.measured, self.probabilities[:, 1:]])


@dataclass(frozen=True)
class Measure:
    """A measure of the readings; NaN, or without an interval, where it cannot be told.

    :param values: by reading.
    :param intervals: their 95 % intervals.
    :param differences: "combined" minus each other reading.
    :param difference_intervals: their 95 % intervals, both readings from the same draws.
    """

    values: dict[str, float]
    intervals: dict[str, tuple[float, float] | None]
    differences: dict[str, float]
    difference_intervals: dict[str, tuple[float, float] | None]


@dataclass(frozen=True)
class Comparison:
    """What came of one question.

    :param condition: what was done to the CTs.
    :param unit: "vertebra" or "patient".
    :param positives: how many are at least moderately fractured by the reference.
    :param negatives: how many are not.
    :param area: area under the ROC curve.
    :param log_loss: mean negative logarithm of the probability of what is true, kept off 0 and 1 by 0.001.
    :param brier: mean squared error of the probabilities.
    """

    condition: str
    unit: str
    positives: int
    negatives: int
    area: Measure
    log_loss: Measure
    brier: Measure


def read_cases(
    cases: Sequence[ReferenceCase],
    analyze: Callable[[Volume], SpineReport],
    read: Callable[[Path], Volume],
    conditions: Sequence[Condition] = (),
    progress: Callable[[str, float], None] = lambda name, share: None,
) -> list[ReadCase]:
    """Analyze cases and keep both results for the reference vertebrae.

    :param cases: see :func:`~...io.reference_case.find_cases`.
    :param analyze: an analysis with the image classifier.
    :param read: reads an image file.
    :param conditions: what is done to each CT, beside nothing.
    :param progress: called with the name of each case and the share done, before it starts.
    """
    read_once = lru_cache(maxsize=1)(read)
    unchanged = Condition("image", AS_IT_IS, lambda scan: scan)
    chosen = [(case, condition) for case in cases for condition in (unchanged, *conditions)]
    results = []
    for place, (case, condition) in enumerate(chosen):
        progress(case.name if condition is unchanged else f"{case.name}, {condition.name}", place / len(chosen))
        results.append(_read_case(case, condition, analyze, read_once))
    return results


def _read_case(
    case: ReferenceCase,
    condition: Condition,
    analyze: Callable[[Volume], SpineReport],
    read: Callable[[Path], Volume],
) -> ReadCase:
    try:
        scan = condition.make(AnnotatedScan.of_case(case, read(case.image)))
    except ValueError:  # a file that cannot be read, or a CT that cannot be changed so
        return _read_as(case.name, condition.name, len(case.levels), [])
    try:
        rows = _both_readings(scan, analyze(scan.volume))
    except (NoSpineFound, UnusableInput):
        rows = []
    return _read_as(case.name, condition.name, len(scan.levels), rows)


def _read_as(name: str, condition: str, marked: int, rows: list[tuple[float, ...]]) -> ReadCase:
    read = np.array(rows).reshape(-1, 2 + len(READINGS))
    return ReadCase(name, read[:, 0], read[:, 1], read[:, 2:], marked - len(rows), condition)


def _both_readings(scan: AnnotatedScan, report: SpineReport) -> list[tuple[float, ...]]:
    """G by the reference, G as measured, and the probabilities, of each vertebra with both readings."""
    assert scan.curve is not None
    found = np.array([vertebra.keypoints_ras for vertebra in report.vertebrae]).reshape(-1, 6, 3)
    truth = genant_index(heights_mm(scan.keypoints_ras))
    rows: list[tuple[float, ...]] = []
    for place, reference in match_vertebrae(found, scan.keypoints_ras, scan.curve).pairs:
        measures, combined = report.measures[place], report.fracture_probabilities[place]
        if measures is not None and combined is not None:
            probabilities = combined.height_based, combined.image_based, combined.combined
            rows.append((truth[reference], measures.genant_index, *probabilities))
    return rows


def compare_readings(cases: Sequence[ReadCase], resamples: int = 2000, seed: int = 0) -> list[Comparison]:
    """Compare the readings, of vertebrae and of patients, with intervals from patients drawn anew.

    :param cases: at least one with a vertebra.
    :param resamples: how often the patients are drawn anew.
    :param seed: of the draws.
    :return: of each condition, and of all together where there are several.
    """
    read = [case for case in cases if len(case.indices)]
    conditions = list(dict.fromkeys(case.condition for case in read))
    parts = {name: [case for case in read if case.condition == name] for name in conditions}
    if len(parts) > 1:
        parts[ALL] = read
    return [one for name, part in parts.items() for one in _comparisons(name, part, resamples, seed)]


def _comparisons(condition: str, cases: list[ReadCase], resamples: int, seed: int) -> list[Comparison]:
    resampled = resampled_patients(cases, lambda case: case.patient, resamples, seed)
    return [_comparison(condition, unit, cases, resampled) for unit in ("vertebra", "patient")]


_Pooled = tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.float64]]


def _comparison(condition: str, unit: str, cases: list[ReadCase], resampled: list[list[ReadCase]]) -> Comparison:
    whole = _pooled(unit, cases)
    drawn = [_pooled(unit, draw) for draw in resampled]
    positives = int(whole[0].sum())
    measures = [_measure(function, whole, drawn) for function in (_areas, _log_losses, _briers)]
    return Comparison(condition, unit, positives, len(whole[0]) - positives, *measures)


def _pooled(unit: str, cases: Sequence[ReadCase]) -> _Pooled:
    """Truth (n,), scores and probabilities (n, 3) of vertebrae, or of patients, who count by their worst vertebra."""
    if unit == "vertebra":
        truth = np.concatenate([case.indices for case in cases]) <= CUTOFF
        return truth, np.concatenate([c.scores for c in cases]), np.concatenate([c.probabilities for c in cases])
    truth = np.array([case.indices.min() <= CUTOFF for case in cases])
    return truth, np.array([c.scores.max(0) for c in cases]), np.array([c.probabilities.max(0) for c in cases])


def _areas(pooled: _Pooled) -> NDArray[np.float64]:
    return np.array([area_under_curve(pooled[0], score) for score in pooled[1].T])


def _log_losses(pooled: _Pooled) -> NDArray[np.float64]:
    truth, _, probabilities = pooled
    right = np.where(truth[:, None], probabilities, 1 - probabilities)
    return np.asarray(-np.log(np.clip(right, 1 - SURE, SURE)).mean(0))


def _briers(pooled: _Pooled) -> NDArray[np.float64]:
    return np.asarray(np.square(pooled[2] - pooled[0][:, None]).mean(0))


def _measure(
    function: Callable[[_Pooled], NDArray[np.float64]], whole: _Pooled, resampled: Sequence[_Pooled]
) -> Measure:
    values, drawn = function(whole), np.array([function(one) for one in resampled]).reshape(-1, len(READINGS))
    differences, drawn_differences = values[-1] - values, drawn[:, -1:] - drawn
    return Measure(
        values=dict(zip(READINGS, values.tolist(), strict=True)),
        intervals={name: interval(drawn[:, i]) for i, name in enumerate(READINGS)},
        differences=dict(zip(READINGS[:-1], differences.tolist(), strict=False)),
        difference_intervals={name: interval(drawn_differences[:, i]) for i, name in enumerate(READINGS[:-1])},
    )


def readings_text(cases: Sequence[ReadCase], comparisons: Sequence[Comparison]) -> str:
    """The comparison as text for a terminal: a table a measure."""
    tables = [
        _table("AUC, moderate or severe fracture (95 % interval)", comparisons, [one.area for one in comparisons], 3),
        _table("log loss", comparisons, [one.log_loss for one in comparisons], 4),
        _table("Brier score", comparisons, [one.brier for one in comparisons], 4),
    ]
    patients = len({case.patient for case in cases})
    missed = sum(case.missed for case in cases)
    note = (
        f"{len(cases)} CTs of {patients} patients; {missed} reference vertebrae not detected, or without both results"
    )
    return "\n\n".join([*tables, note]) + "\n"


def _table(name: str, comparisons: Sequence[Comparison], measures: Sequence[Measure], digits: int) -> str:
    against = [f"combined - {reading}" for reading in READINGS[:-1]]
    rows = []
    for one, measure in zip(comparisons, measures, strict=True):
        values = [_with_interval(measure.values[name], measure.intervals[name], digits) for name in READINGS]
        for reading, value in measure.differences.items():
            values.append(_with_interval(value, measure.difference_intervals[reading], digits))
        rows.append((f"{one.unit}, {one.condition}", str(one.positives), str(one.negatives), *values))
    return text_table((name, "positive", "negative", *READINGS, *against), rows)


def _with_interval(value: float, ends: tuple[float, float] | None, digits: int) -> str:
    if np.isnan(value):
        return "-"
    return f"{value:.{digits}f}" + (f" ({ends[0]:.{digits}f} to {ends[1]:.{digits}f})" if ends else "")


def write_readings(folder: Path, cases: Sequence[ReadCase], comparisons: Sequence[Comparison]) -> None:
    """Write image_classifier.json: the comparison, and both readings of every vertebra.

    :param folder: an existing folder.
    """
    document = {
        "cutoff": CUTOFF,
        "comparisons": [_without_nan(asdict(one)) for one in comparisons],
        "cases": [
            {
                "name": case.name,
                "condition": case.condition,
                "missed": case.missed,
                "reference_index": case.indices.tolist(),
                "measured_index": case.measured.tolist(),
                "probabilities": {name: case.probabilities[:, i].tolist() for i, name in enumerate(READINGS)},
            }
            for case in cases
        ],
    }
    write_text(folder / "image_classifier.json", json.dumps(document, indent=1, allow_nan=False) + "\n")


def _without_nan(content: Any) -> Any:
    """JSON knows no number that is none: it is null there."""
    if isinstance(content, dict):
        return {key: _without_nan(value) for key, value in content.items()}
    return None if isinstance(content, float) and np.isnan(content) else content
