"""What cannot be projected is refused before any network is loaded."""

from pathlib import Path

import pytest
from helpers.command import assert_one_error_line
from VertebralFracturesLib.cli.main import main


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "nothing to evaluate"),
        (["--phantoms", "1", "--slices", "0.4"], "slices of 0.4 mm: 0.5 to 10 mm are possible"),
        (["--phantoms", "1", "--slices", "11"], "slices of 11 mm"),
        (["--exposures", "bright"], "--exposures"),
    ],
)
def test_impossible_wishes_are_one_line(
    words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["research", "evaluate-radiographs", *words, "-o", str(tmp_path / "out")]) == 2
    assert_one_error_line(capsys.readouterr().err, message)
    assert not (tmp_path / "out").exists()
