"""What dciodvfy, the verifier of dicom3tools, finds wrong with a file."""

import shutil
import subprocess
from pathlib import Path

import pytest


def assert_no_dicom_errors(file: Path) -> None:
    """No attribute is missing or wrong; the test is skipped where the verifier is not installed.

    Its warnings about codes of our own scheme, which it cannot know, and about what an index of a CD needs, are no
    errors.
    """
    program = shutil.which("dciodvfy")
    if program is None:
        pytest.skip("dciodvfy is not installed (Debian's package dicom3tools)")
    found = subprocess.run([program, str(file)], capture_output=True, text=True, check=False, errors="replace")
    lines = [
        line for line in (found.stdout + found.stderr).splitlines() if "99VERTFX" not in line and "DICOMDIR" not in line
    ]
    assert [line for line in lines if line.startswith(("Error", "Warning"))] == []
    assert lines, "dciodvfy said nothing, not even which kind of object it is"
