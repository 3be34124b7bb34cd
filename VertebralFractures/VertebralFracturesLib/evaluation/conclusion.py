"""What a report concludes of a patient: the one place where evaluations ask for grades, stars, marks and levels."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.keypoints import body_centre
from ..core.levels import is_certain
from ..core.report import SpineReport
from ..io.reference_case import C2_CENTRE, S1_CENTRE

_SACRAL_MM, _AXIS_MM = 15.0, 8.0
"""Distance from the centre of S1, and of C2, within which a body is taken for it; chosen: less than half the distance
to the centre of the next vertebra, which is above 30 mm and about 17 mm."""


@dataclass(frozen=True)
class Conclusion:
    """The conclusion of a report for a patient.

    :param grade: the highest grade that counts, 0 to 3; None where nothing was graded.
    :param graded: how many bodies carry a grade.
    :param starred: how many of them are called borderline.
    :param sacral: how many of the measured bodies are segments of the sacrum; 0 where the reference has no S1.
    :param upper_cervical: how many of them are called C1 or C2, or lie there.
    """

    grade: int | None
    graded: int
    starred: int
    sacral: int
    upper_cervical: int


def conclusion_of(report: SpineReport, landmarks: Mapping[str, NDArray[np.float64]]) -> Conclusion:
    """What a report concludes.

    :param report: of one patient.
    :param landmarks: (3,) each in RAS mm, of :data:`~..io.reference_case.S1_CENTRE` and ``C2_CENTRE``.
    """
    grades = reported_grades(report)
    measured = [
        vertebra for vertebra, measures in zip(report.vertebrae, report.measures, strict=True) if measures is not None
    ]
    sacral, cervical = 0, 0
    for vertebra in measured:
        centre_ras = body_centre(vertebra.keypoints_ras)
        sacral += _is_sacral(centre_ras, landmarks.get(S1_CENTRE))
        cervical += vertebra.level in ("C1", "C2") or _is_upper_cervical(centre_ras, landmarks.get(C2_CENTRE))
    return Conclusion(
        grade=reported_patient_grade(report),
        graded=sum(grade is not None for grade in grades),
        starred=sum(is_starred(report)),
        sacral=sacral,
        upper_cervical=cervical,
    )


def reported_patient_grade(report: SpineReport) -> int | None:
    """The highest grade that a report states of a patient, 0 to 3; None where nothing was graded."""
    return report.summary.worst_grade


def reported_grades(report: SpineReport) -> list[int | None]:
    """The grade that a report gives each vertebra, 0 to 3; None where it gives none."""
    return [None if measures is None else measures.grade for measures in report.measures]


def is_starred(report: SpineReport) -> list[bool]:
    """Which vertebrae of a report are graded and called borderline."""
    return [measures is not None and measures.grading.is_borderline for measures in report.measures]


def is_marked(level: str | None, confidence: float) -> bool:
    """Whether a level is shown with the mark "?", or not at all."""
    return level is None or not is_certain(confidence)


def _is_sacral(centre_ras: NDArray[np.float64], s1_ras: NDArray[np.float64] | None) -> bool:
    """Whether a body is S1 or lies below it."""
    if s1_ras is None:
        return False
    return bool(centre_ras[2] < s1_ras[2] or np.linalg.norm(centre_ras - s1_ras) < _SACRAL_MM)


def _is_upper_cervical(centre_ras: NDArray[np.float64], c2_ras: NDArray[np.float64] | None) -> bool:
    """Whether a body is C2 or lies above it."""
    if c2_ras is None:
        return False
    return bool(centre_ras[2] > c2_ras[2] or np.linalg.norm(centre_ras - c2_ras) < _AXIS_MM)
