"""The program: exit codes, one clear line for every error, nothing half-written."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from helpers.command import assert_one_error_line, run_process
from helpers.repository import MODULE
from VertebralFracturesLib import __version__
from VertebralFracturesLib.cli.main import COMMANDS, main


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "COMMAND"),
        (["analyse"], "invalid choice"),
        (["analyze"], "INPUT"),
        (["analyze", "a.nii", "--device", "tpu"], "--device"),
        (["analyze", "a.nii", "--preset", "own"], "--preset"),
        (["analyze", "a.nii", "--what"], "--what"),
        (["research", "synthetic-patients"], "-o"),
        (["research", "synthetic-patients", "-o", "new", "--count", "0"], "--count"),
        (["research"], "COMMAND"),
        (["research", "phantom"], "synthetic-patients"),
        (["research", "train"], "curve"),
        (["research", "train", "everything"], "curve"),
        (["research", "evaluate"], "DATA"),
    ],
)
def test_wrong_arguments_give_one_line_and_code_2(
    arguments: list[str], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert_one_error_line(capsys.readouterr().err, expected)
    assert list(tmp_path.iterdir()) == []


def test_the_process_answers_help_and_version() -> None:
    shown = run_process("--help")
    assert shown.returncode == 0
    shown_commands = re.findall(r"^    (\w[\w-]*)", shown.stdout, re.MULTILINE)
    assert shown_commands == list(COMMANDS)
    assert shown_commands == [
        "analyze", "radiograph", "cohort", "bids", "convert", "compare", "demo", "pictures", "info", "research",
    ]  # fmt: skip
    assert run_process("--version").stdout.strip() == f"vertebral-fractures {__version__}"


def test_the_process_says_in_one_line_what_is_wrong(tmp_path: Path) -> None:
    failed = run_process("analyze", tmp_path / "absent.nii.gz", cwd=tmp_path)
    assert failed.returncode == 2
    assert failed.stdout == ""
    assert_one_error_line(failed.stderr, "no such file")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for a child process")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupting_the_process_leaves_nothing_half_written(tmp_path: Path, number: signal.Signals) -> None:
    slow = (
        "import sys, time; from VertebralFracturesLib.cli import main; from VertebralFracturesLib.io import ct; "
        "ct._read = lambda *_: (print('started', flush=True), time.sleep(60)); sys.exit(main.main())"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", slow, "analyze", "chest.nii.gz", "-o", "out"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(MODULE)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        # A test run in the background ignores SIGINT, and so would its children.
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    assert len(list(tmp_path.iterdir())) == 1
    time.sleep(0.1)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130
    assert_one_error_line(stderr, "cancelled")
    assert list(tmp_path.iterdir()) == []
