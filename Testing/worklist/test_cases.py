"""The cases of a work list."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.worklist.cases import file_name, list_cases


def touch(path: Path, content: bytes = b"") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_images_and_dicom_folders_are_cases_and_results_are_not(tmp_path: Path) -> None:
    touch(tmp_path / "b" / "ct.nii.gz")
    touch(tmp_path / "a.nrrd")
    touch(tmp_path / "dicom" / "1.dcm", bytes(128) + b"DICM")
    touch(tmp_path / "notes.txt")
    touch(tmp_path / "readings" / "a" / "old.nii.gz")
    touch(tmp_path / ".hidden" / "ct.nii")
    report = touch(tmp_path / "b" / "measurements.json")
    listed = list_cases(tmp_path)
    assert [case.name for case in listed.cases] == ["a.nrrd", "b/ct.nii.gz", "dicom"]
    assert [case.report for case in listed.cases] == [None, report, None]
    assert listed.readings == tmp_path / "readings"


def test_a_cohort_is_listed_by_its_table(tmp_path: Path) -> None:
    report = touch(tmp_path / "cases" / "p1" / "measurements.json")
    (tmp_path / "cases.csv").write_text(
        "case,case_id,status,path,series\np1,p1,done,/data/p1.nii.gz,\np2,p2,failed,p2,1.2.3\np3,p3,left out,x,\n",
        encoding="utf-8-sig",
    )
    for path in (tmp_path, tmp_path / "cases.csv"):
        first, second = list_cases(path).cases
        assert (first.name, first.image, first.report) == ("p1", Path("/data/p1.nii.gz"), report)
        assert (second.name, second.image, second.series, second.report) == ("p2", tmp_path / "p2", "1.2.3", None)


def test_what_holds_no_case_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="no CT in"):
        list_cases(tmp_path)
    with pytest.raises(UnusableInput, match="neither a folder nor"):
        list_cases(tmp_path / "missing")
    table = touch(tmp_path / "other.csv", b"a,b\n1,2\n")
    with pytest.raises(UnusableInput, match=r"not the cases\.csv"):
        list_cases(table)


@given(st.lists(st.text(min_size=1, max_size=120), min_size=2, max_size=5, unique=True))
def test_different_names_stay_different_as_names_of_files(names: list[str]) -> None:
    files = [file_name(name) for name in names]
    assert len({file.casefold() for file in files}) == len(names)
    for file in files:
        assert file
        assert not file.startswith(".")
        assert not set(file) & set('/\\:*?"<>|\0')
        assert len(file.encode()) < 255


def test_a_long_name_of_any_script_fits_every_file_system() -> None:
    """Of 80 Chinese characters each takes three bytes, and a lock adds its suffixes."""
    assert len(f"{file_name('椎' * 200)}.json.lock".encode()) <= 255
    assert file_name("椎" * 200) != file_name("椎" * 201)
