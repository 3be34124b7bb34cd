"""Each network has a training command."""

from pathlib import Path
from typing import Any

import pytest
from helpers.command import assert_one_error_line, run_process
from VertebralFracturesLib.cli.main import main


def test_training_explains_its_arguments() -> None:
    for part in ("curve", "vertebrae"):
        shown = run_process("research", "train", part, "--help")
        assert shown.returncode == 0, shown.stderr
        assert "--output" in shown.stdout


def test_a_training_that_diverges_ends_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def diverge(args: Any) -> None:
        raise FloatingPointError("step 4: the gradient is not finite")

    monkeypatch.setattr("VertebralFracturesLib.training.radiographs.run", diverge)
    assert main(["research", "train", "radiographs", "--network", "refiner", "-o", str(tmp_path)]) == 2
    assert_one_error_line(capsys.readouterr().err, "the gradient is not finite")
