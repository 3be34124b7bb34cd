"""What the panel says: every word is a literal that translators can extract, and fits the panel."""

import ast

import numpy as np
from helpers.repository import LIBRARY, MODULE
from VertebralFracturesLib.core.genant import GRADE_NAMES, PRESETS
from VertebralFracturesLib.core.height_loss import SHAPES
from VertebralFracturesLib.core.report import SOURCES, STATUSES
from VertebralFracturesLib.core.volume import Volume
from VertebralFracturesLib.ct.pipeline import STAGES
from VertebralFracturesLib.radiograph.pipeline import RADIOGRAPH_STAGES
from VertebralFracturesLib.radiograph.record import Radiograph
from VertebralFracturesLib.report.export import FORMATS
from VertebralFracturesLib.report.table import COLUMNS

ESSENTIAL = 9


def test_every_column_has_a_heading_and_an_explanation(host):
    from VertebralFracturesLib.widgets.words import column_headings

    headings = column_headings()
    assert set(headings) <= {column.name for column in COLUMNS}
    assert all(title and explanation for title, explanation in headings.values())
    header = host.ui.vertebraTable.horizontalHeaderItem
    assert [(header(i).text(), header(i).toolTip()) for i in range(len(headings))] == list(headings.values())


def test_every_word_of_a_report_has_a_translation(host):
    from VertebralFracturesLib.analyzer import LOADING
    from VertebralFracturesLib.widgets import choices, words
    from VertebralFracturesLib.widgets.run_panel import stage_titles

    assert set(words.table_words()) == {*SHAPES, *SOURCES, *STATUSES}
    assert len(words.grade_words()) == len(GRADE_NAMES)
    assert list(words.format_words()) == list(FORMATS)
    radiograph = Radiograph(np.zeros((9, 9), np.float32))
    assert list(stage_titles(Volume(np.zeros((2, 2, 2), np.int16), np.eye(4)))) == [LOADING, *STAGES]
    assert list(stage_titles(radiograph)) == [LOADING, *RADIOGRAPH_STAGES]
    assert {one.value: one.label() for one in choices.Grading} == {
        name: preset.title for name, preset in PRESETS.items()
    }
    assert all(one.label() for one in choices.Device)


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


def test_the_essential_columns_fit_a_narrow_panel(studied):
    from VertebralFracturesLib.widgets.words import column_headings

    names = list(column_headings())
    assert {"level", "genant_index", "grade", "shape", "posterior_loss_percent", "status"} <= set(names[:ESSENTIAL])
    assert [name for name in names[:ESSENTIAL] if name.startswith("height")] == names[1:4]
    studied.widget.parent.resize(470, 900)
    studied.work()
    table = studied.ui.vertebraTable
    assert sum(table.columnWidth(place) for place in range(ESSENTIAL)) <= table.viewport().width
    studied.widget.parent.resize(680, 900)
    studied.work()
    assert table.horizontalScrollBar().maximum == 0
