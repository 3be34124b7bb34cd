"""The section of the panel that goes through a list of cases."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import qt
import slicer
from slicer.i18n import translate

from ...core.volume import Volume
from ...errors import UnusableInput
from ...files import write_text
from ...io.read_image import ReadImage
from ...mrml.study.input import offered_volumes
from ...mrml.study.study import Study
from ...report.columns.column import CSV_ENCODING
from ...worklist.lock import CaseIsOpen
from ..job_runner import JobRunner
from ..notes_panel import kept_reader
from ..setup.session_log import LOGGER
from ..study_panel import StudyPanel
from .session import Row, WorklistSession, volume_row

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...mrml.live.study import LiveStudy

_FOLDER = "VertebralFractures/WorklistFolder"
_COLUMNS = 4
_SAVE_AFTER_MS = 400
"""Time without another change after which a reading is saved; chosen: a drag is one change, and a crash loses no more
than the drag it happens in."""


class WorklistPanel:
    """Connects the widgets below "Work list".

    :param ui: the widgets of VertebralFractures.ui by name.
    :param panel: shows the study of the open case.
    :param opened: called with a study that was put into the scene.
    :param choose: called with a volume node that is to be the chosen one.
    :param analyze: called to analyze the chosen volume.
    """

    def __init__(
        self,
        ui: Any,
        panel: StudyPanel,
        opened: "Callable[[Study], None]",
        choose: "Callable[[slicer.vtkMRMLScalarVolumeNode], None]",
        analyze: "Callable[[], None]",
    ) -> None:
        self._ui, self._panel = ui, panel
        self._opened, self._choose, self._analyze = opened, choose, analyze
        self.session: WorklistSession | None = None
        self._volumes: list[slicer.vtkMRMLScalarVolumeNode] = []
        self._next: tuple[int, ReadImage[Volume]] | None = None
        self._unsaved: Study | None = None
        self._items: list[list[qt.QTableWidgetItem]] = []
        self._reading, self._ahead = JobRunner(lambda *_: None), JobRunner(lambda *_: None)
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SAVE_AFTER_MS)
        self._timer.connect("timeout()", self.save)
        ui.worklistTable.setHorizontalHeaderLabels(
            [
                translate("VertebralFractures", "Case"),
                translate("VertebralFractures", "State"),
                translate("VertebralFractures", "Conclusion"),
                translate("VertebralFractures", "Readers"),
            ]
        )
        ui.worklistTable.connect("cellDoubleClicked(int,int)", lambda row, _column: self.open(row))
        ui.openListButton.connect("clicked()", self._ask_for_folder)
        ui.loadedVolumesButton.connect("clicked()", self.list_volumes)
        ui.previousCaseButton.connect("clicked()", lambda: self._step(-1))
        ui.nextCaseButton.connect("clicked()", lambda: self._step(1))
        ui.agreementButton.connect("clicked()", self._write_agreement)
        panel.followers.append(self._study_changed)
        self._enable()

    def list_folder(self, path: Path) -> None:
        """List the cases of a folder or of a cohort's ``cases.csv``; the case that is open is left."""
        self.leave()
        self._volumes = []
        try:
            self.session = WorklistSession(path, kept_reader())
        except UnusableInput as error:
            self.session = None
            slicer.util.errorDisplay(str(error))
        self._fill()

    def list_volumes(self) -> None:
        """List the volumes of the scene. Corrections of these stay in the scene, which the user saves."""
        self.leave()
        self.session, self._volumes = None, offered_volumes(slicer.mrmlScene)
        self._fill()

    def open(self, place: int) -> None:
        """Open a case: what was done to the one before is saved, and the next one is read meanwhile."""
        if self._volumes:
            self._select(place)
            self._choose(self._volumes[place])
            return
        session = self.session
        if session is None or self._reading.is_running or place == session.place:
            return
        self.leave()
        self._select(place)
        if self._next is not None and self._next[0] == place:
            self._show(place, self._next[1])
            return
        self._tell(translate("VertebralFractures", "Reading {case}...").format(case=session.cases[place].name))
        self._ahead.discard()
        self._reading.start(
            lambda progress, cancel: session.read(place),
            lambda read: self._show(place, read),
            lambda error: self._fail(place, error),
        )
        self._enable()

    def leave(self) -> None:
        """Save the open case, take it out of the scene and let others have it."""
        self.save()
        if self.session is not None and self.session.place is not None:
            place = self.session.place
            self._panel.show(None)
            self.session.leave()
            self._fill_row(place)
        self._enable()

    def save(self) -> None:
        """Save what has not been saved yet."""
        self._timer.stop()
        study, self._unsaved = self._unsaved, None
        session = self.session
        if study is None or session is None or study.report_node.GetScene() is None:
            return
        try:
            session.save(study)
        except UnusableInput as error:
            LOGGER.error("A reading was not saved: %s", error)
            slicer.util.errorDisplay(str(error))
            return
        if session.place is not None:
            self._fill_row(session.place)

    def close(self) -> None:
        """Save, and let go of the case: the panel is about to go."""
        self._reading.discard()
        self._ahead.discard()
        self.save()
        if self.session is not None:
            self.session.leave()

    def _study_changed(self, live: "LiveStudy | None") -> None:
        """Save soon: once the mouse rests."""
        if live is None:
            self.save()
        elif self.session is not None and live.study.volume_node is self.session.volume_node:
            self._unsaved = live.study
            self._timer.start()

    def _show(self, place: int, read: ReadImage[Volume], take_over: bool = False) -> None:
        """Put a case that was read into the scene."""
        session = self.session
        if session is None:
            return
        try:
            study = session.open(slicer.mrmlScene, place, read, take_over)
        except CaseIsOpen as error:
            question = translate("VertebralFractures", "{problem}. Take it over? Its changes will not be saved there.")
            if slicer.util.confirmOkCancelDisplay(question.format(problem=error)):
                self._show(place, read, take_over=True)
            return
        except UnusableInput as error:
            self._fail(place, error)
            return
        self._tell("")
        if study is not None:
            self._opened(study)
        else:
            self._choose(session.volume_node)
            self._analyze()
        self._read_ahead(place + 1)
        self._enable()

    def _read_ahead(self, place: int) -> None:
        """Read the next case while the present one is looked at; what cannot be read is told when it is opened."""
        session, self._next = self.session, None
        if session is None or place >= len(session.cases):
            return

        def keep(read: ReadImage[Volume]) -> None:
            self._next = place, read

        self._ahead.discard()
        self._ahead.start(lambda progress, cancel: session.read(place), keep, lambda error: None)

    def _fail(self, place: int, error: Exception) -> None:
        """A case that cannot be opened stops nothing: the others can be."""
        name = self.session.cases[place].name if self.session is not None else ""
        LOGGER.error("A case cannot be opened", exc_info=error)
        self._tell(translate("VertebralFractures", "{case}: {error}").format(case=name, error=error))
        self._enable()

    def _ask_for_folder(self) -> None:
        kept = str(qt.QSettings().value(_FOLDER, "") or Path.home())
        title = translate("VertebralFractures", "Choose a folder of CTs or the results of a cohort")
        chosen = qt.QFileDialog.getExistingDirectory(self._ui.openListButton, title, kept)
        if chosen:
            qt.QSettings().setValue(_FOLDER, chosen)
            self.list_folder(Path(chosen))

    def _write_agreement(self) -> None:
        """Ask for a folder and write the tables of agreement between readers there."""
        if self.session is None:
            return
        self.save()
        kept = str(qt.QSettings().value(_FOLDER, "") or Path.home())
        title = translate("VertebralFractures", "Choose a folder for the tables of agreement")
        chosen = qt.QFileDialog.getExistingDirectory(self._ui.agreementButton, title, kept)
        if not chosen:
            return
        agreement = self.session.agreement()
        if not agreement.summary:
            self._tell(translate("VertebralFractures", "No case was read by two readers yet."))
            return
        try:
            for name, text in agreement.csv_files().items():
                write_text(Path(chosen) / name, text, CSV_ENCODING)
        except OSError as error:
            slicer.util.errorDisplay(
                translate("VertebralFractures", "The tables cannot be written: {error}").format(error=error)
            )
            return
        self._tell(translate("VertebralFractures", "Agreement saved in {folder}").format(folder=chosen))

    def _step(self, by: int) -> None:
        count = self._ui.worklistTable.rowCount
        place = self._ui.worklistTable.currentRow() + by
        if 0 <= place < count:
            self.open(place)

    def _fill(self) -> None:
        """Write all rows anew."""
        rows = len(self._volumes) or (len(self.session.cases) if self.session is not None else 0)
        self._ui.worklistTable.setRowCount(0)
        self._ui.worklistTable.setRowCount(rows)
        self._items = [[qt.QTableWidgetItem() for _ in range(_COLUMNS)] for _ in range(rows)]
        for place, items in enumerate(self._items):
            for column, item in enumerate(items):
                self._ui.worklistTable.setItem(place, column, item)
            self._fill_row(place)
        self._tell("")
        self._enable()

    def _fill_row(self, place: int) -> None:
        for item, text in zip(self._items[place], self._row(place), strict=True):
            item.setText(text)
            item.setToolTip(text)

    def _row(self, place: int) -> Row:
        """A report that cannot be read is told in its row."""
        try:
            if self._volumes:
                return volume_row(self._volumes[place])
            assert self.session is not None
            return self.session.row(place)
        except UnusableInput as error:
            name = self._volumes[place].GetName() if self._volumes else ""
            return name or (self.session.cases[place].name if self.session is not None else ""), "", str(error), ""

    def _select(self, place: int) -> None:
        self._ui.worklistTable.selectRow(place)

    def _tell(self, text: str) -> None:
        self._ui.worklistLabel.setText(text)
        self._ui.worklistLabel.setVisible(bool(text))

    def _enable(self) -> None:
        has_cases = self._ui.worklistTable.rowCount > 0
        for button in (self._ui.previousCaseButton, self._ui.nextCaseButton):
            button.setEnabled(has_cases and not self._reading.is_running)
        self._ui.agreementButton.setEnabled(self.session is not None)
