"""Identifiers stay when the same result is exported again, and no two results share one."""

import re
import uuid
from dataclasses import replace
from pathlib import Path

from helpers.dicom_study import read_ct_study
from VertebralFracturesLib.pacs.source import read_source
from VertebralFracturesLib.pacs.uids import result_key, uid_of


def test_identifiers_are_uuids_under_the_root_that_dicom_keeps_for_them() -> None:
    uid = uid_of("a", "b")
    assert re.fullmatch(r"2\.25\.[1-9]\d*", uid)
    assert len(uid) <= 64
    assert uuid.UUID(int=int(uid.removeprefix("2.25."))).variant == uuid.RFC_4122
    assert len({uid, uid_of("b", "a"), uid_of("ab"), uid_of("a", "b", "")}) == 4
    assert uid == uid_of("a", "b")


def test_the_key_follows_the_result_and_not_the_folder(a_study, a_report, tmp_path: Path) -> None:
    source = read_source(a_study.dicom.files)
    key = result_key(a_report, source)
    assert key == result_key(replace(a_report, input={"path": "elsewhere"}), source)
    first, *others = a_report.vertebrae
    moved = replace(first, keypoints_ras=first.keypoints_ras + [0, 0, 1e-6])
    assert key != result_key(replace(a_report, vertebrae=(moved, *others)), source)
    assert key != result_key(replace(a_report, preset="pisov"), source)
    other = read_ct_study(tmp_path / "ct", SeriesInstanceUID="1.2.3.4.77")
    assert key != result_key(a_report, read_source(other.dicom.files))
