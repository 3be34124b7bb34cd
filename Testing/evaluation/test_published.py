"""Published figures stand with the decimals they were published with."""

import pytest
from VertebralFracturesLib.evaluation.metrics import METRICS
from VertebralFracturesLib.evaluation.published import (
    PISOV_EXPERTS,
    PISOV_GRADES,
    PISOV_METHOD,
    PISOV_PATIENTS,
    with_spread,
)


@pytest.mark.parametrize(
    ("published", "text"),
    [(None, ""), ((0.9, None), "0.90"), ((0.983, None), "0.983"), ((1.0, 0.5), "1.00 (0.50)")],
)
def test_figures_as_text(published: tuple[float, float | None] | None, text: str) -> None:
    assert with_spread(published) == text


def test_figures_are_of_measures_that_are_taken() -> None:
    names = {metric.name for metric in METRICS}
    assert set(PISOV_EXPERTS) <= names
    assert set(PISOV_METHOD) <= names


def test_the_paper_has_100_patients_with_1268_vertebrae() -> None:
    assert (sum(PISOV_PATIENTS), sum(PISOV_GRADES)) == (100, 1268)
