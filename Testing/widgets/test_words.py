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
    assert list(words.format_words()) == list(FORMATS)
    radiograph = Radiograph(np.zeros((9, 9), np.float32))
    assert list(stage_titles(Volume(np.zeros((2, 2, 2), np.int16), np.eye(4)))) == [LOADING, *STAGES]
    assert list(stage_titles(radiograph)) == [LOADING, *RADIOGRAPH_STAGES]


def test_translators_can_extract_every_text():
    files = [*(LIBRARY / "widgets").glob("*.py"), MODULE / "VertebralFractures.py"]
    calls = [
        node
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_"
    ]
    assert len(calls) > 50
    assert [ast.unparse(call) for call in calls if not isinstance(call.args[0], ast.Constant)] == []
