from pathlib import Path

import pytest
from helpers.evaluated_rows import evaluation
from helpers.patient_row import bodies_ras
from VertebralFracturesLib.cli.main import main


def test_the_tables_are_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    points, levels = bodies_ras(1)
    folder = evaluation(tmp_path / "val", {"one": points}, {"one": levels})
    assert main(["research", "follow-up", str(folder)]) == 0
    assert "matched right" in capsys.readouterr().out
    assert main(["research", "follow-up", str(tmp_path / "none")]) == 2
    assert "not a result of 'research evaluate'" in capsys.readouterr().err
