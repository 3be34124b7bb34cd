"""Imports follow the order of packages that the library's docstring states; what is heavy stays where it belongs."""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from helpers.repository import LIBRARY

PACKAGE = LIBRARY.name

HEAVY = {
    "torch": {"networks", "training"},
    "vtk": {"mrml"},
    "slicer": {"mrml", "widgets"},
    "qt": {"widgets"},
    "ctk": {"widgets"},
    "PyTorchUtils": {"widgets"},
    "SampleData": {"widgets"},
    "matplotlib": {"training", "evaluation"},
    "SimpleITK": {"io"},
    "pydicom": {"io", "pacs"},
    "highdicom": {"pacs"},
    "PIL": {"io", "report", "pacs", "mrml", "evaluation"},
    "jinja2": {"report"},
    "dask": {"cli"},
    "distributed": {"cli"},
    "pyarrow": {"cli"},
    "pandas": {"api"},
}
"""Third-party packages beside numpy and scipy, and the library's packages that may import them."""

KEEPS_TO_ITSELF = {"core": {"json", "csv", "pathlib", "io", "os", "tempfile"}}
"""Modules of the standard library that a package has no use for: core opens no file and writes no format."""

RESEARCH = {"training", "evaluation"}
SIMULATION_USERS = {"simulation", "training", "evaluation", "widgets/sample_data.py", "cli/demo.py", "cli/research"}
RESEARCH_USERS = {"training", "evaluation", "cli/research"}


@dataclass(frozen=True)
class Import:
    """One import of a file, at file scope, inside a function or for type checking alone."""

    file: Path
    line: int
    target: str

    @property
    def place(self) -> str:
        return self.file.relative_to(LIBRARY).as_posix()

    @property
    def package(self) -> str:
        return Path(self.place).with_suffix("").parts[0]

    @property
    def target_package(self) -> str | None:
        """The library's package that is imported; None for another library."""
        parts = self.target.split(".")
        return parts[1] if parts[0] == PACKAGE and len(parts) > 1 else None

    def is_by(self, users: set[str]) -> bool:
        """Whether the file lies in one of these packages, files or folders, or begins with its name."""
        return any(self.place == user or self.place.startswith((f"{user}/", f"{user}_", f"{user}.")) for user in users)

    def __str__(self) -> str:
        return f"{self.place}:{self.line} imports {self.target}"


def imports(file: Path) -> Iterator[Import]:
    """Every import of a file, wherever it stands; relative ones as the library's own dotted names."""
    package = (PACKAGE, *file.relative_to(LIBRARY).parts[:-1])
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(file, node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module or "") if part)
            for alias in node.names:
                yield Import(file, node.lineno, f"{module}.{alias.name}" if is_module(module, alias.name) else module)


def is_module(module: str, name: str) -> bool:
    """Whether what is imported from a module of the library is a module itself."""
    folder = LIBRARY.joinpath(*module.split(".")[1:])
    return module.split(".")[0] == PACKAGE and ((folder / f"{name}.py").is_file() or (folder / name).is_dir())


def stated_order() -> list[str]:
    """The packages in the order in which the library's docstring lists them."""
    docstring = ast.get_docstring(ast.parse((LIBRARY / "__init__.py").read_text(encoding="utf-8"))) or ""
    block = docstring.split("a test reads this list")[1].split("\n\n")[1]
    return re.findall(r"^    (\w+)", block, re.MULTILINE)


FILES = sorted(LIBRARY.rglob("*.py"))
IMPORTS = [one for file in FILES for one in imports(file)]
ORDER = stated_order()


def test_the_docstring_lists_every_package_and_module_at_the_root() -> None:
    on_disk = {path.relative_to(LIBRARY).with_suffix("").parts[0] for path in FILES} - {"__init__"}
    assert sorted(ORDER) == sorted(on_disk)


def test_imports_go_only_towards_the_beginning_of_the_list() -> None:
    wrong = [
        str(one)
        for one in IMPORTS
        if one.target_package in ORDER
        and one.package in ORDER
        and ORDER.index(one.target_package) > ORDER.index(one.package)
    ]
    assert wrong == []


def test_the_parts_of_a_scene_import_only_those_above_them() -> None:
    docstring = ast.get_docstring(ast.parse((LIBRARY / "mrml" / "__init__.py").read_text(encoding="utf-8"))) or ""
    block = docstring.split("a test reads this list")[1].split("\n\n")[1]
    parts = re.findall(r"^    (\w+)", block, re.MULTILINE)
    on_disk = {path.stem for path in (LIBRARY / "mrml").iterdir()} - {"__init__", "__pycache__"}
    assert sorted(parts) == sorted(on_disk)
    inside = [one for one in IMPORTS if one.package == one.target_package == "mrml" and one.place != "mrml/__init__.py"]
    assert len(inside) > 50
    part_of = {one: Path(one.place).with_suffix("").parts[1] for one in inside}
    wrong = [str(one) for one in inside if parts.index(one.target.split(".")[2]) > parts.index(part_of[one])]
    assert wrong == []


def test_ct_and_radiograph_never_meet() -> None:
    pair = {"ct", "radiograph"}
    wrong = [one for one in IMPORTS if {one.package, one.target_package} == pair]
    assert [str(one) for one in wrong] == []


def test_the_product_never_imports_research() -> None:
    wrong = [one for one in IMPORTS if one.target_package in RESEARCH and not one.is_by(RESEARCH_USERS)]
    assert [str(one) for one in wrong] == []


def test_simulation_serves_sample_data_demo_and_research_only() -> None:
    wrong = [one for one in IMPORTS if one.target_package == "simulation" and not one.is_by(SIMULATION_USERS)]
    assert [str(one) for one in wrong] == []


def test_no_files_import_each_other_in_a_circle() -> None:
    graph = {file: sorted({path for one in imports(file) if (path := file_of(one.target))}) for file in FILES}
    assert circles(graph) == []


def file_of(target: str) -> Path | None:
    """The file of a module of the library, or None for another library."""
    parts = target.split(".")
    if parts[0] != PACKAGE:
        return None
    module = LIBRARY.joinpath(*parts[1:])
    file = module / "__init__.py" if module.is_dir() else module.with_suffix(".py")
    return file if file.is_file() else None


def circles(graph: dict[Path, list[Path]]) -> list[list[str]]:
    """The circles that a walk along all arrows meets, each as the names of its files."""
    found: list[list[str]] = []
    done: set[Path] = set()

    def walk(file: Path, trail: list[Path]) -> None:
        if file in trail:
            found.append([one.stem for one in (*trail[trail.index(file) :], file)])
        elif file not in done:
            for following in graph[file]:
                walk(following, [*trail, file])
            done.add(file)

    for file in graph:
        walk(file, [])
    return found


def test_a_circle_is_found() -> None:
    first, second, third = (Path(name) for name in ("first", "second", "third"))
    assert circles({first: [second], second: [third], third: [first]}) == [["first", "second", "third", "first"]]
    assert circles({first: [second, third], second: [third], third: []}) == []


@pytest.mark.parametrize("library", HEAVY)
def test_heavy_libraries_stay_in_their_packages(library: str) -> None:
    wrong = [one for one in IMPORTS if one.target.split(".")[0] == library and one.package not in HEAVY[library]]
    assert [str(one) for one in wrong] == []


@pytest.mark.parametrize("package", KEEPS_TO_ITSELF)
def test_a_package_has_no_use_for(package: str) -> None:
    unused = KEEPS_TO_ITSELF[package]
    wrong = [one for one in IMPORTS if one.package == package and one.target.split(".")[0] in unused]
    assert [str(one) for one in wrong] == []


def test_core_opens_no_file() -> None:
    calls = [
        f"{file.relative_to(LIBRARY)}:{node.lineno}"
        for file in FILES
        if file.is_relative_to(LIBRARY / "core")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"open", "np.load", "np.save", "np.savez"}
    ]
    assert calls == []


def test_nothing_else_is_needed_than_what_is_installed() -> None:
    known = set(sys.stdlib_module_names) | {"numpy", "scipy"} | set(HEAVY) | {PACKAGE}
    assert [str(one) for one in IMPORTS if one.target.split(".")[0] not in known] == []


def test_no_star_imports() -> None:
    assert [str(file) for file in FILES if "import *" in file.read_text(encoding="utf-8")] == []


def test_imports_are_found_wherever_they_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "LIBRARY", tmp_path)
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "volume.py").write_text("")
    file = tmp_path / "core" / "example.py"
    file.write_text(
        "import torch\nfrom ..mrml import x\nfrom . import volume\ndef f():\n    from .volume import Volume\n"
    )
    found = sorted((one.line, one.target) for one in imports(file))
    assert found == [
        (1, "torch"),
        (2, f"{PACKAGE}.mrml"),
        (3, f"{PACKAGE}.core.volume"),
        (5, f"{PACKAGE}.core.volume"),
    ]
