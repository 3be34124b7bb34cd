"""Which series of a DICOM tree are cases."""

from pathlib import Path
from typing import Any

import pytest
from helpers.small_ct import body_hu, write_series, write_slice
from VertebralFracturesLib.cli.cohort.dicom_series import DicomTree, is_sharp

SAME = {"StudyInstanceUID": "1.5", "FrameOfReferenceUID": "1.6", "AcquisitionNumber": 2, "AcquisitionTime": "101500.0"}
HU = body_hu((20, 8, 8))


def tree(folder: Path) -> DicomTree:
    made = DicomTree()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        made.add(file)
    return made


def write(folder: Path, number: int, images: int = 20, step: float = 3.0, **tags: Any) -> None:
    given = {**SAME, "SeriesInstanceUID": f"1.7.{number}", "SeriesNumber": number, "SeriesDescription": f"s{number}"}
    write_series(folder / str(number), HU[:images], step=(0.0, 0.0, step), **{**given, **tags})


def chosen(folder: Path) -> list[int]:
    return [int(one.header["SeriesNumber"]) for one in tree(folder).chosen()[0]]


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        ({"ConvolutionKernel": "Br64d"}, {"ConvolutionKernel": "Br40d"}),
        ({"ImageType": ["DERIVED", "SECONDARY", "MPR"]}, {"ConvolutionKernel": "BONE"}),
        ({"images": 15}, {"images": 20, "ConvolutionKernel": "BONE"}),
        ({"step": 4.0, "images": 15}, {"step": 3.0, "ConvolutionKernel": "BONE"}),
        ({"step": 3.0}, {"step": 2.9}),
        ({"ImageOrientationPatient": [0, 1, 0, 0, 0, -1], "PixelSpacing": [9, 9]}, {"ConvolutionKernel": "BONE"}),
    ],
)
def test_of_one_acquisition_the_better_series_is_analyzed(
    worse: dict[str, Any], better: dict[str, Any], tmp_path: Path
) -> None:
    write(tmp_path, 1, **worse)
    write(tmp_path, 2, **better)
    found, left_out = tree(tmp_path).chosen()
    assert [one.header["SeriesNumber"] for one in found] == ["2"]
    assert left_out[0].reason == "series 1 (s1): same acquisition as series 2 (s2), which is analyzed"


@pytest.mark.parametrize(
    "other",
    [
        {"AcquisitionNumber": 3},
        {"FrameOfReferenceUID": "1.8"},
        {"StudyInstanceUID": "1.8"},
        {"AcquisitionTime": "101530.0"},
    ],
)
def test_other_acquisitions_are_cases_of_their_own(other: dict[str, Any], tmp_path: Path) -> None:
    write(tmp_path, 1)
    write(tmp_path, 2, **other)
    assert chosen(tmp_path) == [1, 2]


def test_parts_of_the_body_that_hardly_overlap_are_cases_of_their_own(tmp_path: Path) -> None:
    write(tmp_path, 1)
    for index, hu in enumerate(HU):
        write_slice(tmp_path / "2" / f"{index}.dcm", hu, (0, 0, 54 + 3 * index), **SAME, SeriesInstanceUID="1.7.2",
                    SeriesNumber=2)  # fmt: skip
    assert chosen(tmp_path) == [1, 2]


def test_localizers_short_and_other_series_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, 1)
    write(tmp_path, 2, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    write(tmp_path, 3, images=5, AcquisitionNumber=9)
    write(tmp_path, 4, Modality="MR")
    (tmp_path / "notes.txt").write_text("no image")
    found, left_out = tree(tmp_path).chosen()
    assert [one.header["SeriesNumber"] for one in found] == ["1"]
    assert [one.reason for one in left_out] == [
        "series 2 (s2): a localizer (scout) or a single image",
        "series 3 (s3): shows less than 4 cm of the body",
    ]


def test_a_damaged_file_without_series_is_told(tmp_path: Path) -> None:
    write(tmp_path, 1)
    (tmp_path / "cut.dcm").write_bytes(bytes(128) + b"DICM")
    found, left_out = tree(tmp_path).chosen()
    assert len(found) == 1
    assert "cut.dcm" in left_out[0].reason


def test_a_series_in_two_folders_lies_in_their_parent(tmp_path: Path) -> None:
    write(tmp_path, 1, images=20)
    (tmp_path / "more").mkdir()
    file = next((tmp_path / "1").iterdir())
    file.rename(tmp_path / "more" / file.name)
    assert tree(tmp_path).chosen()[0][0].folder == tmp_path


@pytest.mark.parametrize("kernel", ["B70f", "Br64d\\3", "BONE", "BONEPLUS", "LUNG", "FC51", "YC", "D"])
def test_sharp_kernels(kernel: str) -> None:
    assert is_sharp(kernel)


@pytest.mark.parametrize("kernel", ["", "B30f", "I41f\\3", "Br40d", "STANDARD", "SOFT", "FC08", "B", "UB", "unknown"])
def test_soft_and_unknown_kernels(kernel: str) -> None:
    assert not is_sharp(kernel)
