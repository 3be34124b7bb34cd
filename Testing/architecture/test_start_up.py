"""Importing a part loads only that part."""

import subprocess
import sys

import pytest
from helpers.repository import MODULE

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
        ("VertebralFracturesLib.cli.main", ""),
        ("VertebralFracturesLib.core.report", ""),
        ("VertebralFracturesLib.io.ct", "SimpleITK"),
        ("VertebralFracturesLib.ct.pipeline", ""),
    ],
)
def test_a_part_loads_no_other(module: str, expected: str) -> None:
    code = CHECK.format(path=str(MODULE), module=module)
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == expected


def test_starting_slicer_loads_neither_numpy_nor_the_core() -> None:
    parts = ("widgets.sample_data", "mrml.layout_description")
    files = [MODULE / "VertebralFracturesLib" / f"{part.replace('.', '/')}.py" for part in parts]
    imported = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    at_file_scope = {line for line in imported if line.startswith(("import ", "from "))}
    assert at_file_scope == {
        "import slicer",
        "from pathlib import Path",
        "from typing import Any",
        "from slicer.i18n import tr as _",
        "from ..errors import Cancelled",
    }
