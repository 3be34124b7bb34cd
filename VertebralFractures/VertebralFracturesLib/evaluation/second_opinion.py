"""How well measured, seen, and both together tell at least moderate fractures: of vertebrae and of patients.

Variants of one CT that were pressed differently are one patient for the intervals: ``NAME_fractured_NUMBER`` counts
under ``NAME``.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.genant import PRESETS, genant_index, heights_mm
from ..core.reference_case import ReferenceCase
from ..core.report import SpineReport
from ..core.roc import area_under_curve
from ..core.text_files import write_text
from ..core.text_table import text_table
from ..core.volume import Volume
from ..errors import NoSpineFound, UnusableInput
from .matching import match_vertebrae

CUTOFF = PRESETS["genant"].moderate
"""Positive is who has G at or below it by the reference."""

READINGS = ("measured", "seen", "together")
"""The scores that are compared: 1 - G, the probability that the networks see, and the average of both."""

_RESAMPLES = 2000
_VARIANT = "_fractured_"


@dataclass(frozen=True, eq=False)
class ReadCase:
    """One CT, read both ways.

    :param name: name of the case.
    :param indices: (n,) G by the reference of the vertebrae that were found.
    :param scores: (n, 3) score of each by the :data:`READINGS`; the higher, the more suspicious.
    :param missed: number of reference vertebrae that were not found, or have no second opinion.
    """

    name: str
    indices: NDArray[np.float64]
    scores: NDArray[np.float64]
    missed: int

    @property
    def patient(self) -> str:
        """Name of the patient, the same for all variants of a CT."""
        return self.name.split(_VARIANT)[0]


@dataclass(frozen=True)
class Comparison:
    """What came of one question.

    :param unit: "vertebra" or "patient".
    :param positives: how many are at least moderately fractured by the reference.
    :param negatives: how many are not.
    :param areas: area under the ROC curve by reading, not a number where a class is empty.
    :param intervals: its 95 % interval by reading; None where it cannot be told.
    :param briers: mean squared error of the probabilities "seen" and "together" by reading.
    """

    unit: str
    positives: int
    negatives: int
    areas: dict[str, float]
    intervals: dict[str, tuple[float, float] | None]
    briers: dict[str, float]


def read_cases(
    cases: Sequence[ReferenceCase],
    analyze: Callable[[Volume], SpineReport],
    read: Callable[[Path], Volume],
    progress: Callable[[str, float], None] = lambda name, share: None,
) -> list[ReadCase]:
    """Analyze cases and keep what both readings say of the reference vertebrae.

    :param cases: see :func:`~..core.reference_case.find_cases`.
    :param analyze: an analysis with a second opinion.
    :param read: reads an image file.
    :param progress: called with the name of each case and the share done, before it starts.
    """
    results = []
    for place, case in enumerate(cases):
        progress(case.name, place / len(cases))
        try:
            report = analyze(read(case.image))
        except (NoSpineFound, UnusableInput):
            results.append(ReadCase(case.name, np.zeros(0), np.zeros((0, len(READINGS))), len(case.levels)))
            continue
        results.append(_read_case(case, report))
    return results


def _read_case(case: ReferenceCase, report: SpineReport) -> ReadCase:
    found = np.array([vertebra.keypoints_ras for vertebra in report.vertebrae]).reshape(-1, 6, 3)
    truth = genant_index(heights_mm(case.keypoints_ras))
    indices, scores = [], []
    for place, reference in match_vertebrae(found, case.keypoints_ras, case.curve).pairs:
        measures, opinion = report.measures[place], report.opinions[place]
        if measures is not None and opinion is not None:
            indices.append(truth[reference])
            scores.append((1 - measures.genant_index, opinion.seen, opinion.together))
    missed = len(case.levels) - len(indices)
    return ReadCase(case.name, np.array(indices), np.array(scores).reshape(-1, len(READINGS)), missed)


def compare_readings(cases: Sequence[ReadCase], seed: int = 0) -> list[Comparison]:
    """Compare the readings, of vertebrae and of patients, with intervals from patients drawn anew.

    :param cases: at least one with a vertebra.
    :param seed: of the draws.
    """
    groups: dict[str, list[ReadCase]] = {}
    for case in cases:
        if len(case.indices):
            groups.setdefault(case.patient, []).append(case)
    patients = list(groups.values())
    draws = np.random.default_rng(seed).integers(0, len(patients), (_RESAMPLES, len(patients)))
    resampled = [[case for i in draw for case in patients[i]] for draw in draws] if len(patients) > 1 else []
    every = [case for group in patients for case in group]
    return [_comparison(unit, every, resampled) for unit in ("vertebra", "patient")]


def _comparison(unit: str, cases: list[ReadCase], resampled: list[list[ReadCase]]) -> Comparison:
    truth, scores = _pooled(unit, cases)
    areas = {name: area_under_curve(truth, scores[:, i]) for i, name in enumerate(READINGS)}
    drawn = [_pooled(unit, draw) for draw in resampled]
    intervals = {}
    for i, name in enumerate(READINGS):
        values = np.array([area_under_curve(one, score[:, i]) for one, score in drawn])
        values = values[~np.isnan(values)]
        intervals[name] = (
            (float(np.percentile(values, 2.5)), float(np.percentile(values, 97.5))) if len(values) else None
        )
    briers = {name: float(np.mean((scores[:, READINGS.index(name)] - truth) ** 2)) for name in READINGS[1:]}
    return Comparison(unit, int(truth.sum()), int((~truth).sum()), areas, intervals, briers)


def _pooled(unit: str, cases: Sequence[ReadCase]) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Truth (n,) and scores (n, 3) of the vertebrae or of the patients, who count by their worst vertebra."""
    if unit == "vertebra":
        return np.concatenate([case.indices for case in cases]) <= CUTOFF, np.concatenate([c.scores for c in cases])
    return np.array([case.indices.min() <= CUTOFF for case in cases]), np.array([c.scores.max(0) for c in cases])


def readings_text(cases: Sequence[ReadCase], comparisons: Sequence[Comparison]) -> str:
    """The comparison as text for a terminal."""
    header = (
        "at least moderate, ROC area (95 % interval)",
        "positive",
        "negative",
        *READINGS,
        "Brier seen",
        "together",
    )
    rows = [
        (
            one.unit,
            str(one.positives),
            str(one.negatives),
            *(_area(one.areas[name], one.intervals[name]) for name in READINGS),
            *(f"{value:.3f}" for value in one.briers.values()),
        )
        for one in comparisons
    ]
    patients = len({case.patient for case in cases})
    missed = sum(case.missed for case in cases)
    note = f"{len(cases)} CTs of {patients} patients; {missed} reference vertebrae not found, or without both readings"
    return f"{text_table(header, rows)}\n{note}\n"


def _area(value: float, interval: tuple[float, float] | None) -> str:
    if np.isnan(value):
        return "-"
    return f"{value:.3f}" if interval is None else f"{value:.3f} ({interval[0]:.3f} to {interval[1]:.3f})"


def write_readings(folder: Path, cases: Sequence[ReadCase], comparisons: Sequence[Comparison]) -> None:
    """Write second_opinion.json: the comparison, and both readings of every vertebra.

    :param folder: an existing folder.
    """
    document = {
        "cutoff": CUTOFF,
        "comparisons": [
            {**asdict(one), "areas": {name: _or_none(area) for name, area in one.areas.items()}} for one in comparisons
        ],
        "cases": [
            {
                "name": case.name,
                "missed": case.missed,
                "reference_index": case.indices.tolist(),
                **{name: case.scores[:, i].tolist() for i, name in enumerate(READINGS)},
            }
            for case in cases
        ],
    }
    write_text(folder / "second_opinion.json", json.dumps(document, indent=1, allow_nan=False) + "\n")


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else value
