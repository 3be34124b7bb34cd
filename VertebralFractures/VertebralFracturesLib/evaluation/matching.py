"""Annotations against others: a report against its reference, or a reader against a reader."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.keypoints import body_centre
from ..core.report import SpineReport
from ..core.spine_curve import SpineCurve
from ..simulation.matching import match_vertebrae, nearest_arc_mm
from .conclusion import reported_grades
from .results import CaseResult, FalseDetection, MatchedVertebra, MissedVertebra


@dataclass(frozen=True, eq=False)
class Annotations:
    """What a reader or the product annotated in one CT.

    :param keypoints_ras: (n, 6, 3).
    :param levels: (n,) house names, or None.
    :param level_confidence: (n,) probabilities that the levels are right; 1 by default.
    :param uncertainty_mm: (n, 6) expected errors of the keypoints, or None.
    :param grades: (n,) reported grades 0 to 3, None for what is not graded; None altogether from a reader.
    :param fractures: (n,) kind of each fracture, or None; None altogether where nothing is said of fractures.
    """

    keypoints_ras: NDArray[np.float64]
    levels: Sequence[str | None]
    level_confidence: Sequence[float] | None = None
    uncertainty_mm: NDArray[np.float64] | None = None
    grades: Sequence[int | None] | None = None
    fractures: Sequence[str | None] | None = None

    def is_fractured(self, index: int) -> bool | None:
        """Whether a vertebra is fractured; None where nothing is said of fractures."""
        return None if self.fractures is None else self.fractures[index] is not None


def report_annotations(report: SpineReport) -> Annotations:
    """What a report says."""
    vertebrae = report.vertebrae
    return Annotations(
        keypoints_ras=np.array([vertebra.keypoints_ras for vertebra in vertebrae]).reshape(-1, 6, 3),
        levels=report.levels,
        level_confidence=[vertebra.level_confidence for vertebra in vertebrae],
        uncertainty_mm=np.array([vertebra.uncertainty_mm for vertebra in vertebrae]).reshape(-1, 6),
        grades=reported_grades(report),
    )


def compare(
    name: str, found: Annotations, reference: Annotations, curve: SpineCurve, seconds: float = 0.0
) -> CaseResult:
    """Compare annotations with a reference.

    :param name: name of the case.
    :param found: what is judged.
    :param reference: what it is judged by.
    :param curve: the curve of the reference.
    :param seconds: how long the finding took.
    """
    matching = match_vertebrae(found.keypoints_ras, reference.keypoints_ras, curve)
    centres_ras = body_centre(reference.keypoints_ras)
    frames = curve.frame(nearest_arc_mm(curve, centres_ras))
    matched = tuple(
        MatchedVertebra(
            level=reference.levels[j],
            found_level=found.levels[i],
            level_confidence=1.0 if found.level_confidence is None else float(found.level_confidence[i]),
            keypoints_ras=reference.keypoints_ras[j],
            found_keypoints_ras=found.keypoints_ras[i],
            frame=frames[j],
            uncertainty_mm=None if found.uncertainty_mm is None else found.uncertainty_mm[i],
            is_fractured=reference.is_fractured(j),
            found_grade=None if found.grades is None else found.grades[i],
        )
        for i, j in matching.pairs
    )
    false_finds = tuple(
        FalseDetection(
            level=found.levels[i],
            keypoints_ras=found.keypoints_ras[i],
            nearest_mm=float(np.linalg.norm(centres_ras - body_centre(found.keypoints_ras[i]), axis=-1).min()),
        )
        for i in matching.false
    )
    missed = tuple(
        MissedVertebra(reference.levels[j], reference.keypoints_ras[j], reference.is_fractured(j))
        for j in matching.missed
    )
    return CaseResult(name, matched, missed, false_finds, len(matching.outside), seconds)


def all_missed(reference: Annotations) -> tuple[MissedVertebra, ...]:
    """Every vertebra of a reference as missed: what comes of a case without a report."""
    return tuple(
        MissedVertebra(level, points, reference.is_fractured(index))
        for index, (level, points) in enumerate(zip(reference.levels, reference.keypoints_ras, strict=True))
    )
