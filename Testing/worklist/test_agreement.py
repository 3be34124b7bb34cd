"""Agreement between readers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import full_report
from VertebralFracturesLib.core.report import SpineReport
from VertebralFracturesLib.worklist.agreement import readers_agreement
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
