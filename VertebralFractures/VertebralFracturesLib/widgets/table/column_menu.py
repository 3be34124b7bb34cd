"""The menu by which readers choose the columns of the panel's table."""

from collections.abc import Mapping

import qt

_SETTING = "VertebralFractures/HiddenColumns"

_ALWAYS = "level_shown"
"""The column by which rows are told apart."""

_HIDDEN_AT_FIRST = ("reader_note",)
"""What is hidden until a reader asks for it: notes of any length beside a panel of 400 pixels."""


class ColumnMenu:
    """A menu with one entry a column, checked where the column is shown.

    :param table: the QTableWidget.
    :param button: the QToolButton whose actions are the menu.
    :param headings: heading and explanation of each column by its name, in the order of the table.
    """

    def __init__(
        self, table: "qt.QTableWidget", button: "qt.QToolButton", headings: Mapping[str, tuple[str, str]]
    ) -> None:
        self._table, self._names = table, list(headings)
        kept = qt.QSettings().value(_SETTING, None)
        self._hidden = set(_HIDDEN_AT_FIRST if kept is None else str(kept).split())
        for name, (title, explanation) in headings.items():
            if name != _ALWAYS:
                action = qt.QAction(title.replace("\n", " "), button)
                action.setToolTip(explanation)
                action.setCheckable(True)
                action.setChecked(name not in self._hidden)
                action.connect("toggled(bool)", lambda is_shown, name=name: self._show(name, is_shown))
                button.addAction(action)
        self._apply()

    def _show(self, name: str, is_shown: bool) -> None:
        self._hidden = self._hidden - {name} if is_shown else self._hidden | {name}
        qt.QSettings().setValue(_SETTING, " ".join(sorted(self._hidden)))
        self._apply()

    def _apply(self) -> None:
        for position, name in enumerate(self._names):
            self._table.setColumnHidden(position, name != _ALWAYS and name in self._hidden)
