"""Write data_dictionary.md, and into measurements.schema.json what the columns mean.

Run it after columns or keys have changed: ``python Documentation/write_data_dictionary.py`` in an installed copy. The
meaning of a column is stated once, in ``report/columns``; that of any other key of measurements.json in the schema.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from VertebralFracturesLib import cli, report
from VertebralFracturesLib.cli.cohort.tables import CASE, CASES_COLUMNS
from VertebralFracturesLib.report.columns.column import Column
from VertebralFracturesLib.report.columns.patient import NOTE_COLUMNS, ORIGIN_COLUMNS, SPINE_COLUMNS, SUMMARY_COLUMNS
from VertebralFracturesLib.report.columns.vertebra import COLUMNS, POINT_COLUMNS

DICTIONARY = Path(__file__).with_name("data_dictionary.md")
SCHEMA = Path(report.__path__[0]) / "measurements.schema.json"
RUN_SCHEMA = Path(cli.__path__[0]) / "run.schema.json"

_HEAD = """# Data dictionary

Contents of the result files. This page is written by `python Documentation/write_data_dictionary.py` from the
definitions that the program itself uses.

- [`measurements.csv`](#measurementscsv): one row per vertebra.
- [`patient.csv`](#patientcsv): one row with the conclusion, the alignment and the trabecular attenuation.
- [`vertebrae.csv`, `patients.csv` and `cases.csv`](#tables-of-a-cohort): all cases of a cohort.
- [`measurements.json`](#measurementsjson): all of these and the landmarks, the spine curve, models and thresholds.
- [`run.json`](#runjson): how the results were made.

CSV files are UTF-8 with a header line. A cell is empty where a value could not be determined, was not requested or
would be misleading: lengths of a radiograph without a scale, grades of vertebrae that are not evaluable. Columns whose
meaning begins with "whether" hold `true` or `false`. Lengths are 3D distances in the patient in mm, not measured along
the straightened image. Coordinates in mm increase to the right, anteriorly and superiorly (RAS). Titles are the
headings in the report and in 3D Slicer. [Measurements](measurements.md) explains how the values are measured, with
sources.

Four abbreviations: Ha, Hm and Hp are the anterior, middle and posterior height of a vertebral body; G is the height
ratio, the smallest of these heights divided by the largest.
"""

_COHORT_HEAD = """
## Tables of a cohort

`vertebrae.csv` holds the rows of `measurements.csv` and `patients.csv` the row of `patient.csv` of every case with
results; `cases.csv` has one row per case that ended and per series that was left out. The same tables are written as
Parquet where pyarrow is installed, with values that are not rounded. Each begins with the column:
"""

_JSON_HEAD = """
## measurements.json

Layout 2. The JSON Schema is part of the installation, `VertebralFracturesLib/report/measurements.schema.json`; every
release is tested against it. Values are not rounded. `null` stands where a value could not be determined. Every column
of `measurements.csv` up to `intervertebral_angle_deg` is also a key of each entry of `vertebrae`. Files of layout 1,
which version 0.1 wrote up to November 2026, can still be loaded.
"""

_RUN_HEAD = """
## run.json

How the results of `analyze`, `radiograph` and `bids` were made. A cohort keeps such a file for every run in the folder
`runs`; the same about a single case stands in its `case.json`. The JSON Schema is
`VertebralFracturesLib/cli/run.schema.json`. The file names no patient.
"""


def described_schema() -> dict[str, Any]:
    """The schema, with the descriptions of the columns at their keys."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    of_vertebra = schema["properties"]["vertebrae"]["items"]["properties"]
    of_spine = schema["properties"]["spine"]["properties"]
    of_radiograph = schema["properties"]["radiograph"]["properties"]["angles"]["properties"]
    for columns, keys in ((COLUMNS, of_vertebra), (SPINE_COLUMNS, of_spine), (SPINE_COLUMNS, of_radiograph)):
        for column in columns:
            if column.name in keys:
                unit = f"; in {column.unit}" if column.unit not in ("", "1") else ""
                keys[column.name]["description"] = column.description + unit
    return schema


def schema_text() -> str:
    """The schema as its file holds it."""
    return json.dumps(described_schema(), indent=1) + "\n"


def data_dictionary() -> str:
    """The page."""
    schema = described_schema()
    of_vertebra = schema["properties"]["vertebrae"]["items"]["properties"]
    of_spine = schema["properties"]["spine"]["properties"]
    parts = [
        _HEAD,
        "\n## measurements.csv\n\nOne row per vertebra, cranial to caudal.\n",
        _column_table(COLUMNS, of_vertebra),
        "\nThe landmarks:\n",
        _column_table(POINT_COLUMNS, {}),
        "\nThe same in every row and in `patient.csv`:\n",
        _column_table(ORIGIN_COLUMNS, {}),
        "\n## patient.csv\n\nOne row. The conclusion:\n",
        _column_table(SUMMARY_COLUMNS, {}),
        "\nAlignment and trabecular attenuation:\n",
        _column_table(SPINE_COLUMNS, of_spine),
        "\nWhat a reader noted on the patient in 3D Slicer:\n",
        _column_table(NOTE_COLUMNS, {}),
        "\nThe columns from `preset` to `warnings` follow, as in `measurements.csv`.\n",
        _COHORT_HEAD,
        _column_table((CASE,), {}),
        "\nThe columns of `cases.csv`:\n",
        _column_table(CASES_COLUMNS, {}),
        _JSON_HEAD,
        *_key_tables("", schema),
        _RUN_HEAD,
        *_run_table(),
    ]
    return "\n".join(part.strip("\n") + "\n" for part in parts)


def _column_table(columns: Sequence[Column], keys: dict[str, Any]) -> str:
    """A table of columns.

    :param keys: what the schema says of them, by name, for the values that they may have.
    """
    rows = [
        (f"`{one.name}`", one.title, one.unit.replace("1", "ratio"), _cell(one.description, keys.get(one.name, {})))
        for one in columns
    ]
    return _table(("column", "title", "unit", "meaning"), rows)


def _key_tables(path: str, described: dict[str, Any]) -> Iterator[str]:
    """A table of the keys of an object of the schema, then those of the objects in it.

    :param path: where the object stands, empty for the whole document.
    """
    yield f"\n### {f'`{path}`' if path else 'The document'}\n"
    if path == "vertebrae[]":
        yield "\nBeside the columns of `measurements.csv` up to `intervertebral_angle_deg`:\n"
    keys = {name: one for name, one in described["properties"].items() if path != "vertebrae[]" or not _is_column(name)}
    required = described.get("required", ())
    rows = [
        (f"`{name}`", _kind(one) + ("" if name in required else ", optional"), _cell(one.get("description", ""), one))
        for name, one in keys.items()
    ]
    yield _table(("key", "type", "meaning"), rows)
    if path in ("spine", "radiograph.angles"):
        return
    for name, one in keys.items():
        inner = one.get("items", one)
        if "properties" in inner:
            place = f"{path}.{name}" if path else name
            yield from _key_tables(place + "[]" * ("items" in one), inner)


def _run_table() -> Iterator[str]:
    """The keys of run.json."""
    schema = json.loads(RUN_SCHEMA.read_text(encoding="utf-8"))
    rows = [
        (f"`{name}`", _kind(one) + ("" if name in schema["required"] else ", optional"), _cell(one["description"], one))
        for name, one in schema["properties"].items()
    ]
    yield _table(("key", "type", "meaning"), rows)


def _is_column(name: str) -> bool:
    return name in {column.name for column in COLUMNS}


def _kind(key: dict[str, Any]) -> str:
    """The type of a value in words: "number or null"."""
    if "const" in key:
        return f"the number {key['const']}"
    names = key["type"] if isinstance(key["type"], list) else [key["type"]]
    words = {"string": "text", "boolean": "true or false", "integer": "whole number", "array": "list"}
    return ", ".join(words.get(name, name) for name in names)


def _cell(description: str, key: dict[str, Any]) -> str:
    """What a value means, and which values there are."""
    values = [value for value in key.get("enum", key.get("items", {}).get("enum", ())) if value is not None]
    if not values or all(value in description for value in values) or len(values) > 8:
        return description
    return f"{description}. One of: {', '.join(f'`{value}`' for value in values)}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


if __name__ == "__main__":
    SCHEMA.write_text(schema_text(), encoding="utf-8")
    DICTIONARY.write_text(data_dictionary(), encoding="utf-8")
