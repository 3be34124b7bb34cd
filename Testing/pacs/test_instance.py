"""Every object of an export lies in the study of the CT and names the patient as the CT does."""

from pathlib import Path

import pydicom
from helpers.dicom_study import PATIENT, STUDY
from VertebralFracturesLib.pacs.instance import place_of
from VertebralFracturesLib.pacs.source import read_source


def test_every_object_names_patient_and_study_as_the_ct_does(an_export: Path) -> None:
    objects = [pydicom.dcmread(file) for file in an_export.iterdir()]
    assert len(objects) >= 3
    for one in objects:
        assert {name: str(one.get(name)) for name in PATIENT} == PATIENT
        assert one.StudyInstanceUID == STUDY
        assert one.SpecificCharacterSet == "ISO_IR 192"
        assert one.ManufacturerModelName == "VertebralFractures"


def test_places_differ_by_series_and_number(a_study) -> None:
    source = read_source(a_study.dicom.files)
    first, second = (place_of("key", source, "captures", 2, number) for number in (1, 2))
    assert (first.series_uid, first.series_number) == (second.series_uid, second.series_number)
    assert first.series_number == 102
    other, later = place_of("key", source, "pdf", 3), place_of("later", source, "captures", 2)
    uids = [one.instance_uid for one in (first, second, other, later)]
    assert len(set(uids)) == 4
    assert len({one.series_uid for one in (first, other, later)}) == 3
    assert first == place_of("key", source, "captures", 2, 1)
