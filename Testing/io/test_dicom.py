"""The series of a folder: listed, chosen, read."""

import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest
from helpers.ramp_series import assert_refused
from helpers.small_ct import SERIES, body_hu, write_series, write_slice
from VertebralFracturesLib.io.ct import read_input, read_volume
from VertebralFracturesLib.io.dicom import list_series, read_series


def test_one_file_stands_for_its_series(tmp_path: Path) -> None:
    write_series(tmp_path, body_hu()[:20])
    write_series(tmp_path / "other", body_hu(), SeriesInstanceUID="1.2.9", SeriesNumber=7)
    assert read_volume(tmp_path / "0003.dcm").shape[0] == 20


def test_the_ct_with_most_slices_is_chosen_and_all_are_listed(tmp_path: Path) -> None:
    write_series(tmp_path / "a", body_hu()[:20])
    write_series(tmp_path / "b", body_hu(), SeriesInstanceUID="1.2.9", SeriesNumber=7, SeriesDescription="thin")
    write_series(tmp_path / "c", np.repeat(body_hu(), 2, 0), SeriesInstanceUID="1.2.8", SeriesNumber=9, Modality="MR")
    write_slice(tmp_path / "scout.dcm", body_hu()[0], (0, 0, 0), SeriesInstanceUID="1.2.7", SeriesNumber=0,
                ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])  # fmt: skip
    (tmp_path / "readme.txt").write_text("not DICOM, and in the way")
    read = read_input(tmp_path)
    assert read.image.shape[0] == 30
    assert read.series[0] == "7 (thin): CT, 30 slices"
    assert read.series[1:] == ("1 (chest): CT, 20 slices",)
    assert read.description["series"] == {"uid": "1.2.9", "number": "7", "slices": 30, "description": "thin"}
    assert "4 series" in read.warnings[0]
    assert read_input(tmp_path, "1").image.shape[0] == 20
    assert read_input(tmp_path, SERIES).image.shape[0] == 20
    assert_refused(tmp_path, "no series 55; found 9 (chest): MR, 60 slices; 7 (thin): CT", "55")
    assert_refused(tmp_path, "not a CT", "9")


def test_series_with_one_number_are_told_apart_by_uid(tmp_path: Path) -> None:
    write_series(tmp_path / "a", body_hu()[:20])
    write_series(tmp_path / "b", body_hu(), SeriesInstanceUID="1.2.9")
    assert_refused(tmp_path, "choose by UID among 1.2.9", "1")


def test_unusable_dicom_folders_are_refused_with_one_line(tmp_path: Path) -> None:
    hu = body_hu()
    (tmp_path / "empty").mkdir()
    assert_refused(tmp_path / "empty", "no DICOM image")
    assert_refused(write_series(tmp_path / "mr", hu, Modality="MR"), "no CT series")
    assert_refused(write_series(tmp_path / "dx", hu[:1], Modality="DX"), "vertebral-fractures radiograph")
    write_slice(tmp_path / "one" / "a.dcm", hu[0], (0, 0, 0))
    assert_refused(tmp_path / "one", "no CT series with more than one slice")
    for index in (*range(8), *range(13, 20)):
        write_slice(tmp_path / "hole" / f"{index:02d}.dcm", hu[index], (0, 0, 3 * index))
    assert_refused(tmp_path / "hole", "slices are missing: 18.0 mm between 07.dcm and 13.dcm")
    write_series(tmp_path / "twice", hu)
    write_slice(tmp_path / "twice" / "more.dcm", hu[3] + 50, (0, 0, 9))
    assert_refused(tmp_path / "twice", "two different images at the same position")
    for phase in range(2):
        write_series(tmp_path / "time" / str(phase), hu + phase)
    assert_refused(tmp_path / "time", "4D")
    for index in range(12):
        write_slice(tmp_path / "bent" / f"{index}.dcm", hu[index], (20 if index > 6 else 0, 0, 3 * index))
    assert_refused(tmp_path / "bent", "do not form one stack")
    assert_refused(write_series(tmp_path / "coarse", hu, PixelSpacing=[20.0, 20.0]), "spacing of 20")
    assert_refused(write_series(tmp_path / "unspaced", hu, PixelSpacing=None), "no valid pixel spacing")
    lost = write_series(tmp_path / "lost", hu)
    one = lost / "0003.dcm"
    one.write_bytes(one.read_bytes()[:-1500])
    assert_refused(lost, "0003.dcm is incomplete, its pixel data end too early")


def test_thick_slices_at_small_steps_are_warned_about(tmp_path: Path) -> None:
    read = read_input(write_series(tmp_path, body_hu(), SliceThickness=5.0))
    assert any(warning.startswith("Slice thickness 5 mm (> 3 mm)") for warning in read.warnings)


def test_reading_tells_how_far_it_is(tmp_path: Path) -> None:
    shares: list[float] = []
    volume, warnings = read_series(list_series(write_series(tmp_path, body_hu()[:4]))[0], shares.append)
    assert shares == [0.25, 0.5, 0.75, 1.0]
    assert volume.voxels.dtype == np.int16
    assert warnings == ()


def cut(path: Path, keep: int) -> Path:
    """The file without its end."""
    path.write_bytes(path.read_bytes()[:keep])
    return path


def test_a_slice_cut_within_its_header_is_missed(tmp_path: Path) -> None:
    write_series(tmp_path, body_hu())
    for keep in (200, 400, 600):
        write_series(tmp_path, body_hu())
        cut(tmp_path / "0000.dcm", keep)
        assert_refused(tmp_path, "0000.dcm is incomplete, it ends within its header")


def test_a_damaged_file_of_another_kind_is_passed_over(tmp_path: Path) -> None:
    write_series(tmp_path, body_hu())
    cut(write_slice(tmp_path / "other.dcm", body_hu()[0], (0, 0, 0), SeriesInstanceUID="1.2.9"), 700)
    meta = b"\0" * 128 + b"DICM\x02\x00\x10\x00UI\x14\x001.2.840.10008.1.2.1\0"
    (tmp_path / "report.dcm").write_bytes(meta + b"\x08\x00\x60\x00CS\x02\x00SR\x40\x00\x30\xa7SQ\0\0\xff\xff\xff\xff")
    read = read_input(tmp_path)
    assert read.image.shape[0] == 30
    assert any("were ignored: other.dcm, report.dcm" in warning for warning in read.warnings)
    assert_refused(tmp_path / "report.dcm", "report.dcm is incomplete")


def test_the_hint_names_series_as_they_can_be_chosen(tmp_path: Path) -> None:
    write_series(tmp_path / "a", body_hu(), SeriesInstanceUID="1.2.3")
    write_series(tmp_path / "b", body_hu()[:20], SeriesInstanceUID="1.2.4")
    write_series(tmp_path / "c", body_hu()[:10], SeriesInstanceUID="1.2.5", SeriesNumber=4)
    write_series(tmp_path / "d", body_hu()[:1], SeriesInstanceUID="1.2.6")
    write_series(tmp_path / "e", body_hu(), SeriesInstanceUID="1.2.7", Modality="MR")
    read = read_input(tmp_path)
    assert read.series == (
        "1.2.3 (chest): CT, 30 slices", "1.2.4 (chest): CT, 20 slices", "4 (chest): CT, 10 slices",
    )  # fmt: skip
    for words in read.series:
        assert read_input(tmp_path, words.split()[0]).series == ()


def test_reading_writes_nothing_to_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pydicom.config.disable_value_validation():
        write_series(tmp_path, body_hu(), SeriesInstanceUID="1.2.03.4")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_volume(tmp_path).shape[0] == 30
    assert capfd.readouterr() == ("", "")
