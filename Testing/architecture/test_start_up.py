"""Importing a part loads only that part."""

import subprocess
import sys

import pytest
from repository import MODULE

CHECK = """
import sys
sys.path.insert(0, {path!r})
import {module}
print(*sorted(set(sys.modules) & {{"torch", "vtk", "slicer", "qt", "matplotlib", "SimpleITK"}}))
"""


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("VertebralFracturesLib", ""),
        ("VertebralFracturesLib.cli", ""),
        ("VertebralFracturesLib.core.report", ""),
        ("VertebralFracturesLib.io", "SimpleITK"),
        ("VertebralFracturesLib.pipeline", ""),
    ],
)
def test_a_part_loads_no_other(module: str, expected: str) -> None:
    code = CHECK.format(path=str(MODULE), module=module)
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == expected
