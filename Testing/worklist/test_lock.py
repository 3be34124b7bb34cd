"""One session at a time for one reader and one case."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from VertebralFracturesLib.worklist.lock import CaseIsOpen, ReadingLock


def lock_file(file: Path) -> Path:
    return file.with_name(file.name + ".lock")


def test_a_second_session_is_told_who_has_the_case(tmp_path: Path) -> None:
    file = tmp_path / "case" / "reader.json"
    first = ReadingLock(file)
    with pytest.raises(CaseIsOpen, match=r"open in another session of the same reader, on .+ since 20"):
        ReadingLock(file)
    assert first.is_held
    first.release()
    second = ReadingLock(file)
    assert second.is_held
    second.release()
    assert not lock_file(file).exists()


def test_a_lock_can_be_taken_over_on_purpose_and_the_loser_knows(tmp_path: Path) -> None:
    file = tmp_path / "reader.json"
    first = ReadingLock(file)
    second = ReadingLock(file, take_over=True)
    assert second.is_held
    assert not first.is_held
    first.release()
    assert second.is_held, "only its own lock is released"


def test_the_lock_of_a_program_that_ended_is_taken_over(tmp_path: Path) -> None:
    file = tmp_path / "reader.json"
    library = Path(sys.modules["VertebralFracturesLib"].__path__[0]).parent
    code = (
        f"import sys, os; sys.path.insert(0, {str(library)!r}); from pathlib import Path; "
        f"from VertebralFracturesLib.worklist.lock import ReadingLock; ReadingLock(Path({str(file)!r})); os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    assert lock_file(file).exists()
    assert ReadingLock(file).is_held


@pytest.mark.parametrize(
    "content", ["", "[]", json.dumps({"host": "elsewhere", "pid": 1, "since": "2026-12-01T10:00"})]
)
def test_the_lock_of_another_computer_is_respected(tmp_path: Path, content: str) -> None:
    file = tmp_path / "reader.json"
    lock_file(file).write_text(content, encoding="utf-8")
    with pytest.raises(CaseIsOpen):
        ReadingLock(file)
