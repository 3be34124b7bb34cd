"""Saving and copying the results of the shown study."""

import re
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import translate

from ..errors import Cancelled, UnusableInput
from ..mrml.study.export import export_study
from ..mrml.study.study import Study
from ..report.report_text import report_text
from ..report.table import report_csv
from .dicom_export import save_dicom
from .study_panel import StudyPanel
from .words import DICOM, format_words

_SETTING = "VertebralFractures/ExportFolder"


_NOT_IN_FILE_NAMES = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
"""What Windows allows in no name of a file, and the names that it keeps for devices; a slash is allowed nowhere."""


def file_name(name: str) -> str:
    """The name of a study as a name of a file on every system: DICOM names volumes such as "3: CT thorax/abdomen"."""
    allowed = _NOT_IN_FILE_NAMES.sub("_", name).strip(" .")
    return f"_{allowed}" if not allowed or _DEVICES.match(allowed) else allowed


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
        """Ask where to and write the study there, in the chosen format."""
        self._panel.commit_notes()
        live = self._panel.live
        if live is None:
            return
        suffix = list(self._formats)[self.ui.formatBox.currentIndex]
        folder = Path(str(qt.QSettings().value(_SETTING, "") or Path.home()))
        name = file_name(live.study.report_node.GetName())
        if suffix == DICOM:
            self._save_dicom(live.study, folder, f"{name} DICOM")
        else:
            self._save_file(live.study, folder / f"{name}{suffix}", suffix)

    def _save_dicom(self, study: Study, folder: Path, name: str) -> None:
        """Ask for a folder and write the DICOM objects; a user who gives up is told nothing."""
        try:
            chosen = save_dicom(study, self.ui.exportButton, folder, name)
        except Cancelled:
            return
        except (UnusableInput, RuntimeError) as error:
            slicer.util.errorDisplay(str(error))
            return
        qt.QSettings().setValue(_SETTING, str(chosen))

    def _save_file(self, study: Study, proposed: Path, suffix: str) -> None:
        """Ask for a file and write the study into it."""
        chosen = qt.QFileDialog.getSaveFileName(
            self.ui.exportButton,
            translate("VertebralFractures", "Save the study"),
            str(proposed),
            f"{self._formats[suffix]} (*{suffix})",
        )
        if not chosen:
            return
        path = Path(chosen)
        if path.suffix.lower() != suffix:
            path = path.with_name(path.name + suffix)
            if not _may_write(path):
                return
        try:
            export_study(study, path)
        except UnusableInput as error:
            slicer.util.errorDisplay(str(error))
            return
        qt.QSettings().setValue(_SETTING, str(path.parent))
        slicer.util.showStatusMessage(translate("VertebralFractures", "Saved {path}").format(path=path), 3000)

    def copy(self) -> None:
        """Put the table on the clipboard as text that spreadsheet programs take."""
        self._panel.commit_notes()
        live = self._panel.live
        if live is not None:
            slicer.app.clipboard().setText(report_csv(live.report, delimiter="\t"))

    def copy_text(self) -> None:
        """Put the text for the radiology report on the clipboard."""
        self._panel.commit_notes()
        live = self._panel.live
        if live is not None:
            slicer.app.clipboard().setText(report_text(live.report))


def _may_write(path: Path) -> bool:
    """Ask before a file is replaced whose name was completed here, after Qt's dialog had asked for the shorter one."""
    return not path.exists() or slicer.util.confirmOkCancelDisplay(
        translate("VertebralFractures", "{path} exists already. Replace it?").format(path=path)
    )
