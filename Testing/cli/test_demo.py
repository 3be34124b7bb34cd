"""The demonstration sets what was detected beside the truth."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from VertebralFracturesLib.cli.main import main
from VertebralFracturesLib.cli.results import RESULT_FILES
from VertebralFracturesLib.core.report import SpineReport, Vertebra
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.io.reference_case import read_case
from VertebralFracturesLib.simulation.ct.protocol import Protocol


def truth_of(folder: Path) -> Callable[..., SpineReport]:
    """An analysis that answers with the truth of the case that is being made in a folder, but for one vertebra."""

    def analyze(volume: Volume, models: object, *, preset: str, input: dict[str, Any], **_: object) -> SpineReport:
        case = read_case(next(folder.glob(".*/*/reference.json")).parent)
        found = [
            Vertebra(keypoints, 0.9, np.full(6, 0.5), level, 0.9)
            for level, keypoints in zip(case.levels, case.keypoints_ras, strict=True)
        ]
        return SpineReport("test", input, "anchor-free", preset, case.curve, tuple(found[1:]))

    return analyze


def test_the_demo_sets_found_beside_true(
    an_oracle: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    coarse = Protocol(pixel_mm=3.0, slice_spacing_mm=3.0, first_level=17.5, last_level=22.5, field_mm=300.0)
    monkeypatch.setattr("VertebralFracturesLib.simulation.demo_patient.demo_protocol", lambda: coarse)
    an_oracle(truth_of(tmp_path))
    assert main(["demo", "-o", str(tmp_path / "demo"), "--seed", "3"]) == 0
    assert {*RESULT_FILES, "ct.nii.gz", "reference.json"} == {path.name for path in (tmp_path / "demo").iterdir()}
    printed = capsys.readouterr().out
    rows = {line.split("|")[1].split()[0]: line for line in printed.splitlines() if "|" in line}
    assert sum("not found" in row for row in rows.values()) == 1
    assert rows["L2"].split()[0] == "L2"
    assert rows["L2"].split()[5] == rows["L2"].split()[-1] == "3"
    assert f"{len(rows) - 2} of {len(rows) - 1} vertebrae detected, 0 false detections" in printed
    document = json.loads((tmp_path / "demo" / "measurements.json").read_text(encoding="utf-8"))
    assert document["input"]["path"] == "ct.nii.gz"
