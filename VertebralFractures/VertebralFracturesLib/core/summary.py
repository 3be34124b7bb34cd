"""What the vertebrae of a patient say together."""

from collections.abc import Sequence
from dataclasses import dataclass

from .genant import GRADE_NAMES, DeformityIndex, spinal_deformity_index
from .height_loss import CRUSH_LOSS
from .image_classification import CombinedProbability, PatientProbability, patient_probability
from .levels import LEVEL_NAMES, levels_are_relative
from .measures import Measures


@dataclass(frozen=True)
class PatientSummary:
    """Measures of a whole spine.

    :param vertebrae: how many vertebrae were found.
    :param evaluated: how many of them were evaluated.
    :param least_index: the least index G, the patient's index of Pisov 2020; None where nothing was evaluated.
    :param least_vertebra: index of the vertebra that has it.
    :param worst_grade: the highest grade.
    :param grade_counts: how many vertebrae have the grades 0 to 3.
    :param borderline: how many indices lie close to a cut-off.
    :param crushed: how many bodies of grade 0 are evenly low against their neighbours, which G cannot see.
    :param deformity_index: spinal deformity index with the levels evaluated, T4 to L4.
    :param levels_are_relative: no level is named with confidence.
    :param statement: all this in sentences.
    :param fracture_probability: of the patient, by heights and by the image; None without an image classification.
    """

    vertebrae: int
    evaluated: int
    least_index: float | None
    least_vertebra: int | None
    worst_grade: int | None
    grade_counts: tuple[int, int, int, int]
    borderline: int
    crushed: int
    deformity_index: DeformityIndex
    levels_are_relative: bool
    statement: str
    fracture_probability: PatientProbability | None = None


def summarize(
    levels: Sequence[str | None],
    level_confidences: Sequence[float],
    measures: Sequence[Measures | None],
    probabilities: Sequence[CombinedProbability | None] = (),
) -> PatientSummary:
    """Sum up a patient.

    :param levels: level of each vertebra, or None, cranial to caudal.
    :param level_confidences: confidence (n,) of the levels.
    :param measures: measures of each; None where a vertebra was not evaluated.
    :param probabilities: of a fracture of each; None, or none at all, where the image was not classified.
    """
    indices = [i for i, m in enumerate(measures) if m is not None]
    evaluated = [m for m in measures if m is not None]
    least = min(indices, key=lambda i: _index(measures[i]), default=None)
    counts = [sum(m.grade == value for m in evaluated) for value in range(len(GRADE_NAMES))]
    crushed = sum(m.grade == 0 and m.crush_loss is not None and m.crush_loss >= CRUSH_LOSS for m in evaluated)
    deformity = spinal_deformity_index((levels[i], m.grade) for i, m in enumerate(measures) if m is not None)
    relative = bool(levels) and levels_are_relative(level_confidences)
    borderline = sum(m.is_borderline for m in evaluated)
    second = patient_probability(probabilities)
    statement = _statement(levels, measures, least, crushed, borderline, deformity, relative)
    return PatientSummary(
        vertebrae=len(measures),
        evaluated=len(evaluated),
        least_index=None if least is None else _index(measures[least]),
        least_vertebra=least,
        worst_grade=max((m.grade for m in evaluated), default=None),
        grade_counts=(counts[0], counts[1], counts[2], counts[3]),
        borderline=borderline,
        crushed=crushed,
        deformity_index=deformity,
        levels_are_relative=relative,
        statement=statement if second is None else f"{statement} {_second_statement(levels, second)}",
        fracture_probability=second,
    )


def _second_statement(levels: Sequence[str | None], second: PatientProbability) -> str:
    """Both readings of the patient, and where they differ."""
    text = (
        f"At least moderate fracture: measured {second.height_based:.2f}, "
        f"seen {second.image_based:.2f} ({_name(levels, second.image_based_vertebra)})."
    )
    if not second.discordant_vertebrae:
        return text
    names = ", ".join(_name(levels, index) for index in second.discordant_vertebrae)
    return f"{text} Measured and seen differ at {names}: look again."


def _name(levels: Sequence[str | None], index: int) -> str:
    return levels[index] or f"vertebra {index + 1} from above"


def _index(measures: Measures | None) -> float:
    return measures.genant_index if measures else float("inf")


def _statement(
    levels: Sequence[str | None],
    measures: Sequence[Measures | None],
    least: int | None,
    crushed: int,
    borderline: int,
    deformity: DeformityIndex,
    relative: bool,
) -> str:
    worst = None if least is None else measures[least]
    if least is None or worst is None:
        return "No vertebra was evaluated."
    evaluated = sum(m is not None for m in measures)
    graded = sum(m is not None and m.grade > 0 for m in measures)
    sentences = [
        f"Least index G {worst.genant_index:.2f} at {_name(levels, least)}: "
        f"{GRADE_NAMES[worst.grade]} (grade {worst.grade}).",
        f"{graded} of {evaluated} evaluated "
        f"{'vertebra has' if evaluated == 1 else 'vertebrae have'} grade 1 or higher.",
    ]
    if crushed:
        sentences.append(f"{crushed} of grade 0 {'is' if crushed == 1 else 'are'} evenly low against the neighbours.")
    if borderline:
        sentences.append(f"{borderline} {'is' if borderline == 1 else 'are'} borderline.")
    if any(level in LEVEL_NAMES for level in levels) and deformity.evaluated:
        sentences.append(f"Spinal deformity index {deformity.total} over {deformity.evaluated} of 13 levels T4-L4.")
    if relative:
        sentences.append("Level names are relative: no level could be named with confidence.")
    return " ".join(sentences)
