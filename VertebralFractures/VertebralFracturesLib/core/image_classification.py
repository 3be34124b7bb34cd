"""The image-based classification of each vertebra beside the height-based one.

The two read one CT independently but for the position of the body: one goes by six keypoints, the other by the whole
image (after Chettrit 2020). Where they differ, a user should look. Both are put as the probability of an at least
moderate fracture, so that they can be set side by side and averaged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit, ndtr, softmax

from .heights.genant import GRADE_NAMES, PRESETS
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
class ImageClassification:
    """The probabilities of the image classifier along a spine.

    :param frame: where the rows of the slab lie in the patient.
    :param probabilities: (positions, 5) probabilities of no body and of a body of grade 0 to 3 at each position.
    :param temperature: divides the logits of the grades, so that probabilities are frequencies.
    :param canal: centre line of the spinal canal; None where it was not found.
    :raises ValueError: probabilities or a temperature that are none.
    """

    frame: SlabFrame
    probabilities: NDArray[np.float64]
    temperature: float = 1.0
    canal: SpineCurve | None = None

    def __post_init__(self) -> None:
        probabilities = np.array(self.probabilities, dtype=np.float64)
        if probabilities.ndim != 2 or probabilities.shape[1] != ROW_CLASSES or not len(probabilities):
            raise ValueError(f"an image classification needs {ROW_CLASSES} probabilities per position")
        if (
            not (probabilities >= 0).all()
            or not np.allclose(probabilities.sum(1), 1.0, atol=1e-2)
            or not 0 < self.temperature < np.inf
        ):
            raise ValueError(
                "the probabilities of an image classification sum to one per position, its temperature is above 0"
            )
        object.__setattr__(self, "probabilities", probabilities)
        object.__setattr__(self, "temperature", float(self.temperature))

    def grade_probabilities(self, keypoints_ras: ArrayLike) -> NDArray[np.float64] | None:
        """Probability (4,) of each grade of a vertebra with keypoints (6, 3) in RAS mm; None beyond the slab.

        The logits of the positions in the middle of the body are averaged.
        """
        return _grade_probabilities(self, np.asarray(keypoints_ras, dtype=np.float64).tobytes())

    def _probabilities_at(self, keypoints_ras: NDArray[np.float64]) -> NDArray[np.float64] | None:
        try:
            rows = self.frame.ras_to_voxels(keypoints_ras)[:, 2]
        except ValueError:
            return None
        first, last = rows[list(SUPERIOR)].mean(), rows[list(INFERIOR)].mean()
        margin = (1 - _CENTRAL_SHARE) / 2 * (last - first)
        centres = position_rows(len(self.probabilities))
        inside = (centres >= first + margin) & (centres <= last - margin)
        if not inside.any():
            nearest = int(np.abs(centres - (first + last) / 2).argmin())
            if abs(centres[nearest] - (first + last) / 2) > ROWS_PER_POSITION:
                return None
            inside[nearest] = True
        logits = np.log(np.maximum(self.probabilities[inside, 1:], 1e-6)).mean(0) / self.temperature
        return np.asarray(softmax(logits))


def position_rows(count: int) -> NDArray[np.float64]:
    """Row of a slab (count,) in the middle of each position that the sequence network answers for."""
    return np.asarray((np.arange(count) + 0.5) * ROWS_PER_POSITION - 0.5)


@lru_cache(maxsize=256)
def _grade_probabilities(given: ImageClassification, keypoints_bytes: bytes) -> NDArray[np.float64] | None:
    """Kept, because a drag asks for the whole spine at every move and changes one vertebra."""
    return given._probabilities_at(np.frombuffer(keypoints_bytes).reshape(-1, 3))


@dataclass(frozen=True)
class CombinedProbability:
    """The probabilities of an at least moderate fracture of one vertebra.

    :param height_based: by the index G.
    :param image_based: by the sequence network.
    :param image_based_grade: the grade that it gives most weight.
    """

    height_based: float
    image_based: float
    image_based_grade: int

    @property
    def combined(self) -> float:
        """Both probabilities averaged: the mean of their logits."""
        return float(expit(np.mean(logit(np.clip([self.height_based, self.image_based], 1 - SURE, SURE)))))

    @property
    def is_discordant(self) -> bool:
        """Whether the probabilities are so far apart that a user should look."""
        return abs(self.height_based - self.image_based) > DIFFERENCE


def height_based_probability(index: float) -> float:
    """Probability that a vertebra's true index is moderate or worse, given the measured one and its error."""
    return float(ndtr((PRESETS["genant"].moderate - index) / INDEX_ERROR))


def combined_probability(index: float, grade_probabilities: ArrayLike) -> CombinedProbability:
    """Set the height-based and the image-based probability of a vertebra side by side.

    :param index: its index G as measured.
    :param grade_probabilities: image-based probability (4,) of each grade.
    """
    probabilities = np.asarray(grade_probabilities, dtype=np.float64)
    return CombinedProbability(
        height_based_probability(index), float(probabilities[MODERATE:].sum()), int(probabilities.argmax())
    )


@dataclass(frozen=True)
class PatientProbability:
    """The probabilities of an at least moderate fracture of a patient: each that of the most suspicious vertebra.

    :param height_based: of an at least moderate fracture, by the least index G.
    :param image_based: by the sequence network.
    :param combined: by the average of both.
    :param image_based_vertebra: index of the vertebra with the highest image-based probability.
    :param discordant_vertebrae: indices of the vertebrae whose probabilities differ.
    """

    height_based: float
    image_based: float
    combined: float
    image_based_vertebra: int
    discordant_vertebrae: tuple[int, ...]


def patient_probability(probabilities: Sequence[CombinedProbability | None]) -> PatientProbability | None:
    """Sum up a patient; None where no vertebra was classified.

    :param probabilities: of each vertebra; None where there is none.
    """
    given = [(index, one) for index, one in enumerate(probabilities) if one is not None]
    if not given:
        return None
    return PatientProbability(
        height_based=max(one.height_based for _, one in given),
        image_based=max(one.image_based for _, one in given),
        combined=max(one.combined for _, one in given),
        image_based_vertebra=max(given, key=lambda entry: entry[1].image_based)[0],
        discordant_vertebrae=tuple(index for index, one in given if one.is_discordant),
    )
