"""From inputs to cases."""

import os
import sys
from pathlib import Path

import pytest
from helpers.small_ct import body_hu, write_series
from VertebralFracturesLib.cli.cohort.inputs import list_cases
from VertebralFracturesLib.errors import UnusableInput


def touch(*files: Path) -> None:
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"an image")


def names(*inputs: object, output: Path = Path("out")) -> list[str]:
    return [case.name for case in list_cases([str(one) for one in inputs], output).cases]


def test_files_are_named_with_their_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path / "a" / "ct.nii.gz", tmp_path / "b" / "ct.nii.gz")
    named = names(tmp_path / "a" / "ct.nii.gz", tmp_path / "b" / "ct.nii.gz")
    assert named == ["a__ct", "b__ct"]
    assert names(tmp_path / "*" / "ct.nii.gz") == named
    monkeypatch.chdir(tmp_path / "a")
    assert names("ct.nii.gz", "../b/ct.nii.gz") == named


def test_a_folder_is_searched_with_its_subfolders(tmp_path: Path) -> None:
    data = tmp_path / "data"
    touch(data / "z.mha", data / "a" / "ct.nii", data / ".hidden" / "x.nii", data / ".x.nii", data / "notes.txt")
    touch(data / "out" / "cases" / "old.nii")
    assert names(data, output=data / "out") == ["data__z", "data__a__ct"]


def test_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    touch(tmp_path / "ct.nii", tmp_path / "ct.nii.gz")
    found = names(tmp_path)
    assert len(set(found)) == 2
    assert found == names(tmp_path)


def test_of_a_bids_data_set_only_raw_cts_are_cases(tmp_path: Path) -> None:
    data = tmp_path / "study"
    touch(
        data / "dataset_description.json",
        data / "sub-01" / "ses-1" / "ct" / "sub-01_ses-1_ct.nii.gz",
        data / "sub-02" / "sub-02_dir-ax_CT.nii.gz",
        data / "sub-02" / "sub-02_seg-vert_msk.nii.gz",
        data / "derivatives" / "sub-02" / "sub-02_ct.nii.gz",
    )
    assert names(data) == ["study__sub-01_ses-1", "study__sub-02_dir-ax"]


def test_a_csv_file_names_cases(tmp_path: Path) -> None:
    table = tmp_path / "cases.csv"
    table.write_text("id,path,series,age\nP 1,x/ct.nii.gz,,70\n,/far/dicom,1.2.3,\n,,,\n", encoding="utf-8-sig")
    first, second = list_cases([str(table)], tmp_path / "out").cases
    assert (first.case_id, first.path, first.series) == ("P 1", str(tmp_path / "x" / "ct.nii.gz"), "")
    assert first.name.startswith("P_1-")
    assert (second.name, second.case_id, second.path, second.series) == (
        "far__dicom",
        "far__dicom",
        "/far/dicom",
        "1.2.3",
    )


def test_series_of_a_dicom_tree_are_cases(tmp_path: Path) -> None:
    thick = {"SeriesInstanceUID": "1.2.9", "SeriesNumber": 7, "StudyInstanceUID": "1.9"}
    write_series(tmp_path / "tree" / "patient 1" / "thin", body_hu()[:20])
    write_series(tmp_path / "tree" / "patient 1" / "thick", body_hu()[:15], **thick)
    (tmp_path / "tree" / "DICOMDIR").write_bytes(b"a list")
    listing = list_cases([str(tmp_path / "tree")], tmp_path / "out")
    assert [(Path(case.path).name, case.series) for case in listing.cases] == [
        ("thick", "1.2.9"),
        ("thin", "1.2.3.4.1"),
    ]
    assert [case.name.rsplit("-", 1)[0] for case in listing.cases] == [
        "tree__patient_1__thick__series-7",
        "tree__patient_1__thin__series-1",
    ]
    assert listing.left_out == ()


@pytest.mark.parametrize(
    ("given", "expected"),
    [("absent", "no such file"), ("none/*.nii", "no such file"), (".", "no CT in"), ("bad.csv", "a column path")],
)
def test_what_holds_no_case_is_told(given: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.csv").write_text("file\na.nii\n")
    with pytest.raises(UnusableInput, match=expected):
        list_cases([given], Path("out"))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have no such names")
def test_names_that_are_no_text_are_left_out(tmp_path: Path) -> None:
    touch(tmp_path / "good.nii", Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad-\xff.nii")))
    listing = list_cases([str(tmp_path)], tmp_path / "out")
    assert [Path(case.path).name for case in listing.cases] == ["good.nii"]
    assert "not valid UTF-8" in listing.left_out[0].reason
    listing.left_out[0].path.encode("utf-8")
