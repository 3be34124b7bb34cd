"""A CT is analyzed: all results or none."""

import csv
import json
import os
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from helpers.command import assert_one_error_line
from helpers.small_ct import body_hu, write_image, write_series
from VertebralFracturesLib.cli.main import main
from VertebralFracturesLib.cli.results import RESULT_FILES, RUN_FILE
from VertebralFracturesLib.core.report import SpineReport
from VertebralFracturesLib.ct.networks import DetectorName
from VertebralFracturesLib.errors import Cancelled, NoSpineFound
from VertebralFracturesLib.io.ct import read_volume
from VertebralFracturesLib.networks.ct_networks import TrainedCtNetworks
from VertebralFracturesLib.networks.spine_curve_net import SpineCurveNet
from VertebralFracturesLib.networks.vertebra_net import VertebraNet
from VertebralFracturesLib.report.document import read_report


def test_analyze_writes_all_results_and_prints_a_table(
    an_oracle: Any, a_ct: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "out"
    assert main(["analyze", str(a_ct), "-o", str(target), "--preset", "pisov"]) == 0
    assert sorted(path.name for path in target.iterdir()) == sorted((*RESULT_FILES, RUN_FILE))
    assert {path.name for path in tmp_path.iterdir()} == {"chest.nii.gz", "out"}
    document = json.loads((target / "measurements.json").read_text(encoding="utf-8"))
    assert document["preset"] == "pisov"
    assert document["input"]["spacing_mm"] == [3, 3, 3]
    assert [entry["grade"] for entry in document["vertebrae"]] == [0, 2, 0]
    read_report((target / "measurements.json").read_text(encoding="utf-8"))
    with (target / "measurements.csv").open(encoding="utf-8-sig", newline="") as table:
        assert [row["level"] for row in csv.DictReader(table)] == ["T11", "T12", "L1"]
    assert zipfile.is_zipfile(target / "scene.mrb")
    assert "<svg" in (target / "report.html").read_text(encoding="utf-8")
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert lines[0].split()[:2] == ["Level", "Ha"]
    assert [line.split()[0] for line in lines[1:4]] == ["T11", "T12", "L1"]
    assert "moderate" in lines[2]
    assert str(target) in printed.out
    assert "warning: a warning" in printed.err
    assert "Traceback" not in printed.err


def test_results_go_beside_the_working_folder_by_default(
    an_oracle: Any, a_ct: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["analyze", "chest.nii.gz"]) == 0
    assert (tmp_path / "chest-vertebral-fractures" / "report.html").is_file()


@pytest.mark.skipif(os.name == "nt", reason="Windows has other names")
@pytest.mark.parametrize(
    "name",
    [
        b"CT%20spine.nii.gz",
        b"contrast 50%.nii.gz",
        b"%s%n.nii.gz",
        b"Smith & Jones.nii.gz",
        b"red\x1b[31m.nii.gz",
        b"x" * 247 + b".nii.gz",
    ],
)
def test_a_file_of_any_name_gives_all_results(
    an_oracle: Any, a_ct: Path, name: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from VertebralFracturesLib.mrml.application import boot_scene
    from VertebralFracturesLib.mrml.scene_file import read_scene

    monkeypatch.chdir(a_ct.parent)
    a_ct.rename(os.fsdecode(name))
    assert main(["analyze", os.fsdecode(name)]) == 0
    printed = capsys.readouterr()
    assert "\x1b" not in printed.out + printed.err
    (printed.out + printed.err).encode()
    (target,) = (path for path in a_ct.parent.iterdir() if path.is_dir())
    assert sorted(path.name for path in target.iterdir()) == sorted((*RESULT_FILES, RUN_FILE))
    read_report((target / "measurements.json").read_text(encoding="utf-8"))
    assert "\x1b" not in (target / "report.html").read_text(encoding="utf-8")
    with boot_scene() as application:
        (study,) = read_scene(application.scene, target / "scene.mrb")
        assert study.volume_node.GetImageData() is not None


def test_control_characters_of_a_header_reach_no_terminal_and_no_result(
    an_oracle: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_series(tmp_path / "ct" / "a", body_hu(), SeriesDescription="chest\x1b[2J")
    write_series(tmp_path / "ct" / "b", body_hu()[:20], SeriesInstanceUID="1.2.9", SeriesDescription="thick\x1b[2J")
    assert main(["analyze", str(tmp_path / "ct"), "-o", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr()
    assert "chest" in printed.err
    assert "\x1b" not in printed.out + printed.err
    for name in ("measurements.json", "measurements.csv", "report.html"):
        content = (tmp_path / "out" / name).read_text(encoding="utf-8-sig")
        assert "\x1b" not in content
        assert "\\u001b" not in content


def test_where_one_series_shows_no_spine_the_others_are_named(
    an_oracle: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise NoSpineFound("no spine in view")

    an_oracle(fail)
    write_series(tmp_path / "ct" / "thin", body_hu())
    write_series(tmp_path / "ct" / "thick", body_hu()[:20], SeriesInstanceUID="1.2.9", SeriesNumber=7)
    assert main(["analyze", str(tmp_path / "ct"), "-o", str(tmp_path / "out")]) == 3
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert "no spine in view; this was series 1 (chest): CT, 30 slices: try --series with 7" in told


def test_a_dicom_folder_is_analysed_and_its_series_named(
    an_oracle: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_series(tmp_path / "ct" / "thin", body_hu())
    write_series(tmp_path / "ct" / "thick", body_hu()[:20], SeriesInstanceUID="1.2.9", SeriesNumber=7)
    assert main(["analyze", str(tmp_path / "ct"), "-o", str(tmp_path / "out")]) == 0
    assert "The folder holds 2 series; the one analyzed is 1 (chest): CT, 30 slices" in capsys.readouterr().err
    document = json.loads((tmp_path / "out" / "measurements.json").read_text(encoding="utf-8"))
    assert document["input"]["series"]["slices"] == 30
    assert main(["analyze", str(tmp_path / "ct"), "-o", str(tmp_path / "seven"), "--series", "7"]) == 0
    document = json.loads((tmp_path / "seven" / "measurements.json").read_text(encoding="utf-8"))
    assert document["input"]["series"]["uid"] == "1.2.9"


def test_results_say_whose_study_it_is_and_who_the_patient_is_only_if_asked(an_oracle: Any, tmp_path: Path) -> None:
    patient = {"PatientID": "P-7", "PatientAge": "067Y", "PatientSex": "F", "StudyDate": "20240131"}
    write_series(tmp_path / "ct", body_hu(), SliceThickness="3", ConvolutionKernel="B70f", **patient)
    for options, case, is_told in (
        ([], str(tmp_path / "ct"), False),
        (["--identify", "--case-id", "A 7"], "A 7", True),
    ):
        folder = tmp_path / f"out-{is_told}"
        assert main(["analyze", str(tmp_path / "ct"), "-o", str(folder), *options]) == 0
        described = json.loads((folder / "measurements.json").read_text(encoding="utf-8"))["input"]
        assert (described["case_id"], described["kernel"], described["slice_thickness_mm"]) == (case, "B70f", 3.0)
        assert described.get("patient_age") == ("67 years" if is_told else None)
        with (folder / "measurements.csv").open(encoding="utf-8-sig", newline="") as table:
            row = next(csv.DictReader(table))
        assert (row["case_id"], row["patient_id"]) == (case, "P-7" if is_told else "")
        assert row["series"] == "No. 1, chest, 30 slices"
        page = (folder / "report.html").read_text(encoding="utf-8")
        assert f"Vertebral fractures: {case}" in page
        assert "No. 1, chest, 30 slices" in page
        assert "{" not in re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
        assert ("P-7" in page) is ("2024-01-31" in page) is is_told
        with zipfile.ZipFile(folder / "scene.mrb") as scene:
            text = b"".join(scene.read(name) for name in scene.namelist() if not name.endswith(".nrrd"))
        assert (b"P-7" in text) is is_told
        assert b"B70f" in text
        assert "P-7" not in (folder / "report.txt").read_text(encoding="utf-8")


def test_a_gantry_tilt_survives_into_the_scene(an_oracle: Any, tmp_path: Path) -> None:
    import slicer
    import vtk
    from VertebralFracturesLib.mrml.application import boot_scene
    from VertebralFracturesLib.mrml.scene_file import read_scene

    write_series(tmp_path / "ct", body_hu(), step=(0.0, 0.6, 3.0))
    assert main(["analyze", str(tmp_path / "ct"), "-o", str(tmp_path / "out")]) == 0
    with boot_scene() as application:
        study, *_ = read_scene(application.scene, tmp_path / "out" / "scene.mrb")
        matrix = vtk.vtkMatrix4x4()
        study.volume_node.GetIJKToRASMatrix(matrix)
        np.testing.assert_allclose(
            slicer.util.arrayFromVTKMatrix(matrix), read_volume(tmp_path / "ct").ijk_to_ras, atol=1e-6
        )
    assert matrix.GetElement(1, 2) == pytest.approx(-0.6)


def test_existing_results_stay_unless_overwritten(an_oracle: Any, a_ct: Path, tmp_path: Path) -> None:
    arguments = ["analyze", str(a_ct), "-o", str(tmp_path / "out")]
    assert main(arguments) == 0
    before = (tmp_path / "out" / "measurements.json").stat().st_mtime_ns
    assert main(arguments) == 2
    assert (tmp_path / "out" / "measurements.json").stat().st_mtime_ns == before
    assert main([*arguments, "--overwrite"]) == 0
    assert (tmp_path / "out" / "measurements.json").stat().st_mtime_ns > before


@pytest.mark.parametrize(
    ("error", "code", "expected"),
    [
        (NoSpineFound("no spine in view"), 3, "no spine in view"),
        (KeyboardInterrupt(), 130, "cancelled"),
        (Cancelled("cancelled"), 130, "cancelled"),
        (OSError(28, "No space left on device"), 2, "No space left"),
    ],
)
def test_what_ends_an_analysis_leaves_nothing_behind(
    an_oracle: Any,
    a_ct: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    expected: str,
) -> None:
    def fail(*_: object, **__: object) -> SpineReport:
        raise error

    an_oracle(fail)
    assert main(["analyze", str(a_ct), "-o", str(tmp_path / "out")]) == code
    assert_one_error_line(capsys.readouterr().err, expected)
    assert {path.name for path in tmp_path.iterdir()} == {"chest.nii.gz"}


def unusable_inputs(folder: Path) -> dict[str, Path]:
    """An unusable input of each kind that reading alone does not notice, and what is said of it."""
    hu = body_hu()
    return {
        "no such file": folder / "absent.nii.gz",
        "offset of +1024": write_image(folder / "shifted.nrrd", hu + 1024),
        "not in Hounsfield units": write_image(folder / "mr.nrrd", np.where(hu > -500, hu % 900, 0).astype(np.int16)),
        "cm of the body": write_image(folder / "short.nrrd", hu[:6]),
    }


def test_unusable_input_gives_one_line_and_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for expected, path in unusable_inputs(tmp_path).items():
        assert main(["analyze", str(path), "-o", str(tmp_path / "out")]) == 2
        stderr = capsys.readouterr().err
        assert_one_error_line(stderr, expected)
        assert str(path) in stderr
    assert not (tmp_path / "out").exists()


def test_a_ct_without_bone_gives_one_line_and_code_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_image(tmp_path / "soft.nrrd", np.minimum(body_hu(), 150))
    assert main(["analyze", str(path), "-o", str(tmp_path / "out")]) == 3
    assert_one_error_line(capsys.readouterr().err, "no bone")


def test_no_gpu_where_one_was_asked_for_gives_one_line_and_code_2(
    a_ct: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert main(["analyze", str(a_ct), "-o", str(tmp_path / "out"), "--device", "cuda"]) == 2
    assert_one_error_line(capsys.readouterr().err, "found: run on the CPU (--device cpu or auto)")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("options", "is_wanted"), [([], True), (["--no-image-classifier"], False)])
def test_the_second_opinion_can_be_left_out(an_oracle, a_ct, tmp_path, monkeypatch, options, is_wanted):
    asked = []

    def load(device: str, detector: DetectorName, folder: Path, image_classifier: bool) -> TrainedCtNetworks:
        asked.append(image_classifier)
        return TrainedCtNetworks(SpineCurveNet(), VertebraNet(), {})

    monkeypatch.setattr("VertebralFracturesLib.networks.ct_networks.load_ct_networks", load)
    assert main(["analyze", str(a_ct), "-o", str(tmp_path / "out"), *options]) == 0
    assert asked == [is_wanted]


def test_dicom_objects_are_written_into_the_study_of_the_ct(
    an_oracle: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("VertebralFracturesLib.pacs.pdf.BROWSERS", ())
    write_series(tmp_path / "ct", body_hu(), FrameOfReferenceUID="1.2.9", PatientName="Secret^Name", PatientID="P-1")
    assert main(["analyze", str(tmp_path / "ct"), "-o", str(tmp_path / "out"), "--dicom"]) == 0
    printed = capsys.readouterr()
    assert "warning: The PDF of the report page was not written" in printed.err
    assert printed.out.splitlines()[-1].endswith(", dicom/")
    files = sorted((tmp_path / "out" / "dicom").iterdir())
    assert [file.name for file in files] == ["close-up-1.dcm", "spine.dcm", "structured-report.dcm"]
    for file in files:
        dataset = pydicom.dcmread(file)
        assert (dataset.StudyInstanceUID, dataset.PatientID) == ("1.2.3.4", "P-1")
    for file in (tmp_path / "out").iterdir():
        if file.is_file():
            content = file.read_bytes()
            assert b"Secret" not in content
            assert b"P-1" not in content or file.suffix == ".mrb"


def test_programs_get_json_on_stdout_and_nothing_else(
    an_oracle: Any, a_ct: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["analyze", str(a_ct), "-o", str(tmp_path / "out"), "--json"]) == 0
    printed = capsys.readouterr()
    assert printed.out == (tmp_path / "out" / "measurements.json").read_text(encoding="utf-8")
    assert "warning: a warning" in printed.err


@pytest.mark.parametrize("again", [["--exchange"], []])
def test_points_of_an_earlier_run_are_not_left_among_new_ones(
    an_oracle: Any, a_ct: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], again: list[str]
) -> None:
    call = ["analyze", str(a_ct), "-o", str(tmp_path / "out"), "--overwrite"]
    assert main([*call, "--exchange"]) == 0
    before = (tmp_path / "out" / "run.json").read_bytes()
    capsys.readouterr()
    assert main([*call, *again]) == 2
    assert_one_error_line(capsys.readouterr().err, "exchange holds files of an earlier run")
    assert (tmp_path / "out" / "run.json").read_bytes() == before


def test_dicom_output_needs_dicom_input(an_oracle: Any, a_ct: Path, tmp_path: Path, capsys: Any) -> None:
    assert main(["analyze", str(a_ct), "-o", str(tmp_path / "out"), "--dicom"]) == 2
    assert_one_error_line(capsys.readouterr().err, "chest.nii.gz: DICOM output needs a DICOM image, whose study")
    assert not (tmp_path / "out").exists()


def test_without_highdicom_the_reason_is_told(
    an_oracle: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("VertebralFracturesLib.pacs.export.find_spec", lambda name: None)
    write_series(tmp_path / "ct", body_hu(), FrameOfReferenceUID="1.2.9")
    assert main(["analyze", str(tmp_path / "ct"), "-o", str(tmp_path / "out"), "--dicom"]) == 2
    assert_one_error_line(capsys.readouterr().err, 'install it with pip install "vertebral-fractures[dicom]"')
    assert main(["analyze", str(tmp_path / "ct"), "-o", str(tmp_path / "out")]) == 0


def test_an_earlier_structured_report_is_opened_in_place_of_an_analysis(
    an_oracle: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("VertebralFracturesLib.pacs.pdf.BROWSERS", ())
    ct = write_series(tmp_path / "ct", body_hu(), FrameOfReferenceUID="1.2.9")
    assert main(["analyze", str(ct), "-o", str(tmp_path / "first"), "--dicom", "--preset", "pisov"]) == 0

    def fail(*_: Any, **__: Any) -> None:
        raise AssertionError("no network is asked")

    an_oracle(fail)
    file = tmp_path / "first" / "dicom" / "structured-report.dcm"
    assert main(["analyze", str(ct), "-o", str(tmp_path / "again"), "--from-sr", str(file), "--dicom"]) == 0
    first, again = (
        json.loads((tmp_path / name / "measurements.json").read_text(encoding="utf-8")) for name in ("first", "again")
    )
    assert again["preset"] == "pisov"
    assert [one["grade"] for one in again["vertebrae"]] == [one["grade"] for one in first["vertebrae"]]
    heights = ([one["height_anterior_mm"] for one in report["vertebrae"]] for report in (first, again))
    np.testing.assert_allclose(*heights, atol=1e-4)
    assert zipfile.is_zipfile(tmp_path / "again" / "scene.mrb")
    capsys.readouterr()
    assert main(["analyze", str(ct), "-o", str(tmp_path / "none"), "--from-sr", str(ct / "0003.dcm")]) == 2
    assert_one_error_line(capsys.readouterr().err, "is not a structured report of VertebralFractures")
