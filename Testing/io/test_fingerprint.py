"""An input is known by its content, whatever it is called."""

import hashlib
from pathlib import Path

from helpers.small_ct import SERIES, body_hu, write_series
from VertebralFracturesLib.io.fingerprint import fingerprint


def test_a_file_is_known_by_its_checksum(tmp_path: Path) -> None:
    file = tmp_path / "ct.nii"
    file.write_bytes(b"voxels")
    assert fingerprint(file) == {"files": 1, "bytes": 6, "sha256": hashlib.sha256(b"voxels").hexdigest()}


def test_a_series_is_known_whatever_its_files_are_called(tmp_path: Path) -> None:
    folder = write_series(tmp_path / "ct", body_hu((4, 8, 8)))
    write_series(tmp_path / "ct" / "other", body_hu((3, 8, 8)), SeriesInstanceUID="1.2.9")
    before = fingerprint(folder, SERIES)
    assert before["files"] == 4
    for index, file in enumerate(sorted(folder.glob("*.dcm"))):
        file.rename(folder / f"renamed {9 - index}")
    assert fingerprint(folder, SERIES) == before
    assert fingerprint(folder / "renamed 9", SERIES) == before
    assert fingerprint(folder, "1.2.9")["sha256"] != before["sha256"]
