"""What the panel says itself: headings, words and formats are literals that translators can extract."""

import ast

import numpy as np
from helpers.repository import LIBRARY, MODULE
from VertebralFracturesLib.core.heights.genant import GRADE_NAMES
from VertebralFracturesLib.core.heights.height_loss import SHAPES
from VertebralFracturesLib.core.report import SOURCES, STATUSES
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.ct.pipeline import STAGES
from VertebralFracturesLib.radiograph.pipeline import RADIOGRAPH_STAGES
from VertebralFracturesLib.radiograph.record import Radiograph
from VertebralFracturesLib.report.columns.vertebra import COLUMNS
from VertebralFracturesLib.report.export import FORMATS


def test_every_column_has_a_heading_and_an_explanation(host):
    from VertebralFracturesLib.widgets.words import column_headings

    headings = column_headings()
    assert set(headings) <= {column.name for column in COLUMNS}
    assert all(title and explanation for title, explanation in headings.values())
    header = host.ui.vertebraTable.horizontalHeaderItem
    assert [(header(i).text(), header(i).toolTip()) for i in range(len(headings))] == list(headings.values())


def test_the_words_of_the_table_the_formats_and_the_stages_have_translations(host):
    """Shapes, sources, statuses, grades, formats and stages; a report's summary, warnings and errors stay English."""
    from VertebralFracturesLib.analyzer import LOADING
    from VertebralFracturesLib.widgets import words
    from VertebralFracturesLib.widgets.run_panel import stage_titles

    assert set(words.table_words()) == {*SHAPES, *SOURCES, *STATUSES}
    assert len(words.grade_words()) == len(GRADE_NAMES)
    assert list(words.format_words()) == [*FORMATS, words.DICOM]
    radiograph = Radiograph(np.zeros((9, 9), np.float32))
    assert list(stage_titles(Volume(np.zeros((2, 2, 2), np.int16), np.eye(4)))) == [LOADING, *STAGES]
    assert list(stage_titles(radiograph)) == [LOADING, *RADIOGRAPH_STAGES]


def calls_of(path, name: str) -> list[ast.Call]:
    """The calls of a function in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == name]


def test_translators_can_extract_every_text():
    """In one context of our own: Slicer would name the contexts of a package "widgets.run_panel" and the like."""
    files = list((LIBRARY / "widgets").glob("*.py"))
    calls = [call for file in files for call in calls_of(file, "translate")]
    assert len(calls) > 50
    assert {ast.unparse(call.args[0]) for call in calls} == {"'VertebralFractures'"}
    module_calls = calls_of(MODULE / "VertebralFractures.py", "_")
    texts = [call.args[1] for call in calls] + [call.args[0] for call in module_calls]
    assert [ast.unparse(text) for text in texts if not isinstance(text, ast.Constant)] == []
    assert [file.name for file in files if calls_of(file, "_")] == []
