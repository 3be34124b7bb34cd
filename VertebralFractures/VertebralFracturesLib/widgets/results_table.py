"""The table of vertebrae in the panel."""

from collections.abc import Callable, Mapping

import qt
from slicer.i18n import tr as _

from ..core.genant import GRADE_COLORS, NOT_EVALUABLE_COLOR
from ..core.report import SpineReport
from ..core.report_table import Value, column, format_value, table_rows

COLUMNS = (
    "level",
    "genant_index",
    "grade",
    "shape",
    "height_anterior_mm",
    "height_middle_mm",
    "height_posterior_mm",
    "posterior_loss_percent",
    "largest_uncertainty_mm",
    "source",
    "status",
)
"""Columns of :data:`~..core.report_table.COLUMNS` that readers need while they correct; exports hold all."""

_GRADE = COLUMNS.index("grade")
_DARK = 140
_ROW_PIXELS = 22
_LEAST_ROWS = 4


class ResultsTable:
    """One row per vertebra, cranial to caudal.

    :param table: the QTableWidget.
    :param selected: called with the row that the user selects.
    """

    def __init__(self, table: "qt.QTableWidget", selected: Callable[[int], None]) -> None:
        self._table, self._selected = table, selected
        self._is_updating = False
        table.setColumnCount(len(COLUMNS))
        table.setHorizontalHeaderLabels([_title(name) for name in COLUMNS])
        for place, name in enumerate(COLUMNS):
            table.horizontalHeaderItem(place).setToolTip(_(column(name).description))
        table.horizontalHeader().setSectionResizeMode(qt.QHeaderView.ResizeToContents)
        table.verticalHeader().setDefaultSectionSize(_ROW_PIXELS)
        table.connect("itemSelectionChanged()", self._selection_changed)

    def show(self, report: SpineReport | None) -> None:
        """Write the values of a report, or nothing; the selected row stays selected."""
        rows = table_rows(report) if report is not None else []
        self._is_updating = True
        try:
            if self._table.rowCount != len(rows):
                self._table.setRowCount(len(rows))
                self._table.setMinimumHeight(_ROW_PIXELS * (max(len(rows), _LEAST_ROWS) + 3))
            for place, row in enumerate(rows):
                self._write(place, row)
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
                self._table.selectRow(index)
        finally:
            self._is_updating = False

    @property
    def selected(self) -> int | None:
        """The selected row."""
        row = self._table.currentRow()
        return row if row >= 0 else None

    def _selection_changed(self) -> None:
        if not self._is_updating and self.selected is not None:
            self._selected(self.selected)

    def _write(self, place: int, row: Mapping[str, Value]) -> None:
        for position, name in enumerate(COLUMNS):
            item = self._table.item(place, position)
            if item is None:
                item = qt.QTableWidgetItem()
                self._table.setItem(place, position, item)
            item.setText(_cell(name, row))
        _paint(self._table.item(place, _GRADE), row["grade"])


def _title(name: str) -> str:
    unit = column(name).unit
    return _(column(name).title) if unit in ("", "1") else f"{_(column(name).title)}\n{unit}"


def _cell(name: str, row: Mapping[str, Value]) -> str:
    text = format_value(name, row[name])
    if name == "grade" and text:
        return f"{text} {_(str(row['grade_name']))}"
    if name == "largest_uncertainty_mm" and row["borderline"]:
        return _("{uncertainty}, borderline").format(uncertainty=text)
    return text


def _paint(item: "qt.QTableWidgetItem", grade: Value) -> None:
    """The colour that the vertebra has in the views, and one to write on it."""
    color = GRADE_COLORS[grade] if isinstance(grade, int) else NOT_EVALUABLE_COLOR
    red, green, blue = (round(255 * part) for part in color)
    is_dark = 0.3 * red + 0.59 * green + 0.11 * blue < _DARK
    item.setBackground(qt.QBrush(qt.QColor(red, green, blue)))
    item.setForeground(qt.QBrush(qt.QColor("white" if is_dark else "black")))
