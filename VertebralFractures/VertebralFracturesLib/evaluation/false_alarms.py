"""Whether the conclusions about patients are right: false alarms, levels without a mark, stars, and what is found."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..core.heights.genant import GRADE_NAMES, PRESETS, grade
from ..core.heights.grading import not_graded_reason
from .conclusion import is_marked
from .results import CaseResult, MatchedVertebra, MissedVertebra

MODERATE = GRADE_NAMES.index("moderate")

FRACTURED_INDEX = 0.75
"""G at or below which a fractured body has to be found: a loss of 25 %, moderate by Genant 1993."""

_SOUND_INDEX = PRESETS["genant"].mild
"""Above this G, every body of a patient is taken as sound where the reference does not say what is fractured."""


@dataclass(frozen=True)
class AlarmCounts:
    """Counts over several patients.

    :param called: for each row of :data:`TRUTHS`, how many patients were called each of :data:`GRADE_NAMES`.
    :param unanswered: for each row of :data:`TRUTHS`, how many patients got no grade.
    :param levels_unmarked: found vertebrae whose level has no mark, where the reference knows it.
    :param levels_unmarked_right: how many of these levels are right.
    :param levels_marked: found vertebrae whose level is marked or missing.
    :param graded: bodies that carry a grade.
    :param starred: those of them that are called borderline.
    :param fractured: fractured bodies with G of at most :data:`FRACTURED_INDEX`.
    :param fractured_found: those of them that are reported as moderate or severe.
    :param gradable: those of the fractured bodies whose level by the reference is graded, or not known.
    :param gradable_found: those of them that are reported as moderate or severe.
    :param sound: other graded bodies.
    :param sound_right: those of them that are not reported as moderate or severe.
    :param sacral: segments of the sacrum among the vertebrae.
    :param upper_cervical: C1 or C2 among the vertebrae.
    """

    called: tuple[tuple[int, ...], ...]
    unanswered: tuple[int, ...]
    levels_unmarked: int
    levels_unmarked_right: int
    levels_marked: int
    graded: int
    starred: int
    fractured: int
    fractured_found: int
    gradable: int
    gradable_found: int
    sound: int
    sound_right: int
    sacral: int
    upper_cervical: int


TRUTHS = ("no fracture", *(f"{name} fracture" for name in GRADE_NAMES[1:]), "not stated")
"""Grade of a patient's worst fracture by the reference; the last one where it states no fractures and a body is low."""


def true_grade(case: CaseResult) -> int | None:
    """The grade of a patient's worst fracture by the reference.

    :param case: its vertebrae say whether they are fractured. Where they do not, a patient with G above 0.80 in every
        body has no fracture, and nothing is known of any other.
    :return: 0 without a fracture; a fracture has at least grade 1; None where it is not known.
    """
    bodies: list[MatchedVertebra | MissedVertebra] = [*case.matched, *case.missed]
    if any(body.is_fractured is None for body in bodies):
        return 0 if all(body.index > _SOUND_INDEX for body in bodies) else None
    return max((max(1, int(grade(body.index, PRESETS["genant"]))) for body in bodies if body.is_fractured), default=0)


def patient_faults(case: CaseResult) -> tuple[str, ...]:
    """What must not come out of any patient, in words; empty where the conclusions are safe."""
    faults = []
    conclusion = case.conclusion
    if conclusion is not None:
        if true_grade(case) == 0 and (conclusion.grade or 0) >= MODERATE:
            faults.append(f"{GRADE_NAMES[conclusion.grade or 0]} reported without a fracture")
        if conclusion.sacral:
            faults.append(f"sacral segments reported as vertebrae: {conclusion.sacral}")
        if conclusion.upper_cervical:
            faults.append(f"C1 or C2 reported as vertebrae: {conclusion.upper_cervical}")
    wrong = sum(_is_unmarked(body) and body.level_steps != 0 for body in case.matched)
    if wrong:
        faults.append(f"{wrong} of {len(case.matched)} levels shown as certain are wrong")
    return tuple(faults)


def called(case: CaseResult) -> str:
    """How a patient was called, and what it is by the reference where that differs, as in "mild (no fracture)"."""
    truth, conclusion = true_grade(case), case.conclusion
    if conclusion is None or conclusion.grade is None:
        return "-"
    word = GRADE_NAMES[conclusion.grade]
    return word if truth is None or truth == conclusion.grade else f"{word} ({TRUTHS[truth]})"


def count_alarms(cases: Sequence[CaseResult]) -> AlarmCounts:
    """Count over patients."""
    patients = np.zeros((len(TRUTHS), len(GRADE_NAMES)), int)
    unanswered = np.zeros(len(TRUTHS), int)
    for case in cases:
        truth = true_grade(case)
        row = len(TRUTHS) - 1 if truth is None else truth
        if case.conclusion is None or case.conclusion.grade is None:
            unanswered[row] += 1
        else:
            patients[row, case.conclusion.grade] += 1
    matched = [body for case in cases for body in case.matched]
    named = [body for body in matched if body.level is not None]
    unmarked = [body for body in named if _is_unmarked(body)]
    low = [_is_low(body) for body in matched]
    flagged = [body.found_grade is not None and body.found_grade >= MODERATE for body in matched]
    graded = [body.found_grade is not None for body in matched]
    conclusions = [case.conclusion for case in cases if case.conclusion is not None]
    missed_low = [body for case in cases for body in case.missed if _is_low(body)]
    gradable = [not_graded_reason(body.level) is None for body in matched]
    return AlarmCounts(
        called=tuple(tuple(int(count) for count in row) for row in patients),
        unanswered=tuple(int(count) for count in unanswered),
        levels_unmarked=len(unmarked),
        levels_unmarked_right=sum(body.level_steps == 0 for body in unmarked),
        levels_marked=len(named) - len(unmarked),
        graded=sum(one.graded for one in conclusions),
        starred=sum(one.starred for one in conclusions),
        fractured=sum(low) + len(missed_low),
        fractured_found=sum(a and b for a, b in zip(low, flagged, strict=True)),
        gradable=sum(a and b for a, b in zip(low, gradable, strict=True))
        + sum(not_graded_reason(body.level) is None for body in missed_low),
        gradable_found=sum(all(one) for one in zip(low, gradable, flagged, strict=True)),
        sound=sum(b and not a for a, b in zip(low, graded, strict=True)),
        sound_right=sum(c and not a and not b for a, b, c in zip(low, flagged, graded, strict=True)),
        sacral=sum(one.sacral for one in conclusions),
        upper_cervical=sum(one.upper_cervical for one in conclusions),
    )


def _is_unmarked(body: MatchedVertebra) -> bool:
    return body.level is not None and not is_marked(body.found_level, body.level_confidence)


def _is_low(body: MatchedVertebra | MissedVertebra) -> bool:
    """Whether a body has to be found: low by the reference, and not said to be sound."""
    return body.index <= FRACTURED_INDEX and body.is_fractured is not False
