"""The text that goes into a radiology report: what was assessed and found, what to do about it, what is unverified.

Content and terms follow the guidance of the Royal College of Radiologists for the recognition and reporting of
osteoporotic vertebral fragility fractures, which the Royal Osteoporosis Society has endorsed
(https://www.rcr.ac.uk/publication/radiological-guidance-recognition-and-reporting-osteoporotic-vertebral-fragility):
a report comments on the integrity of the bones, says "vertebral fracture", names level and grade of each, compares with
earlier images, and recommends assessment. The wording is our own. Moderate and severe fractures are the ones that its
audit asks for; a mild one alone is reported with the advice to correlate it with clinical findings.
"""

from collections.abc import Iterator, Sequence

from ..core.attenuation.summary import SPECIFIC_HU
from ..core.heights.genant import DEFORMITY_INDEX_LEVELS, GRADE_NAMES
from ..core.heights.grading import CERVICAL, TRANSITIONAL
from ..core.level_naming import numbering_sentence
from ..core.levels import LEVELS_ARE_UNCERTAIN
from ..core.measures import Measures
from ..core.report import VERIFIED, SpineReport
from ..radiograph.record import RadiographReport

INTENDED_USE = "Research use only; not a medical device. Every vertebra has to be checked by a qualified user."

ASSESS = (
    "Assess for osteoporosis and fracture risk, for example by referral to the fracture liaison service, unless this "
    "is already under way. Correlate clinically to exclude a traumatic or pathological fracture."
)
CORRELATE = (
    "Correlate the mild vertebral fracture with clinical findings and risk factors, and consider an assessment of "
    "osteoporosis and fracture risk."
)
NO_FURTHER = "None with regard to the assessed vertebrae."
NOT_POSSIBLE = "The images do not allow an assessment of vertebral fractures by this software; assess them visually."
DENSITOMETRY = "Consider bone densitometry because of the low trabecular attenuation of L1."
"""What is recommended, by what was found."""

_LOSS_OF_SHAPES = {"wedge": "anterior wedge", "biconcave": "biconcave", "crush": "crush"}
"""Shapes of a fracture as reports name them."""

_MODERATE = 2
"""Grade from which a fracture is to be acted on without further conditions, after the guidance."""


def report_text(report: SpineReport) -> str:
    """The text for a radiology report, one paragraph a line, without any identity of the patient.

    :param report: of a CT or of a radiograph, edits included.
    """
    bodies = _Bodies(report)
    kind = "Radiograph" if isinstance(report, RadiographReport) else "CT"
    paragraphs = [
        f"VERTEBRAL FRACTURE ASSESSMENT ({kind})",
        f"Bone integrity: {' '.join(_integrity(bodies))}",
        *_findings(bodies),
        *_attenuation(report),
        *(f"Note ({about}): {note.signed}" for about, note in report.notes),
        "Comparison: No previous examination was compared. The age of a fracture cannot be determined from one "
        "examination.",
        f"Recommendation: {' '.join(_recommendation(bodies))}",
        f"Verification: {_verification(bodies)} {report.software}. {INTENDED_USE}",
    ]
    return "\n".join(paragraphs) + "\n"


class _Bodies:
    """The vertebrae of a report, grouped by finding.

    :param report: the report.
    """

    def __init__(self, report: SpineReport) -> None:
        self.report = report
        self.measured = {index: one for index, one in enumerate(report.measures) if one is not None}
        self.graded = {index: one for index, one in self.measured.items() if one.grade is not None}
        self.fractured = {index: one for index, one in self.graded.items() if one.grade}

    def named(self, indices: Sequence[int]) -> str:
        """The levels of vertebrae, as every output shows them."""
        return ", ".join(self.report.shown_levels[index] for index in indices)

    def ranges(self, indices: Sequence[int]) -> str:
        """The levels of vertebrae in order, neighbours that follow one another taken together: "T4 to T7, T9"."""
        starts = [index for index in indices if index - 1 not in indices]
        ends = [index for index in indices if index + 1 not in indices]
        pairs = zip(starts, ends, strict=True)
        return ", ".join(
            self.named([first]) if first == last else f"{self.named([first])} to {self.named([last])}"
            for first, last in pairs
        )

    @property
    def unreliable(self) -> list[int]:
        """The measured vertebrae that are not graded because their landmarks are not to be relied on."""
        others = (CERVICAL, TRANSITIONAL)
        return [i for i, one in self.measured.items() if one.grade is None and one.grading.not_graded not in others]

    @property
    def worst_grade(self) -> int:
        """The highest grade; 0 without a fracture."""
        return max((one.grade or 0 for one in self.fractured.values()), default=0)


def _integrity(bodies: _Bodies) -> Iterator[str]:
    """What was assessed, and the overall result."""
    if not bodies.graded:
        yield "Not assessable for vertebral fracture."
        return
    count, of_index = len(bodies.graded), bodies.report.summary.deformity_index.evaluated
    were_assessed = "vertebra was" if count == 1 else "vertebrae were"
    yield (
        f"{count} {were_assessed} assessed ({bodies.ranges(list(bodies.graded))}), including {of_index} of the "
        f"{len(DEFORMITY_INDEX_LEVELS)} levels T4 to L4."
    )
    fractures = len(bodies.fractured)
    if not fractures:
        yield "No vertebral fracture was detected."
    else:
        yield f"{fractures} vertebral {'fracture was' if fractures == 1 else 'fractures were'} detected."


def _findings(bodies: _Bodies) -> Iterator[str]:
    """One line for each fracture, cranial to caudal, and for everything else that a reader has to know."""
    for index, one in bodies.fractured.items():
        yield f"- {_fracture(bodies.report.shown_levels[index], one)}"
    physiological = [index for index, one in bodies.graded.items() if one.grading.is_physiological]
    if physiological:
        losses = ", ".join(
            f"{bodies.report.shown_levels[index]} ({_percent(bodies.graded[index].grading.height_loss)})"
            for index in physiological
        )
        yield f"- Mild height reduction, probably physiological and not counted as a vertebral fracture: {losses}."
    yield from _not_graded(bodies)
    summary = bodies.report.summary
    if summary.fracture_probability is not None and summary.fracture_probability.discordant_vertebrae:
        levels = bodies.named(summary.fracture_probability.discordant_vertebrae)
        yield f"- Height- and image-based results disagree at {levels}; please review."
    numbering = numbering_sentence(bodies.report.numbering_basis) if bodies.report.vertebrae else ""
    sentences = " ".join(filter(None, [numbering, LEVELS_ARE_UNCERTAIN * summary.levels_are_uncertain]))
    if sentences:
        yield f"Numbering: {sentences}"


def _fracture(level: str, one: Measures) -> str:
    """One fracture: level, grade, shape and height loss."""
    low, high = one.grading.interval
    severity = GRADE_NAMES[one.grade or 0].capitalize()
    shape = f", {_LOSS_OF_SHAPES[one.shape]} shape" if one.shape in _LOSS_OF_SHAPES else ""
    doubt = "; close to a grading threshold" if one.grading.is_borderline else ""
    return (
        f"{severity} vertebral fracture of {level} (Genant grade {one.grade}{shape}): "
        f"{_percent(one.grading.height_loss)} height loss, 95 % interval {100 * low:.0f} to {_percent(high)}{doubt}."
    )


def _not_graded(bodies: _Bodies) -> Iterator[str]:
    """The vertebrae that were detected and are not graded, by the reason."""
    reasons: dict[str, list[int]] = {}
    for index, one in enumerate(bodies.report.measures):
        if index not in bodies.graded:
            reason = "not evaluable" if one is None else one.grading.not_graded or "not graded"
            reasons.setdefault({CERVICAL: "cervical", TRANSITIONAL: "transitional"}.get(reason, reason), []).append(
                index
            )
    if reasons:
        texts = "; ".join(f"{bodies.named(indices)} ({reason})" for reason, indices in reasons.items())
        yield f"- Not assessed for fracture: {texts}."


def _attenuation(report: SpineReport) -> Iterator[str]:
    if report.attenuation_summary is not None and report.attenuation_summary.mean_hu is not None:
        yield report.attenuation_summary.statement


def _recommendation(bodies: _Bodies) -> Iterator[str]:
    if not bodies.graded:
        yield NOT_POSSIBLE
        return
    if bodies.worst_grade >= _MODERATE:
        yield ASSESS
    elif bodies.worst_grade:
        yield CORRELATE
    density = bodies.report.attenuation_summary
    is_low = density is not None and density.l1_hu is not None and density.l1_hu <= SPECIFIC_HU
    if is_low and bodies.worst_grade < _MODERATE:
        yield DENSITOMETRY
    elif not bodies.worst_grade:
        yield NO_FURTHER
    if bodies.unreliable:
        yield f"Assess visually the vertebrae that could not be assessed: {bodies.ranges(bodies.unreliable)}."


def _verification(bodies: _Bodies) -> str:
    """Which vertebrae a reader has verified, and which not."""
    vertebrae = [one for one in bodies.report.vertebrae if one.is_evaluable]
    if not vertebrae:
        return "No vertebra was measured."
    unverified = [
        index for index, one in enumerate(bodies.report.vertebrae) if one.is_evaluable and one.status != VERIFIED
    ]
    if not unverified:
        return "All measured vertebrae have been verified by a user."
    if len(unverified) == len(vertebrae):
        return "These are automatic measurements; no vertebra has been verified by a user yet."
    return f"Not yet verified by a user: {bodies.named(unverified)}. The other measured vertebrae have been verified."


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
