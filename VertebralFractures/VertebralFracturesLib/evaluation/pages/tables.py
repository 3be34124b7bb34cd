"""The tables of an evaluation: made once, and shown alike in a terminal and on the page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ...core.heights.genant import GRADE_NAMES, PLAIN_PRESETS, Preset
from ...report.text import text_table
from ..bootstrap import Estimate
from ..classification import STATED_SPECIFICITY, TASKS, Task, answers
from ..evaluate import Evaluation
from ..false_alarms import FRACTURED_INDEX, TRUTHS, AlarmCounts, count_alarms
from ..metrics import HEIGHT_NAMES, METRICS, Metric, grade_table
from ..published import PISOV_EXPERTS, PISOV_METHOD, with_spread
from ..results import CaseResult, Pool

NO_VALUE = "-"

_CASE_COLUMNS = {
    "recall": "recall",
    "precision": "precision",
    "centre_error_mm": "centre mm",
    "keypoint_error_mm": "point mm",
    "height_error_mm": "height mm",
    "index_error": "|dG|",
    "level_correctness": "levels",
}
"""Measures in the table of cases and their headings there."""

_TITLES = {
    "localisation": "Localisation",
    "detection": "Detection",
    "measurement": "Keypoints, heights and G",
    "levels": "Levels",
    "uncertainty": "Uncertainty of keypoints, heights and G",
    "cases": "Cases",
}
_CLASSIFICATION = ("area_under_curve", "sensitivity", "specificity", "sensitivity_at_97")


@dataclass(frozen=True)
class Table:
    """A table of text.

    :param title: heading.
    :param header: (columns,) headings.
    :param rows: cells (columns,) of each row; the first is the row's name.
    :param note: what has to be known to read it.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def evaluation_text(evaluation: Evaluation) -> str:
    """The evaluation as text for a terminal: all tables, failures and the worst vertebrae."""
    parts = [f"{table.title}\n{text_table(table.header, table.rows)}" for table in all_tables(evaluation)]
    failures = [f"  {case.name}: {case.failure}" for case in evaluation.cases if case.failure]
    if failures:
        parts.append("Without a result\n" + "\n".join(failures))
    missed = [f"  {name}: {levels}" for name, levels in missed_levels(evaluation)]
    if missed:
        parts.append("Missed\n" + "\n".join(missed))
    worst = [
        f"  {name} {v.level}: height error {v.height_error_mm:.1f} mm, G {v.found_index:.2f} (reference {v.index:.2f})"
        for name, v in evaluation.worst()
    ]
    if worst:
        parts.append("Greatest height errors\n" + "\n".join(worst))
    return "\n\n".join(parts) + "\n"


def all_tables(evaluation: Evaluation) -> list[Table]:
    """Every table, in the order of reading."""
    by_group = {group: measure_table(evaluation, group) for group in _TITLES}
    return [
        case_table(evaluation),
        *alarm_tables(evaluation.cases),
        by_group["localisation"],
        by_group["detection"],
        classification_table(evaluation),
        by_group["measurement"],
        agreement_table(evaluation),
        *(grades_table(evaluation, preset) for preset in PLAIN_PRESETS.values()),
        by_group["levels"],
        by_group["uncertainty"],
        by_group["cases"],
    ]


def alarm_tables(cases: Sequence[CaseResult]) -> tuple[Table, Table]:
    """How patients were called, and how far grades, levels and stars can be trusted."""
    counts = count_alarms(cases)
    rows = tuple(
        (truth, str(sum(called) + unanswered), *map(str, called), str(unanswered))
        for truth, called, unanswered in zip(TRUTHS, counts.called, counts.unanswered, strict=True)
        if sum(called) + unanswered
    )
    note = (
        "by the highest grade of a graded level; not stated: the reference does not state which vertebrae are "
        "fractured, and one is reduced in height"
    )
    patients = Table("Patients", ("by the reference", "patients", *GRADE_NAMES, "no grade"), rows, note)
    shares = tuple((name, f"{part} of {whole}", _share(part, whole)) for name, part, whole in _alarm_shares(counts))
    found = (
        ("sacral segments reported as vertebrae", str(counts.sacral), ""),
        ("C1 or C2 reported as vertebrae", str(counts.upper_cervical), ""),
    )
    return patients, Table("Conclusions", ("all patients together", "count", "share"), shares + found)


def _alarm_shares(counts: AlarmCounts) -> Iterator[tuple[str, int, int]]:
    """Name, part and whole of each share."""
    healthy = counts.called[0]
    yield "patients without a fracture, reported with a moderate or severe one", sum(healthy[2:]), sum(healthy)
    yield "patients without a fracture, reported with a mild one", healthy[1], sum(healthy)
    yield "levels shown as certain that are correct", counts.levels_unmarked_right, counts.levels_unmarked
    yield "levels shown as uncertain", counts.levels_marked, counts.levels_marked + counts.levels_unmarked
    yield "borderline vertebrae", counts.starred, counts.graded
    yield (
        f"fractured, G <= {FRACTURED_INDEX:.2f}: reported as moderate or severe",
        counts.fractured_found,
        counts.fractured,
    )
    yield "of these, those at graded levels (T1 to L5)", counts.gradable_found, counts.gradable
    yield "other vertebrae: not reported as moderate or severe", counts.sound_right, counts.sound


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else NO_VALUE


def missed_levels(evaluation: Evaluation) -> Iterator[tuple[str, str]]:
    """Name of each case with missed vertebrae, and their levels."""
    for case in evaluation.cases:
        if case.missed:
            yield case.name, ", ".join(vertebra.level or "?" for vertebra in case.missed)


def case_table(evaluation: Evaluation) -> Table:
    """One row per case, and all."""
    metrics = [metric for metric in METRICS if metric.name in _CASE_COLUMNS]
    rows = []
    for name, cases in case_groups(evaluation):
        pool = Pool(cases)
        counts = [bodies(pool), len(pool.false_indices), sum(case.outside_finds for case in cases)]
        seconds = f"{sum(case.seconds for case in cases):.1f}"
        values = [_number(metric.of(pool), metric.decimals) for metric in metrics]
        rows.append((name, *map(str, counts), seconds, *values))
    header = ("case", "bodies", "false", "outside", "s", *(_CASE_COLUMNS[metric.name] for metric in metrics))
    return Table(
        "Individual cases", header, tuple(rows), "outside: detections outside the annotated range, which do not count"
    )


def case_groups(evaluation: Evaluation) -> list[tuple[str, Sequence[CaseResult]]]:
    """Each case alone, then all together."""
    return [*((case.name, [case]) for case in evaluation.cases), ("all", evaluation.cases)]


def bodies(pool: Pool) -> int:
    """How many vertebrae the reference has."""
    return len(pool.indices) + len(pool.missed_indices)


def measure_table(evaluation: Evaluation, group: str) -> Table:
    """The measures of a group, with what Pisov 2020 reports where it does."""
    metrics = [metric for metric in METRICS if metric.group == group]
    published = any(metric.name in PISOV_METHOD for metric in metrics)
    header = ["measure", "value", "SE", "95 % interval"]
    header += ["folds mean (SD)"] if evaluation.spreads else []
    header += ["Pisov 2020", "its inter-reader agreement"] if published else []
    rows = []
    for metric in metrics:
        row = [titled(metric), *_estimate(evaluation.pooled[metric.name], metric)]
        row += [_spread(evaluation, metric)] if evaluation.spreads else []
        row += [with_spread(source.get(metric.name)) for source in (PISOV_METHOD, PISOV_EXPERTS)] if published else []
        rows.append(tuple(row))
    note = "SE and interval: bootstrap over patients" + ("; Pisov 2020: 100 other CTs (SD)" if published else "")
    return Table(_TITLES[group], tuple(header), tuple(rows), note)


def classification_table(evaluation: Evaluation) -> Table:
    """Every task with its classes and measures, and below it what Pisov 2020 reports."""
    pool = Pool(evaluation.cases)
    rows = [row for task in TASKS for row in _task_rows(evaluation, pool, task)]
    spread = "mean (SD) over folds" if evaluation.spreads else "value (SE of the bootstrap over patients)"
    note = (
        f"{spread}; flagged at the same cut-off of the measured G; last column: sensitivity at the cut-off where "
        f"specificity is {STATED_SPECIFICITY:.2f}; Pisov 2020: 100 other CTs, SD over folds"
    )
    names = ("AUC", "sensitivity", "specificity", f"at {STATED_SPECIFICITY:.2f}")
    header = ("at or below the cut-off", "positive", "negative", *names)
    return Table("Classification", header, tuple(rows), note)


def _task_rows(evaluation: Evaluation, pool: Pool, task: Task) -> Iterator[tuple[str, ...]]:
    given = answers(pool, task)
    metrics = {metric.name: metric for metric in METRICS}
    names = [f"{measure}_{task.key}" for measure in _CLASSIFICATION]
    is_one_class = not given.positives or not given.negatives
    empty = [is_one_class, not given.positives, not given.negatives, is_one_class]
    why = "no positives" if not given.positives else "no negatives"
    cells = [
        why if is_empty else _value_and_spread(evaluation, metrics[name])
        for name, is_empty in zip(names, empty, strict=True)
    ]
    yield task.title, str(given.positives), str(given.negatives), *cells
    for source, figures in (("Pisov 2020", PISOV_METHOD), ("its inter-reader agreement", PISOV_EXPERTS)):
        if any(name in figures for name in names):
            yield f"  {source}", "", "", *(with_spread(figures.get(name)) for name in names)


def agreement_table(evaluation: Evaluation) -> Table:
    """Mean absolute error, bias and limits of agreement of the three heights and of G."""
    metrics = {metric.name: metric for metric in METRICS}
    rows = []
    heights = ((f"{name} height, mm", f"height_{name}", "_mm") for name in HEIGHT_NAMES)
    for title, key, unit in (*heights, ("G", "index", "")):
        error, bias, width = (metrics[f"{key}_{ending}{unit}"] for ending in ("error", "bias", "half_width"))
        limits = _limits(evaluation.pooled[bias.name].value, evaluation.pooled[width.name].value, bias)
        rows.append(
            (title, *(value_and_error(evaluation.pooled[metric.name], metric) for metric in (error, bias)), limits)
        )
    header = ("measured - reference", "mean absolute", "bias", "limits")
    note = "value (SE of the bootstrap over patients); limits of agreement: bias ± 1.96 SD"
    return Table("Agreement", header, tuple(rows), note)


def _limits(bias: float | None, half_width: float | None, metric: Metric) -> str:
    if bias is None or half_width is None:
        return NO_VALUE
    return f"{bias - half_width:+.{metric.decimals}f} to {bias + half_width:+.{metric.decimals}f}"


def grades_table(evaluation: Evaluation, preset: Preset) -> Table:
    """How the grades by the reference were measured."""
    counts = grade_table(Pool(evaluation.cases), preset)
    rows = tuple((name, *map(str, row)) for name, row in zip(GRADE_NAMES, counts, strict=True))
    return Table(f"Grades, {preset.title}", ("reference \\ measured", *GRADE_NAMES), rows, "detected vertebrae only")


def titled(metric: Metric) -> str:
    """Name of a measure with its unit."""
    return metric.title if metric.unit == "1" else f"{metric.title}, {metric.unit}"


def _value_and_spread(evaluation: Evaluation, metric: Metric) -> str:
    return (
        _spread(evaluation, metric) if evaluation.spreads else value_and_error(evaluation.pooled[metric.name], metric)
    )


def value_and_error(found: Estimate, metric: Metric) -> str:
    """A measure with its standard error in brackets, where it has one."""
    value = decimal(found.value, metric)
    return value if found.error is None else f"{value} ({decimal(found.error, metric)})"


def _estimate(found: Estimate, metric: Metric) -> tuple[str, str, str]:
    """Value, standard error and interval."""
    interval = "" if found.low is None else f"{decimal(found.low, metric)} - {decimal(found.high, metric)}"
    return decimal(found.value, metric), "" if found.error is None else decimal(found.error, metric), interval


def _spread(evaluation: Evaluation, metric: Metric) -> str:
    spread = evaluation.spreads.get(metric.name)
    if spread is None:
        return NO_VALUE
    return decimal(spread.mean, metric) + ("" if spread.sd is None else f" ({decimal(spread.sd, metric)})")


def decimal(value: float | None, metric: Metric) -> str:
    """A value with the decimals of its measure."""
    return NO_VALUE if value is None else _number(value, metric.decimals)


def _number(value: float, decimals: int) -> str:
    """A number with decimals, without the sign of a negative zero."""
    return NO_VALUE if np.isnan(value) else f"{round(value, decimals) + 0.0:.{decimals}f}"
