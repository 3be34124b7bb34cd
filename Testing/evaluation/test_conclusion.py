"""What a report concludes of a patient, from its bodies and from where the sacrum and C2 are."""

import numpy as np
import pytest
from helpers.marked_bodies import body
from VertebralFracturesLib.core.report import SpineReport, Vertebra
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.evaluation.conclusion import Conclusion, conclusion_of, is_marked, reported_grades
from VertebralFracturesLib.io.reference_case import C2_CENTRE, S1_CENTRE

CURVE = SpineCurve(np.array([[0.0, 0, 200], [0, 0, 100], [0, 0, 0], [0, 0, -200]]), np.ones(4))


def vertebra(superior_mm: float, level: str, index: float = 1.0, status: str = "not reviewed") -> Vertebra:
    return Vertebra(body(index, superior_mm), 0.9, np.ones(6), level, 0.9, status=status)


def test_a_report_concludes_what_its_bodies_do():
    bodies = (
        vertebra(150, "C2"),
        vertebra(100, "T3", 0.79),
        vertebra(-100, "L4", 0.5, "not evaluable"),
        vertebra(-108, "L5", 0.68),
    )
    report = SpineReport("test", {}, "anchor-free", "genant", CURVE, bodies)
    places = {S1_CENTRE: np.array([0.0, 0, -105]), C2_CENTRE: np.array([0.0, 0, 160])}
    assert conclusion_of(report, places) == Conclusion(2, 2, 1, 1, 1)
    assert conclusion_of(report, {}) == Conclusion(2, 2, 1, 0, 1)
    assert reported_grades(report) == [None, 1, None, 2]


@pytest.mark.parametrize(("level", "confidence", "marked"), [("T8", 0.8, False), ("T8", 0.79, True), (None, 1.0, True)])
def test_a_level_is_marked_below_the_confident_level(level, confidence, marked):
    assert is_marked(level, confidence) == marked
