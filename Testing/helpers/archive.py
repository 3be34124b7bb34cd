"""A PACS for tests: Orthanc, started on this machine with an empty storage, spoken to in DICOM with pynetdicom."""

import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset

AE_TITLE = "ORTHANC"
_SECONDS = 60


@dataclass(frozen=True)
class Archive:
    """A PACS that runs.

    :param dicom_port: where it speaks DICOM.
    :param http_port: where it can be asked over HTTP.
    """

    dicom_port: int
    http_port: int

    def ask(self, path: str) -> Any:
        """What its REST interface answers."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}{path}", timeout=_SECONDS) as answer:
            return json.load(answer)

    def store(self, files: Sequence[Path]) -> None:
        """Send files by C-STORE; each has to be accepted."""
        from pynetdicom import AE

        datasets = [pydicom.dcmread(file) for file in files]
        entity = AE(ae_title="TEST")
        for kind in {(one.SOPClassUID, one.file_meta.TransferSyntaxUID) for one in datasets}:
            entity.add_requested_context(*kind)
        association = entity.associate("127.0.0.1", self.dicom_port, ae_title=AE_TITLE)
        assert association.is_established
        try:
            for one in datasets:
                assert association.send_c_store(one).Status == 0x0000
        finally:
            association.release()

    def fetch(self, study_uid: str, classes: Sequence[str]) -> list[Dataset]:
        """Get the objects of a study by C-GET.

        :param classes: the kinds of objects that are accepted.
        """
        from pynetdicom import AE, build_role, evt
        from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelGet as StudyRootGet

        fetched: list[Dataset] = []

        def keep(event: Any) -> int:
            dataset = event.dataset
            dataset.file_meta = event.file_meta
            fetched.append(dataset)
            return 0x0000

        entity = AE(ae_title="TEST")
        entity.add_requested_context(StudyRootGet)
        for kind in classes:
            entity.add_requested_context(kind)
        query = Dataset()
        query.QueryRetrieveLevel, query.StudyInstanceUID = "STUDY", study_uid
        association = entity.associate(
            "127.0.0.1",
            self.dicom_port,
            ae_title=AE_TITLE,
            ext_neg=[build_role(kind, scp_role=True) for kind in classes],
            evt_handlers=[(evt.EVT_C_STORE, keep)],
        )
        assert association.is_established
        try:
            statuses = [status.Status for status, _ in association.send_c_get(query, StudyRootGet)]
        finally:
            association.release()
        assert statuses[-1] == 0x0000
        return fetched


@contextmanager
def running_archive(folder: Path) -> Iterator[Archive]:
    """Start Orthanc with an empty storage in a folder; the test is skipped where it is not installed."""
    pytest.importorskip("pynetdicom", reason="pynetdicom is not installed")
    program = shutil.which("Orthanc", path="/usr/sbin:/usr/bin:/usr/local/bin:/usr/local/sbin")
    if program is None:
        pytest.skip("Orthanc is not installed (Debian's package orthanc)")
    archive = Archive(*_free_ports())
    configuration = {
        "Name": "test",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "Plugins": [],
        "HttpPort": archive.http_port,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "DicomAet": AE_TITLE,
        "DicomPort": archive.dicom_port,
        "DicomCheckCalledAet": True,
        "DicomAlwaysAllowStore": True,
        "DicomAlwaysAllowGet": True,
    }
    (folder / "orthanc.json").write_text(json.dumps(configuration))
    with (folder / "orthanc.log").open("wb") as log:
        process = subprocess.Popen([program, str(folder / "orthanc.json")], stdout=log, stderr=log)
        try:
            _wait(archive, process)
            yield archive
        finally:
            process.terminate()
            process.wait(_SECONDS)


def _free_ports() -> tuple[int, int]:
    with socket.socket() as first, socket.socket() as second:
        for one in (first, second):
            one.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


def _wait(archive: Archive, process: subprocess.Popen) -> None:
    """Until it answers."""
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, "Orthanc ended at once"
        try:
            archive.ask("/system")
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("Orthanc does not answer")
