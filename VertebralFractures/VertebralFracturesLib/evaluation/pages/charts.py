"""The plots of an evaluation: ROC curves, limits of agreement, errors by level, and how true the uncertainty is."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...core.levels import ALL_LEVEL_NAMES
from ..classification import Answers, Task, answers, roc_area, roc_curve, sensitivity, specificity
from ..evaluate import Evaluation
from ..results import MatchedVertebra, Pool
from ..statistics import bland_altman
from .plot import Axis, Plot, number_axis

_BINS = 6
"""Groups of keypoints, of equal size and by uncertainty, in the plot of the uncertainty."""


def roc_chart(pool: Pool, tasks: Sequence[Task]) -> tuple[str, list[str]]:
    """ROC curves, each with a dot where G is cut off as in the reference.

    :param pool: all cases.
    :param tasks: of one unit.
    :return: the plot, empty if no task has both classes, and one line of words per task.
    """
    quarter = tuple((value, f"{value:.2f}") for value in (0.0, 0.25, 0.5, 0.75, 1.0))
    plot = Plot(Axis("1 - specificity", 0, 1, quarter), Axis("sensitivity", 0, 1, quarter), height=320)
    plot.line((0, 1), (0, 1), "rule")
    words = []
    drawn = 0
    for place, task in enumerate(tasks):
        given = answers(pool, task)
        if not given.positives or not given.negatives:
            words.append(f"G ≤ {task.cutoff:.2f}: no {'negatives' if given.positives else 'positives'}")
            continue
        _draw_roc(plot, given, place)
        words.append(f"G ≤ {task.cutoff:.2f}: area {roc_area(given):.3f} ({given.positives} of {len(given.index)})")
        drawn += 1
    return (plot.svg("ROC curves") if drawn else ""), words


def _draw_roc(plot: Plot, given: Answers, place: int) -> None:
    plot.line(*roc_curve(given.is_positive, -given.index), kind=f"line colour-{place}")
    hint = f"G <= {given.cutoff:.2f}: sensitivity {sensitivity(given):.2f}, specificity {specificity(given):.2f}"
    plot.dot(1 - specificity(given), sensitivity(given), hint, f"mark colour-{place}", 4.5)


def bland_altman_chart(
    title: str, unit: str, measured: NDArray[np.float64], reference: NDArray[np.float64], hints: Sequence[str]
) -> str:
    """Difference over mean of paired measurements (n,), with bias and limits of agreement.

    :param title: what was measured.
    :param unit: its unit, empty for ratios.
    :param hints: (n,) name of each pair.
    """
    agreement = bland_altman(measured, reference)
    differences, means = measured - reference, (measured + reference) / 2
    lower, upper = agreement.limits
    ending = f", {unit}" if unit else ""
    x = number_axis(f"{title}, mean of both{ending}", means)
    y = number_axis(f"measured - reference{ending}", differences, (lower, upper, 0.0))
    plot = Plot(x, y)
    for mean, difference, hint in zip(means, differences, hints, strict=True):
        plot.dot(mean, difference, hint)
    decimals = 2 if unit else 3
    plot.rule(agreement.bias, f"{agreement.bias:+.{decimals}f}", "rule strong")
    if np.isfinite(agreement.half_width):
        plot.rule(upper, f"{upper:+.{decimals}f}")
        plot.rule(lower, f"{lower:+.{decimals}f}")
    return plot.svg(f"Bland-Altman plot of {title}")


def level_chart(evaluation: Evaluation, title: str, unit: str, errors: Sequence[float]) -> str:
    """Errors of the found vertebrae by level, one dot a vertebra and a bar at the mean of each level.

    :param evaluation: whose vertebrae.
    :param title: what the errors are of.
    :param unit: their unit.
    :param errors: one per found vertebra, in the order of :func:`every_match`.
    """
    matches = every_match(evaluation)
    levels = [name for name in ALL_LEVEL_NAMES if any(v.level == name for _, v in matches)]
    x = Axis("level", -0.7, len(levels) - 0.3, tuple((float(i), name) for i, name in enumerate(levels)))
    plot = Plot(x, number_axis(f"{title}, {unit}", errors, (0.0,)), width=700, height=250)
    for place, level in enumerate(levels):
        mine = [(error, name) for error, (name, v) in zip(errors, matches, strict=True) if v.level == level]
        for number, (error, name) in enumerate(mine):
            aside = 0.12 * (number - (len(mine) - 1) / 2)
            plot.dot(place + np.clip(aside, -0.4, 0.4), error, f"{name} {level}: {error:.2f} {unit}")
        mean = float(np.mean([error for error, _ in mine]))
        plot.line((place - 0.35, place + 0.35), (mean, mean), "rule strong")
    return plot.svg(f"{title} by level")


def uncertainty_chart(pool: Pool) -> str:
    """Mean error of keypoints in the sagittal plane over the uncertainty that was reported of them.

    :return: the plot; empty where fewer keypoints than groups have an uncertainty.
    """
    known = ~np.isnan(pool.uncertainty_mm)
    expected, errors = pool.uncertainty_mm[known], pool.sagittal_errors_mm[known]
    if len(expected) < _BINS:
        return ""
    groups = np.array_split(np.argsort(expected, kind="stable"), _BINS)
    points = [(float(expected[group].mean()), float(errors[group].mean())) for group in groups]
    highest = max(max(point) for point in points)
    x = number_axis("reported uncertainty, mm", [0.0, highest])
    y = number_axis("mean error in the sagittal plane, mm", [0.0, highest])
    plot = Plot(x, y)
    plot.line((0, x.high), (0, x.high), "rule")
    plot.line([uncertainty for uncertainty, _ in points], [error for _, error in points])
    for (uncertainty, error), group in zip(points, groups, strict=True):
        plot.dot(uncertainty, error, f"{len(group)} keypoints: {error:.2f} mm for {uncertainty:.2f} mm")
    return plot.svg("Error over uncertainty")


def every_match(evaluation: Evaluation) -> list[tuple[str, MatchedVertebra]]:
    """The name of the case and the vertebra of every find of a reference vertebra."""
    return [(case.name, vertebra) for case in evaluation.cases for vertebra in case.matched]
