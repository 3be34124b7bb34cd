"""Export > DICOM: what is asked, where the objects go, and what is said where they cannot be made."""

import types
from pathlib import Path

import pydicom
import pytest
from helpers.dicom_study import read_ct_study, spine_report
from VertebralFracturesLib.core.report import VERIFIED

pytest.importorskip("highdicom", reason="DICOM output needs highdicom")


@pytest.fixture(scope="module")
def a_ct(tmp_path_factory):
    return read_ct_study(tmp_path_factory.mktemp("study") / "ct")


@pytest.fixture
def dicom_host(host, a_ct, tmp_path, monkeypatch):
    """The module with the study of a CT that was loaded from DICOM, and DICOM chosen as the format."""
    import qt
    import slicer
    from VertebralFracturesLib.mrml.nodes.volume import add_volume_node
    from VertebralFracturesLib.mrml.study.creation import create_study
    from VertebralFracturesLib.mrml.study.dicom import INSTANCES

    files = {str(pydicom.dcmread(file).SOPInstanceUID): str(file) for file in a_ct.dicom.files}
    database = types.SimpleNamespace(isOpen=True, fileForInstance=lambda uid: files.get(uid, ""))
    monkeypatch.setattr(slicer, "dicomDatabase", database, raising=False)
    monkeypatch.setattr("VertebralFracturesLib.pacs.pdf.BROWSERS", ())
    monkeypatch.setattr(qt.QFileDialog, "getExistingDirectory", staticmethod(lambda *_: str(tmp_path)))
    node = add_volume_node(host.scene, a_ct.image, "3: CT")
    node.SetAttribute(INSTANCES, " ".join(files))
    create_study(host.scene, node, spine_report(a_ct))
    host.widget.exit()
    host.widget.enter()
    host.ui.formatBox.setCurrentIndex(host.ui.formatBox.count - 1)
    return host


def folders(path: Path) -> list[str]:
    return sorted(one.name for one in path.iterdir() if (one / "structured-report.dcm").is_file())


def test_objects_go_into_a_new_folder_each_time(dicom_host, tmp_path):
    dicom_host.click("exportButton")
    dicom_host.click("exportButton")
    assert dicom_host.messages == []
    assert folders(tmp_path) == ["3_ CT report DICOM", "3_ CT report DICOM 2"]
    document = pydicom.dcmread(tmp_path / "3_ CT report DICOM" / "structured-report.dcm")
    assert document.VerificationFlag == "UNVERIFIED"


@pytest.mark.parametrize("name", ["Weiß^Anna", "", None])
def test_the_reader_is_asked_once_every_vertebra_was_reviewed(dicom_host, tmp_path, monkeypatch, name):
    import qt

    live = dicom_host.widget.studyPanel.live
    for index in range(len(live.report.vertebrae)):
        live.set_status(index, VERIFIED)
    asked = []

    def enter(dialog):
        asked.append(dialog.labelText)
        dialog.textValue = name if "reader who verifies" in dialog.labelText else "Hospital"
        return name is not None

    monkeypatch.setattr(qt.QInputDialog, "exec", enter)
    dicom_host.click("exportButton")
    assert len(asked) == (2 if name else 1)
    assert dicom_host.messages == []
    if name is None:
        assert folders(tmp_path) == []
        return
    document = pydicom.dcmread(tmp_path / "3_ CT report DICOM" / "structured-report.dcm")
    assert document.VerificationFlag == ("VERIFIED" if name else "UNVERIFIED")
    if name:
        assert str(document.VerifyingObserverSequence[0].VerifyingObserverName) == name
        assert document.VerifyingObserverSequence[0].VerifyingOrganization == "Hospital"


@pytest.mark.parametrize("answer", [True, False])
def test_highdicom_is_offered_where_it_is_missing(dicom_host, tmp_path, monkeypatch, answer):
    import slicer.packaging

    installed = []
    monkeypatch.setattr(slicer.packaging, "pip_check", lambda requirement: "highdicom" not in str(requirement))
    monkeypatch.setattr(slicer.packaging, "pip_ensure", lambda names, **_: installed.append(names))
    dicom_host.answers = [answer]
    dicom_host.click("exportButton")
    assert [message for message in dicom_host.messages if "Install it?" not in message] == []
    assert installed == ([["highdicom>=0.26"]] if answer else [])
    assert len(folders(tmp_path)) == answer


def test_an_installation_that_fails_is_told(dicom_host, tmp_path, monkeypatch):
    import subprocess

    import slicer.packaging

    def refuse(names, prompt_install, requester):
        raise subprocess.CalledProcessError(1, "pip install")

    monkeypatch.setattr(slicer.packaging, "pip_check", lambda requirement: False)
    monkeypatch.setattr(slicer.packaging, "pip_ensure", refuse)
    dicom_host.answers = [True]
    dicom_host.click("exportButton")
    assert "highdicom could not be installed" in dicom_host.messages[-1]
    assert folders(tmp_path) == []


def test_a_ct_from_another_file_is_told(dicom_host, tmp_path):
    live = dicom_host.widget.studyPanel.live
    live.study.volume_node.RemoveAttribute("DICOM.instanceUIDs")
    dicom_host.click("exportButton")
    assert "was not loaded from DICOM" in dicom_host.messages[0]
    assert folders(tmp_path) == []


def test_scripts_export_without_the_panel(dicom_host, tmp_path):
    from VertebralFracturesLib.mrml.study.dicom import export_dicom_study, files_of_database

    study = dicom_host.widget.studyPanel.live.study
    left_out = export_dicom_study(study, tmp_path / "dicom", files_of_database())
    assert folders(tmp_path) == ["dicom"]
    assert len(left_out) == 1


def test_without_a_database_the_reason_is_told(dicom_host, monkeypatch):
    import slicer

    monkeypatch.setattr(slicer, "dicomDatabase", None)
    dicom_host.click("exportButton")
    assert "DICOM database of 3D Slicer is not open" in dicom_host.messages[0]
