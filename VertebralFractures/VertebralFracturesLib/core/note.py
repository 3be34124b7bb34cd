"""A reader's note on a vertebra or on the patient."""

from dataclasses import dataclass
from datetime import datetime

_LONGEST = 2000
"""Characters of a note, and of a reader's name; chosen: about a page of text."""


@dataclass(frozen=True)
class Note:
    """What a reader wrote.

    :param text: the note; it is stored without spaces at its ends.
    :param reader: name of the reader; empty where none was given.
    :param written: when it was written, as ISO 8601 with the offset from UTC: "2026-12-01T14:05:00+01:00".
    :raises ValueError: a text that is empty or too long, or a time that is not one.
    """

    text: str
    reader: str = ""
    written: str = ""

    def __post_init__(self) -> None:
        for name in ("text", "reader", "written"):
            value = getattr(self, name)
            if not isinstance(value, str):
                raise ValueError(f"{name} of a note has to be text")
            object.__setattr__(self, name, value.strip())
        if not self.text or max(len(self.text), len(self.reader)) > _LONGEST:
            raise ValueError(f"a note and the name of its reader have at most {_LONGEST} characters, a note at least 1")
        if self.written:
            datetime.fromisoformat(self.written)

    @property
    def signed(self) -> str:
        """The note with its reader and date: "Old fracture (A. Reader, 2026-12-01)"."""
        signature = ", ".join(filter(None, (self.reader, self.written[:10])))
        return f"{self.text} ({signature})" if signature else self.text


def note_now(text: str, reader: str) -> Note | None:
    """A note that is written at this moment; None for a text without a letter, which takes a note away.

    :param text: the note.
    :param reader: name of the reader.
    :raises ValueError: as :class:`Note`.
    """
    if not text.strip():
        return None
    return Note(text, reader, datetime.now().astimezone().isoformat(timespec="seconds"))
