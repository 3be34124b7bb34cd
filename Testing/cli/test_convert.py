"""From analyze to the formats of other tools, and from those to a reference case."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.command import assert_one_error_line
from helpers.small_ct import body_hu, write_series
from VertebralFracturesLib.cli.main import main
from VertebralFracturesLib.io.ct import read_input
from VertebralFracturesLib.io.exchange.files import MARKUPS_FOLDER, TPTBOX_FILE, VERSE_FILE
from VertebralFracturesLib.io.reference_case import read_case


@pytest.fixture
def exchanged(an_oracle: Any, a_ct: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The folder of the formats of other tools that analyze wrote."""
    assert main(["analyze", str(a_ct), "-o", str(tmp_path / "out"), "--exchange"]) == 0
    assert capsys.readouterr().out.rstrip().endswith("run.json, exchange/")
    return tmp_path / "out" / "exchange"


@pytest.mark.parametrize("source", [TPTBOX_FILE, MARKUPS_FOLDER, "../measurements.json", ".."])
def test_points_become_a_reference_case(exchanged: Path, a_ct: Path, tmp_path: Path, source: str, capsys: Any) -> None:
    case_folder = tmp_path / "case"
    assert main(["convert", str(exchanged / source), "--ct", str(a_ct), "-o", str(case_folder)]) == 0
    assert "3 vertebrae, 3 of them with keypoints" in capsys.readouterr().out
    case = read_case(case_folder)
    measured = json.loads((exchanged.parent / "measurements.json").read_text(encoding="utf-8"))["vertebrae"]
    assert case.levels == ("T11", "T12", "L1")
    assert np.allclose(case.keypoints_ras, [one["keypoints_ras"] for one in measured], rtol=0, atol=1e-3)
    volume, original = read_input(case.image).image, read_input(a_ct).image
    assert np.array_equal(volume.voxels, original.voxels)
    assert np.allclose(volume.ijk_to_ras, original.ijk_to_ras)


def test_body_centres_become_the_other_formats_and_no_case(
    exchanged: Path, a_ct: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["convert", str(exchanged / VERSE_FILE), "--ct", str(a_ct), "-o"]
    assert main([*arguments, str(tmp_path / "case")]) == 2
    assert_one_error_line(capsys.readouterr().err, "heights and grades cannot be determined")
    assert not (tmp_path / "case").exists()
    assert main([*arguments, str(tmp_path / "centres"), "--to", "exchange"]) == 0
    assert "3 vertebrae, 0 of them with keypoints" in capsys.readouterr().out
    assert json.loads((tmp_path / "centres" / VERSE_FILE).read_text()) == json.loads(
        (exchanged / VERSE_FILE).read_text()
    )
    assert sorted(file.name for file in (tmp_path / "centres" / MARKUPS_FOLDER).iterdir()) == [
        "L1.mrk.json", "T11.mrk.json", "T12.mrk.json",
    ]  # fmt: skip


def test_the_ct_may_lie_in_dicom(an_oracle: Any, tmp_path: Path) -> None:
    ct, out = write_series(tmp_path / "ct", body_hu()), tmp_path / "out"
    assert main(["analyze", str(ct), "-o", str(out), "--exchange"]) == 0
    assert main(["convert", str(out), "--ct", str(ct), "-o", str(tmp_path / "x"), "--to", "exchange"]) == 0
    for name in (VERSE_FILE, TPTBOX_FILE):
        assert (tmp_path / "x" / name).read_bytes() == (out / "exchange" / name).read_bytes()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["x.json", "-o", "y"], "--ct"),
        (["x.json", "--ct", "ct.nii"], "-o"),
        (["x.json", "--ct", "a", "-o", "y"], "a: no"),
    ],
)
def test_wrong_arguments_are_told(
    arguments: list[str], expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["convert", *arguments]) == 2
    assert_one_error_line(capsys.readouterr().err, expected)
    assert list(tmp_path.iterdir()) == []
