"""What 3D Slicer's Extensions Index checks of an extension, as far as its repository can show it."""

import json
import re

import pytest
from helpers.repository import LIBRARY, MODULE, ROOT, tracked_files
from PIL import Image

ENTRY = ROOT / "Resources" / "ExtensionsIndex" / "VertebralFractures.json"
RAW_FILE = re.compile(r"https://raw\.githubusercontent\.com/([^/\s]+/[^/\s]+)/([^/\s]+)/([^\s\"]+)")
LARGEST_IMAGE_BYTES = 1_000_000
KEYS = {
    "$schema": str,
    "category": str,
    "scm_url": str,
    "scm_revision": str,
    "scm_type": str,
    "build_dependencies": list,
    "dicom_support_rule": str,
    "build_subdirectory": str,
    "enabled": bool,
    "tier": int,
}
"""The keys that schema 1.0.2 of a catalog entry allows; the first three are required."""
HOME_PAGE_HEADINGS = ("Installation", "Tutorial", "Citation", "License")


def entry() -> dict:
    """The catalog entry."""
    return json.loads(ENTRY.read_text(encoding="utf-8"))


def cmake_text() -> str:
    """The top-level CMakeLists.txt."""
    return (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")


def cmake_value(name: str) -> str:
    """A quoted variable that stands on one line, as the Index reads it."""
    found = re.search(rf'^set\({name} "([^"]+)"\)', cmake_text(), re.MULTILINE)
    assert found is not None, name
    return found.group(1)


def test_the_entry_follows_the_schema() -> None:
    content = entry()
    assert set(list(KEYS)[:3]) <= set(content) <= set(KEYS)
    assert {name: type(value) for name, value in content.items()} == {name: KEYS[name] for name in content}
    assert content["$schema"].endswith("/Schemas/slicer-extension-catalog-entry-schema-v1.0.2.json#")
    assert 1 <= content["tier"] <= 5
    assert b"\r" not in ENTRY.read_bytes()


def test_the_entry_says_what_cmake_says() -> None:
    content = entry()
    project = re.search(r"^project\((\w+)\)", cmake_text(), re.MULTILINE)
    assert project is not None
    assert project.group(1) == ENTRY.stem
    assert content["build_dependencies"] == cmake_value("EXTENSION_DEPENDS").split()
    assert content["scm_url"] == cmake_value("EXTENSION_HOMEPAGE")
    assert content["scm_url"].rsplit("/", 1)[-1] == f"Slicer{ENTRY.stem}"


def test_the_extension_is_not_offered_at_every_import_of_a_ct() -> None:
    """A rule can ask for modality and SOP class only: neither tells the CT or the radiograph of a spine from others."""
    assert "dicom_support_rule" not in entry()


def test_the_entry_has_the_category_of_the_module() -> None:
    script = (MODULE / f"{ENTRY.stem}.py").read_text(encoding="utf-8")
    category = re.search(r'categories = \[translate\("qSlicerAbstractCoreModule", "([^"]+)"\)\]', script)
    assert category is not None
    assert category.group(1) == entry()["category"]


@pytest.mark.parametrize("name", ["EXTENSION_ICONURL", "EXTENSION_SCREENSHOTURLS"])
def test_images_of_the_catalog_are_files_of_the_repository(name: str) -> None:
    repository = entry()["scm_url"].removeprefix("https://github.com/")
    urls = cmake_value(name).split()
    assert urls
    for url in urls:
        found = RAW_FILE.fullmatch(url)
        assert found is not None, url
        assert found.group(1, 2) == (repository, entry()["scm_revision"])
        path = ROOT / found.group(3)
        assert path in tracked_files()
        assert path.stat().st_size <= LARGEST_IMAGE_BYTES
        with Image.open(path) as image:
            assert image.format == "PNG"


def test_the_icon_has_the_size_that_the_index_asks_for() -> None:
    for folder in (ROOT / "Resources" / "Icons", MODULE / "Resources" / "Icons"):
        with Image.open(folder / f"{ENTRY.stem}.png") as image:
            assert image.size == (128, 128)


def test_the_readme_is_a_home_page() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.startswith(f"# {ENTRY.stem}\n")
    assert set(HOME_PAGE_HEADINGS) <= set(re.findall(r"^## (.+)$", readme, re.MULTILINE))
    assert "Apache-2.0" in readme
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", readme)
    assert pictures
    assert {ROOT / picture for picture in pictures} <= set(tracked_files())


def test_nothing_installs_pytorch_past_its_extension() -> None:
    requirements = (MODULE / "Resources" / "requirements.txt").read_text(encoding="utf-8")
    assert "torch" not in requirements
    scripts = [MODULE / f"{ENTRY.stem}.py", *LIBRARY.rglob("*.py")]
    installing = [path for path in scripts if "pip_install(" in path.read_text(encoding="utf-8")]
    assert [path.name for path in installing] == ["dependencies.py"], "it reinstalls what the requirements file names"


COHORT_PAGE = "index.html"
"""The page for looking through a cohort, which has a script of its own in the page and loads nothing but thumbnails."""


def test_no_binary_is_executed_or_fetched() -> None:
    shipped = [path for path in tracked_files() if path.is_relative_to(MODULE)]
    known = {".py", ".pyi", ".typed", ".txt", ".png", ".ui", ".json", ".npz", ".html", ".css", ".js"}
    assert {path.suffix for path in shipped} <= known
    opens_network = re.compile(r"^\s*(?:import|from) (?:urllib|requests|http|socket|ftplib)\b", re.MULTILINE)
    scripts = [path for path in shipped if path.suffix == ".py"]
    assert [path.name for path in scripts if opens_network.search(path.read_text(encoding="utf-8"))] == []
    templates = [path for path in shipped if path.suffix in (".html", ".css")]
    assert templates
    runs_or_fetches = re.compile(r"<script|https?:|url\(|@import|\bsrc=")
    assert [path.name for path in templates if runs_or_fetches.search(path.read_text(encoding="utf-8"))] == [
        COHORT_PAGE
    ]
    page_scripts = [path for path in shipped if path.suffix == ".js"] + [
        path for path in templates if path.name == COHORT_PAGE
    ]
    fetches = re.compile(r"https?:|\bfetch\(|XMLHttpRequest|WebSocket|sendBeacon|\bimport\b|\bsrc=|\beval\b")
    assert [path.name for path in page_scripts if fetches.search(path.read_text(encoding="utf-8"))] == []


def test_the_repository_is_small_enough_to_be_cloned() -> None:
    megabytes = sum(path.stat().st_size for path in tracked_files()) / 2**20
    assert megabytes < 100
