"""Reference cases are compared with what was detected."""

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.command import assert_one_error_line, oracle
from helpers.small_ct import body_hu, write_image
from VertebralFracturesLib.cli.main import main
from VertebralFracturesLib.io.ct import read_volume


def test_a_folder_without_cases_cannot_be_evaluated(
    an_oracle: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["research", "evaluate", str(tmp_path)]) == 2
    assert_one_error_line(capsys.readouterr().err, "reference")


def test_evaluate_prints_and_writes_tables(an_oracle: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = tmp_path / "cases" / "one"
    case.mkdir(parents=True)
    image = write_image(case / "ct.nii.gz", body_hu())
    report = oracle(read_volume(image), None, preset="genant")
    entries = [{"label": v.level, "ras": v.keypoints_ras.tolist()} for v in report.vertebrae]
    document = {"vertebrae": entries, "curve": report.curve.points_ras.tolist()}
    (case / "reference.json").write_text(json.dumps(document), encoding="utf-8")
    assert main(["research", "evaluate", str(tmp_path / "cases"), "-o", str(tmp_path / "out")]) == 0
    assert "one" in capsys.readouterr().out
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "evaluation.json",
        "evaluation.csv",
        "evaluation.html",
    }
