"""The conclusion for a patient: headline, counts and sentences, from the measures of the vertebrae."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .heights.genant import DEFORMITY_INDEX_LEVELS, GRADE_NAMES, DeformityIndex, spinal_deformity_index
from .heights.grading import CERVICAL, TRANSITIONAL
from .heights.height_loss import CRUSH_LOSS
from .image_classification import CombinedProbability, PatientProbability, patient_probability
from .levels import LEVELS_ARE_UNCERTAIN, no_level_is_certain, shown_level
from .measures import Measures

NOTHING_ASSESSED = "No vertebra was assessed."

_NAMED = 3
"""Fractures that the headline names one by one. Chosen, so that it stays one line."""


@dataclass(frozen=True)
class PatientSummary:
    """Conclusion for a whole spine.

    :param vertebrae: how many vertebrae were detected.
    :param evaluated: how many of them were measured.
    :param graded: how many of these were graded; the others are cervical, transitional or not reliable.
    :param least_index: the least height ratio G of the graded ones, the patient's index of Pisov 2020; None without
        any.
    :param worst_vertebra: index of the vertebra with the highest grade and, among those, the greatest height loss; of
        the least height ratio where none is graded; None where nothing was measured.
    :param worst_grade: the highest grade; None where none is graded.
    :param greatest_height_loss: fraction of height lost by the worst vertebra; None where none is graded.
    :param grade_counts: how many vertebrae have the grades 0 to 3.
    :param borderline: how many grades are close to a threshold.
    :param physiological: how many have a mild height reduction that is probably physiological.
    :param unreliable: how many are not reliable.
    :param deformity_index: spinal deformity index with the levels assessed, T4 to L4.
    :param levels_are_uncertain: no level is certain.
    :param headline: the conclusion in one line.
    :param statement: what it rests on, in sentences.
    :param fracture_probability: of the patient, by heights and by the image; None without an image classification.
    """

    vertebrae: int
    evaluated: int
    graded: int
    least_index: float | None
    worst_vertebra: int | None
    worst_grade: int | None
    greatest_height_loss: float | None
    grade_counts: tuple[int, int, int, int]
    borderline: int
    physiological: int
    unreliable: int
    deformity_index: DeformityIndex
    levels_are_uncertain: bool
    headline: str
    statement: str
    fracture_probability: PatientProbability | None = None


def summarize(
    levels: Sequence[str | None],
    level_confidences: Sequence[float],
    measures: Sequence[Measures | None],
    probabilities: Sequence[CombinedProbability | None] = (),
    numbering: str = "",
) -> PatientSummary:
    """Conclude for a patient.

    :param levels: level of each vertebra, or None, cranial to caudal.
    :param level_confidences: confidence (n,) of the levels.
    :param measures: measures of each; None where a vertebra was not evaluated.
    :param probabilities: of a fracture of each; None, or none at all, where the image was not classified.
    :param numbering: a sentence about what the levels rest on; empty where it is not known.
    """
    spine = _Spine(
        [shown_level(*one, number) for number, one in enumerate(zip(levels, level_confidences, strict=True), 1)],
        {index: one for index, one in enumerate(measures) if one is not None},
        spinal_deformity_index(
            (levels[i], one.grade) for i, one in enumerate(measures) if one is not None and one.grade is not None
        ),
    )
    graded, worst = spine.graded, spine.worst
    grades = [one.grade for one in graded.values()]
    uncertain = bool(levels) and no_level_is_certain(level_confidences)
    image = patient_probability(probabilities)
    return PatientSummary(
        vertebrae=len(measures),
        evaluated=len(spine.measures),
        graded=len(graded),
        least_index=min((one.genant_index for one in graded.values()), default=None),
        worst_vertebra=worst,
        worst_grade=graded[worst].grade if worst in graded else None,
        greatest_height_loss=graded[worst].grading.height_loss if worst in graded else None,
        grade_counts=(grades.count(0), grades.count(1), grades.count(2), grades.count(3)),
        borderline=sum(one.grading.is_borderline for one in graded.values()),
        physiological=len(spine.physiological),
        unreliable=len(spine.unreliable),
        deformity_index=spine.deformity,
        levels_are_uncertain=uncertain,
        headline=_headline(spine),
        statement=" ".join(filter(None, [*_sentences(spine, image), numbering, LEVELS_ARE_UNCERTAIN * uncertain])),
        fracture_probability=image,
    )


@dataclass(frozen=True, eq=False)
class _Spine:
    """What the sentences are about.

    :param names: of the vertebrae, as every output shows them.
    :param measures: of the measured ones, by index.
    :param deformity: their spinal deformity index.
    """

    names: Sequence[str]
    measures: dict[int, Measures]
    deformity: DeformityIndex

    @property
    def graded(self) -> dict[int, Measures]:
        return {index: one for index, one in self.measures.items() if one.grade is not None}

    @property
    def worst(self) -> int | None:
        if self.graded:
            return max(self.graded, key=lambda i: (self.measures[i].grade or 0, self.measures[i].grading.height_loss))
        return min(self.measures, key=lambda i: self.measures[i].genant_index, default=None)

    @property
    def fractured(self) -> list[int]:
        """Those of grade 1 and more, the worst first."""
        found = [index for index, one in self.graded.items() if one.grade]
        return sorted(found, key=lambda i: (-(self.measures[i].grade or 0), -self.measures[i].grading.height_loss))

    @property
    def physiological(self) -> list[int]:
        return [index for index, one in self.graded.items() if one.grading.is_physiological]

    @property
    def uniformly_reduced(self) -> list[int]:
        """Those whose loss shows against the neighbours and not in the ratio of their own heights."""
        return [
            index
            for index, one in self.graded.items()
            if one.grading.is_by_neighbours
            or (one.grade == 0 and one.neighbour_loss is not None and one.neighbour_loss.posterior >= CRUSH_LOSS)
        ]

    def not_graded(self, reason: str) -> list[int]:
        return [index for index, one in self.measures.items() if one.grading.not_graded == reason]

    @property
    def unreliable(self) -> list[int]:
        others = CERVICAL, TRANSITIONAL
        return [i for i, one in self.measures.items() if one.grade is None and one.grading.not_graded not in others]

    def named(self, indices: Sequence[int]) -> str:
        return ", ".join(self.names[index] for index in indices)


def _headline(spine: _Spine) -> str:
    """The conclusion in one line that can be signed."""
    if not spine.measures:
        return NOTHING_ASSESSED
    if not spine.graded:
        return "No vertebra could be graded for fracture."
    total = len(DEFORMITY_INDEX_LEVELS)
    assessed = f"{spine.deformity.evaluated} of {total} levels T4 to L4 assessed."
    fractured = spine.fractured
    if not fractured:
        return f"No moderate or severe vertebral fracture; {assessed}"
    text = "; ".join(_fracture(spine, index) for index in fractured[:_NAMED])
    text = text[0].upper() + text[1:]
    if len(fractured) > _NAMED:
        text += f"; {len(fractured) - _NAMED} more"
    if spine.measures[fractured[0]].grade == 1:
        text += "; no moderate or severe fracture"
    return f"{text}; {assessed}"


def _fracture(spine: _Spine, index: int) -> str:
    """One fracture: "moderate fracture of L1 (33 % height loss, wedge)"."""
    one = spine.measures[index]
    details = [f"{_percent(one.grading.height_loss)} height loss", one.shape]
    if one.grading.is_borderline:
        details.append("borderline")
    return f"{GRADE_NAMES[one.grade or 0]} fracture of {spine.names[index]} ({', '.join(details)})"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _sentences(spine: _Spine, image: PatientProbability | None) -> Iterator[str]:
    """What the headline rests on."""
    if not spine.measures:
        yield NOTHING_ASSESSED
        return
    if spine.graded and spine.worst is not None:
        yield from _graded_sentences(spine, spine.measures[spine.worst], spine.names[spine.worst])
    yield from _ungraded_sentences(spine)
    if image is not None:
        yield from _image_sentences(spine, image)


def _graded_sentences(spine: _Spine, worst: Measures, name: str) -> Iterator[str]:
    graded = spine.graded
    low, high = worst.grading.interval
    yield (
        f"Greatest height loss: {_percent(worst.grading.height_loss)} at {name} (95 % interval {100 * low:.0f} to "
        f"{_percent(high)}; {_grade_text(worst)}; height ratio {worst.genant_index:.2f})."
    )
    verb = "shows" if len(graded) == 1 else "show"
    count = f"{len(spine.fractured)} of {len(graded)} graded {'vertebra' if len(graded) == 1 else 'vertebrae'}"
    yield f"{count} {verb} grade 1 or higher; {_close(sum(one.grading.is_borderline for one in graded.values()))}."
    if spine.physiological:
        yield f"Mild height reduction, probably physiological: {spine.named(spine.physiological)}."
    if spine.uniformly_reduced:
        yield f"Uniformly reduced in height relative to adjacent levels: {spine.named(spine.uniformly_reduced)}."
    if spine.deformity.evaluated:
        yield (
            f"Spinal deformity index {spine.deformity.total} over {spine.deformity.evaluated} of "
            f"{len(DEFORMITY_INDEX_LEVELS)} levels T4 to L4."
        )


def _grade_text(one: Measures) -> str:
    if one.grading.is_physiological:
        return one.grading.name
    return f"grade {one.grade}, {one.grading.name}" if one.grade else "normal"


def _close(count: int) -> str:
    return f"{count or 'none'} {'is' if count <= 1 else 'are'} close to a grading threshold"


def _ungraded_sentences(spine: _Spine) -> Iterator[str]:
    for reason, words in ((CERVICAL, "cervical levels"), (TRANSITIONAL, "transitional levels")):
        found = spine.not_graded(reason)
        if found:
            yield f"Measured but not graded ({words}): {spine.named(found)}."
    if spine.unreliable:
        details = ", ".join(
            f"{spine.names[i]} ({(spine.measures[i].grading.not_graded or '').removeprefix('not reliable: ')})"
            for i in spine.unreliable
        )
        yield f"Not reliable, please review: {details}."


def _image_sentences(spine: _Spine, image: PatientProbability) -> Iterator[str]:
    """The image-based probability beside the height-based one, and where they disagree."""
    yield (
        f"Probability of a moderate or severe fracture: {image.height_based:.2f} from heights, "
        f"{image.image_based:.2f} from image appearance ({spine.names[image.image_based_vertebra]})."
    )
    if image.discordant_vertebrae:
        yield f"Height- and image-based results disagree at {spine.named(image.discordant_vertebrae)}; please review."
