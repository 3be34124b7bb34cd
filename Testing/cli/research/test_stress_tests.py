"""Real cases are changed, analyzed and shown."""

import json

import pytest
from helpers.bent_patient import bent_patient
from VertebralFracturesLib.cli.main import main
from VertebralFracturesLib.evaluation.stress_tests.annotated_scan import AnnotatedScan
from VertebralFracturesLib.io.reference_case import write_reference_case


@pytest.fixture(scope="module")
def scan() -> AnnotatedScan:
    return bent_patient()


def test_the_command_changes_real_cases_and_writes_page_and_json(scan, tmp_path, capsys):
    entries = [
        {"label": level, "ras": points.tolist()} for level, points in zip(scan.levels, scan.keypoints_ras, strict=True)
    ]
    document = {"curve": scan.curve.points_ras.tolist(), "vertebrae": entries}
    write_reference_case(tmp_path / "cases" / "one", scan.volume, document)
    out = tmp_path / "out"
    arguments = ["research", "stress-tests", "-o", str(out), "--cases", str(tmp_path / "cases"), "--only", "bent by 20"]
    assert main([*arguments, "--device", "cpu"]) == 0
    printed = capsys.readouterr().out
    assert "Modified real CTs" in printed
    assert "Synthetic" not in printed
    document = json.loads((out / "stress-tests.json").read_text())
    (only,) = document["conditions"]
    assert (only["source"], only["patient"], only["verdict"]) == ("real", "one", "found")
    assert only["measures"]["recall"] == 1.0
    assert "bent by 20 degrees" in (out / "stress-tests.html").read_text(encoding="utf-8")
    assert main([*arguments, "--overwrite", "--only", "unicorn"]) == 2
