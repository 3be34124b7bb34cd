"""The tests mirror the library, no part of it grows too large, and its numbers say where they come from."""

import ast
import io
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.repository import LIBRARY, ROOT

TESTING = ROOT / "Testing"
FILES = sorted(LIBRARY.rglob("*.py"))

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
MOST_MODULES = 15
"""Lines of a file, lines of a function, modules of a folder: beyond these a reader loses the thread."""

ROOT_MODULES = {"analyzer", "errors", "files", "api", "__main__"}
"""What belongs to no package: what all of them share, and the two ways in."""

PRODUCT = ("core", "ct", "radiograph", "report", "networks", "io", "mrml", "widgets", "cli")
"""Packages whose results people rely on: each of their numbers has an origin."""

TESTED_ELSEWHERE = {
    "errors.py": "names and exit codes only; test_main.py raises each of them through the command line",
}
"""Modules without a test file at the same relative path, and why."""

TESTED_TOGETHER = {
    "architecture/test_*.py": "the repository as a whole",
    "cli/research/test_research.py": "the commands for research as a list",
    "fuzz/test_readers.py": "every reader of images, on damaged files",
    "mrml/live/test_random_edits.py": "a live study under random edits: points, table and straightened view agree",
    "mrml/test_hard_spines.py": "every node of a study, on spines bent until planes nearly cross",
    "mrml/test_image_classification.py": "the image classification in a study, from its nodes to the saved scene",
    "mrml/test_lost_nodes.py": "every node of a study, deleted in turn",
    "mrml/test_real_case.py": "a study from a real CT to the saved scene",
    "mrml/test_saved_studies.py": "a study saved, loaded and dragged on",
    "mrml/test_slice_view.py": "what a user sees and drags in the slice views",
    "widgets/test_module.py": "VertebralFractures.py",
    "widgets/test_panel.py": "the panel as a whole",
    "widgets/test_radiograph_runs.py": "runs on radiographs from the panel to the scene",
    "widgets/test_real_runs.py": "runs on CTs from the panel to the scene",
}
"""Test files that bear no module's name, and what they test together."""


def name(file: Path) -> str:
    return file.relative_to(LIBRARY).as_posix()


def test_every_module_has_a_test_file_at_the_same_place() -> None:
    modules = [file for file in FILES if file.name != "__init__.py"]
    untested = {
        name(file) for file in modules if not (TESTING / Path(name(file)).parent / f"test_{file.name}").exists()
    }
    assert sorted(untested) == sorted(TESTED_ELSEWHERE)


def test_every_test_file_belongs_to_a_module() -> None:
    tests = [path.relative_to(TESTING) for path in TESTING.rglob("test_*.py")]
    stray = [path for path in tests if not (LIBRARY / path.parent / path.name.removeprefix("test_")).exists()]
    listed = set(TESTED_TOGETHER)
    assert [str(path) for path in stray if not any(path.match(pattern) for pattern in listed)] == []
    assert [pattern for pattern in TESTED_TOGETHER if not any(path.match(pattern) for path in stray)] == []


def test_helpers_of_tests_live_in_their_folder() -> None:
    elsewhere = [
        path.relative_to(TESTING).as_posix()
        for path in TESTING.rglob("*.py")
        if not path.name.startswith("test_") and path.name != "conftest.py"
    ]
    folders = ("helpers/", "benchmarks/", "fuzz/", "in_slicer/")
    assert [path for path in elsewhere if not path.startswith(folders)] == []


def test_no_file_is_long() -> None:
    files = [*FILES, LIBRARY.parent / "VertebralFractures.py"]
    lines = {file.relative_to(ROOT).as_posix(): len(file.read_text(encoding="utf-8").splitlines()) for file in files}
    long = {file: count for file, count in lines.items() if count > LONGEST_FILE}
    assert long == {}


def test_no_function_is_long() -> None:
    long = [
        f"{name(file)}: {node.name} is long"
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or node.lineno) - node.lineno + 1 > LONGEST_FUNCTION
    ]
    assert long == []


def test_no_folder_is_crowded() -> None:
    folders = {file.parent for file in FILES}
    modules = {folder: [path for path in folder.glob("*.py") if path.stem != "__init__"] for folder in folders}
    assert {name(folder): len(files) for folder, files in modules.items() if len(files) > MOST_MODULES} == {}


def test_the_root_holds_five_modules() -> None:
    assert {path.stem for path in LIBRARY.glob("*.py")} - {"__init__"} == ROOT_MODULES


def numbers_without_origin(source: str) -> Iterator[str]:
    """Module-level constants made of numbers alone that neither a docstring nor a comment explains.

    A docstring stands right below a constant, a comment on its line or above it. What is written at a block of
    constants, one a line and without a blank line between them, holds for all of it.
    """
    body = ast.parse(source).body
    comments = {
        token.start[0]
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT and not token.string.startswith(("# noqa", "# type", "# fmt"))
    }
    lines = source.splitlines()
    blocks: list[list[ast.stmt]] = []
    for node in body:
        is_next = blocks and (blocks[-1][-1].end_lineno or 0) + 1 == node.lineno
        gap = lines[blocks[-1][-1].end_lineno or 0 : node.lineno - 1] if blocks else [""]
        if blocks and (is_next or all(line.startswith("#") for line in gap)):
            blocks[-1].append(node)
        else:
            blocks.append([node])
    for block in blocks:
        first, last = block[0].lineno, block[-1].end_lineno or 0
        is_explained = any(is_text(node) for node in block) or any(first <= line <= last for line in comments)
        above = first - 2
        while above >= 0 and lines[above].startswith("# fmt"):
            above -= 1
        if is_explained or (above >= 0 and above + 1 in comments):
            continue
        for node in block:
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None and is_number(node.value):
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                yield ast.unparse(target)


def is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def is_number(value: ast.expr) -> bool:
    """Whether an expression holds a number: 1.5, (1, 2), {"T1": Norm(0.9, 0.1)}, np.log(0.02), but not f(x)[0]."""
    subscripts = {
        id(one) for node in ast.walk(value) if isinstance(node, ast.Subscript) for one in ast.walk(node.slice)
    }
    return any(
        isinstance(node, ast.Constant)
        and isinstance(node.value, (int, float))
        and not isinstance(node.value, bool)
        and id(node) not in subscripts
        for node in ast.walk(value)
    )


@pytest.mark.parametrize("package", PRODUCT)
def test_numbers_have_an_origin(package: str) -> None:
    files = [file for file in FILES if file.is_relative_to(LIBRARY / package)]
    assert files
    bare = [
        f"{name(file)}: {constant}"
        for file in files
        for constant in numbers_without_origin(file.read_text(encoding="utf-8"))
    ]
    assert bare == []


def test_a_number_without_origin_is_found() -> None:
    source = '''"""A module."""
import math

TOLD = 1.5
"""Measured so."""

# Chosen.
SAID = {"a": (1, 2)}

FIRST = 1
SECOND = 2  # mm
_TABLE = (
    3,
    4,
)
NAMES = ("a", "b")
SHAPE = NAMES[0]

_BARE: float = math.log(2)
'''
    assert list(numbers_without_origin(source)) == ["_BARE"]
    assert list(numbers_without_origin("A = 1\n\nB = -2.0\nC = 3\n")) == ["A", "B", "C"]
