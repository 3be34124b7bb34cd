"""The repository's lists, commands and texts agree with what is on the disk."""

import importlib
import json
import re
import shutil
import sys
from pathlib import Path

import pytest
from helpers.command import assert_one_error_line, run_process
from helpers.repository import LIBRARY, MODULE, ROOT, tracked_files
from VertebralFracturesLib.cli.main import COMMANDS
from VertebralFracturesLib.cli.research import COMMANDS as RESEARCH_COMMANDS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MACHINE_PATHS = re.compile("/" + "work/|/" + "root/|/" + "home/|/" + "farm/|[A-Z]:\\\\\\\\Users")
LEFT_OPEN = re.compile(
    "TO" + "DO|FIX" + "ME|XX" + "X|NotImplemented" + "Error|[Pp]lace" + "holder|Ideally you" + " should"
)
RESEARCH = tuple(f"{LIBRARY.name}/{part}" for part in ("training/", "evaluation/", "cli/research/"))
"""What stays out of 3D Slicer."""

TEXT_SUFFIXES = {".py", ".md", ".txt", ".toml", ".cff", ".json", ".ui", ".yml", ".cmake", ""}


def cmake_list(name: str) -> list[str]:
    """The entries of a list in the module's CMakeLists.txt."""
    content = (MODULE / "CMakeLists.txt").read_text(encoding="utf-8")
    found = re.search(rf"set\({name}\n(.*?)\n  \)", content, re.DOTALL)
    assert found is not None
    lines = (line.split("#")[0].strip() for line in found.group(1).splitlines())
    return [line.replace("${MODULE_NAME}", "VertebralFractures") for line in lines if line]


def installed_files(is_script: bool) -> list[str]:
    """What the module consists of on the disk, by its place in the module, without what only research needs."""
    skipped = {MODULE / "CMakeLists.txt"}
    files = (path for path in tracked_files() if path.is_relative_to(MODULE) and path not in skipped)
    names = (path.relative_to(MODULE).as_posix() for path in files if (path.suffix == ".py") == is_script)
    return sorted(name for name in names if not name.startswith(RESEARCH))


def test_cmake_lists_every_script_and_resource() -> None:
    assert sorted(cmake_list("MODULE_PYTHON_SCRIPTS")) == installed_files(is_script=True)
    assert sorted(cmake_list("MODULE_PYTHON_RESOURCES")) == installed_files(is_script=False)


def test_every_weight_file_has_a_model_card() -> None:
    folder = LIBRARY / "networks" / "weight_files"
    weights = {path.stem for path in folder.glob("*.npz")}
    cards = {path.stem for path in folder.glob("*.json")}
    assert weights
    assert weights == cards
    for name in cards:
        assert {"version", "data", "license", "recipe", "seed", "steps", "metrics", "date"} <= set(
            json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        )


def test_pip_installs_what_the_library_reads() -> None:
    patterns = project()["tool"]["setuptools"]["package-data"]["VertebralFracturesLib"]
    suffixes = {Path(pattern).suffix for pattern in patterns}
    files = (path for path in tracked_files() if path.is_relative_to(LIBRARY) and path.suffix != ".py")
    assert {path.suffix for path in files} <= suffixes


def test_texts_name_no_machine_and_leave_nothing_open() -> None:
    wrong = []
    for path in tracked_files():
        if path.suffix not in TEXT_SUFFIXES or path.name == "LICENSE":
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if MACHINE_PATHS.search(line) or LEFT_OPEN.search(line):
                wrong.append(f"{path.relative_to(ROOT)}:{number} {line.strip()}")
    assert wrong == []


def test_no_tracked_file_is_large() -> None:
    assert [str(path) for path in tracked_files() if path.stat().st_size > 8_000_000] == []


def project() -> dict:
    """pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def readme_commands() -> list[str]:
    """The README's lines that set everything up."""
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith("python3 -m venv")]


def test_the_readme_has_its_two_commands() -> None:
    demo, tests = readme_commands()
    assert "vertebral-fractures demo" in demo
    assert tests.endswith("-m pytest")
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


def test_the_installed_command_exists() -> None:
    module, function = project()["project"]["scripts"]["vertebral-fractures"].split(":")
    assert callable(getattr(importlib.import_module(module), function))


def test_the_wrong_slicer_package_is_never_named() -> None:
    requirements = project()["project"]["dependencies"]
    assert not any(re.match(r"slicer\s*([<>=~!\[;]|$)", requirement) for requirement in requirements)
    assert any(requirement.startswith("slicer-core") for requirement in requirements)


def test_the_documentation_explains_every_command() -> None:
    page = (ROOT / "Documentation" / "command_line.md").read_text(encoding="utf-8")
    explained = re.findall(r"^\| `(research [\w-]+|\w+) .*\|.*\w.*\|$", page, re.MULTILINE)
    commands = [name for name in COMMANDS if name != "research"]
    assert explained == [*commands, *(f"research {name}" for name in RESEARCH_COMMANDS)]


@pytest.mark.parametrize(
    "name", ["README.md", "AGENTS.md", "Documentation/accuracy.md", "Documentation/experiments.md"]
)
def test_texts_name_no_command_that_does_not_exist(name: str) -> None:
    text = " ".join((ROOT / name).read_text(encoding="utf-8").split())
    arguments = r"(?:\.\./shared|DATA|-o |ct/|INPUT|IMAGE)"
    called = re.findall(rf"`(?:vertebral-fractures )?(research [a-z-]+|[a-z-]+) {arguments}", text)
    assert called
    assert set(called) <= {*COMMANDS, *(f"research {command}" for command in RESEARCH_COMMANDS)}


def test_the_citation_holds_the_papers_that_the_readme_names() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    papers = re.split(r"^  - type: ", citation.split("\nreferences:\n")[1], flags=re.MULTILINE)[1:]
    pattern = re.compile(r'family-names: "(\w+)".*?^    year: (\d+)', re.DOTALL | re.MULTILINE)
    named = {found.groups() for paper in papers if (found := pattern.search(paper))}
    assert named == {("Pisov", "2020"), ("Zakharov", "2023"), ("Chettrit", "2020"), ("Cina", "2021")}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [paper for paper in named if " ".join(paper) not in readme] == []


def test_slicer_can_do_without_research() -> None:
    scripts = cmake_list("MODULE_PYTHON_SCRIPTS")
    assert not [name for name in scripts if "/training/" in name or "/evaluation/" in name or "research" in name]
    assert f"{LIBRARY.name}/cli/main.py" in scripts


@pytest.mark.parametrize(
    "name", ["LICENSE", "CITATION.cff", "README.md", "AGENTS.md", "CMakeLists.txt", "pyproject.toml", ".ci/run"]
)
def test_what_a_repository_needs_is_there(name: str) -> None:
    assert (ROOT / name).stat().st_size > 100


def test_the_command_runs_where_slicer_installed_it(tmp_path: Path) -> None:
    """Without research, which says so in one line."""
    for name in cmake_list("MODULE_PYTHON_SCRIPTS"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(MODULE / name, tmp_path / name)
    environment = {"PYTHONPATH": str(tmp_path)}
    shown = run_process("--help", environment=environment)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "analyze" in shown.stdout
    refused = run_process("research", "evaluate", "cases", environment=environment)
    assert refused.returncode == 2
    assert_one_error_line(refused.stderr, "research is not part of this installation")
    assert len(refused.stderr.splitlines()) == 1
