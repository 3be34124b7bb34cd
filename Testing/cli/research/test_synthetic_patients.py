"""Synthetic patients are written as reference cases."""

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
