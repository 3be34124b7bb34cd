"""How results were made, without a word of whose they are."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from helpers.small_ct import body_hu, write_series
from PIL import Image
from VertebralFracturesLib import __version__
from VertebralFracturesLib.cli.main import main
from VertebralFracturesLib.cli.manifest import versions
from VertebralFracturesLib.cli.results import RUN_FILE
from VertebralFracturesLib.io.fingerprint import fingerprint


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft202012Validator:
    text = files("VertebralFracturesLib.cli").joinpath("run.schema.json").read_text(encoding="utf-8")
    described = json.loads(text)
    jsonschema.Draft202012Validator.check_schema(described)
    return jsonschema.Draft202012Validator(described)


def read(file: Path) -> dict[str, Any]:
    return json.loads(file.read_text(encoding="utf-8"))


def test_a_run_is_described_and_nobody_is_named(
    an_oracle: Any, a_ct: Path, tmp_path: Path, schema: jsonschema.Draft202012Validator
) -> None:
    secret = a_ct.rename(tmp_path / "Mustermann_Erika.nii.gz")
    out = tmp_path / "Mustermann"
    code = main(["analyze", str(secret), "-o", str(out), "--preset", "pisov", "--case-id", "Erika", "--exchange"])
    assert code == 0
    run = read(out / RUN_FILE)
    schema.validate(run)
    assert run["command_line"] == (
        "vertebral-fractures analyze INPUT --case-id ID --output DIR --exchange --preset pisov"
    )
    assert run["settings"] == {
        "identify": False, "overwrite": False, "dicom": False, "exchange": True, "device": "auto",
        "detector": "anchor-free", "preset": "pisov", "image_classifier": True, "json": False,
    }  # fmt: skip
    assert run["software"] == f"VertebralFractures {__version__}"
    assert run["input"] == fingerprint(secret)
    assert run["weights"] == read(out / "measurements.json")["models"]
    assert not any(name in json.dumps(run) for name in ("Mustermann", "Erika", str(tmp_path)))


def test_a_series_is_known_by_its_files(
    an_oracle: Any, tmp_path: Path, schema: jsonschema.Draft202012Validator
) -> None:
    write_series(tmp_path / "ct", body_hu())
    write_series(tmp_path / "ct" / "short", body_hu()[:20], SeriesInstanceUID="1.2.9", SeriesNumber=7)
    assert main(["analyze", str(tmp_path / "ct"), "-o", str(tmp_path / "out"), "--series", "7"]) == 0
    run = read(tmp_path / "out" / RUN_FILE)
    schema.validate(run)
    assert run["input"] == fingerprint(tmp_path / "ct", "1.2.9")
    assert "--series X" in run["command_line"]


def test_numbers_are_settings(
    tmp_path: Path, schema: jsonschema.Draft202012Validator, monkeypatch: pytest.MonkeyPatch
) -> None:
    from helpers.small_radiograph import report

    monkeypatch.setattr("VertebralFracturesLib.cli.radiograph.analyze_read_image", lambda *_, **__: report())
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (200, 150), dtype=np.uint8)).save(tmp_path / "x.png")
    arguments = ["radiograph", str(tmp_path / "x.png"), "-o", str(tmp_path / "out"), "--pixel-spacing", "0.5"]
    assert main(arguments) == 0
    run = read(tmp_path / "out" / RUN_FILE)
    schema.validate(run)
    assert run["command_line"] == "vertebral-fractures radiograph IMAGE --pixel-spacing 0.5 --output DIR"
    assert run["settings"]["pixel_spacing"] == 0.5


def test_versions_that_can_change_a_result_are_known() -> None:
    assert {"python", "torch", "numpy"} <= set(versions())
