"""What a reader looks at first."""

from dataclasses import replace

import pytest
from helpers.panel import truth
from VertebralFracturesLib.core.report import NOT_EVALUABLE, VERIFIED, SpineReport
from VertebralFracturesLib.core.review import (
    first_to_review,
    needs_look,
    next_to_review,
    order_by_need,
    verified_count,
)

NEEDY = [3, 5]
"""The fractured vertebrae of the synthetic spine."""


@pytest.fixture
def spine() -> SpineReport:
    """A spine with two fractures whose levels are certain."""
    return truth("genant")


def needy(report: SpineReport) -> list[int]:
    """Those that need a look."""
    return [index for index, needs in enumerate(needs_look(report)) if needs]


def changed(report: SpineReport, index: int, **values: object) -> SpineReport:
    """The report with other values of one vertebra."""
    vertebrae = list(report.vertebrae)
    vertebrae[index] = replace(vertebrae[index], **values)
    return replace(report, vertebrae=tuple(vertebrae))


def test_fractured_vertebrae_need_a_look_and_come_first(spine):
    assert needy(spine) == NEEDY
    assert first_to_review(spine) == NEEDY[0]
    assert order_by_need(spine) == [3, 5, 0, 1, 2, 4, 6, 7]


@pytest.mark.parametrize("values", [{"level_confidence": 0.1}, {"level": None}, {"score": 0.01}])
def test_doubt_needs_a_look(spine, values):
    assert needy(changed(spine, 4, **values)) == [3, 4, 5]


def test_what_is_not_evaluable_needs_no_look(spine):
    report = changed(spine, 3, status=NOT_EVALUABLE)
    assert needy(report) == [5]
    assert first_to_review(report) == 5


def test_the_next_one_is_found_below_and_then_from_the_top(spine):
    count = len(spine.vertebrae)
    report, order = changed(spine, 1, status=VERIFIED), range(count)
    assert next_to_review(report, order, 0) == 2
    assert next_to_review(report, order, count - 1) == 0
    assert verified_count(report) == 1
    for index in range(count):
        report = changed(report, index, status=VERIFIED)
    assert next_to_review(report, order, 0) is None
    assert first_to_review(report) is None
    assert verified_count(report) == count
