"""The tables on the disk."""

import csv
from pathlib import Path

import pytest
from helpers.cohort_records import record
from VertebralFracturesLib.cli.cohort.cases import LeftOut
from VertebralFracturesLib.cli.cohort.table_files import TABLES, write_tables

RECORDS = [record("a", "fracture", worst_level="L1", cobb_angle_deg=4.25), record("b", "failed"), record("c")]


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_case_has_a_row_and_those_with_results_a_patient(tmp_path: Path) -> None:
    write_tables(tmp_path, RECORDS, [LeftOut("/x", "1", "a localizer")])
    assert [row["status"] for row in rows(tmp_path / "cases.csv")] == ["done", "failed", "done", "left out"]
    patients = rows(tmp_path / "patients.csv")
    assert [(row["case"], row["worst_level"], row["cobb_angle_deg"]) for row in patients] == [
        ("a", "L1", "4.2"),
        ("c", "", ""),
    ]
    assert rows(tmp_path / "vertebrae.csv") == []
    write_tables(tmp_path, RECORDS[1:])
    assert [row["case"] for row in rows(tmp_path / "patients.csv")] == ["c"]


def test_no_text_is_a_formula_of_a_spreadsheet(tmp_path: Path) -> None:
    write_tables(tmp_path, [record("a") | {"case_id": "=1+1"}])
    assert rows(tmp_path / "cases.csv")[0]["case_id"] == "'=1+1"


def test_parquet_holds_the_same_with_units(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="Parquet needs pyarrow")
    write_tables(tmp_path, RECORDS)
    table = parquet.read_table(tmp_path / "patients.parquet")
    assert table.column("case").to_pylist() == ["a", "c"]
    assert table.column("cobb_angle_deg").to_pylist() == [4.25, None]
    assert table.schema.field("cobb_angle_deg").metadata[b"unit"] == b"deg"
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{name}.{kind}" for name in TABLES for kind in ("csv", "parquet")
    }
