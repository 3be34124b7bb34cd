"""Annotations against others: what is matched, missed, false, and beyond what the reference says."""

import numpy as np
import pytest
from VertebralFracturesLib.core.report import SpineReport, Vertebra
from VertebralFracturesLib.core.spine_curve import SpineCurve
from VertebralFracturesLib.evaluation.matching import Annotations, compare, report_annotations

CURVE = SpineCurve(np.c_[np.zeros(8), np.zeros(8), np.linspace(60, -150, 8)], np.ones(8))


def body(centre_mm: float, aside_mm: float = 0.0) -> np.ndarray:
    """A body 20 mm high whose centre lies on the curve, or aside of it."""
    return np.array([[aside_mm, y, centre_mm + z] for y in (15, 0, -15) for z in (10, -10)])


REFERENCE = Annotations(np.array([body(0), body(-30), body(-60)]), ("T8", "T9", "T10"))


def test_each_is_matched_missed_false_or_outside() -> None:
    found = Annotations(
        np.array([body(50), body(1), body(-45), body(-61, 2.0)]),
        (None, "T8", "T9", "T11"),
        (0.5, 0.9, 0.8, 0.7),
        np.arange(24.0).reshape(4, 6),
    )
    result = compare("one", found, REFERENCE, CURVE, 3.0)
    assert (result.name, result.seconds, result.failure) == ("one", 3.0, None)
    assert [(one.level, one.found_level, one.level_confidence) for one in result.matched] == [
        ("T8", "T8", 0.9),
        ("T10", "T11", 0.7),
    ]
    assert [one.level for one in result.missed] == ["T9"]
    assert [(one.level, one.nearest_mm) for one in result.false_finds] == [("T9", pytest.approx(15.0))]
    assert result.outside_finds == 1
    np.testing.assert_array_equal(result.matched[1].uncertainty_mm, np.arange(18.0, 24.0))
    np.testing.assert_allclose(np.abs(result.matched[1].keypoint_offsets_mm), [[2, 0, 1]] * 6, atol=1e-6)


def test_annotators_are_sure_and_say_nothing_of_errors() -> None:
    matched = compare("one", REFERENCE, REFERENCE, CURVE).matched
    assert [(one.level_confidence, one.uncertainty_mm, one.centre_error_mm) for one in matched] == [
        (1.0, None, 0.0)
    ] * 3


def test_a_report_annotates_its_vertebrae() -> None:
    vertebrae = (Vertebra(body(0), 0.9, np.full(6, 2.0), "T8", 0.7), Vertebra(body(-30), 0.9, np.full(6, 3.0)))
    annotated = report_annotations(SpineReport("t", {}, "d", "genant", CURVE, vertebrae))
    assert tuple(annotated.levels) == ("T8", None)
    assert annotated.level_confidence is not None
    assert annotated.level_confidence[0] == 0.7
    np.testing.assert_array_equal(annotated.uncertainty_mm, [[2.0] * 6, [3.0] * 6])
    assert report_annotations(SpineReport("t", {}, "d", "genant", CURVE, ())).keypoints_ras.shape == (0, 6, 3)
