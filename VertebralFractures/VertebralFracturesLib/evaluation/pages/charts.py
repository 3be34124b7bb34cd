"""The plots of an evaluation: ROC curves, limits of agreement, errors by level, and how true the uncertainty is.

matplotlib draws them; they come as SVG that a page holds, in which points say under the mouse what they are.
"""

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core.levels import ALL_LEVEL_NAMES
from ...core.statistics import bland_altman
from ..classification import Answers, Task, answers, area_under_roc, roc_curve, sensitivity, specificity
from ..evaluate import Evaluation
from ..results import MatchedVertebra, Pool

ROC_COLORS = ("#1f5f8b", "#009e73", "#d2691e", "#a04080")
"""Colors of the ROC curves, in the order of the tasks."""

_BINS = 6
"""Groups of keypoints, of equal size and by uncertainty, in the plot of the uncertainty."""

_NO_DIFFERENCE = 1e-9
"""Differences below this, in millimetres or of G, are those of rounding."""

_ACCENT, _WARM, _RULE, _SOFT, _INK = "#1f5f8b", "#d2691e", "#7b8794", "#5b6875", "#1c2733"
_SVG = "http://www.w3.org/2000/svg"
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "VertebralFractures",
    "font.family": "sans-serif",
    "font.size": 10.5,
    "text.parse_math": False,
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": "#9aa5b1",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#edf0f3",
    "xtick.color": _SOFT,
    "ytick.color": _SOFT,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
}
"""Text stays text, the same data make the same file, and no text is taken for a formula."""

_DOT: dict[str, Any] = {"color": _ACCENT, "alpha": 0.6, "markersize": 6.0, "markeredgewidth": 0.0, "clip_on": False}
_LINE: dict[str, Any] = {"color": _ACCENT, "linewidth": 1.8, "clip_on": False}

ET.register_namespace("", _SVG)
ET.register_namespace("xlink", "http://www.w3.org/1999/xlink")


class Plot:
    """Axes to draw on, and their SVG.

    :param x_title: what the x axis shows, with its unit.
    :param y_title: what the y axis shows, with its unit.
    :param width: of the whole plot in points.
    :param height: of the whole plot.
    """

    def __init__(self, x_title: str, y_title: str, width: float = 340.0, height: float = 270.0) -> None:
        import matplotlib
        from matplotlib.figure import Figure
        from matplotlib.ticker import MaxNLocator

        with matplotlib.rc_context(_STYLE):
            self._figure = Figure(figsize=(width / 72, height / 72), layout="constrained")
            self.axes = self._figure.add_subplot(xlabel=x_title, ylabel=y_title)
        for axis in (self.axes.xaxis, self.axes.yaxis):
            axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
        self._hints: dict[str, str] = {}

    def dot(self, x: float, y: float, hint: str, **style: Any) -> None:
        """Draw a point; the hint shows under the mouse."""
        name = f"dot-{len(self._hints)}"
        self._hints[name] = hint
        self.axes.plot([x], [y], "o", gid=name, **(_DOT | style))

    def line(self, x: ArrayLike, y: ArrayLike, name: str = "", **style: Any) -> None:
        """Draw a line through points.

        :param name: id of its element in the SVG.
        """
        self.axes.plot(x, y, gid=name or None, **(_LINE | style))

    def diagonal(self, end: float) -> None:
        """Draw where y is x, from 0 on."""
        self.line((0, end), (0, end), "diagonal", color=_RULE, linewidth=1.0, linestyle=(0, (4, 3)))

    def rule(self, y: float, words: str, is_strong: bool = False) -> None:
        """Draw a level across the plot, with words above its right end."""
        style = {"color": _WARM, "linewidth": 1.6} if is_strong else {"color": _RULE, "linestyle": (0, (4, 3))}
        self.axes.axhline(y, **style)
        position: dict[str, Any] = {"xy": (1, y), "xycoords": self.axes.get_yaxis_transform(), "xytext": (-2, 3)}
        self.axes.annotate(words, **position, textcoords="offset points", ha="right", color=_INK)

    def svg(self, label: str) -> str:
        """The plot as SVG.

        :param label: what it shows, for those who cannot see it.
        """
        import matplotlib

        buffer = io.StringIO()
        with matplotlib.rc_context(_STYLE):
            self._figure.savefig(buffer, format="svg", transparent=True)
        root = ET.fromstring(buffer.getvalue())
        for part in ("metadata", "defs"):
            for found in root.findall(f"{{{_SVG}}}{part}"):
                if part == "metadata" or found.find(f"{{{_SVG}}}style") is not None:
                    root.remove(found)
        for size in ("width", "height", "version"):
            root.attrib.pop(size, None)
        root.attrib.update({"class": "plot", "role": "img", "aria-label": label})
        for element in root.iter():
            if element.get("id") in self._hints:
                title = ET.Element(f"{{{_SVG}}}title")
                title.text = self._hints[element.attrib["id"]]
                element.insert(0, title)
        return _without_unused_names(ET.tostring(root, encoding="unicode"))


def _without_unused_names(svg: str) -> str:
    """Drop the ids that nothing refers to, which plots on one page would share; the rest are named by their content."""
    used = set(re.findall(r"#([\w-]+)[\")]", svg))
    return re.sub(r' id="([\w.-]+)"', lambda found: found[0] if found[1] in used else f' data-name="{found[1]}"', svg)


def roc_chart(pool: Pool, tasks: Sequence[Task]) -> tuple[str, list[str]]:
    """ROC curves, each with a dot where G is cut off as in the reference.

    :param pool: all cases.
    :param tasks: of one unit.
    :return: the plot, empty if no task has both classes, and one line of words per task.
    """
    plot = Plot("1 - specificity", "sensitivity", height=320)
    plot.axes.set(xlim=(0, 1), ylim=(0, 1), xticks=np.linspace(0, 1, 5), yticks=np.linspace(0, 1, 5))
    plot.diagonal(1.0)
    words = []
    drawn = 0
    for task, color in zip(tasks, ROC_COLORS, strict=False):
        given = answers(pool, task)
        if not given.positives or not given.negatives:
            words.append(f"G ≤ {task.cutoff:.2f}: no {'negatives' if given.positives else 'positives'}")
            continue
        _draw_roc(plot, given, color)
        words.append(
            f"G ≤ {task.cutoff:.2f}: area {area_under_roc(given):.3f} ({given.positives} of {len(given.index)})"
        )
        drawn += 1
    return (plot.svg("ROC curves") if drawn else ""), words


def _draw_roc(plot: Plot, given: Answers, color: str) -> None:
    plot.line(*roc_curve(given.is_positive, -given.index), f"roc-{given.cutoff:.2f}", color=color)
    hint = f"G <= {given.cutoff:.2f}: sensitivity {sensitivity(given):.2f}, specificity {specificity(given):.2f}"
    mark = {"alpha": 1.0, "markersize": 9.0, "markerfacecolor": "white", "markeredgewidth": 2.0}
    plot.dot(1 - specificity(given), sensitivity(given), hint, color=color, **mark)


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
    plot = Plot(f"{title}, mean of both{ending}", f"measured - reference{ending}")
    for mean, difference, hint in zip(means, differences, hints, strict=True):
        plot.dot(mean, difference, hint)
    decimals = 2 if unit else 3
    plot.rule(agreement.bias, f"{agreement.bias:+.{decimals}f}", is_strong=True)
    if np.isfinite(agreement.half_width):
        plot.rule(upper, f"{upper:+.{decimals}f}")
        plot.rule(lower, f"{lower:+.{decimals}f}")
    plot.axes.update_datalim([(means[0], 0.0)])
    plot.axes.autoscale_view()
    if max(np.abs(differences)) < _NO_DIFFERENCE:
        plot.axes.set_ylim(-0.5, 0.5)
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
    plot = Plot("level", f"{title}, {unit}", width=700, height=250)
    plot.axes.set_xticks(range(len(levels)), levels)
    plot.axes.set_xlim(-0.7, len(levels) - 0.3)
    for column, level in enumerate(levels):
        mine = [(error, name) for error, (name, v) in zip(errors, matches, strict=True) if v.level == level]
        for number, (error, name) in enumerate(mine):
            aside = 0.12 * (number - (len(mine) - 1) / 2)
            plot.dot(column + float(np.clip(aside, -0.4, 0.4)), error, f"{name} {level}: {error:.2f} {unit}")
        mean = float(np.mean([error for error, _ in mine]))
        plot.line((column - 0.35, column + 0.35), (mean, mean), color=_WARM, linewidth=1.6)
    plot.axes.set_ylim(bottom=0)
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
    plot = Plot("reported uncertainty, mm", "mean error in the sagittal plane, mm")
    plot.diagonal(max(max(point) for point in points))
    plot.line([uncertainty for uncertainty, _ in points], [error for _, error in points])
    for (uncertainty, error), group in zip(points, groups, strict=True):
        plot.dot(uncertainty, error, f"{len(group)} keypoints: {error:.2f} mm for {uncertainty:.2f} mm")
    plot.axes.set(xlim=(0, None), ylim=(0, None))
    return plot.svg("Error over uncertainty")


def every_match(evaluation: Evaluation) -> list[tuple[str, MatchedVertebra]]:
    """The name of the case and the vertebra of every find of a reference vertebra."""
    return [(case.name, vertebra) for case in evaluation.cases for vertebra in case.matched]
