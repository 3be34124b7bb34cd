"""What came of the cases: the vertebrae that were found, missed and false, and the arrays that measures are made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.heights.genant import genant_index, heights_mm
from ..core.keypoints import KEYPOINT_NAMES, body_centre
from ..core.levels import steps_between
from ..ct.detection import intersection_over_union, keypoint_boxes
from .conclusion import Conclusion

NOT_FLAGGED = 1.0
"""The index G that stands for a vertebra or a patient of which nothing was found: no deformity is reported."""


@dataclass(frozen=True, eq=False)
class MatchedVertebra:
    """A reference vertebra that was found.

    :param level: its level by the reference, or None where the reference has none.
    :param found_level: the level it was given, or None.
    :param level_confidence: probability that this level is right, as reported.
    :param keypoints_ras: (6, 3) by the reference.
    :param found_keypoints_ras: (6, 3) as found.
    :param frame: (3, 3) unit vectors right, anterior and superior of the reference curve at this body, in RAS.
    :param uncertainty_mm: (6,) expected error of each keypoint as reported; None from a reader.
    :param is_fractured: whether the reference says that it is; None where it does not tell.
    :param found_grade: grade 0 to 3 as reported; None where it is not graded.
    """

    level: str | None
    found_level: str | None
    level_confidence: float
    keypoints_ras: NDArray[np.float64]
    found_keypoints_ras: NDArray[np.float64]
    frame: NDArray[np.float64]
    uncertainty_mm: NDArray[np.float64] | None = None
    is_fractured: bool | None = None
    found_grade: int | None = None

    @property
    def heights_mm(self) -> NDArray[np.float64]:
        """(3,) anterior, middle and posterior height by the reference."""
        return heights_mm(self.keypoints_ras)

    @property
    def found_heights_mm(self) -> NDArray[np.float64]:
        """(3,) anterior, middle and posterior height as measured."""
        return heights_mm(self.found_keypoints_ras)

    @property
    def index(self) -> float:
        """G by the reference."""
        return float(genant_index(self.heights_mm))

    @property
    def found_index(self) -> float:
        """G as measured."""
        return float(genant_index(self.found_heights_mm))

    @property
    def height_error_mm(self) -> float:
        """The greatest absolute error of the three heights."""
        return float(np.abs(self.found_heights_mm - self.heights_mm).max())

    @property
    def centre_error_mm(self) -> float:
        """Distance of the body centres."""
        return float(np.linalg.norm(body_centre(self.found_keypoints_ras) - body_centre(self.keypoints_ras)))

    @property
    def keypoint_offsets_mm(self) -> NDArray[np.float64]:
        """(6, 3) found minus reference, to the right, to the front and upwards along the spine."""
        return (self.found_keypoints_ras - self.keypoints_ras) @ self.frame.T

    @property
    def overlap(self) -> float:
        """Intersection over union of the boxes around both six keypoints in the sagittal plane of the spine."""
        flat = (np.stack([self.keypoints_ras, self.found_keypoints_ras]) - self.keypoints_ras[0]) @ self.frame[1:].T
        return float(intersection_over_union(*keypoint_boxes(flat)))

    @property
    def level_steps(self) -> float:
        """By how many levels the name is too low (negative: too high); NaN where one is missing."""
        if self.level is None or self.found_level is None:
            return float("nan")
        return float(steps_between(self.level, self.found_level))


@dataclass(frozen=True, eq=False)
class MissedVertebra:
    """A reference vertebra that was not found.

    :param level: its level by the reference, or None.
    :param keypoints_ras: (6, 3) by the reference.
    :param is_fractured: whether the reference says that it is; None where it does not tell.
    """

    level: str | None
    keypoints_ras: NDArray[np.float64]
    is_fractured: bool | None = None

    @property
    def index(self) -> float:
        """G by the reference."""
        return float(genant_index(heights_mm(self.keypoints_ras)))


@dataclass(frozen=True, eq=False)
class FalseDetection:
    """A detection in the annotated range that is no reference vertebra.

    :param level: the level it was given, or None.
    :param keypoints_ras: (6, 3) as found.
    :param nearest_mm: distance of its centre from that of the nearest reference vertebra.
    """

    level: str | None
    keypoints_ras: NDArray[np.float64]
    nearest_mm: float

    @property
    def found_index(self) -> float:
        """G as measured."""
        return float(genant_index(heights_mm(self.keypoints_ras)))


@dataclass(frozen=True, eq=False)
class CaseResult:
    """What came of one case.

    :param name: name of the case; results of the same patient share it.
    :param matched: the reference vertebrae that were found.
    :param missed: those that were not.
    :param false_finds: detections in the annotated range that are no reference vertebra.
    :param outside_finds: number of detections beyond the annotated range, of which the reference says nothing.
    :param seconds: duration of the analysis.
    :param failure: why there is no result at all, or None.
    :param conclusion: what the report concludes of the patient; None without a report, and for a reader.
    """

    name: str
    matched: tuple[MatchedVertebra, ...]
    missed: tuple[MissedVertebra, ...]
    false_finds: tuple[FalseDetection, ...]
    outside_finds: int
    seconds: float
    failure: str | None = None
    conclusion: Conclusion | None = None

    @cached_property
    def arrays(self) -> dict[str, NDArray[np.float64]]:
        """The columns that :class:`Pool` joins, by their names there."""
        matched, unknown = self.matched, np.full(len(KEYPOINT_NAMES), np.nan)
        uncertainty = [unknown if v.uncertainty_mm is None else v.uncertainty_mm for v in matched]
        columns: dict[str, tuple[tuple[int, ...], Sequence[Any]]] = {
            "centre_errors_mm": ((-1,), [v.centre_error_mm for v in matched]),
            "keypoint_offsets_mm": ((-1, 6, 3), [v.keypoint_offsets_mm for v in matched]),
            "uncertainty_mm": ((-1, 6), uncertainty),
            "heights_mm": ((-1, 3), [v.heights_mm for v in matched]),
            "found_heights_mm": ((-1, 3), [v.found_heights_mm for v in matched]),
            "indices": ((-1,), [v.index for v in matched]),
            "found_indices": ((-1,), [v.found_index for v in matched]),
            "overlaps": ((-1,), [v.overlap for v in matched]),
            "has_level": ((-1,), [v.level is not None for v in matched]),
            "level_steps": ((-1,), [v.level_steps for v in matched]),
            "level_confidence": ((-1,), [v.level_confidence for v in matched]),
            "missed_indices": ((-1,), [v.index for v in self.missed]),
            "false_indices": ((-1,), [v.found_index for v in self.false_finds]),
            "false_nearest_mm": ((-1,), [v.nearest_mm for v in self.false_finds]),
        }
        return {name: np.array(values, np.float64).reshape(shape) for name, (shape, values) in columns.items()}

    @cached_property
    def least_index(self) -> float:
        """Least G by the reference: the patient's index (Pisov 2020, section 4.4)."""
        return float(np.r_[self.arrays["indices"], self.arrays["missed_indices"]].min(initial=NOT_FLAGGED))

    @cached_property
    def found_least_index(self) -> float:
        """Least G as measured in the annotated range, false detections included; :data:`NOT_FLAGGED` without any."""
        return float(np.r_[self.arrays["found_indices"], self.arrays["false_indices"]].min(initial=NOT_FLAGGED))


def _joined(name: str) -> Any:
    """A property of a pool: a column of all its cases."""
    return cached_property(lambda pool: np.concatenate([case.arrays[name] for case in pool.cases]))


class Pool:
    """The vertebrae of several cases as arrays.

    :param cases: at least one; the same one may come several times.
    """

    def __init__(self, cases: Sequence[CaseResult]) -> None:
        self.cases = cases

    centre_errors_mm: NDArray[np.float64] = _joined("centre_errors_mm")
    """(n,) distances of the body centres."""
    keypoint_offsets_mm: NDArray[np.float64] = _joined("keypoint_offsets_mm")
    """(n, 6, 3) found minus reference keypoints to the right, to the front and upwards along the spine."""
    uncertainty_mm: NDArray[np.float64] = _joined("uncertainty_mm")
    """(n, 6) expected errors of the keypoints as reported; NaN where there are none."""
    heights_mm: NDArray[np.float64] = _joined("heights_mm")
    """(n, 3) heights by the reference."""
    found_heights_mm: NDArray[np.float64] = _joined("found_heights_mm")
    """(n, 3) heights as measured."""
    indices: NDArray[np.float64] = _joined("indices")
    """(n,) G by the reference."""
    found_indices: NDArray[np.float64] = _joined("found_indices")
    """(n,) G as measured."""
    overlaps: NDArray[np.float64] = _joined("overlaps")
    """(n,) overlaps of the boxes in the sagittal plane."""
    has_level: NDArray[np.float64] = _joined("has_level")
    """(n,) 1 where the reference knows the level, else 0."""
    level_steps: NDArray[np.float64] = _joined("level_steps")
    """(n,) by how many levels the name is too low; NaN where there is none."""
    level_confidence: NDArray[np.float64] = _joined("level_confidence")
    """(n,) confidence of the level names."""
    missed_indices: NDArray[np.float64] = _joined("missed_indices")
    """(m,) G by the reference of the vertebrae that were missed."""
    false_indices: NDArray[np.float64] = _joined("false_indices")
    """(f,) G as measured of the false detections."""
    false_nearest_mm: NDArray[np.float64] = _joined("false_nearest_mm")
    """(f,) distances of the false detections from the nearest reference vertebra."""

    @cached_property
    def keypoint_errors_mm(self) -> NDArray[np.float64]:
        """(n, 6) distances of the keypoints in space."""
        return np.linalg.norm(self.keypoint_offsets_mm, axis=-1)

    @cached_property
    def sagittal_errors_mm(self) -> NDArray[np.float64]:
        """(n, 6) distances of the keypoints in the sagittal plane of the spine."""
        return np.linalg.norm(self.keypoint_offsets_mm[..., 1:], axis=-1)

    @cached_property
    def height_errors_mm(self) -> NDArray[np.float64]:
        """(n, 3) measured minus reference height."""
        return self.found_heights_mm - self.heights_mm

    @cached_property
    def index_errors(self) -> NDArray[np.float64]:
        """(n,) measured minus reference G."""
        return self.found_indices - self.indices
