from pathlib import Path

import pytest
from helpers.evaluated_rows import evaluation
from helpers.patient_row import bodies_ras, pressed
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.evaluation.studies.follow_up import SHARED, follow_up_text, read_evaluation


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    (one, names_one), (two, names_two) = bodies_ras(1), bodies_ras(2)
    later = one.copy()
    later[17] = pressed(later[17], 0.4)
    return (
        evaluation(tmp_path / "val", {"one": one, "two": two}, {"one": names_one, "two": names_two}),
        evaluation(tmp_path / "simulated", {"one_fractured_0": later}, {"one_fractured_0": names_one}),
    )


def test_cases_are_read_from_head_to_foot(folders: tuple[Path, Path]) -> None:
    first, second = read_evaluation(folders[0] / "evaluation.json")
    assert (first.name, second.name) == ("one", "two")
    assert first.levels[:3] == ("C3", "C4", "C5")


def test_what_is_matched_and_what_is_found_is_counted(folders: tuple[Path, Path]) -> None:
    text = follow_up_text([folder / "evaluation.json" for folder in folders], 1)
    rows = [line.split() for line in text.splitlines()]
    parts = [row for row in rows if row[:1] == ["val"] and len(row) == 6]
    assert [int(row[1]) for row in parts] == list(SHARED)
    assert all(int(row[2]) == sum(map(int, row[3:])) for row in parts)
    assert sum(int(row[4]) for row in parts) == 0
    assert ["val", "2", "0"] in rows
    (change,) = [line for line in text.splitlines() if line.startswith("val measured, simulated measured")]
    unchanged, false, changed, found, refused, _, pairs = change.split()[-7:]
    assert int(unchanged) >= 20
    assert (false, changed, found, refused, pairs) == ("0", "1", "1", "0", "1")


def test_another_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "evaluation.json"
    file.write_text("[]", encoding="utf-8")
    with pytest.raises(UnusableInput, match="not a result of 'research evaluate'"):
        read_evaluation(file)
