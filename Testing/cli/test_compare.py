"""The command compare, on results that were written before and on an image that is analyzed."""

from dataclasses import replace
from pathlib import Path

import pytest
from helpers.patient_row import bodies_ras, pressed, study
from VertebralFracturesLib.cli.compare import COMPARISON_FILES
from VertebralFracturesLib.cli.main import main
from VertebralFracturesLib.core.report import SpineReport
from VertebralFracturesLib.report.document import report_json

POINTS, LEVELS = bodies_ras(1)


def write(folder: Path, report: SpineReport) -> Path:
    folder.mkdir()
    (folder / "measurements.json").write_text(report_json(report), encoding="utf-8")
    return folder


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    later = POINTS[10:].copy()
    later[7] = pressed(later[7], 0.35)
    return (
        write(tmp_path / "prior", study(POINTS[10:], LEVELS[10:], 1)),
        write(tmp_path / "current", study(later, LEVELS[10:], 2)),
    )


def test_two_results_are_compared(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prior, current = folders
    assert main(["compare", str(prior), str(current / "measurements.json"), "-o", str(tmp_path / "out")]) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(COMPARISON_FILES)
    printed = capsys.readouterr()
    assert "Since the prior study: new fracture of L1" in printed.out
    assert "No image of the prior study" in (tmp_path / "out" / "comparison.html").read_text(encoding="utf-8")


def test_studies_of_two_patients_are_refused(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    points, levels = bodies_ras(4)
    other = write(tmp_path / "other", study(points[10:], levels[10:], 3))
    assert main(["compare", str(folders[0]), str(other), "-o", str(tmp_path / "out")]) == 2
    assert "is it the same patient?" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_damaged_result_is_refused_by_its_name(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folders[1] / "measurements.json").write_text("{}", encoding="utf-8")
    assert main(["compare", *map(str, folders), "-o", str(tmp_path / "out")]) == 2
    assert "measurements.json: not a report of measurements" in capsys.readouterr().err


def test_an_image_that_is_gone_is_told(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = replace(study(POINTS[10:], LEVELS[10:], 3), input={"case_id": "gone", "path": str(tmp_path / "gone.nii")})
    third = write(tmp_path / "third", gone)
    assert main(["compare", str(folders[0]), str(third), "-o", str(tmp_path / "out")]) == 0
    assert "gone.nii is missing, so that this study is not shown" in capsys.readouterr().err
