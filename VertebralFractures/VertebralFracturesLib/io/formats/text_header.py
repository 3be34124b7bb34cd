"""What headers of NRRD and MetaImage have in common: lines of text, numbers, units, and names of data files."""

import re
from collections.abc import Sequence
from pathlib import Path

from ...errors import UnusableInput

MOST_FILES = 10_000
"""Chosen: files of one slice each; no CT has as many slices."""

_MM_PER_UNIT = {
    "mm": 1.0, "millimeter": 1.0, "millimeters": 1.0, "millimetre": 1.0, "millimetres": 1.0, "?": 1.0,
    "um": 1e-3, "µm": 1e-3, "micron": 1e-3, "microns": 1e-3, "micrometer": 1e-3, "micrometers": 1e-3,
    "cm": 10.0, "centimeter": 10.0, "centimeters": 10.0, "m": 1e3, "meter": 1e3, "meters": 1e3,
}  # fmt: skip
"""Of the units that Teem and MetaIO know; "?" stands for none."""

_PATTERN = re.compile(r"([^%]*)%(0?)(\d{0,2})d([^%]*)")
"""The one form of a numbered name that is read: a whole number, filled up with zeros or blanks."""


def printable(text: str, longest: int = 80) -> str:
    """Text out of a file in a form that is safe on a terminal: one line, without control characters, of bounded length.

    :param longest: number of characters that are kept.
    """
    shown = "".join(letter if letter.isprintable() else " " for letter in text[: longest + 1]).strip()
    return shown if len(text) <= longest else f"{shown[:longest]}..."


def text_lines(data: bytes, stops_at: str) -> tuple[list[str], int]:
    """The lines of a header and the number of bytes that they take.

    :param data: the start of a file.
    :param stops_at: how the last line begins; "" for an empty line, which is left out.
    """
    lines: list[str] = []
    offset = 0
    while (end := data.find(b"\n", offset)) >= 0:
        line = data[offset:end].decode("utf-8", "replace").rstrip("\r")
        offset = end + 1
        if stops_at == "" and not line.strip():
            return lines, offset
        lines.append(line)
        if stops_at and line.startswith(stops_at):
            return lines, offset
    rest = data[offset:].decode("utf-8", "replace").strip()
    return ([*lines, rest] if rest else lines), len(data)


def numbers(text: str, message: str) -> tuple[float, ...]:
    """The numbers of a line.

    :raises UnusableInput: with this message, where a word is none.
    """
    try:
        return tuple(float(word) for word in text.split())
    except ValueError:
        raise UnusableInput(message) from None


def unit_mm(words: Sequence[str]) -> float:
    """Millimetres of the one unit that words name; 1 where there is none.

    :raises UnusableInput: units that are unknown or differ.
    """
    factors = {_MM_PER_UNIT.get(word.lower()) for word in words}
    if None in factors or len(factors) > 1:
        raise UnusableInput(
            f"lengths in the header are in units that are not supported: {printable(' '.join(words), 40)}"
        )
    return factors.pop() or 1.0 if factors else 1.0


def numbered_files(folder: Path, text: str, message: str) -> list[Path]:
    """The data files that a header names: one by its name, or several by a pattern, first, last and step.

    :param folder: of the header.
    :param text: such as ``ct.raw`` or ``slice%03d.raw 1 60 1``.
    :param message: of the error.
    :raises UnusableInput: a pattern with anything but one whole number in it, or with too many files.
    """
    if "%" not in text:
        return [folder / text]
    words = text.split()
    pattern = _PATTERN.fullmatch(words[0])
    try:
        first, last, step = (int(word) for word in words[1:4])
    except ValueError:
        raise UnusableInput(message) from None
    if pattern is None or step == 0 or not 0 <= (last - first) // step < MOST_FILES:
        raise UnusableInput(message)
    before, zeros, width, after = pattern.groups()
    spec = f"{zeros}{width}d"
    return [folder / f"{before}{index:{spec}}{after}" for index in range(first, last + (1 if step > 0 else -1), step)]
