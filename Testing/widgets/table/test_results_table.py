"""The table of vertebrae: rows, colors, and its width."""

from helpers.panel import column
from VertebralFracturesLib.core.heights.genant import GRADE_COLORS


def test_rows_and_vertebrae_select_each_other(measured):
    host = measured
    host.ui.vertebraTable.selectRow(3)
    assert host.widget.studyPanel.live.selected == 3
    assert host.ui.levelBox.currentText == "T12"
    host.widget.studyPanel.live.select(5)
    assert host.ui.vertebraTable.currentRow() == 5
    host.click("previousButton")
    assert host.ui.vertebraTable.currentRow() == 4


def test_a_click_on_a_grade_selects_its_row_and_leaves_its_colour(measured):
    from PySide6 import QtCore, QtTest
    from VertebralFracturesLib.widgets.words import column_headings

    table, grade = measured.ui.vertebraTable, list(column_headings()).index("grade")
    painted = table.item(3, grade).background().color()
    middle = table.visualItemRect(table.item(3, grade)).center()
    QtTest.QTest.mouseClick(table.viewport(), QtCore.Qt.MouseButton.LeftButton, pos=middle)
    assert measured.widget.studyPanel.live.selected == 3
    picture = table.viewport().grab().toImage()
    corner = table.visualItemRect(table.item(3, grade)).topLeft() + QtCore.QPoint(4, 4)
    assert picture.pixelColor(corner) == painted
    beside = table.visualItemRect(table.item(3, grade - 1)).topLeft() + QtCore.QPoint(2, 2)
    assert picture.pixelColor(beside) == table.palette.highlight().color()


ESSENTIAL = 9


def test_the_essential_columns_fit_a_narrow_panel(studied):
    from VertebralFracturesLib.widgets.words import column_headings

    names = list(column_headings())
    assert {"level_shown", "height_ratio", "grade", "shape", "height_loss_percent", "status"} <= set(names[:ESSENTIAL])
    assert [name for name in names[:ESSENTIAL] if name.endswith("_mm")] == names[1:4]
    studied.widget.parent.resize(480, 900)
    studied.work()
    table = studied.ui.vertebraTable
    assert sum(table.columnWidth(place) for place in range(ESSENTIAL)) <= table.viewport().width
    studied.widget.parent.resize(680, 900)
    studied.work()
    assert table.horizontalScrollBar().maximum == 0
    last = names.index("source")
    assert table.columnWidth(last) >= table.sizeHintForColumn(last), "no cell is elided"
    studied.widget.parent.resize(480, 900)
    studied.work()
    assert table.columnWidth(last) >= table.sizeHintForColumn(last)


def test_words_on_a_grade_can_be_read_on_its_color(measured):
    from PySide6 import QtGui
    from VertebralFracturesLib.widgets.words import column_headings

    place = list(column_headings()).index("grade")
    table = measured.ui.vertebraTable
    shown = {}
    for row, grade in enumerate(column(measured, "grade")):
        item = table.item(row, place)
        color = item.background().color()
        assert color == QtGui.QColor(*(round(255 * part) for part in GRADE_COLORS[int(grade)]))
        shown[int(grade)] = item.foreground().color().name()
    assert set(shown) >= {0, 3}
    assert {grade: name == "#ffffff" for grade, name in shown.items()} == {grade: grade == 3 for grade in shown}


def test_a_step_of_a_drag_translates_nothing(measured, monkeypatch):
    """Slicer finds out at each call which file it comes from: 160 of them were a quarter of the cost of a step."""
    import sys

    from VertebralFracturesLib.widgets.words import cell_words

    looked_up = []
    cell_words()  # looked up at the first cell that needs one of them
    node = measured.widget.studyPanel.live.study.keypoint_nodes[1]

    def step() -> None:
        right, anterior, superior = node.GetNthControlPointPosition(0)
        node.SetNthControlPointPosition(0, right, anterior, superior - 2)

    step()
    for name, module in list(sys.modules.items()):
        if name.startswith("VertebralFracturesLib.widgets.") and hasattr(module, "translate"):
            monkeypatch.setattr(module, "translate", lambda context, text: looked_up.append(text) or text)
    for _step in range(3):
        step()
    assert column(measured, "source")[1] == "edited"
    assert looked_up == []


def test_cells_have_the_decimals_that_mean_something_and_the_conclusion_comes_first(measured):
    report = measured.widget.studyPanel.live.report
    shown = {name: column(measured, name) for name in ("height_anterior_mm", "height_ratio", "height_loss_percent")}
    for place, measures in enumerate(report.measures):
        assert shown["height_anterior_mm"][place] == f"{measures.heights_mm[0]:.1f}"
        assert shown["height_ratio"][place] == f"{measures.genant_index:.2f}"
        assert shown["height_loss_percent"][place] == f"{100 * measures.grading.height_loss:.0f}"
    assert measured.ui.summaryLabel.text.startswith(report.summary.headline)
