"""Synthetic patients are written as reference cases."""

import json
from pathlib import Path

import pytest
from VertebralFracturesLib.cli.main import main
from VertebralFracturesLib.io.ct import read_volume
from VertebralFracturesLib.io.reference_case import find_cases
from VertebralFracturesLib.simulation.ct.protocol import Protocol


def test_phantoms_are_written_as_reference_cases(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    coarse = Protocol(pixel_mm=4.0, slice_spacing_mm=4.0, first_level=18.0, last_level=21.0, field_mm=200.0)
    monkeypatch.setattr("VertebralFracturesLib.simulation.case.random_protocol", lambda rng: coarse)
    assert main(["research", "synthetic-patients", "-o", str(tmp_path / "new"), "--count", "2", "--seed", "5"]) == 0
    cases = find_cases(tmp_path / "new")
    assert len(cases) == 2
    assert read_volume(cases[0].image).spacing_mm == pytest.approx([4.0, 4.0, 4.0], rel=1e-3)


def test_a_broken_run_goes_on_and_other_patients_need_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    coarse = Protocol(pixel_mm=6.0, slice_spacing_mm=6.0, first_level=18.0, last_level=21.0, field_mm=200.0)
    monkeypatch.setattr("VertebralFracturesLib.simulation.case.whole_spine_protocol", lambda rng: coarse)
    words = ["research", "synthetic-patients", "-o", str(tmp_path / "new"), "--seed", "1", "--variants"]
    assert main([*words, "--field-of-view", "whole-spine"]) == 0
    first = tmp_path / "new" / "phantom_0001" / "reference.json"
    written = first.stat().st_mtime_ns
    assert json.loads(first.read_text())["variant"] == "L6"
    assert main([*words, "--field-of-view", "whole-spine", "--count", "2"]) == 0
    assert first.stat().st_mtime_ns == written
    assert len(find_cases(tmp_path / "new")) == 2
    assert main([*words, "--field-of-view", "lumbosacral"]) == 2
    assert "other settings" in capsys.readouterr().err
