"""An evaluation as text for a terminal, as JSON and as CSV."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ..core.report_table import CSV_ENCODING
from ..core.text_files import write_text
from .evaluate import Evaluation
from .metrics import METRICS, CaseResult, MatchedVertebra, Pool

_TABLE = {
    "recall": "recall",
    "precision": "precision",
    "centre_error_mm": "centre mm",
    "keypoint_error_mm": "point mm",
    "height_error_mm": "height mm",
    "index_error": "|dG|",
    "level_correctness": "levels",
}
"""Measures in the table of cases and their headings there."""


def evaluation_text(evaluation: Evaluation) -> str:
    """The evaluation as text for a terminal: a table of cases, all measures, failures and the worst vertebrae."""
    parts = [_case_table(evaluation), _measure_table(evaluation)]
    failures = [f"  {case.name}: {case.failure}" for case in evaluation.cases if case.failure]
    if failures:
        parts.append("Without a result\n" + "\n".join(failures))
    missed = [f"  {case.name}: {', '.join(v.level for v in case.missed)}" for case in evaluation.cases if case.missed]
    if missed:
        parts.append("Missed\n" + "\n".join(missed))
    worst = [
        f"  {name} {v.level}: height off by {v.height_error_mm:.1f} mm, G {v.found_index:.2f} for {v.index:.2f}"
        for name, v in evaluation.worst()
    ]
    if worst:
        parts.append("Greatest height errors\n" + "\n".join(worst))
    return "\n\n".join(parts) + "\n"


def _case_table(evaluation: Evaluation) -> str:
    metrics = [metric for metric in METRICS if metric.name in _TABLE]
    heads = ["case", "bodies", "false", "outside", "s", *(_TABLE[m.name] for m in metrics)]
    lines = [heads]
    for name, cases in _groups(evaluation):
        pool = Pool(cases)
        counts = [len(pool.matched) + len(pool.missed), pool.false_finds, sum(case.outside_finds for case in cases)]
        seconds = f"{sum(case.seconds for case in cases):.1f}"
        values = [_number(metric.of(pool), metric.decimals) for metric in metrics]
        lines.append([name, *map(str, counts), seconds, *values])
    return _aligned(lines)


def _groups(evaluation: Evaluation) -> list[tuple[str, list[CaseResult]]]:
    """Each case alone, then all together."""
    return [*((case.name, [case]) for case in evaluation.cases), ("all", list(evaluation.cases))]


def _measure_table(evaluation: Evaluation) -> str:
    lines = [["measure", "unit", "value", "95 % interval"]]
    for metric in METRICS:
        found = evaluation.pooled[metric.name]
        if found.value is not None:
            interval = (
                "" if found.low is None else f"{found.low:.{metric.decimals}f} - {found.high:.{metric.decimals}f}"
            )
            unit = "" if metric.unit == "1" else metric.unit
            lines.append([metric.title, unit, _number(found.value, metric.decimals), interval])
    return _aligned(lines)


def _number(value: float, decimals: int) -> str:
    return "-" if np.isnan(value) else f"{value:.{decimals}f}"


def _aligned(lines: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell, the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rows = [
        [cell.rjust(w) if i else cell.ljust(w) for i, (cell, w) in enumerate(zip(line, widths, strict=True))]
        for line in lines
    ]
    return "\n".join("  ".join(row).rstrip() for row in rows)


def write_evaluation(folder: Path | str, evaluation: Evaluation) -> None:
    """Write evaluation.json (everything, down to each vertebra) and evaluation.csv (one row per case, and all).

    :param folder: an existing folder.
    :param evaluation: what to write.
    """
    write_text(Path(folder) / "evaluation.json", json.dumps(_document(evaluation), indent=1, allow_nan=False) + "\n")
    write_text(Path(folder) / "evaluation.csv", _csv(evaluation), CSV_ENCODING)


def _document(evaluation: Evaluation) -> dict[str, Any]:
    return {
        "schema": 1,
        "measures": {
            metric.name: {"title": metric.title, "unit": metric.unit, **asdict(evaluation.pooled[metric.name])}
            for metric in METRICS
        },
        "cases": [
            {
                "name": case.name,
                "failure": case.failure,
                "seconds": case.seconds,
                "false_finds": case.false_finds,
                "outside_finds": case.outside_finds,
                "missed": [asdict(vertebra) for vertebra in case.missed],
                "matched": [_matched_document(vertebra) for vertebra in case.matched],
            }
            for case in evaluation.cases
        ],
    }


def _matched_document(vertebra: MatchedVertebra) -> dict[str, Any]:
    fields = {
        name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in vars(vertebra).items()
    }
    return fields | {"index": vertebra.index, "found_index": vertebra.found_index}


def _csv(evaluation: Evaluation) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    counts = ("bodies", "missed", "false_finds", "outside_finds", "seconds", "failure")
    writer.writerow(["case", *counts, *(metric.name for metric in METRICS)])
    for name, cases in _groups(evaluation):
        pool = Pool(cases)
        values = [metric.of(pool) for metric in METRICS]
        writer.writerow(
            [
                name,
                len(pool.matched) + len(pool.missed),
                len(pool.missed),
                pool.false_finds,
                sum(case.outside_finds for case in cases),
                f"{sum(case.seconds for case in cases):.2f}",
                " | ".join(case.failure for case in cases if case.failure),
                *("" if np.isnan(value) else f"{value:.5g}" for value in values),
            ]
        )
    return buffer.getvalue()
