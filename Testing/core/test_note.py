"""Notes of readers."""

from datetime import datetime, timedelta

import pytest
from VertebralFracturesLib.core.note import Note, note_now


def test_a_note_is_signed_with_reader_and_date() -> None:
    assert Note(" Old fracture ", "A. Reader", "2026-12-01T14:05:00+01:00").signed == (
        "Old fracture (A. Reader, 2026-12-01)"
    )
    assert Note("Old fracture").signed == "Old fracture"
    assert Note("Old fracture", "A. Reader").signed == "Old fracture (A. Reader)"


@pytest.mark.parametrize(
    "fields", [("",), ("  ",), (3,), ("text", None), ("text", "reader", "yesterday"), ("x" * 2001,), ("x", "y" * 2001)]
)
def test_what_is_no_note_is_refused(fields: tuple) -> None:
    with pytest.raises(ValueError, match=r"note|isoformat"):
        Note(*fields)


def test_a_note_that_is_written_now_has_the_time() -> None:
    note = note_now("Old fracture", "A. Reader")
    assert note is not None
    assert note.reader == "A. Reader"
    written = datetime.fromisoformat(note.written)
    assert abs(datetime.now().astimezone() - written) < timedelta(minutes=1)
    assert note_now(" ", "A. Reader") is None
