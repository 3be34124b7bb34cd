"""Words of a private vocabulary do not come back into texts that people see; the field's terms stand in their place.

Read are README, documentation, the help of every command, titles and descriptions of columns, and the panel's texts.
"""

import ast
import re
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest
from helpers.command import run_process
from helpers.repository import LIBRARY, MODULE, ROOT
from VertebralFracturesLib.cli.main import COMMANDS
from VertebralFracturesLib.cli.research import COMMANDS as RESEARCH_COMMANDS
from VertebralFracturesLib.report.columns.patient import ORIGIN_COLUMNS, SPINE_COLUMNS, SUMMARY_COLUMNS
from VertebralFracturesLib.report.columns.vertebra import COLUMNS, POINT_COLUMNS

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
}
"""What is not to be said, as regular expressions without regard to case, and what is said instead."""

LOGS = ("Documentation/accuracy.md", "Documentation/experiments.md")
ALLOWED = {
    "phantoms": (*LOGS, "research"),  # name of an option that recipes in the model cards use
    r"index G\b": LOGS,  # what entries of the log call it that were written before
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


def test_a_word_is_found_and_code_is_not() -> None:
    assert len(wrong("A Second\nopinion on the picture, `pictures INPUT`.", "anywhere")) == 2
    assert wrong("An image classifier.", "anywhere") == []
