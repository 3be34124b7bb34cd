"""Pictures of a CT that was measured, or one line about why there are none."""

from pathlib import Path
from typing import Any

import pytest
from helpers.command import assert_one_error_line
from VertebralFracturesLib.cli.main import main
from VertebralFracturesLib.mrml.pictures import PICTURE_FILES


def test_a_ct_is_measured_and_drawn(
    an_oracle: Any, a_ct: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "out"
    assert main(["pictures", str(a_ct), "-o", str(target), "--vertebra", "T11"]) == 0
    assert sorted(path.name for path in target.iterdir()) == sorted(PICTURE_FILES)
    printed = capsys.readouterr()
    assert printed.out.strip() == f"{target}: {', '.join(PICTURE_FILES)}"
    assert "warning: a warning" in printed.err


def test_a_vertebra_that_is_not_there_gives_one_line_and_no_file(
    an_oracle: Any, a_ct: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["pictures", str(a_ct), "-o", str(tmp_path / "out"), "--vertebra", "C2"]) == 2
    assert_one_error_line(capsys.readouterr().err, "C2")
    assert {path.name for path in tmp_path.iterdir()} == {"chest.nii.gz"}
