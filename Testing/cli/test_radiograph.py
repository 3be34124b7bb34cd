"""The command on a picture file, with networks without an error."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from helpers.command import assert_one_error_line
from helpers.perfect_radiograph import LEVELS, PIXEL_MM, PerfectNetworks, landmarks_mm, picture
from helpers.small_ct import write_slice
from helpers.structured_report import coordinates, groups
from pydicom.uid import DigitalXRayImageStorageForPresentation
from VertebralFracturesLib.cli.main import main
from VertebralFracturesLib.cli.results import RESULT_FILES, RUN_FILE
from VertebralFracturesLib.mrml.application import boot_scene, quiet
from VertebralFracturesLib.mrml.scene_file import read_scene
from VertebralFracturesLib.mrml.study.report import study_report
from VertebralFracturesLib.report.document import read_report


@pytest.fixture
def image_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A picture of a spine whose front is on the right."""
    monkeypatch.setattr(
        "VertebralFracturesLib.networks.radiograph_networks.load_radiograph_networks", lambda *_: PerfectNetworks()
    )
    file = tmp_path / "lateral.png"
    grey = (picture()[:, ::-1] * 50 + 20).astype(np.uint8)
    sitk.WriteImage(sitk.GetImageFromArray(np.ascontiguousarray(grey)), str(file))
    return file


def test_the_command_writes_all_results(image_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    folder = tmp_path / "results"
    assert main(["radiograph", str(image_file), "-o", str(folder), "--pixel-spacing", str(PIXEL_MM)]) == 0
    said = capsys.readouterr()
    assert re.search(r"L1-L5 lordosis\s+20\.0", said.out)
    assert "T4-T12 kyphosis" in said.out
    assert "Anterior side detected automatically" in said.err
    assert {file.name for file in folder.iterdir()} == {*RESULT_FILES, RUN_FILE}
    report = read_report((folder / "measurements.json").read_text())
    assert tuple(report.levels) == LEVELS
    assert (report.anterior_is, report.pixel_mm, report.is_scale_known) == ("right", PIXEL_MM, True)
    page = (folder / "report.html").read_text()
    assert "Sacral slope" in page
    assert page.count('class="angle"') >= 6
    assert "not measurable" in page
    with quiet(), boot_scene() as application:
        (study,) = read_scene(application.scene, folder / "scene.mrb")
        assert study_report(study).angles_deg["sacral_slope_deg"] == pytest.approx(23.0, abs=0.2)


def test_without_a_spacing_the_results_say_so(image_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    folder = tmp_path / "results"
    assert main(["radiograph", str(image_file), "-o", str(folder)]) == 0
    assert "Pixel spacing missing: no lengths are reported" in capsys.readouterr().err
    document = json.loads((folder / "measurements.json").read_text())
    assert document["radiograph"]["pixel_spacing_is_known"] is False
    table = (folder / "measurements.csv").read_text(encoding="utf-8-sig")
    assert "no lengths are reported" in table
    for row in csv.DictReader(table.splitlines()):
        assert {value for name, value in row.items() if name.endswith("_mm")} == {""}
        assert float(row["height_ratio"]) > 0


def test_missing_networks_come_with_the_commands_that_bring_them(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    file = tmp_path / "lateral.png"
    sitk.WriteImage(sitk.GetImageFromArray((picture() * 50 + 20).astype(np.uint8)), str(file))
    (tmp_path / "models").mkdir()
    assert main(["radiograph", str(file), "-o", str(tmp_path / "out"), "--models", str(tmp_path / "models")]) == 2
    expected = "make them with 'vertebral-fractures research train radiographs' and name their folder with --models"
    assert_one_error_line(capsys.readouterr().err, f"missing): {expected}")


def test_wrong_input_is_one_line_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    file = tmp_path / "ct.nii.gz"
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((9, 90, 90), np.int16)), str(file))
    assert main(["radiograph", str(file), "-o", str(tmp_path / "results")]) == 2
    assert capsys.readouterr().err.strip().splitlines()[-1].startswith("vertebral-fractures: ")
    assert not (tmp_path / "results").exists()


def test_dicom_objects_have_their_points_on_the_stored_image(
    image_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file has its front on the right, lies upside down and has pixels twice as high as wide."""
    monkeypatch.setattr("VertebralFracturesLib.pacs.pdf.BROWSERS", ())
    stored = (picture()[::-2, ::-1] * 50 + 20).astype(np.uint16)
    file = write_slice(
        tmp_path / "lateral.dcm",
        stored - 1024.0,
        None,
        Modality="DX",
        SOPClassUID=DigitalXRayImageStorageForPresentation,
        ImageType=["ORIGINAL", "PRIMARY"],
        PatientOrientation=["A", "H"],
        PixelSpacing=[2 * PIXEL_MM, PIXEL_MM],
        ImageOrientationPatient=None,
        PatientID="P-1",
    )
    assert main(["radiograph", str(file), "-o", str(tmp_path / "out"), "--dicom"]) == 0
    document = pydicom.dcmread(tmp_path / "out" / "dicom" / "structured-report.dcm")
    assert document.PatientID == "P-1"
    found = []
    for group in groups(document):
        points = {code: point for code, point in coordinates(group, "SCOORD") if code.startswith("POINT")}
        found.append(np.concatenate(list(points.values())))
    expected_mm = landmarks_mm()[: len(LEVELS)]
    rows, columns = stored.shape
    expected = np.stack(
        [columns - 0.5 - expected_mm[..., 0] / PIXEL_MM, rows - expected_mm[..., 1] / (2 * PIXEL_MM)], -1
    )
    np.testing.assert_allclose(found, expected, atol=0.5)


def test_dicom_output_needs_dicom_input(image_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["radiograph", str(image_file), "-o", str(tmp_path / "out"), "--dicom"]) == 2
    assert_one_error_line(capsys.readouterr().err, "lateral.png: DICOM output needs a DICOM image")
