"""The command without its script."""

import subprocess
import sys

from helpers.repository import MODULE
from VertebralFracturesLib import __version__


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "VertebralFracturesLib", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": str(MODULE)}, check=False)


def test_the_module_is_the_command() -> None:
    assert run("--version").stdout == f"vertebral-fractures {__version__}\n"
    refused = run("analyze", "no such file")
    assert refused.returncode == 2
    assert refused.stderr.splitlines()[-1] == "vertebral-fractures: no such file: no such file or folder"
