"""The second opinion: what the sequence network sees of each vertebra beside what its heights measure.

The two read one CT independently but for the place of the body: one goes by six keypoints, the other by the whole
picture (after Chettrit 2020). Where they differ, a reader should look. Both are put as the probability of an at least
moderate fracture, so that they can be set side by side and averaged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit, ndtr, softmax

from .genant import GRADE_NAMES, PRESETS
from .keypoints import INFERIOR, SUPERIOR
from .spine_curve import SpineCurve
from .spine_slab import SlabFrame

ROWS_PER_POSITION = 2
"""Rows of a slab that the sequence network answers together."""

ROW_CLASSES = 1 + len(GRADE_NAMES)
"""What can be at a position: no body, or a body of one of the grades."""

MODERATE = 2
"""The least grade that counts as a fracture here; milder deformities are as often no fracture."""

INDEX_ERROR = 0.04
"""Standard deviation of the measured index G, on real CTs with pressed bodies."""

DIFFERENCE = 0.5
"""By how much the two probabilities of a vertebra have to differ for a reader to look."""

SURE = 0.999
"""No probability counts as nearer to 1 than this, or nearer to 0 than its complement."""

_CENTRAL_SHARE = 0.7
"""Share of a body's height whose positions are averaged, as the endplates are half disc. Chosen: between 0.5 and 0.9 no
grade and no difference of the 23 vertebrae of the demo patient and of a CT of the development set changes, and their
probabilities by 0.034 at most."""


@dataclass(frozen=True, eq=False)
class SecondOpinion:
    """What the sequence network says along a spine.

    :param frame: where the rows of the slab lie in the patient.
    :param shares: (positions, 5) probabilities of no body and of a body of grade 0 to 3 at each position.
    :param temperature: divides the logits of the grades, so that probabilities are frequencies.
    :param canal: centre line of the spinal canal; None where it was not found.
    :raises ValueError: probabilities or a temperature that are none.
    """

    frame: SlabFrame
    shares: NDArray[np.float64]
    temperature: float = 1.0
    canal: SpineCurve | None = None

    def __post_init__(self) -> None:
        shares = np.array(self.shares, dtype=np.float64)
        if shares.ndim != 2 or shares.shape[1] != ROW_CLASSES or not len(shares):
            raise ValueError(f"a second opinion needs {ROW_CLASSES} probabilities per position")
        if not (shares >= 0).all() or not np.allclose(shares.sum(1), 1.0, atol=1e-2) or not self.temperature > 0:
            raise ValueError(
                "the probabilities of a second opinion sum to one per position, its temperature is above 0"
            )
        object.__setattr__(self, "shares", shares)
        object.__setattr__(self, "temperature", float(self.temperature))

    def grade_shares(self, keypoints_ras: ArrayLike) -> NDArray[np.float64] | None:
        """Probability (4,) of each grade of a vertebra with keypoints (6, 3) in RAS mm; None beyond the slab.

        The logits of the positions in the middle of the body are averaged.
        """
        return _grade_shares(self, np.asarray(keypoints_ras, dtype=np.float64).tobytes())

    def _shares_at(self, keypoints_ras: NDArray[np.float64]) -> NDArray[np.float64] | None:
        try:
            rows = self.frame.ras_to_voxels(keypoints_ras)[:, 2]
        except ValueError:
            return None
        first, last = rows[list(SUPERIOR)].mean(), rows[list(INFERIOR)].mean()
        margin = (1 - _CENTRAL_SHARE) / 2 * (last - first)
        centres = position_rows(len(self.shares))
        inside = (centres >= first + margin) & (centres <= last - margin)
        if not inside.any():
            nearest = int(np.abs(centres - (first + last) / 2).argmin())
            if abs(centres[nearest] - (first + last) / 2) > ROWS_PER_POSITION:
                return None
            inside[nearest] = True
        logits = np.log(np.maximum(self.shares[inside, 1:], 1e-6)).mean(0) / self.temperature
        return np.asarray(softmax(logits))


def position_rows(count: int) -> NDArray[np.float64]:
    """Row of a slab (count,) in the middle of each position that the sequence network answers for."""
    return np.asarray((np.arange(count) + 0.5) * ROWS_PER_POSITION - 0.5)


@lru_cache(maxsize=256)
def _grade_shares(given: SecondOpinion, keypoints_bytes: bytes) -> NDArray[np.float64] | None:
    """Kept, because a drag asks for the whole spine at every move and changes one vertebra."""
    return given._shares_at(np.frombuffer(keypoints_bytes).reshape(-1, 3))


@dataclass(frozen=True)
class Opinion:
    """Both readings of one vertebra as probabilities of an at least moderate fracture.

    :param measured: by the index G.
    :param seen: by the sequence network.
    :param seen_grade: the grade that it gives most weight.
    """

    measured: float
    seen: float
    seen_grade: int

    @property
    def together(self) -> float:
        """Both readings averaged: the mean of their logits."""
        return float(expit(np.mean(logit(np.clip([self.measured, self.seen], 1 - SURE, SURE)))))

    @property
    def differ(self) -> bool:
        """Whether the readings are so far apart that a reader should look."""
        return abs(self.measured - self.seen) > DIFFERENCE


def measured_probability(index: float) -> float:
    """Probability that a vertebra's true index is moderate or worse, given the measured one and its error."""
    return float(ndtr((PRESETS["genant"].moderate - index) / INDEX_ERROR))


def opinion(index: float, grade_shares: ArrayLike) -> Opinion:
    """Set both readings of a vertebra side by side.

    :param index: its index G as measured.
    :param grade_shares: probability (4,) of each grade as seen.
    """
    shares = np.asarray(grade_shares, dtype=np.float64)
    return Opinion(measured_probability(index), float(shares[MODERATE:].sum()), int(shares.argmax()))


@dataclass(frozen=True)
class PatientOpinion:
    """Both readings of a patient: each that of the most suspicious vertebra.

    :param measured_probability: of an at least moderate fracture, by the least index G.
    :param seen_probability: by the sequence network.
    :param together_probability: by the average of both.
    :param seen_place: place in the row of the vertebra that looks worst.
    :param differing_places: places of the vertebrae whose readings differ.
    """

    measured_probability: float
    seen_probability: float
    together_probability: float
    seen_place: int
    differing_places: tuple[int, ...]


def patient_opinion(opinions: Sequence[Opinion | None]) -> PatientOpinion | None:
    """Sum up a patient; None where no vertebra has a second opinion.

    :param opinions: of each vertebra; None where there is none.
    """
    given = [(place, one) for place, one in enumerate(opinions) if one is not None]
    if not given:
        return None
    return PatientOpinion(
        measured_probability=max(one.measured for _, one in given),
        seen_probability=max(one.seen for _, one in given),
        together_probability=max(one.together for _, one in given),
        seen_place=max(given, key=lambda entry: entry[1].seen)[0],
        differing_places=tuple(place for place, one in given if one.differ),
    )
