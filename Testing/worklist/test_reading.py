"""What a reader did to a case, as a file."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import full_report
from VertebralFracturesLib.core.note import Note
from VertebralFracturesLib.core.report import SpineReport
from VertebralFracturesLib.errors import UnusableInput
from VertebralFracturesLib.report.document import report_json
from VertebralFracturesLib.worklist.reading import (
    ANALYZED,
    DONE,
    IN_REVIEW,
    NEW,
    Reading,
    progress_of,
    read_progress,
    read_reading,
    reading_file,
    readings_of,
    state_of,
    write_reading,
)

AUTOMATIC = full_report.report(5, image_classification=None)


def reviewed(count: int, **fields) -> SpineReport:
    """The report with its first vertebrae verified."""
    given = AUTOMATIC.vertebrae
    verified = [replace(one, status="verified") for one in given[:count]]
    return replace(AUTOMATIC, vertebrae=(*verified, *given[count:]), **fields)


def reading(count: int = 2, reader: str = "A. Reader") -> Reading:
    return Reading(reader, reviewed(count), AUTOMATIC, (0, 1, 2, 3, 7))


def test_a_reading_comes_back_as_it_was(tmp_path: Path) -> None:
    file = reading_file(tmp_path, "case 1", "Ä. Leser/2")
    write_reading(file, reading())
    again = read_reading(file)
    assert (again.reader, again.places, again.state) == ("A. Reader", (0, 1, 2, 3, 7), IN_REVIEW)
    assert [one.status for one in again.report.vertebrae] == ["verified"] * 2 + ["not reviewed"] * 3
    np.testing.assert_array_equal(again.automatic.vertebrae[0].keypoints_ras, AUTOMATIC.vertebrae[0].keypoints_ras)
    assert again.saved
    assert os.listdir(file.parent) == [file.name], "nothing half written is left"


def test_how_far_a_case_has_come() -> None:
    assert state_of(None) == NEW
    assert state_of(AUTOMATIC) == ANALYZED
    assert state_of(reviewed(1)) == IN_REVIEW
    assert state_of(replace(AUTOMATIC, note=Note("look again"))) == IN_REVIEW
    assert state_of(reviewed(5)) == DONE


def test_every_reader_has_a_file_and_damaged_ones_are_left_out(tmp_path: Path) -> None:
    for reader in ("B", "a", "A"):
        write_reading(reading_file(tmp_path, "case", reader), reading(reader=reader))
    (tmp_path / "case" / "damaged.json").write_text("{", encoding="utf-8")
    assert [one.reader for one in readings_of(tmp_path, "case")] == ["A", "B", "a"]
    assert readings_of(tmp_path, "another case") == []


def test_progress_is_that_of_the_whole_report(tmp_path: Path) -> None:
    """A list of thousands is shown without measuring every spine anew."""
    touched = replace(AUTOMATIC.vertebrae[0], source="edited"), *AUTOMATIC.vertebrae[1:]
    reports = [*map(reviewed, (0, 1, 5)), reviewed(0, note=Note("look again")), replace(AUTOMATIC, vertebrae=touched)]
    for report in reports:
        expected = state_of(report), report.summary.headline
        (tmp_path / "measurements.json").write_text(report_json(report), encoding="utf-8")
        found = read_progress(tmp_path / "measurements.json")
        assert (found.state, found.headline, found.reader) == (*expected, "")
        write_reading(reading_file(tmp_path, "case", "B"), Reading("B", report, AUTOMATIC, (0, 1, 2, 3, 4)))
        (found,) = progress_of(tmp_path, "case")
        assert (found.state, found.headline, found.reader) == (*expected, "B")
    (tmp_path / "measurements.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UnusableInput, match="cannot be used"):
        read_progress(tmp_path / "measurements.json")
    with pytest.raises(UnusableInput, match="cannot be read"):
        read_progress(tmp_path / "missing.json")


@pytest.mark.parametrize(
    ("key", "value"), [("layout", 9), ("places", [0, 1]), ("places", [0, 0, 1, 2, 3]), ("report", {}), ("automatic", 1)]
)
def test_a_file_that_is_no_reading_is_refused(tmp_path: Path, key: str, value: object) -> None:
    file = tmp_path / "reading.json"
    write_reading(file, reading())
    document = json.loads(file.read_text(encoding="utf-8"))
    document[key] = value
    file.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(UnusableInput, match="is not a reading"):
        read_reading(file)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    blocking = tmp_path / "readings"
    blocking.write_text("a file", encoding="utf-8")
    with pytest.raises(UnusableInput, match="cannot be saved"):
        write_reading(reading_file(blocking, "case", "A"), reading())


ENDLESS = """
import sys
from pathlib import Path
from dataclasses import replace
sys.path[:0] = {path!r}
from worklist.test_reading import reading
from VertebralFracturesLib.worklist.reading import write_reading
number = 0
while True:
    write_reading(Path({file!r}), reading(number % 5 + 1))
    number += 1
    print(number, flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_program_that_is_killed_while_it_saves_leaves_a_whole_reading(tmp_path: Path) -> None:
    file = tmp_path / "reading.json"
    library = Path(sys.modules["VertebralFracturesLib"].__path__[0]).parent
    code = ENDLESS.format(path=[str(library), str(Path(__file__).parents[1])], file=str(file))
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert process.stdout is not None
    for _ in range(5):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert len(read_reading(file).report.vertebrae) == 5
