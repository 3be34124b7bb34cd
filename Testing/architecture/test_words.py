"""Words of a private vocabulary do not come back into texts that people see; the field's terms stand in their place.

Checked are README, documentation, the help of every command, titles and descriptions of columns, the panel's texts, the
texts that the library writes (errors, warnings, reports, tables), the HTML templates, and the model cards.
"""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from helpers.command import run_process
from helpers.repository import LIBRARY, MODULE, ROOT
from VertebralFracturesLib.cli.main import COMMANDS
from VertebralFracturesLib.cli.research import COMMANDS as RESEARCH_COMMANDS
from VertebralFracturesLib.report.columns.patient import ORIGIN_COLUMNS, SPINE_COLUMNS, SUMMARY_COLUMNS
from VertebralFracturesLib.report.columns.vertebra import COLUMNS, POINT_COLUMNS

_CORRECT_LEVELS = r"levels right|right levels|named right"
BANNED = {
    r"second opinion": "image classifier",
    r"pictures?": "image",
    r"pressed|pressing": "simulated compression fracture",
    r"hard cases?": "stress tests",
    r"roc area": "AUC",
    r"not a number": "NaN",
    r"reader's marks": "annotations",
    r"the finds|finds in|finds beyond": "detections",
    r"read twice|read this first": "image-based check, warnings",
    r"seen and measured|measured and seen|measured, seen": "image-based, height-based, combined",
    r"no medical device": "not a medical device",
    r"index G\b": "height ratio G",
    r"phantoms": "synthetic patients",
    r"rolled to a side": "oblique positioning",
    r"all or nothing": "all of the files, or none",
    r"to review": "not reviewed",
    r"another number makes": "random seed",
    r"what its name says": "does not match its extension",
    r"upside down": "rotated by 180 degrees",
    r"a film of": "multi-frame image",
    r"beside the plane": "out of plane",
    _CORRECT_LEVELS: "correct levels",
    r"without a mark": "shown as certain",
    r"less precise": "less accurate",
    r"hold no number": "NaN",
    r": check (?:it|the points|the keypoints)\b": "please verify",
    r"cut by the field of view": "partly outside the field of view",
    r"is none that|proportions of no": "is not known, implausible",
    r"said to be": "stated",
    r"opens? to the front": "open anteriorly",
    r"says of|sees no|see no": "gives, detects",
    r"on its own line|off its line": "off the line of the others",
    r"by a reader|as a reader": "by a user",
    r"wholly": "completely",
}
"""What is not to be said, as regular expressions without regard to case, and what is said instead."""

LOGS = ("Documentation/accuracy.md", "Documentation/experiments.md")
ALLOWED = {
    "phantoms": (*LOGS, "research"),  # name of an option that recipes in the model cards use
    r"index G\b": LOGS,  # what entries of the log call it that were written before
    **dict.fromkeys((r"upside down", _CORRECT_LEVELS, r"without a mark", r"says of|sees no|see no"), LOGS[1:]),
    r"pressed|pressing": ("vertebrae_anchor_free.json",),  # folder of the recipe with which it was evaluated
}
"""Where a word may stand nevertheless, and why."""

PAGES = ["README.md", "SECURITY.md", *sorted(f"Documentation/{p.name}" for p in (ROOT / "Documentation").glob("*.md"))]


def wrong(text: str, place: str) -> list[str]:
    """The words of a text that are not to be said; code between backticks is none of it."""
    spoken = " ".join(re.sub(r"`[^`]*`", " ", re.sub(r"```.*?```", " ", text, flags=re.DOTALL)).split())
    return [
        f"{place}: {found.group()!r}, say {better!r}: ...{spoken[max(found.start() - 40, 0) : found.end() + 20]}..."
        for pattern, better in BANNED.items()
        for found in re.finditer(rf"\b(?:{pattern})", spoken, re.IGNORECASE)
        if not place.startswith(ALLOWED.get(pattern, ("-",)))
    ]


@pytest.mark.parametrize("name", PAGES)
def test_pages(name: str) -> None:
    assert wrong((ROOT / name).read_text(encoding="utf-8"), name) == []


def test_help_of_every_command() -> None:
    commands = [[], *([name] for name in COMMANDS), *(["research", name] for name in RESEARCH_COMMANDS)]
    code = (
        "import sys\nfrom VertebralFracturesLib.cli.main import main\n"
        "for line in sys.argv[1:]:\n"
        "    try:\n        main([*line.split(), '--help'])\n    except SystemExit:\n        pass\n"
    )
    shown = run_process(*(" ".join(command) for command in commands), code=code)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.count("usage:") == len(commands)
    words = re.sub(r"(?m)^usage:.*(?:\n +\[?.*)*|^ +pictures\b|--[\w-]+", " ", shown.stdout)
    assert wrong(words.replace("NAME-pictures", ""), "research") == []


def test_columns() -> None:
    columns = (*COLUMNS, *POINT_COLUMNS, *ORIGIN_COLUMNS, *SUMMARY_COLUMNS, *SPINE_COLUMNS)
    assert [one for c in columns for one in wrong(f"{c.title}. {c.description}", c.name)] == []


def panel_texts() -> Iterator[str]:
    """What the panel says: strings of the .ui file, and literals that are handed to the translation function."""
    interface = ElementTree.parse(MODULE / "Resources" / "UI" / "VertebralFractures.ui")
    for text in interface.iterfind(".//property/string"):
        yield text.text or ""
    for file in (MODULE / "VertebralFractures.py", *(LIBRARY / "widgets").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("translate", "_", "slicer.i18n.translate"):
                yield from (one.value for one in node.args if isinstance(one, ast.Constant))


def test_panel() -> None:
    texts = list(panel_texts())
    assert len(texts) > 60
    assert [one for text in texts for one in wrong(text, "panel")] == []


def spoken_texts(file: Path) -> Iterator[str]:
    """The literals of a module that have at least three words, without docstrings; expressions in them are left out."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "0" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in statements | parts:
            text = node.value
        else:
            continue
        if len(text.split()) > 2:
            yield text


def test_texts_of_the_library() -> None:
    """Errors, warnings, reports, tables and help: whatever a module can say."""
    files = [file for file in sorted(LIBRARY.rglob("*.py")) if "widgets" not in file.parts]
    texts = [(text, f"{file.relative_to(LIBRARY).as_posix()}") for file in files for text in spoken_texts(file)]
    assert len(texts) > 900
    options = re.compile(r"--[\w-]+")
    assert [one for text, place in texts for one in wrong(options.sub(" ", text), place)] == []


def test_html_templates() -> None:
    files = sorted(LIBRARY.rglob("templates/*.html"))
    assert len(files) > 5
    code = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}|</?[a-z][^>]*>", re.DOTALL)
    texts = [(code.sub(" ", file.read_text(encoding="utf-8")), file.name) for file in files]
    assert [one for text, name in texts for one in wrong(text, name)] == []


def card_texts(value: Any) -> Iterator[str]:
    """All keys and texts of a model card but commands, whose options keep their names."""
    if isinstance(value, dict):
        yield from value
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from card_texts(one)
    elif isinstance(value, str):
        yield re.sub(r"--[\w-]+", " ", value)


def test_model_cards() -> None:
    cards = sorted((LIBRARY / "networks" / "weight_files").glob("*.json"))
    assert len(cards) > 6
    texts = [(text, card.name) for card in cards for text in card_texts(json.loads(card.read_text(encoding="utf-8")))]
    assert [one for text, name in texts for one in wrong(text, name)] == []


def test_a_word_is_found_and_code_is_not() -> None:
    assert len(wrong("A Second\nopinion on the picture, `pictures INPUT`.", "anywhere")) == 2
    assert wrong("An image classifier.", "anywhere") == []


def docstrings(file: Path) -> Iterator[str]:
    """The texts of a module that are no values: docstrings of modules, classes, functions and constants."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value


def test_docstrings_do_not_speak_in_riddles() -> None:
    """A docstring names what it describes, in place of "what step 1 says of the levels"."""
    riddle = re.compile(r"\bwhat [\w' ]{1,40}?\b(?:says?|sees?) of\b|\bsecond opinion\b", re.IGNORECASE)
    files = [file for file in sorted(LIBRARY.rglob("*.py")) if "widgets" not in file.parts]
    texts = [
        (file.relative_to(LIBRARY).as_posix(), " ".join(text.split())) for file in files for text in docstrings(file)
    ]
    assert len(texts) > 1000
    assert [(name, found.group()) for name, text in texts for found in riddle.finditer(text)] == []
