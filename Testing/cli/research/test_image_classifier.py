"""Conditions of the comparison are known by name."""

from pathlib import Path
from typing import Any

import pytest
from VertebralFracturesLib.cli.main import main


def test_an_unknown_condition_of_the_second_opinion_is_refused_with_those_known(
    an_oracle: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main(["research", "image-classifier", str(tmp_path), "--conditions", "fog", "-o", str(tmp_path / "out")]) == 2
    )
    assert "possible ones are: " in (error := capsys.readouterr().err)
    assert "5 mm slices" in error
    assert not (tmp_path / "out").exists()
