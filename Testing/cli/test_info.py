"""What programs are told of an installation."""

import hashlib
import json
from pathlib import Path

import jsonschema
import pytest
from helpers.repository import LIBRARY
from VertebralFracturesLib import __version__
from VertebralFracturesLib.cli.info import EXIT_CODES, arguments, installation, weight_files
from VertebralFracturesLib.cli.main import COMMANDS, main
from VertebralFracturesLib.report.columns.vertebra import COLUMNS


def test_json_tells_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == installation()
    assert told["version"] == __version__
    assert list(told["commands"]) == [name for name in COMMANDS if name != "research"]
    assert [one["name"] for one in told["columns"]["measurements.csv"]][: len(COLUMNS)] == [one.name for one in COLUMNS]
    assert told["grading"]["height_ratio_cutoffs"]["genant"]["cutoffs"] == [0.80, 0.75, 0.60]
    assert told["limits"]["voxel_spacing_mm"] == [0.1, 10.0]
    for file in told["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(json.loads(Path(file).read_text(encoding="utf-8")))


def test_people_are_told_the_version_and_the_weights(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"VertebralFractures {__version__}\npython ")
    assert "spine_curve: version" in printed


def test_checksums_are_those_of_the_files() -> None:
    folder = LIBRARY / "networks" / "weight_files"
    told = {one["name"]: one["sha256"] for one in weight_files()}
    assert told == {file.stem: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.glob("*.npz")}


def test_arguments_tell_what_a_command_takes() -> None:
    told = {one["name"]: one for one in arguments("cohort")}
    assert told["INPUT"]["required"]
    assert told["INPUT"]["repeats"]
    assert told["--write"]["default"] == ["json", "csv", "html", "text"]
    assert told["--device"]["choices"] == ["auto", "cpu", "cuda"]
    assert not told["--retry-failed"]["takes_value"]
    assert "900.0" in told["--time-limit"]["help"]


def test_the_documentation_names_the_exit_codes() -> None:
    page = (LIBRARY.parents[1] / "Documentation" / "command_line.md").read_text(encoding="utf-8")
    rows = page.split("| exit code | meaning |")[1].splitlines()[2:]
    assert [int(row.split("|")[1]) for row in rows if row.startswith("|")] == list(EXIT_CODES)
