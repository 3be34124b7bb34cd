"""Names of the vertebral levels and arithmetic with them.

Where arithmetic is needed a level is a number: C1 is 1, T1 is 8, L1 is 20, L5 is 24. A thirteenth thoracic and a sixth
lumbar vertebra lie between the regular numbers.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

LEVEL_NAMES = (
    *(f"C{i}" for i in range(1, 8)),
    *(f"T{i}" for i in range(1, 13)),
    *(f"L{i}" for i in range(1, 6)),
)
"""The 24 regular levels, cranial to caudal."""

ALL_LEVEL_NAMES = (*LEVEL_NAMES[:19], "T13", *LEVEL_NAMES[19:], "L6")
"""The regular levels and the two supernumerary ones, cranial to caudal."""

LEVEL_NUMBERS: dict[str, float] = {**{name: i + 1.0 for i, name in enumerate(LEVEL_NAMES)}, "T13": 19.6, "L6": 24.6}
"""The number of each level.

A supernumerary vertebra counts 0.6 of a level from the regular one above it: estimates of the networks, which know
whole levels, speak for T13 where they lie between T12 and L1, and for L6 where they lie between L5 and what is below.
"""

NEVER_MEASURED = ("C1", "C2")
"""Levels that are not measured: the atlas has no body, and that of the axis bears the dens instead of an endplate."""

CONFIDENT_LEVEL = 0.8
"""Confidence from which a level name is taken as known rather than as relative to its neighbours'.

Chosen; each of the six CTs of val has a name that is known at any value up to 0.82.
"""

LEVELS_ARE_UNCERTAIN = "Vertebral numbering is uncertain. Verify levels before use."
"""What users are told where no level is certain."""

UNCERTAIN_MARK = "?"
"""Follows the name of a level that is not certain, in every output."""

_SYNONYM = re.compile(r"(?:vertebrae?[\s_-]*)?(C|TH|T|D|L)[\s_-]*0?(\d{1,2})", re.IGNORECASE)
_VERSE_NAMES = {**dict(enumerate(LEVEL_NAMES, 1)), 25: "L6", 28: "T13"}
"""Levels by their numbers in the label maps of VerSe 2020."""


def parse_level(name: str | int) -> str:
    """The house name of a level.

    :param name: any common spelling ("T5", "Th5", "D5", "vertebrae_T5") or a VerSe id (1..25, 28).
    :return: for example "T5".
    :raises ValueError: not a vertebral level.
    """
    if not isinstance(name, str):
        if name in _VERSE_NAMES:
            return _VERSE_NAMES[name]
    elif match := _SYNONYM.fullmatch(name.strip()):
        region = match[1].upper()
        level = ("T" if region in ("TH", "D") else region) + match[2]
        if level in ALL_LEVEL_NAMES:
            return level
    raise ValueError(f"{name!r} is not a vertebral level; levels are C1-C7, T1-T13 and L1-L6")


def level_above(level: str) -> str | None:
    """The next level towards the head in a regular spine; None above C1."""
    index = ALL_LEVEL_NAMES.index(parse_level(level))
    return next((name for name in ALL_LEVEL_NAMES[:index][::-1] if name in LEVEL_NAMES), None)


def level_below(level: str) -> str | None:
    """The next level towards the feet in a regular spine; None below L5 and L6."""
    index = ALL_LEVEL_NAMES.index(parse_level(level))
    return next((name for name in ALL_LEVEL_NAMES[index + 1 :] if name in LEVEL_NAMES), None)


def steps_between(upper: str, lower: str) -> int:
    """How many levels one goes down from one level to another; a supernumerary level counts only where it is an end."""
    first, last = (ALL_LEVEL_NAMES.index(parse_level(level)) for level in (upper, lower))
    if first > last:
        return -steps_between(lower, upper)
    return last - first - sum(name not in LEVEL_NAMES for name in ALL_LEVEL_NAMES[first + 1 : last])


def rename_sequence(levels: Sequence[str | None], index: int, name: str) -> tuple[str, ...]:
    """Rename one vertebra and let the others follow, with the gaps between them kept.

    :param levels: present names, cranial to caudal; an unnamed vertebra counts as adjacent to the one above it.
    :param index: the vertebra that the reader names.
    :param name: its level; T13 and L6 are allowed.
    :return: all names.
    :raises ValueError: a vertebra would come to lie above C1 or below L6.
    """
    steps = [steps_between(a, b) if a and b else 1 for a, b in pairwise(levels)]
    renamed = [parse_level(name)]
    for count in steps[:index][::-1]:
        renamed.insert(0, _walk(renamed[0], -count, name))
    for count in steps[index:]:
        renamed.append(_walk(renamed[-1], count, name))
    return tuple(renamed)


def _walk(level: str, steps: int, cause: str) -> str:
    for _ in range(abs(steps)):
        following = level_above(level) if steps < 0 else level_below(level) or ("L6" if level == "L5" else None)
        if following is None:
            end = "above C1" if steps < 0 else "below L6"
            raise ValueError(f"naming this vertebra {cause} would move another one {end}")
        level = following
    return level


def shift_sequence(levels: Sequence[str | None], steps: int) -> tuple[str, ...]:
    """Rename all vertebrae by some levels, with the gaps between them kept.

    :param levels: present names as in :func:`rename_sequence`.
    :param steps: positive towards the feet.
    :return: all names.
    :raises ValueError: no vertebra has a name, or one would come to lie above C1 or below L6.
    """
    first = next((index for index, level in enumerate(levels) if level), None)
    if first is None:
        raise ValueError("no vertebra has a level to shift; label one first")
    present = parse_level(levels[first] or "")
    return rename_sequence(levels, first, _walk(present, steps, f"{abs(steps)} {'below' if steps > 0 else 'above'}"))


def level_between(upper: str | None, lower: str | None) -> str | None:
    """The name of a vertebra between two neighbours, the upper one's going first.

    :param upper: name of the vertebra above; None without one, or where it has no name.
    :param lower: name of the vertebra below, likewise.
    :return: the name, or None where the neighbours leave none free or have none.
    """
    if upper and lower and steps_between(upper, lower) < 2:
        return None
    if upper:
        return level_below(upper)
    return level_above(lower) if lower else None


def is_certain(confidence: float) -> bool:
    """Whether a level name may be shown without :data:`UNCERTAIN_MARK`."""
    return confidence >= CONFIDENT_LEVEL


def shown_level(level: str | None, confidence: float, number: int) -> str:
    """What a vertebra is called in every output: "T7", "T7?" where its level is not certain, "No. 3" without a level.

    :param level: house name of its level, or None.
    :param confidence: probability that the level is right.
    :param number: place in the spine, 1 for the most cranial one detected.
    """
    if level is None:
        return f"No. {number}"
    return level if is_certain(confidence) else f"{level}{UNCERTAIN_MARK}"


def no_level_is_certain(confidences: ArrayLike) -> bool:
    """Whether no name is certain, so that names count only relative to one another."""
    return not any(is_certain(confidence) for confidence in np.asarray(confidences, dtype=np.float64))
