"""The result of an analysis: the vertebrae of a spine and all that is needed to read, check and repeat them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .alignment.coronal_curve import CoronalCurve, largest_coronal_curve
from .alignment.discs import Disc, discs_below
from .alignment.spinal_angles import Endplate, disc_angles_deg, endplates, spinal_angles_deg
from .attenuation.record import Attenuation
from .attenuation.summary import AttenuationSummary, summarize_attenuation
from .heights.genant import find_preset
from .image_classification import CombinedProbability, ImageClassification, combined_probability
from .keypoints import KEYPOINT_NAMES
from .level_naming import numbering_sentence
from .levels import parse_level, shown_level
from .measures import Measures, measure_spine
from .note import Note
from .spine_curve import SpineCurve
from .summary import PatientSummary, summarize

SOURCES = ("model", "edited", "added")
"""Who placed the keypoints of a vertebra: the network, a reader who moved its points, or a reader alone."""

NOT_REVIEWED, VERIFIED, NOT_EVALUABLE = STATUSES = ("not reviewed", "verified", "not evaluable")
"""The review status of a vertebra."""

_STATUS_SYNONYMS = {"to review": NOT_REVIEWED}
"""What version 0.1 called a status up to November 2026, in reports and scenes that are still there."""


def parse_status(text: str | None) -> str:
    """One of :data:`STATUSES`, also from an older file.

    :raises ValueError: not a status.
    """
    status = _STATUS_SYNONYMS.get(text or "", text or "")
    if status not in STATUSES:
        raise ValueError(f"{text!r} is not the status of a vertebra; it is one of {STATUSES}")
    return status


_FARTHEST_MM = 1e6
"""Distance of keypoints from the origin; chosen, far beyond any scanner."""


@dataclass(frozen=True, eq=False)
class Vertebra:
    """One vertebra.

    :param keypoints_ras: (6, 3) in RAS mm, in the order of :data:`~.keypoints.KEYPOINT_NAMES`.
    :param score: score of the detection, 0..1.
    :param uncertainty_mm: (6,) radius in mm in the sagittal plane that holds 68 % of all keypoints.
    :param level: house name of its level, or None.
    :param level_confidence: probability that the level is right.
    :param source: one of :data:`SOURCES`.
    :param status: one of :data:`STATUSES`.
    :param attenuation: trabecular attenuation at these keypoints; None where it was not measured, as in a radiograph.
    :param note: what a reader wrote about it; None for nothing.
    :raises ValueError: a value outside what is said here.
    """

    keypoints_ras: NDArray[np.float64]
    score: float
    uncertainty_mm: NDArray[np.float64]
    level: str | None = None
    level_confidence: float = 0.0
    source: str = "model"
    status: str = NOT_REVIEWED
    attenuation: Attenuation | None = None
    note: Note | None = None

    def __post_init__(self) -> None:
        points = np.array(self.keypoints_ras, dtype=np.float64)
        uncertainty = np.array(self.uncertainty_mm, dtype=np.float64)
        if points.shape != (len(KEYPOINT_NAMES), 3) or not (np.abs(points) < _FARTHEST_MM).all():
            raise ValueError("a vertebra needs six finite keypoints (6, 3) in the scanner")
        if uncertainty.shape != (len(KEYPOINT_NAMES),) or not np.isfinite(uncertainty).all() or (uncertainty < 0).any():
            raise ValueError("a vertebra needs one uncertainty of 0 mm or more per keypoint")
        if not 0 <= self.score <= 1 or not 0 <= self.level_confidence <= 1:
            raise ValueError("score and level confidence of a vertebra lie between 0 and 1")
        if self.source not in SOURCES or self.status not in STATUSES:
            raise ValueError(f"source of a vertebra is one of {SOURCES}, its status one of {STATUSES}")
        object.__setattr__(self, "keypoints_ras", points)
        object.__setattr__(self, "uncertainty_mm", uncertainty)
        object.__setattr__(self, "score", float(self.score))
        object.__setattr__(self, "level_confidence", float(self.level_confidence))
        object.__setattr__(self, "level", None if self.level is None else parse_level(self.level))

    @property
    def is_unseen(self) -> bool:
        """Whether the detection stands as the network made it, neither corrected nor verified by a user."""
        return self.source == "model" and self.status == NOT_REVIEWED

    @property
    def is_evaluable(self) -> bool:
        """Whether it may be measured and graded."""
        return self.status != NOT_EVALUABLE


@dataclass(frozen=True, eq=False)
class SpineReport:
    """The result of an analysis.

    Only what was found is stored; every measure is computed from the keypoints when it is asked for.

    :param software: name and version of the program.
    :param input: identity of the volume: path, series, shape, spacing_mm; values that JSON can hold.
    :param detector: "anchor-free" or "anchor".
    :param preset: name of the cut-offs, a key of :data:`~.heights.genant.PRESETS`.
    :param curve: the spine curve.
    :param vertebrae: cranial to caudal.
    :param warnings: what a reader has to know, one sentence each.
    :param models: version or checksum of each network by name.
    :param thresholds: thresholds of the run by name.
    :param image_classification: what the image classifier gives along the spine; None where it was not asked.
    :param numbering_basis: the landmarks that the levels are counted from, as
        :class:`~.level_naming.Numbering` has them; empty where they are not known.
    :param note: what a reader wrote about the patient; None for nothing.
    :raises ValueError: unknown preset.
    """

    software: str
    input: Mapping[str, Any]
    detector: str
    preset: str
    curve: SpineCurve
    vertebrae: tuple[Vertebra, ...] = ()
    warnings: tuple[str, ...] = ()
    models: Mapping[str, Any] = field(default_factory=dict)
    thresholds: Mapping[str, Any] = field(default_factory=dict)
    image_classification: ImageClassification | None = None
    numbering_basis: tuple[str, ...] = ()
    note: Note | None = None

    def __post_init__(self) -> None:
        find_preset(self.preset)
        object.__setattr__(self, "numbering_basis", tuple(self.numbering_basis))
        object.__setattr__(self, "vertebrae", tuple(self.vertebrae))
        object.__setattr__(self, "warnings", tuple(self.warnings))

    @property
    def notes(self) -> list[tuple[str, Note]]:
        """All notes of readers, each with what it is about: "Patient", then the levels as they are shown."""
        bodies = zip(self.shown_levels, (vertebra.note for vertebra in self.vertebrae), strict=True)
        return [(about, note) for about, note in (("Patient", self.note), *bodies) if note is not None]

    @property
    def levels(self) -> list[str | None]:
        """Level of each vertebra, or None."""
        return [vertebra.level for vertebra in self.vertebrae]

    @property
    def _keypoints_ras(self) -> NDArray[np.float64]:
        """Keypoints (n, 6, 3) of the vertebrae in RAS mm."""
        return np.array([vertebra.keypoints_ras for vertebra in self.vertebrae]).reshape(-1, len(KEYPOINT_NAMES), 3)

    @property
    def _evaluable(self) -> list[bool]:
        return [vertebra.is_evaluable for vertebra in self.vertebrae]

    @cached_property
    def measures(self) -> list[Measures | None]:
        """Measures of each vertebra; None where it is not evaluable."""
        uncertainty = np.array([vertebra.uncertainty_mm for vertebra in self.vertebrae]).reshape(
            -1, len(KEYPOINT_NAMES)
        )
        scores = [vertebra.score if vertebra.is_unseen else 1.0 for vertebra in self.vertebrae]
        preset = find_preset(self.preset)
        return measure_spine(self._keypoints_ras, self.levels, self._evaluable, preset, uncertainty, scores)

    @cached_property
    def endplates(self) -> dict[Endplate, NDArray[np.float64]]:
        """Endplates of the evaluable vertebrae that have a level, (2, 3) anterior and posterior corner in RAS mm."""
        levels = [vertebra.level if vertebra.is_evaluable else None for vertebra in self.vertebrae]
        return endplates(levels, self._keypoints_ras)

    @property
    def angles_deg(self) -> dict[str, float | None]:
        """The angles of :data:`~.alignment.spinal_angles.ANGLES` by name; None where an endplate is not in view."""
        return spinal_angles_deg(self.endplates)

    @property
    def disc_angles_deg(self) -> dict[str, float]:
        """Angle of every disc in view by name ("L4-L5"), positive where it is open anteriorly."""
        return disc_angles_deg(self.endplates)

    @cached_property
    def discs(self) -> list[Disc | None]:
        """The disc below each vertebra; None where it cannot be measured."""
        return discs_below(self.levels, self._keypoints_ras, self._evaluable)

    @cached_property
    def coronal_curve(self) -> CoronalCurve | None:
        """The largest curve-based Cobb angle in the coronal plane; None with fewer than two vertebrae."""
        return largest_coronal_curve(self.curve, self.levels, self._keypoints_ras, self._evaluable)

    @cached_property
    def attenuations(self) -> list[Attenuation | None]:
        """Trabecular attenuation of each vertebra as it is reported: without values for fractured bodies.

        None where it was not measured, or the vertebra is not evaluable.
        """
        return [
            None
            if vertebra.attenuation is None or measures is None
            else vertebra.attenuation.unless_fractured(bool(measures.grade))
            for vertebra, measures in zip(self.vertebrae, self.measures, strict=True)
        ]

    @cached_property
    def attenuation_summary(self) -> AttenuationSummary | None:
        """Trabecular attenuation of L1 and of T12 to L4; None where no vertebra was measured."""
        return summarize_attenuation(self.levels, self.attenuations)

    @cached_property
    def summary(self) -> PatientSummary:
        """The conclusion for the patient."""
        confidences = [vertebra.level_confidence for vertebra in self.vertebrae]
        numbering = numbering_sentence(self.numbering_basis) if self.vertebrae else ""
        return summarize(self.levels, confidences, self.measures, self.fracture_probabilities, numbering)

    @cached_property
    def shown_levels(self) -> list[str]:
        """What every output calls each vertebra, see :func:`~.levels.shown_level`."""
        return [
            shown_level(vertebra.level, vertebra.level_confidence, number)
            for number, vertebra in enumerate(self.vertebrae, 1)
        ]

    @cached_property
    def fracture_probabilities(self) -> list[CombinedProbability | None]:
        """Probabilities of a fracture of each vertebra, by heights and by the image.

        None where it is not graded, or was not classified.
        """
        return [
            self._fracture_probability(vertebra, one)
            for vertebra, one in zip(self.vertebrae, self.measures, strict=True)
        ]

    def _fracture_probability(self, vertebra: Vertebra, measures: Measures | None) -> CombinedProbability | None:
        if self.image_classification is None or measures is None or measures.grade is None:
            return None
        probabilities = self.image_classification.grade_probabilities(vertebra.keypoints_ras)
        return None if probabilities is None else combined_probability(1 - measures.grading.height_loss, probabilities)
