"""Vertebral bodies of given heights, and what came of finding them, for tests of measures."""

import numpy as np
from numpy.typing import NDArray
from VertebralFracturesLib.evaluation.results import CaseResult, FalseDetection, MatchedVertebra, MissedVertebra


def body(index: float = 1.0, superior_mm: float = 0.0, shift_mm: tuple[float, float, float] = (0, 0, 0)) -> NDArray:
    """Keypoints (6, 3) of a body 20 mm high and 30 mm deep whose front is as low as makes G the given index."""
    heights = np.array([20 * index, 20, 20]).repeat(2)
    points = np.column_stack([np.zeros(6), np.repeat([15.0, 0, -15], 2), heights / 2 * np.tile([1, -1], 3)])
    return points + [0, 0, superior_mm] + np.array(shift_mm)


def found(
    index: float,
    measured: float,
    *,
    shift_mm: tuple[float, float, float] = (1.0, 0.0, 0.0),
    level: str | None = "T8",
    named: str | None = "T8",
    confidence: float = 0.95,
    uncertainty_mm: float | None = 1.0,
) -> MatchedVertebra:
    """A vertebra with G by the reference and as measured, found a little aside."""
    uncertainty = None if uncertainty_mm is None else np.full(6, uncertainty_mm)
    points = body(measured, shift_mm=shift_mm)
    return MatchedVertebra(level, named, confidence, body(index), points, np.eye(3), uncertainty)


def missed(index: float, level: str | None = "T9") -> MissedVertebra:
    """A vertebra that was not found."""
    return MissedVertebra(level, body(index))


def false_find(measured: float, nearest_mm: float = 12.0) -> FalseDetection:
    """A find that is no vertebra."""
    return FalseDetection("T9", body(measured), nearest_mm)


def case(name: str, matched=(), missed=(), false=(), failure: str | None = None) -> CaseResult:
    """What came of a case."""
    return CaseResult(name, tuple(matched), tuple(missed), tuple(false), 1, 2.0, failure)
