"""A folder belongs to one run, which goes on in it."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.evaluation.studies.claimed_folder import claim_folder


@dataclass(frozen=True)
class Run:
    seed: int


def test_a_run_goes_on_in_its_folder_and_another_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "run"
    claim_folder(folder, "run.json", Run(1))
    (folder / "fold-1").mkdir()
    claim_folder(folder, "run.json", Run(1))
    with pytest.raises(UnusableInput, match="a run with other settings"):
        claim_folder(folder, "run.json", Run(2))


def test_a_folder_of_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UnusableInput, match="holds other files"):
        claim_folder(tmp_path, "run.json", Run(1))
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UnusableInput, match="cannot write"):
        claim_folder(tmp_path / "file" / "run", "run.json", Run(1))
