"""Saving and copying the results of the shown study."""

from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from ..core.report import SpineReport
from ..core.volume import Volume
from ..errors import UnusableInput
from ..mrml.live.study import LiveStudy
from ..mrml.study.radiograph import radiograph_from_node, radiograph_report
from ..mrml.study.volume import analyzed_volume
from ..radiograph.record import Radiograph, RadiographReport
from ..report.export import export_report
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
            export_report(path, _report(live), _image(live) if suffix == ".html" else None)
        except UnusableInput as error:
            slicer.util.errorDisplay(str(error))
            return
        qt.QSettings().setValue(_SETTING, str(path.parent))
        slicer.util.showStatusMessage(_("Saved {path}").format(path=path), 3000)

    def copy(self) -> None:
        """Put the table on the clipboard as text that spreadsheet programs take."""
        live = self._panel.live
        if live is not None:
            slicer.app.clipboard().setText(report_csv(_report(live), delimiter="\t"))


def _report(live: LiveStudy) -> SpineReport:
    """The report as the nodes are now, the sacral endplate of a radiograph included."""
    return radiograph_report(live.study) if isinstance(live.report, RadiographReport) else live.report


def _image(live: LiveStudy) -> Volume | Radiograph | None:
    """The image of a study; None if its node was deleted.

    :raises UnusableInput: the node holds other voxels now, or none.
    """
    volume = analyzed_volume(live.study)
    if volume is None or not isinstance(live.report, RadiographReport):
        return volume
    return radiograph_from_node(live.study.volume_node)
