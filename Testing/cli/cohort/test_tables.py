"""What the tables take of a report."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from helpers.command import oracle
from helpers.small_ct import body_hu
from VertebralFracturesLib.cli.cohort.cases import LeftOut
from VertebralFracturesLib.cli.cohort.table_files import write_tables
from VertebralFracturesLib.cli.cohort.tables import (
    CASES_COLUMNS,
    PATIENTS_COLUMNS,
    VERTEBRAE_COLUMNS,
    case_row,
    case_rows,
    left_out_row,
    patient_row,
    vertebra_rows,
)
from VertebralFracturesLib.core.report import SpineReport
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.report.patient_values import patient_csv
from VertebralFracturesLib.report.table import report_csv


@pytest.fixture(scope="module")
def report() -> SpineReport:
    return oracle(Volume(body_hu(), np.diag([3.0, 3.0, 3.0, 1.0])), None, preset="level-aware")


@pytest.fixture(scope="module")
def record(report: SpineReport) -> dict:
    kept = {
        "name": "a",
        "case_id": "P1",
        "path": "/a.nii",
        "series": "",
        "status": "done",
        "reason": "",
        "seconds": 2.0,
    }
    more = {"settings": {"preset": "level-aware"}, "versions": {"torch": "2"}, "input": {"shape": [36, 36, 30]}}
    return json.loads(json.dumps(kept | more | case_rows(report), allow_nan=False))


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_rows_of_vertebrae_are_those_of_measurements_csv(report: SpineReport, record: dict, tmp_path: Path) -> None:
    write_tables(tmp_path, [record])
    ours = rows_of((tmp_path / "vertebrae.csv").read_text(encoding="utf-8-sig"))
    assert len(ours) == 3
    assert ours == [{"case": "a", **row} for row in rows_of(report_csv(report))]
    assert [column.name for column in VERTEBRAE_COLUMNS] == list(ours[0])


def test_the_row_of_a_patient_is_that_of_patient_csv(report: SpineReport, record: dict, tmp_path: Path) -> None:
    write_tables(tmp_path, [record])
    ours = rows_of((tmp_path / "patients.csv").read_text(encoding="utf-8-sig"))
    assert ours == [{"case": "a", **row} for row in rows_of(patient_csv(report))]
    assert [column.name for column in PATIENTS_COLUMNS] == list(ours[0])


def test_the_row_of_a_case_says_what_it_was_made_from(record: dict) -> None:
    row = case_row(record)
    assert list(row) == [column.name for column in CASES_COLUMNS]
    assert (row["case"], row["status"], row["shape"], row["torch"]) == ("a", "done", "36 36 30", "2")
    failed = {name: record[name] for name in ("name", "case_id", "path", "series")} | {
        "status": "failed",
        "reason": "bad",
    }
    assert (case_row(failed)["reason"], patient_row(failed), vertebra_rows(failed)) == ("bad", None, [])


def test_a_series_that_was_left_out_has_a_row() -> None:
    row = left_out_row(LeftOut("/tree", "1.2", "a localizer"))
    assert (row["status"], row["path"], row["reason"], row["case"]) == ("left out", "/tree", "a localizer", None)
    assert list(row) == [column.name for column in CASES_COLUMNS]


@pytest.mark.parametrize("columns", [CASES_COLUMNS, PATIENTS_COLUMNS, VERTEBRAE_COLUMNS])
def test_every_column_is_explained_once(columns: tuple) -> None:
    assert len({column.name for column in columns}) == len(columns)
    assert all(column.title and column.description for column in columns)
