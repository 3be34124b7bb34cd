"""What changed between two studies, vertebra by vertebra: heights, height loss, attenuation, and the conclusion."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..heights.uncertainty import heights_sd_mm
from ..report import SpineReport
from .matching import Match, SpineRow, match_spines

NEW, PROGRESSIVE, UNCHANGED, NOT_COMPARABLE = VERDICTS = (
    "new fracture",
    "progressive fracture",
    "unchanged",
    "not comparable",
)
"""What is concluded of a vertebra that both studies show."""

LEAST_LOSS, LEAST_LOSS_MM = 0.20, 4.0
"""A height has to be lower by 20 % and by 4 mm for an incident fracture (Black et al., J Bone Miner Res 1999; the
criterion of the Fracture Intervention Trial and of trials since)."""

INTERVAL_95 = 1.96
"""Standard deviations within which 95 % of differences lie that are measurement error alone."""

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class HeightChange:
    """Change of the three heights of one vertebra, anterior, middle and posterior.

    :param prior_mm: heights in the prior study.
    :param current_mm: heights in the current study.
    :param sd_mm: standard deviation of each difference, from the uncertainty of the landmarks of both studies.
    """

    prior_mm: Triple
    current_mm: Triple
    sd_mm: Triple

    @property
    def change_mm(self) -> Triple:
        """Current minus prior."""
        return _triple(np.subtract(self.current_mm, self.prior_mm))

    @property
    def losses(self) -> Triple:
        """Height lost since the prior study, as a fraction of it; negative where the body is higher."""
        return _triple(1 - np.divide(self.current_mm, self.prior_mm))

    @property
    def least_detectable_mm(self) -> Triple:
        """The least difference that is not measurement error, with a probability of 95 %."""
        return _triple(INTERVAL_95 * np.asarray(self.sd_mm))

    @property
    def is_reduced(self) -> bool:
        """Whether a height is lower by 20 %, by 4 mm and by more than measurement error."""
        lost_mm = -np.asarray(self.change_mm)
        is_real = lost_mm > np.asarray(self.least_detectable_mm)
        return bool((is_real & (np.asarray(self.losses) >= LEAST_LOSS) & (lost_mm >= LEAST_LOSS_MM)).any())


@dataclass(frozen=True)
class VertebraChange:
    """One vertebra in both studies.

    :param prior: its index in the prior study.
    :param current: its index in the current study.
    :param level: what it is called in both.
    :param verdict: one of :data:`VERDICTS`.
    :param heights: its heights; None where one study has none.
    :param prior_grade: its grade in the prior study, None without one.
    :param current_grade: its grade in the current study.
    :param attenuation_change_hu: median trabecular attenuation, current minus prior; None where one study has none.
    :param reason: why it cannot be compared; empty where it can.
    """

    prior: int
    current: int
    level: str
    verdict: str
    heights: HeightChange | None
    prior_grade: int | None
    current_grade: int | None
    attenuation_change_hu: float | None
    reason: str = ""

    @property
    def greatest_loss(self) -> float | None:
        """The greatest of the three height losses since the prior study."""
        return None if self.heights is None else max(self.heights.losses)


@dataclass(frozen=True)
class Comparison:
    """Two studies of one patient.

    :param match: which vertebrae they share.
    :param vertebrae: the shared vertebrae, cranial to caudal.
    :param angle_changes_deg: change of each angle of the spine that both studies show, current minus prior.
    :param numbering_note: what a reader has to know of the levels of the two studies; empty where they agree.
    """

    match: Match
    vertebrae: tuple[VertebraChange, ...]
    angle_changes_deg: dict[str, float]
    numbering_note: str

    def of(self, verdict: str) -> list[VertebraChange]:
        """The vertebrae of a verdict."""
        return [one for one in self.vertebrae if one.verdict == verdict]

    @property
    def headline(self) -> str:
        """The conclusion for the patient in one sentence."""
        comparable = len(self.vertebrae) - len(self.of(NOT_COMPARABLE))
        found = [
            f"{verdict} of {_listed([one.level + _loss(one) for one in self.of(verdict)])}"
            for verdict in (NEW, PROGRESSIVE)
            if self.of(verdict)
        ]
        sentence = "; ".join(found) if found else "no new or progressive vertebral fracture"
        return (
            f"Since the prior study: {sentence}; {comparable} of {len(self.vertebrae)} vertebrae that both studies "
            "show were compared."
        )


def compare_spines(prior: SpineReport, current: SpineReport) -> Comparison:
    """Compare a prior and a current study of one patient.

    :raises StudiesDoNotMatch: which vertebra is which is not certain.
    """
    rows = spine_row(prior), spine_row(current)
    match = match_spines(*rows)
    levels = _common_levels(prior, current, match)
    vertebrae = tuple(
        _compared(prior, current, i, j, level, rows) for (i, j), level in zip(match.pairs, levels, strict=True)
    )
    angles = {
        name: value - before
        for name, value in current.angles_deg.items()
        if value is not None and (before := prior.angles_deg.get(name)) is not None
    }
    return Comparison(match, vertebrae, angles, _numbering_note(prior, current, match))


def spine_row(report: SpineReport) -> SpineRow:
    """What the matching needs to know of a study."""
    return SpineRow(
        np.array([one.keypoints_ras for one in report.vertebrae]).reshape(len(report.vertebrae), 6, -1),
        np.array([one.uncertainty_mm for one in report.vertebrae]).reshape(-1, 6),
        report.levels,
        [one.level_confidence for one in report.vertebrae],
        getattr(report, "is_scale_known", True),
    )


def _compared(
    prior: SpineReport, current: SpineReport, i: int, j: int, level: str, rows: tuple[SpineRow, SpineRow]
) -> VertebraChange:
    before, after = prior.measures[i], current.measures[j]
    heights, attenuation = None, None
    reason = _reason(prior, i, "prior") or _reason(current, j, "current")
    if type(prior) is not type(current):
        reason = "a CT and a radiograph differ in magnification"
    elif not all(row.is_scale_known for row in rows):
        reason = "lengths are not known in one of the studies"
    if before is not None and after is not None:
        sd_mm = np.hypot(
            heights_sd_mm(prior.vertebrae[i].uncertainty_mm), heights_sd_mm(current.vertebrae[j].uncertainty_mm)
        )
        heights = HeightChange(before.heights_mm, after.heights_mm, _triple(sd_mm))
    first, second = prior.attenuations[i], current.attenuations[j]
    if first is not None and second is not None and None not in (first.median_hu, second.median_hu):
        attenuation = float(second.median_hu or 0.0) - float(first.median_hu or 0.0)
    prior_grade = None if before is None else before.grade
    current_grade = None if after is None else after.grade
    verdict = _verdict(heights, prior_grade, reason)
    return VertebraChange(i, j, level, verdict, heights, prior_grade, current_grade, attenuation, reason)


def _verdict(heights: HeightChange | None, prior_grade: int | None, reason: str) -> str:
    if heights is None or reason:
        return NOT_COMPARABLE
    if not heights.is_reduced:
        return UNCHANGED
    return PROGRESSIVE if prior_grade else NEW


def _reason(report: SpineReport, index: int, study: str) -> str:
    """Why a vertebra of a study cannot be compared."""
    measures = report.measures[index]
    if measures is None:
        return f"not evaluable in the {study} study"
    why = measures.grading.not_graded or ""
    return f"{why} in the {study} study" if why.startswith("not reliable") else ""


def _common_levels(prior: SpineReport, current: SpineReport, match: Match) -> list[str]:
    """What each shared vertebra is called: by the study whose levels are the surer ones."""
    is_by_current = _is_current_surer(prior, current, match)
    return [current.shown_levels[j] if is_by_current else prior.shown_levels[i] for i, j in match.pairs]


def _is_current_surer(prior: SpineReport, current: SpineReport, match: Match) -> bool:
    """Whether the levels of the shared vertebrae are at least as certain in the current study."""
    before = np.mean([prior.vertebrae[i].level_confidence for i, _ in match.pairs])
    after = np.mean([current.vertebrae[j].level_confidence for _, j in match.pairs])
    return bool(after >= before)


def _numbering_note(prior: SpineReport, current: SpineReport, match: Match) -> str:
    """That the names of the studies differ, and which ones are used."""
    if not match.steps:
        return ""
    chosen = "current" if _is_current_surer(prior, current, match) else "prior"
    count, where = abs(match.steps), "below" if match.steps > 0 else "above"
    return (
        f"The current study numbers the same vertebrae {count} {where} the prior study. The numbering of the {chosen} "
        "study is used, which is more certain."
    )


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _loss(change: VertebraChange) -> str:
    loss = change.greatest_loss
    return "" if loss is None else f" (height loss {100 * loss:.0f} %)"


def _triple(values: object) -> Triple:
    first, second, third = (float(value) for value in np.asarray(values, dtype=np.float64))
    return first, second, third
