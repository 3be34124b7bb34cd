"""Which vertebrae of a report a reader has to look at first, and which come next."""

from collections.abc import Sequence

from .heights.grading import CERVICAL, TRANSITIONAL
from .levels import is_certain
from .report import NOT_REVIEWED, VERIFIED, SpineReport


def needs_look(report: SpineReport) -> list[bool]:
    """Whether each vertebra asks for a look before the others.

    It does where its grade is 1 or more, its level is uncertain, it is too unreliable to be graded, or the image
    classifier disagrees with the heights. A vertebra that is not evaluable asks for none.
    """
    given = zip(report.vertebrae, report.measures, report.fracture_probabilities, strict=True)
    return [
        measures is not None
        and (
            bool(measures.grade)
            or vertebra.level is None
            or not is_certain(vertebra.level_confidence)
            or (measures.grade is None and measures.grading.not_graded not in (CERVICAL, TRANSITIONAL))
            or (combined is not None and combined.is_discordant)
        )
        for vertebra, measures, combined in given
    ]


def order_by_need(report: SpineReport) -> list[int]:
    """Places of the vertebrae: those that need a look first, both parts from cranial to caudal."""
    needs = needs_look(report)
    return sorted(range(len(needs)), key=lambda index: not needs[index])


def first_to_review(report: SpineReport) -> int | None:
    """Where a reader begins: the first vertebra not reviewed that needs a look, else the first not reviewed.

    None where all vertebrae were reviewed.
    """
    waiting = [index for index in order_by_need(report) if report.vertebrae[index].status == NOT_REVIEWED]
    return waiting[0] if waiting else None


def next_to_review(report: SpineReport, order: Sequence[int], present: int) -> int | None:
    """The next vertebra in an order that was not reviewed; after the last the search begins again.

    :param order: places of all vertebrae, such as those of :func:`order_by_need`.
    :param present: the vertebra that the reader is at.
    :return: None where all were reviewed.
    """
    start = list(order).index(present) + 1
    waiting = (index for index in (*order[start:], *order[:start]) if report.vertebrae[index].status == NOT_REVIEWED)
    return next(waiting, None)


def verified_count(report: SpineReport) -> int:
    """How many vertebrae a reader has verified."""
    return sum(vertebra.status == VERIFIED for vertebra in report.vertebrae)
