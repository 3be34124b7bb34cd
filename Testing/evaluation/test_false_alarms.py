"""Conclusions about patients against the reference, counted by hand."""

from dataclasses import replace

from helpers.marked_bodies import case, found, missed
from VertebralFracturesLib.evaluation.conclusion import Conclusion
from VertebralFracturesLib.evaluation.false_alarms import called, count_alarms, patient_faults, true_grade


def judged(name, bodies, reported, lost=(), **counts):
    """A case of which a report says a grade; bodies are (reference G, whether fractured, reported grade, level)."""
    matched = [
        replace(found(index, index, named=named), is_fractured=fractured, found_grade=given)
        for index, fractured, given, named in bodies
    ]
    conclusion = Conclusion(**{"grade": reported, "graded": len(bodies), "starred": 0, "sacral": 0, **counts})
    return replace(case(name, matched, lost), conclusion=conclusion)


HEALTHY = judged("healthy", [(0.9, False, 0, "T8"), (0.72, False, 2, "T9")], 2, starred=1, sacral=1, upper_cervical=0)
BROKEN = judged(
    "broken",
    [(0.7, True, 2, "T8"), (0.58, True, 1, "T8"), (0.95, False, 0, None), (0.95, False, None, "T8")],
    2,
    lost=[replace(missed(0.6), is_fractured=True)],
    upper_cervical=2,
)
UNTOLD = judged("untold", [(0.79, None, 1, "T8")], 1, upper_cervical=0)
SILENT = case("silent", missed=[missed(0.9)], failure="no spine")


def test_the_reference_decides_and_where_it_is_silent_low_bodies_are_not_known():
    assert [true_grade(one) for one in (HEALTHY, BROKEN, UNTOLD, SILENT)] == [0, 3, None, 0]
    assert true_grade(judged("even", [(0.95, True, 0, "T8")], 0, upper_cervical=0)) == 1


def test_patients_are_counted_by_what_they_are_and_are_called():
    counts = count_alarms([HEALTHY, BROKEN, UNTOLD, SILENT])
    assert counts.called == ((0, 0, 1, 0), (0,) * 4, (0,) * 4, (0, 0, 1, 0), (0, 1, 0, 0))
    assert counts.unanswered == (1, 0, 0, 0, 0)
    assert (counts.levels_unmarked, counts.levels_unmarked_right, counts.levels_marked) == (6, 5, 1)
    assert (counts.starred, counts.graded) == (1, 7)
    assert (counts.fractured, counts.fractured_found) == (3, 1)
    assert (counts.gradable, counts.gradable_found) == (3, 1)
    assert (counts.sound, counts.sound_right) == (4, 3)
    assert (counts.sacral, counts.upper_cervical) == (1, 2)


def test_faults_are_said_in_words():
    assert patient_faults(HEALTHY) == (
        "moderate reported without a fracture",
        "sacral segments reported as vertebrae: 1",
        "1 of 2 levels shown as certain are wrong",
    )
    assert patient_faults(BROKEN) == ("C1 or C2 reported as vertebrae: 2",)
    assert patient_faults(UNTOLD) == patient_faults(SILENT) == ()
    assert [called(one) for one in (HEALTHY, BROKEN, UNTOLD, SILENT)] == [
        "moderate (no fracture)",
        "moderate (severe fracture)",
        "mild",
        "-",
    ]


def test_fractures_of_the_neck_and_of_transitional_vertebrae_are_counted_apart():
    """They are measured and not graded."""
    levels_and_grades = [("C5", None), ("T8", 2), ("T9", None), ("L6", None)]
    several = judged("several", [(0.7, True, given, level) for level, given in levels_and_grades], 2, upper_cervical=0)
    matched = [replace(one, level=level) for one, (level, _) in zip(several.matched, levels_and_grades, strict=True)]
    neck = replace(missed(0.6), is_fractured=True, level="C4")
    counts = count_alarms([replace(several, matched=tuple(matched), missed=(neck,))])
    assert (counts.fractured, counts.fractured_found) == (5, 1)
    assert (counts.gradable, counts.gradable_found) == (2, 1)
