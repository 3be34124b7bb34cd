"""Each network has a training command."""

from pathlib import Path
from typing import Any

import pytest
from helpers.command import assert_one_error_line, run_process
from helpers.repository import LIBRARY
from VertebralFracturesLib.cli.main import main
from VertebralFracturesLib.cli.research.train import NETWORKS


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


def test_a_training_that_is_cancelled_says_what_it_keeps(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(args: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("VertebralFracturesLib.training.canal.run", interrupted)
    assert main(["research", "train", "canal", "--phantoms", "2", "-o", str(tmp_path)]) == 130
    said = capsys.readouterr().err
    assert_one_error_line(said, f"cancelled: finished parts are in {tmp_path}; run the same command again")
    assert "nothing was written" not in said


def test_every_training_has_a_command() -> None:
    modules = {path.stem for path in (LIBRARY / "training").glob("*.py")}
    assert modules == {*NETWORKS, "__init__", "loop"}
