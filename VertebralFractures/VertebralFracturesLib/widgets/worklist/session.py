"""One reader at one list: opening cases in the scene, keeping what the reader does, and leaving them."""

from pathlib import Path

import slicer

from ...core.report import SpineReport
from ...core.volume import Volume
from ...errors import UnusableInput
from ...io.ct import read_input
from ...io.read_image import ReadImage
from ...mrml.nodes.volume import add_volume_node
from ...mrml.study.creation import create_study
from ...mrml.study.reading import apply_reading, study_reading
from ...mrml.study.removal import remove_node, remove_study
from ...mrml.study.report import study_report
from ...mrml.study.study import Study, studies_of
from ...report.document import read_report
from ...worklist.agreement import Agreement, readers_agreement
from ...worklist.cases import WorklistCase, list_cases
from ...worklist.lock import ReadingLock
from ...worklist.reading import (
    NEW,
    Progress,
    progress_of,
    read_progress,
    read_reading,
    reading_file,
    state_of,
    write_reading,
)

Row = tuple[str, str, str, str]
"""Case, state, headline and readers, as the list shows them."""


class WorklistSession:
    """A list of cases and the one of them that is open.

    :param path: a folder, or a ``cases.csv``.
    :param reader: name of the reader.
    :raises UnusableInput: there is no case.
    """

    def __init__(self, path: Path, reader: str) -> None:
        self._listed, self.reader = list_cases(path), reader
        self.place: int | None = None
        self._lock: ReadingLock | None = None
        self.volume_node: slicer.vtkMRMLScalarVolumeNode | None = None

    @property
    def cases(self) -> tuple[WorklistCase, ...]:
        """The cases in their order."""
        return self._listed.cases

    def row(self, place: int) -> Row:
        """What the list shows of a case: the reader's own state and headline, and the names of all readers."""
        case = self.cases[place]
        readers = progress_of(self._listed.readings, case.name)
        own = next((one for one in readers if one.reader == self.reader), None)
        if own is None:
            own = read_progress(case.report) if case.report is not None else Progress(NEW, "")
        return case.name, own.state, own.headline, ", ".join(one.reader for one in readers)

    def read(self, place: int) -> ReadImage[Volume]:
        """Read the image of a case; this takes seconds and touches no scene.

        :raises UnusableInput: it cannot be read.
        """
        case = self.cases[place]
        return read_input(case.image, case.series or None)

    def open(
        self, scene: slicer.vtkMRMLScene, place: int, read: ReadImage[Volume], take_over: bool = False
    ) -> Study | None:
        """Open a case in a scene, as the reader left it; the one before has been left.

        :param read: from :meth:`read`.
        :param take_over: take the case from another session of the same reader.
        :return: the study; None where the image has not been analyzed.
        :raises CaseIsOpen: another session of the reader has the case.
        :raises UnusableInput: a report or a reading that cannot be read.
        """
        case, file = self.cases[place], self._file(place)
        self._lock, self.place = ReadingLock(file, take_over), place
        try:
            reading = read_reading(file) if file.exists() else None
            found = reading.automatic if reading is not None else automatic_report(case)
            self.volume_node = add_volume_node(scene, read.image, Path(case.name).name, share_voxels=True)
            if found is None:
                return None
            study = create_study(scene, self.volume_node, found)
            if reading is not None:
                apply_reading(study, reading)
            return study
        except BaseException:
            self.leave()
            raise

    def save(self, study: Study) -> None:
        """Keep what the reader did to the study of the open case; a study of another volume is left alone.

        :raises UnusableInput: it cannot be saved, or another session has taken the case over.
        """
        if self.place is None or self._lock is None or study.volume_node is not self.volume_node:
            return
        if not self._lock.is_held:
            raise UnusableInput("this case was taken over by another session: your changes are not saved here any more")
        write_reading(self._file(self.place), study_reading(study, self.reader))

    def leave(self) -> None:
        """Take the open case out of the scene, and let others have it."""
        node, self.volume_node = self.volume_node, None
        if node is not None and node.GetScene() is not None:
            for study in studies_of(node):
                remove_study(study)
            remove_node(node)
        if self._lock is not None:
            self._lock.release()
        self._lock = self.place = None

    def agreement(self) -> Agreement:
        """How far the readers of this list agree."""
        return readers_agreement(self._listed)

    def _file(self, place: int) -> Path:
        return reading_file(self._listed.readings, self.cases[place].name, self.reader)


def automatic_report(case: WorklistCase) -> SpineReport | None:
    """The automatic report of a case; None where there is none.

    :raises UnusableInput: it cannot be read.
    """
    if case.report is None:
        return None
    try:
        return read_report(case.report.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnusableInput(f"{case.report} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise UnusableInput(f"{case.report} cannot be used: {error}") from error


def volume_row(node: slicer.vtkMRMLScalarVolumeNode) -> Row:
    """What the list shows of a volume that is loaded."""
    reports = [study_report(study) for study in studies_of(node)]
    report = reports[-1] if reports else None
    return node.GetName(), state_of(report), report.summary.headline if report is not None else "", ""
