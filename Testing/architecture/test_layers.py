"""Imports follow the layers that the package's docstring states; what is heavy is imported only where it belongs."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from repository import LIBRARY

PACKAGE = LIBRARY.name
# "()" marks what may be imported inside functions only.
ALLOWED = {
    "widgets": {"mrml", "analyzer", "radiograph_analyzer", "export", "core", "errors", "demo()"},
    "analyzer": {"pipeline", "core", "errors", "networks()"},
    "radiograph_analyzer": {"analyzer", "radiograph_pipeline", "core", "networks()"},
    "export": {"core", "errors", "report_page()"},
    "mrml": {"core", "errors"},
    "pipeline": {"core", "errors", "networks()"},
    "radiograph_pipeline": {"core", "errors", "networks()", "radiograph_bodies", "radiograph_view"},
    "radiograph_bodies": {"core", "networks()", "radiograph_view"},
    "radiograph_view": {"core", "errors", "networks()"},
    "networks": {"core", "errors"},
    "phantom": {"core", "errors"},
    "training": {"core", "networks", "phantom", "errors", "io"},
    "evaluation": {
        *("core", "errors", "io"),
        *(
            f"{part}()"
            for part in ("networks", "phantom", "pipeline", "radiograph_pipeline", "report_page", "training")
        ),
    },
    "report_page": {"core", "errors"},
    "radiograph_page": {"core", "report_page"},
    "core": {"errors"},
    "dicom_series": {"core", "errors"},
    "io": {"core", "errors", "dicom_series"},
    "radiograph_io": {"core", "errors"},
    "output": {"errors"},
    "terminal": {"core"},
    "analysis": {"core", "errors", "io", "networks()", "pipeline()", "mrml()", "report_page()"},
    "radiograph_analysis": {
        *("core", "errors", "analysis", "radiograph_io"),
        *(f"{part}()" for part in ("networks", "radiograph_pipeline", "mrml", "radiograph_page")),
    },
    "pictures": {"core", "errors", "mrml()"},
    "demo": {"core", "errors", "analysis", "io", "phantom()", "evaluation()", "terminal"},
    "cli_arguments": set(),
    "cli_research": {
        *("errors", "cli_arguments"),
        *(f"{part}()" for part in ("core", "evaluation", "io", "networks", "output")),
        *(f"{part}()" for part in ("phantom", "pipeline", "terminal", "training")),
    },
    "cli": {
        *("errors", "cli_arguments", "cli_research"),
        *(f"{part}()" for part in ("analysis", "core", "demo", "io", "output", "pictures", "terminal", "training")),
        *("radiograph_analysis()", "radiograph_io()"),
    },
    "errors": set(),
    "__init__": set(),
}
# Layers that may import a heavy package at file scope, and those that may inside functions.
HEAVY = {
    "torch": ({"networks", "training"}, {"pipeline", "evaluation"}),
    "vtk": ({"mrml"}, set()),
    "slicer": ({"mrml", "widgets"}, set()),
    "qt": ({"widgets"}, set()),
    "PyTorchUtils": (set(), {"widgets"}),
    "SampleData": (set(), {"widgets"}),
    "matplotlib": (set(), {"training", "evaluation"}),
    "SimpleITK": ({"io", "dicom_series", "radiograph_io", "phantom"}, {"phantom", "evaluation", "training"}),
    "pydicom": (set(), {"dicom_series"}),
    "PIL": ({"report_page"}, {"evaluation", "training", "pictures"}),
}
LIGHT = {"numpy", "scipy"}


@dataclass(frozen=True)
class Import:
    file: Path
    line: int
    target: str
    is_lazy: bool

    def __str__(self) -> str:
        return f"{self.file.relative_to(LIBRARY)}:{self.line} imports {self.target}" + " (in a function)" * self.is_lazy


def layer_of(file: Path) -> str:
    """The first part of a file's place in the library: a folder or the name of a file at its root."""
    return file.relative_to(LIBRARY).with_suffix("").parts[0]


def imports(file: Path) -> Iterator[Import]:
    """Every import of a file; relative ones as the library's own dotted names."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    typing_only = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for child in ast.walk(node)
    }
    lazy = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.walk(node)
    }
    package = (PACKAGE, *file.relative_to(LIBRARY).parts[:-1])
    for node in ast.walk(tree):
        is_lazy = id(node) in lazy or id(node) in typing_only
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(file, node.lineno, alias.name, is_lazy)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module or "") if part)
            names = [f"{module}.{alias.name}" for alias in node.names] if module == PACKAGE else [module]
            for name in names:
                yield Import(file, node.lineno, name, is_lazy)


FILES = sorted(LIBRARY.rglob("*.py"))
IMPORTS = [one for file in FILES for one in imports(file)]


def test_every_file_belongs_to_a_layer() -> None:
    assert {layer_of(file) for file in FILES} <= set(ALLOWED)


def test_no_import_crosses_the_layers() -> None:
    wrong = []
    for one in IMPORTS:
        if not one.target.startswith(f"{PACKAGE}."):
            continue
        source, target = layer_of(one.file), one.target.split(".")[1]
        if target.startswith("__") or target == source:
            continue
        if target not in ALLOWED[source] and not (one.is_lazy and f"{target}()" in ALLOWED[source]):
            wrong.append(str(one))
    assert wrong == []


@pytest.mark.parametrize("package", HEAVY)
def test_heavy_packages_stay_in_their_layers(package: str) -> None:
    anywhere, inside_functions = HEAVY[package]
    wrong = [
        str(one)
        for one in IMPORTS
        if one.target.split(".")[0] == package
        and layer_of(one.file) not in anywhere
        and not (one.is_lazy and layer_of(one.file) in inside_functions)
    ]
    assert wrong == []


def test_the_core_needs_only_numpy_and_scipy() -> None:
    import sys

    known = set(sys.stdlib_module_names) | LIGHT | {PACKAGE}
    core = [one for one in IMPORTS if layer_of(one.file) == "core"]
    assert [str(one) for one in core if one.target.split(".")[0] not in known] == []


def test_nothing_else_is_needed_than_what_is_installed() -> None:
    import sys

    known = set(sys.stdlib_module_names) | LIGHT | set(HEAVY) | {PACKAGE}
    assert [str(one) for one in IMPORTS if one.target.split(".")[0] not in known] == []


def test_no_star_imports() -> None:
    assert [str(file) for file in FILES if "import *" in file.read_text(encoding="utf-8")] == []


def test_imports_are_found_lazy_or_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "LIBRARY", tmp_path)
    (tmp_path / "core").mkdir()
    file = tmp_path / "core" / "example.py"
    file.write_text(
        "import torch\nfrom ..mrml import x\nfrom .. import cli\ndef f():\n    from .volume import Volume\n"
    )
    found = [(one.target, one.is_lazy) for one in imports(file)]
    assert found == [
        ("torch", False),
        (f"{PACKAGE}.mrml", False),
        (f"{PACKAGE}.cli", False),
        (f"{PACKAGE}.core.volume", True),
    ]
