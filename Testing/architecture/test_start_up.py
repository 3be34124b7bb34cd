"""Importing a part loads only that part."""

import ast
import subprocess
import sys

import pytest
from helpers.repository import LIBRARY, MODULE

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
        ("VertebralFracturesLib.ct.pipeline", ""),
        ("VertebralFracturesLib.radiograph.pipeline", ""),
        ("VertebralFracturesLib.report.document", ""),
        ("VertebralFracturesLib.report.table", ""),
        ("VertebralFracturesLib.io.ct", "SimpleITK"),
        ("VertebralFracturesLib.analyzer", ""),
    ],
)
def test_a_part_loads_no_other(module: str, expected: str) -> None:
    code = CHECK.format(path=str(MODULE), module=module)
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == expected


STARTS_WITH_SLICER = ("widgets/sample_data.py", "widgets/choices.py", "mrml/layout/description.py")
"""What VertebralFractures.py imports while the application starts."""


def test_starting_slicer_loads_neither_numpy_nor_the_core() -> None:
    packages = {(LIBRARY / name).parents[i] / "__init__.py" for name in STARTS_WITH_SLICER for i in range(2)}
    files = {LIBRARY / name for name in STARTS_WITH_SLICER} | {file for file in packages if file.is_file()}
    imported = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    at_file_scope = {line for line in imported if line.startswith(("import ", "from "))}
    assert at_file_scope == {
        "import enum",
        "import slicer",
        "from pathlib import Path",
        "from typing import Any",
        "from slicer.i18n import tr as _",
        "from ..errors import Cancelled",
    }


def test_the_module_file_imports_nothing_else_of_the_library_while_slicer_starts() -> None:
    tree = ast.parse((MODULE / "VertebralFractures.py").read_text(encoding="utf-8"))
    modules = {node.module for node in tree.body if isinstance(node, ast.ImportFrom)}
    at_file_scope = {name for name in modules if name and name.startswith(LIBRARY.name)}
    started = {f"{LIBRARY.name}/{name}".removesuffix(".py").replace("/", ".") for name in STARTS_WITH_SLICER}
    assert at_file_scope <= started
