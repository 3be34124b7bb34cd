"""Export > DICOM: asks for the folder and, where every vertebra was reviewed, for the reader who answers for that."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import qt
import slicer
from slicer.i18n import translate

from ..errors import Cancelled
from ..mrml.study.dicom import check_dicom_study, export_dicom_study, files_of_database, is_reviewed
from ..mrml.study.study import Study
from .setup.dependencies import ensure_highdicom

if TYPE_CHECKING:
    from ..pacs.structured_report import Reader

_READER, _ORGANIZATION = "VertebralFractures/Reader", "VertebralFractures/Organization"
"""Settings of the application that keep what was entered last."""


def save_dicom(study: Study, parent: Any, folder: Path, name: str) -> Path:
    """Ask for a folder and write the DICOM objects of a study into a new one within it.

    :param study: its CT was loaded from DICOM.
    :param parent: the widget that the dialogs belong to.
    :param folder: which is proposed.
    :param name: the new folder's name; a number is added where it is taken.
    :return: the folder that was chosen.
    :raises UnusableInput: the study cannot be written as DICOM; the message says why.
    :raises RuntimeError: highdicom is missing and could not be installed.
    :raises Cancelled: the user closed a dialog.
    """
    file_of = files_of_database()
    check_dicom_study(study, file_of)
    ensure_highdicom()
    reader = _asked_reader(parent) if is_reviewed(study) else None
    title = translate("VertebralFractures", "Folder for the DICOM objects")
    chosen = qt.QFileDialog.getExistingDirectory(parent, title, str(folder))
    if not chosen:
        raise Cancelled("no folder was chosen")
    target = _new_folder(Path(chosen), name)
    slicer.util.showStatusMessage(translate("VertebralFractures", "Writing DICOM objects..."))
    slicer.app.processEvents()
    left_out = export_dicom_study(study, target, file_of, reader)
    done = translate("VertebralFractures", "Saved {path}").format(path=target)
    slicer.util.showStatusMessage(". ".join((done, *left_out)), 3000 if not left_out else 10000)
    return Path(chosen)


def _asked_reader(parent: Any) -> "Reader | None":
    """Who answers for the report; None where the user leaves the name or the organization empty.

    :raises Cancelled: the user closed a dialog.
    """
    from ..pacs.structured_report import Reader

    user = slicer.app.applicationLogic().GetUserInformation()
    name = _asked(
        parent,
        translate(
            "VertebralFractures",
            "Every vertebra was reviewed. Name of the reader who verifies the report, as Family^Given (leave it empty "
            "for an unverified report):",
        ),
        _READER,
        user.GetName(),
    )
    if not name:
        return None
    text = translate("VertebralFractures", "Hospital or institute of the reader (an empty one leaves it unverified):")
    organization = _asked(parent, text, _ORGANIZATION, user.GetOrganization())
    return Reader(name, organization) if organization else None


def _asked(parent: Any, text: str, setting: str, default: str | None) -> str:
    """A line that the user enters; what was entered last is proposed.

    :raises Cancelled: the user closed the dialog.
    """
    dialog = qt.QInputDialog(parent)
    dialog.windowTitle = translate("VertebralFractures", "Verified report")
    dialog.labelText = text
    dialog.textValue = str(qt.QSettings().value(setting, "") or default or "")
    if not dialog.exec():
        raise Cancelled("the dialog was closed")
    entered = str(dialog.textValue).strip()
    if entered:
        qt.QSettings().setValue(setting, entered)
    return entered


def _new_folder(parent: Path, name: str) -> Path:
    """A folder that does not exist, so that no object of an earlier export is left among the new ones."""
    number, folder = 1, parent / name
    while folder.exists():
        number += 1
        folder = parent / f"{name} {number}"
    return folder
