"""The data dictionary and the JSON Schema agree with the columns that the program writes."""

import importlib.util
import re
from types import ModuleType

import jsonschema
import pytest
from helpers.repository import ROOT
from VertebralFracturesLib.report.columns.patient import ORIGIN_COLUMNS, SPINE_COLUMNS, SUMMARY_COLUMNS
from VertebralFracturesLib.report.columns.vertebra import COLUMNS, POINT_COLUMNS

COMMAND = "run python Documentation/write_data_dictionary.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script that writes both."""
    file = ROOT / "Documentation" / "write_data_dictionary.py"
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_dictionary_is_up_to_date(script: ModuleType) -> None:
    assert script.DICTIONARY.read_text(encoding="utf-8") == script.data_dictionary(), COMMAND


def test_the_schema_describes_columns_as_the_table_does(script: ModuleType) -> None:
    assert script.SCHEMA.read_text(encoding="utf-8") == script.schema_text(), COMMAND


def test_the_schema_is_one(script: ModuleType) -> None:
    jsonschema.Draft202012Validator.check_schema(script.described_schema())


def test_every_key_is_described(script: ModuleType) -> None:
    def undescribed(place: str, described: dict) -> list[str]:
        inner = described.get("items", described)
        below = [
            one for name, key in inner.get("properties", {}).items() for one in undescribed(f"{place}.{name}", key)
        ]
        return below if described.get("description") else [place, *below]

    assert undescribed("", script.described_schema()) == []


def test_every_column_has_a_line(script: ModuleType) -> None:
    lines = re.findall(r"^\| `(\w+)` \|", script.data_dictionary(), re.MULTILINE)
    columns = (*COLUMNS, *POINT_COLUMNS, *ORIGIN_COLUMNS, *SUMMARY_COLUMNS, *SPINE_COLUMNS)
    assert [one.name for one in columns] == lines[: len(columns)]
