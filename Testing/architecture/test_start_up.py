"""Importing a part loads only that part."""

import ast
import json
import subprocess
import sys

from helpers.repository import LIBRARY, MODULE

CHECK = """
import importlib, json, sys
sys.path.insert(0, sys.argv[1])
heavy = {"torch", "vtk", "slicer", "qt", "matplotlib", "SimpleITK", "jinja2", "pandas"}
loaded = {}
for part in sys.argv[2:]:
    importlib.import_module(part)
    loaded[part] = sorted(heavy & set(sys.modules))
print(json.dumps(loaded))
"""

LIGHT = (
    "",
    ".cli.main",
    ".core.report",
    ".ct.pipeline",
    ".radiograph.pipeline",
    ".report.document",
    ".report.table",
    ".analyzer",
    ".api",
    ".__main__",
)
"""Parts of the library that load none of these."""


def test_a_part_loads_no_other() -> None:
    """One after the other in one process: what a part loads is seen from there on."""
    parts = [f"{LIBRARY.name}{part}" for part in (*LIGHT, ".io.ct")]
    command = [sys.executable, "-c", CHECK, str(MODULE), *parts]
    loaded = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert loaded == {part: [] for part in parts[:-1]} | {parts[-1]: ["SimpleITK"]}


STARTS_WITH_SLICER = (
    "widgets/sample_data.py",
    "widgets/choices.py",
    "widgets/setup/versions.py",
    "mrml/layout/description.py",
)
"""What VertebralFractures.py imports while the application starts."""


def test_starting_slicer_loads_neither_numpy_nor_the_core() -> None:
    packages = {(LIBRARY / name).parents[i] / "__init__.py" for name in STARTS_WITH_SLICER for i in range(2)}
    files = {LIBRARY / name for name in STARTS_WITH_SLICER} | {file for file in packages if file.is_file()}
    imported = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    at_file_scope = {line for line in imported if line.startswith(("import ", "from "))}
    assert at_file_scope == {
        "from __future__ import annotations",
        "import enum",
        "import slicer",
        "from pathlib import Path",
        "from typing import TYPE_CHECKING, Any",
        "from slicer.i18n import translate",
        "from ..errors import Cancelled",
    }


def test_the_module_file_imports_nothing_else_of_the_library_while_slicer_starts() -> None:
    tree = ast.parse((MODULE / "VertebralFractures.py").read_text(encoding="utf-8"))
    modules = {node.module for node in tree.body if isinstance(node, ast.ImportFrom)}
    at_file_scope = {name for name in modules if name and name.startswith(LIBRARY.name)}
    started = {f"{LIBRARY.name}/{name}".removesuffix(".py").replace("/", ".") for name in STARTS_WITH_SLICER}
    assert at_file_scope <= started
