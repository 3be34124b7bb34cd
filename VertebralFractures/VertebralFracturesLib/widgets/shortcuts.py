"""Keys for walking through the vertebrae, judging them and undoing an edit."""

from typing import Any

import qt
import slicer

_KEYS = {
    "Ctrl+Up": "previousButton",
    "Ctrl+Down": "nextButton",
    "Ctrl+Return": "verifyButton",
    "Ctrl+Shift+Return": "notEvaluableButton",
    "Ctrl+Backspace": "undoButton",
    "Ctrl+Shift+Down": "nextCaseButton",
}
"""The button of every key. Chosen; Ctrl+Z is left to Slicer, which has an Undo of its own."""


class Shortcuts:
    """Keys that click buttons wherever the focus is in the main window, once :meth:`set_enabled` lets them.

    :param ui: the widgets of VertebralFractures.ui by name.
    :param panel: takes the keys where there is no main window.
    """

    def __init__(self, ui: Any, panel: Any) -> None:
        self._shortcuts = []
        for keys, name in _KEYS.items():
            shortcut = qt.QShortcut(qt.QKeySequence(keys), slicer.util.mainWindow() or panel)
            button = getattr(ui, name)
            shortcut.connect("activated()", lambda button=button: button.click())
            self._shortcuts.append(shortcut)
        self.set_enabled(False)

    def set_enabled(self, is_enabled: bool) -> None:
        """Let the keys work, or not: another module may use them."""
        for shortcut in self._shortcuts:
            shortcut.setEnabled(is_enabled)

    def delete(self) -> None:
        """Take the keys off the main window."""
        self.set_enabled(False)
        for shortcut in self._shortcuts:
            shortcut.deleteLater()
        self._shortcuts = []
