"""Agreement between readers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import full_report
from VertebralFracturesLib.core.report import SpineReport
from VertebralFracturesLib.worklist.agreement import readers_agreement, weighted_kappa
from VertebralFracturesLib.worklist.cases import CaseList, WorklistCase
from VertebralFracturesLib.worklist.reading import Reading, reading_file, write_reading

FIRST = full_report.report(8, {"T12": (0.3, 0.1, 0.0)}, image_classification=None)
CASES = tuple(WorklistCase(name, Path(name)) for name in ("one", "two"))


def higher(report: SpineReport, index: int, mm: float) -> SpineReport:
    """The report with the superior points of a vertebra moved up."""
    vertebrae = list(report.vertebrae)
    points = vertebrae[index].keypoints_ras.copy()
    points[::2, 2] += mm
    vertebrae[index] = replace(vertebrae[index], keypoints_ras=points, source="edited")
    return replace(report, vertebrae=tuple(vertebrae))


def write(folder: Path, case: str, reader: str, report: SpineReport) -> None:
    places = tuple(range(len(report.vertebrae)))
    write_reading(reading_file(folder, case, reader), Reading(reader, report, FIRST, places))


def test_two_readers_are_compared_where_both_read(tmp_path: Path) -> None:
    for case in ("one", "two"):
        write(tmp_path, case, "A", FIRST)
    second = higher(FIRST, 2, 1.0)
    write(tmp_path, "one", "B", replace(second, vertebrae=second.vertebrae[:-1]))
    agreement = readers_agreement(CaseList(CASES, tmp_path))
    (row,) = agreement.summary
    assert (row["reader_1"], row["reader_2"], row["cases"], row["vertebrae"]) == ("A", "B", 1, 7)
    assert (row["only_1"], row["only_2"]) == (1, 0)
    assert row["same_level"] == 1.0
    assert row["height_difference_mm"] == pytest.approx(3 / 21, abs=1e-3)
    differences = np.array([1.0] * 3 + [0.0] * 18)
    assert row["height_limits_mm"] == pytest.approx(1.96 * differences.std(ddof=1), rel=1e-2)
    moved = [one for one in agreement.vertebrae if one["height_anterior_difference_mm"]]
    assert [one["level_1"] for one in moved] == [FIRST.shown_levels[2]]
    files = agreement.csv_files()
    assert files["agreement.csv"].splitlines()[1].startswith("A,B,1,7,1,0,1.000")
    assert len(files["agreement_vertebrae.csv"].splitlines()) == 8


def test_one_reader_agrees_with_nobody(tmp_path: Path) -> None:
    write(tmp_path, "one", "A", FIRST)
    assert readers_agreement(CaseList(CASES, tmp_path)).summary == ()


def test_kappa_is_that_of_the_textbook() -> None:
    """Of 10 vertebrae 8 agree; two differ by one grade. Weights (i - j)^2: observed 0.2, by chance 0.94."""
    grades = [(0, 0)] * 5 + [(1, 1)] + [(2, 2)] * 2 + [(0, 1), (2, 1)]
    first, second = np.array(grades).T
    by_chance = np.mean([(i - j) ** 2 for i in first for j in second])
    assert weighted_kappa(grades) == pytest.approx(1 - 0.2 / by_chance)
    assert weighted_kappa([(0, 0), (1, 1)]) == 1.0
    assert weighted_kappa([(0, 0)] * 3) is None
    assert weighted_kappa([]) is None
