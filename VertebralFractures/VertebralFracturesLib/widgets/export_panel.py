"""Saving and copying the results of the shown study."""

from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from ..errors import UnusableInput
from ..mrml.study.export import export_study
from ..report.report_text import report_text
from ..report.table import report_csv
from .study_panel import StudyPanel
from .words import format_words

_SETTING = "VertebralFractures/ExportFolder"


class ExportPanel:
    """Connects the widgets below "Export".

    :param ui: the widgets of VertebralFractures.ui by name.
    :param panel: shows the study that is exported.
    """

    def __init__(self, ui: Any, panel: StudyPanel) -> None:
        self.ui, self._panel = ui, panel
        self._formats = format_words()
        ui.formatBox.addItems(list(self._formats.values()))
        ui.exportButton.connect("clicked()", self.save)
        ui.copyButton.connect("clicked()", self.copy)
        ui.copyTextButton.connect("clicked()", self.copy_text)

    def save(self) -> None:
        """Ask for a file and write the study into it, in the chosen format."""
        live = self._panel.live
        if live is None:
            return
        suffix = list(self._formats)[self.ui.formatBox.currentIndex]
        folder = Path(str(qt.QSettings().value(_SETTING, "") or Path.home()))
        proposed = folder / f"{live.study.report_node.GetName()}{suffix}"
        chosen = qt.QFileDialog.getSaveFileName(
            self.ui.exportButton, _("Save the study"), str(proposed), f"{self._formats[suffix]} (*{suffix})"
        )
        if not chosen:
            return
        path = Path(chosen)
        path = path if path.suffix.lower() == suffix else path.with_name(path.name + suffix)
        try:
            export_study(live.study, path)
        except UnusableInput as error:
            slicer.util.errorDisplay(str(error))
            return
        qt.QSettings().setValue(_SETTING, str(path.parent))
        slicer.util.showStatusMessage(_("Saved {path}").format(path=path), 3000)

    def copy(self) -> None:
        """Put the table on the clipboard as text that spreadsheet programs take."""
        live = self._panel.live
        if live is not None:
            slicer.app.clipboard().setText(report_csv(live.report, delimiter="\t"))

    def copy_text(self) -> None:
        """Put the text for the radiology report on the clipboard."""
        live = self._panel.live
        if live is not None:
            slicer.app.clipboard().setText(report_text(live.report))
