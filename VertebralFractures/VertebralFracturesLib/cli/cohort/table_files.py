"""The tables of a cohort as CSV, and as Parquet where pyarrow is installed."""

import importlib.util
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ...files import whole_file, write_text
from ...report.columns.column import CSV_ENCODING, Column, csv_text
from .cases import LeftOut
from .tables import (
    CASES_COLUMNS,
    PATIENTS_COLUMNS,
    VERTEBRAE_COLUMNS,
    Row,
    case_row,
    left_out_row,
    patient_row,
    vertebra_rows,
)

TABLES = ("cases", "patients", "vertebrae")
"""Names of the tables without suffix."""


def write_tables(folder: Path, records: Iterable[dict[str, Any]], left_out: Sequence[LeftOut] = ()) -> None:
    """Write the tables of a cohort; each is replaced once the new one is complete.

    :param folder: the folder of results.
    :param records: of the cases that ended.
    :param left_out: the series that are no cases.
    """
    cases: list[Row] = []
    patients: list[Row] = []
    vertebrae: list[Row] = []
    for record in records:
        cases.append(case_row(record))
        patient = patient_row(record)
        patients += [] if patient is None else [patient]
        vertebrae += vertebra_rows(record)
    cases += map(left_out_row, left_out)
    columns = (CASES_COLUMNS, PATIENTS_COLUMNS, VERTEBRAE_COLUMNS)
    for name, of_table, rows in zip(TABLES, columns, (cases, patients, vertebrae), strict=True):
        write_text(folder / f"{name}.csv", _csv(of_table, rows), CSV_ENCODING)
        if importlib.util.find_spec("pyarrow") is not None:
            _write_parquet(folder / f"{name}.parquet", of_table, rows)


def _csv(columns: Sequence[Column], rows: Iterable[Row]) -> str:
    """A table as CSV; values have the text that they have in measurements.csv and patient.csv."""
    texts = ([column.cell(row[column.name]) for column in columns] for row in rows)
    return csv_text([column.name for column in columns], texts)


def _write_parquet(path: Path, columns: Sequence[Column], rows: Sequence[Row]) -> None:
    """Write a table with values that are not rounded; units and descriptions are metadata of its columns."""
    import pyarrow
    import pyarrow.parquet

    arrays, fields = [], []
    for column in columns:
        array = pyarrow.array([row[column.name] for row in rows])
        arrays.append(array)
        notes = {"title": column.title, "unit": column.unit, "description": column.description}
        fields.append(pyarrow.field(column.name, array.type, metadata=notes))
    with whole_file(path) as draft:
        pyarrow.parquet.write_table(pyarrow.table(arrays, schema=pyarrow.schema(fields)), draft)
