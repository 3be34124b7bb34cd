"""The table of vertebrae in the panel, narrow enough for a module panel."""

from collections.abc import Callable, Mapping, Sequence

import qt

from ...core.heights.genant import GRADE_COLORS, NOT_EVALUABLE_COLOR
from ...core.heights.height_loss import SHAPES
from ...core.report import VERIFIED, SpineReport
from ...report.columns.column import Value
from ...report.table import format_value, table_rows
from ..words import cell_words, column_headings, grade_words, table_words
from .column_menu import ColumnMenu

_DARK = 140
"""Brightness (0 to 255) below which a grade's color takes white text; chosen by eye for the four colors."""

_ROW_PIXELS = 22
_LEAST_ROWS = 4
_LEAST_PIXELS = 40
"""Height of a row, rows that are always shown, and least width of a column; chosen, as Slicer's tables look."""


class ResultsTable:
    """One row per vertebra, in any order; those that the reader verified are written in grey.

    Each column can be hidden; the choice holds for every study from then on.

    :param table: the QTableWidget.
    :param columns_button: gets a menu of the columns.
    :param selected: called with the place in the report of the vertebra that the user selects.
    """

    def __init__(
        self, table: "qt.QTableWidget", columns_button: "qt.QToolButton", selected: Callable[[int], None]
    ) -> None:
        self._table, self._selected = table, selected
        self._is_updating = False
        self._order: tuple[int, ...] = ()
        self._are_verified: list[bool] = []
        self._items: list[dict[str, qt.QTableWidgetItem]] = []
        headings = column_headings()
        self._columns = tuple(headings)
        table.setColumnCount(len(headings))
        table.setHorizontalHeaderLabels([title for title, _words in headings.values()])
        for place, (_heading, explanation) in enumerate(headings.values()):
            table.horizontalHeaderItem(place).setToolTip(explanation)
        header = table.horizontalHeader()
        header.setMinimumSectionSize(1)
        header.setDefaultSectionSize(_LEAST_PIXELS)
        header.setHighlightSections(False)
        header.setSectionResizeMode(qt.QHeaderView.ResizeToContents)
        header.setStretchLastSection(False)
        table.verticalHeader().setDefaultSectionSize(_ROW_PIXELS)
        self._column_menu = ColumnMenu(table, columns_button, headings)
        table.connect("itemSelectionChanged()", self._selection_changed)
        table.connect("cellClicked(int,int)", lambda row, _column: table.selectRow(row))

    def show(self, report: SpineReport | None, order: Sequence[int]) -> None:
        """Write the values of a report, or nothing; the selected row stays selected.

        :param order: places in the report of the vertebrae from the first row to the last.
        """
        values = table_rows(report) if report is not None else []
        rows, self._order = [values[index] for index in order], tuple(order)
        self._is_updating = True
        try:
            if len(self._items) != len(rows):
                self._set_rows(len(rows))
                self._table.setMinimumHeight(_ROW_PIXELS * (max(len(rows), _LEAST_ROWS) + 3))
            for place, row in enumerate(rows):
                self._write(place, row)
            self._show_verified([row["status"] == VERIFIED for row in rows])
        finally:
            self._is_updating = False

    def select(self, index: int | None) -> None:
        """Select the row of a vertebra, or none, without telling."""
        if index == self.selected:
            return
        self._is_updating = True
        try:
            if index is None:
                self._table.clearSelection()
                self._table.setCurrentCell(-1, -1)
            else:
                self._table.selectRow(self._order.index(index))
        finally:
            self._is_updating = False

    @property
    def selected(self) -> int | None:
        """The selected vertebra, as its place in the report."""
        row = self._table.currentRow()
        return self._order[row] if 0 <= row < len(self._order) else None

    def _show_verified(self, are_verified: list[bool]) -> None:
        """Write verified rows in grey; only rows that changed are touched, as this follows every step of a drag."""
        before = self._are_verified + [False] * len(are_verified)
        for place, is_verified in enumerate(are_verified):
            if is_verified != before[place]:
                brush = qt.QBrush(qt.QColor("gray")) if is_verified else self._table.palette.text()
                for name, item in self._items[place].items():
                    if name != "grade":
                        item.setForeground(brush)
        self._are_verified = are_verified

    def _selection_changed(self) -> None:
        if not self._is_updating and self.selected is not None:
            self._selected(self.selected)

    def _write(self, place: int, row: Mapping[str, Value]) -> None:
        words = table_words()
        for name, item in self._items[place].items():
            text = _cell(name, row)
            item.setText(words.get(text, text))
            item.setToolTip(_explanation(name, row))
        _paint(self._items[place]["grade"], row["grade"])

    def _set_rows(self, count: int) -> None:
        """Make all cells anew."""
        self._items, self._are_verified = [], []
        self._table.setRowCount(0)
        self._table.setRowCount(count)
        for place in range(count):
            self._items.append({name: qt.QTableWidgetItem() for name in self._columns})
            for position, item in enumerate(self._items[place].values()):
                self._table.setItem(place, position, item)
            grade = self._items[place]["grade"]
            grade.setTextAlignment(qt.Qt.AlignCenter)
            grade.setFlags(qt.Qt.ItemIsEnabled)  # not selectable: its colour shows in the selected row too


_DECIMALS = {
    "height_anterior_mm": 1,
    "height_middle_mm": 1,
    "height_posterior_mm": 1,
    "height_loss_percent": 0,
    "height_ratio": 2,
}
"""Decimals in the panel, whose columns are narrow: as many as the uncertainty leaves; the export has more."""


def _cell(name: str, row: Mapping[str, Value]) -> str:
    value = row[name]
    if name == "shape" and value == SHAPES[0]:
        return ""
    if isinstance(value, float) and name in _DECIMALS:
        return f"{value:.{_DECIMALS[name]}f}"
    if name == "image_probability" and row["discordant"]:
        return f"{format_value(name, value)} ≠"
    if name == "largest_uncertainty_mm":
        return cell_words()["borderline"] if row["borderline"] else _uncertainty(name, value)
    return format_value(name, value)


def _explanation(name: str, row: Mapping[str, Value]) -> str:
    """What is meant by a cell that has only room for a sign."""
    if name == "grade":
        return _grade_explanation(row)
    if name == "image_probability" and row["discordant"]:
        measured = format_value("height_probability", row["height_probability"])
        return cell_words()["discordant"].format(heights=measured, image=format_value(name, row[name]))
    if name == "reader_note":
        return ", ".join(str(row[key]) for key in ("reader_note_by", "reader_note_time") if row[key] is not None)
    if name == "largest_uncertainty_mm":
        return f"±{format_value(name, row[name])} mm" if row[name] is not None else ""
    return ""


def _uncertainty(name: str, value: Value) -> str:
    """An uncertainty in a narrow column; empty in a radiograph without a scale."""
    return f"±{value:.1f}" if isinstance(value, float) else format_value(name, value)


def _grade_explanation(row: Mapping[str, Value]) -> str:
    """The grade in words, or why there is none."""
    grade = row["grade"]
    if row["physiological"]:
        return cell_words()["physiological"]
    return grade_words()[grade] if isinstance(grade, int) else format_value("grade_name", row["grade_name"])


def _paint(item: "qt.QTableWidgetItem", grade: Value) -> None:
    """The colour that the vertebra has in the views, and one to write on it."""
    color = GRADE_COLORS[grade] if isinstance(grade, int) else NOT_EVALUABLE_COLOR
    red, green, blue = (round(255 * part) for part in color)
    is_dark = 0.3 * red + 0.59 * green + 0.11 * blue < _DARK
    item.setBackground(qt.QBrush(qt.QColor(red, green, blue)))
    item.setForeground(qt.QBrush(qt.QColor("white" if is_dark else "black")))
