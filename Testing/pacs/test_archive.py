"""An export is stored in a real PACS, lies in the study of the CT there, and comes back as it was sent."""

from pathlib import Path

import pydicom
from helpers.archive import running_archive
from helpers.dicom_study import PATIENT, STUDY
from pydicom.uid import Comprehensive3DSRStorage, CTImageStorage, SecondaryCaptureImageStorage


def test_the_export_lies_in_the_study_of_the_ct(an_export: Path, a_study, tmp_path: Path) -> None:
    exported = sorted(an_export.iterdir())
    with running_archive(tmp_path) as archive:
        archive.store([*a_study.dicom.files, *exported])
        (study,) = archive.ask("/studies")
        tags = archive.ask(f"/studies/{study}")
        assert tags["MainDicomTags"]["StudyInstanceUID"] == STUDY
        assert tags["PatientMainDicomTags"]["PatientID"] == PATIENT["PatientID"]
        series = [archive.ask(f"/series/{one}") for one in tags["Series"]]
        counts = {one["MainDicomTags"]["Modality"]: len(one["Instances"]) for one in series}
        assert counts == {"CT": len(a_study.dicom.files), "SR": 1, "OT": len(exported) - 1}
        archive.store(exported)
        assert len(archive.ask("/instances")) == len(a_study.dicom.files) + len(exported)
        fetched = archive.fetch(STUDY, [CTImageStorage, Comprehensive3DSRStorage, SecondaryCaptureImageStorage])
    sent = {one.SOPInstanceUID: one for one in map(pydicom.dcmread, exported)}
    found = {one.SOPInstanceUID: one for one in fetched}
    assert {uid: found[uid] for uid in sent} == sent
