"""An evaluation as files: evaluation.json, evaluation.csv and evaluation.html."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from ...core.volume import Volume
from ...files import write_text
from ...io.reference_case import ReferenceCase
from ...report.columns.column import CSV_ENCODING
from ..conclusion import Conclusion
from ..evaluate import Evaluation
from ..false_alarms import count_alarms
from ..metrics import METRICS
from ..results import CaseResult, FalseDetection, MatchedVertebra, MissedVertebra, Pool
from .crops import vertebra_crops
from .page import CROP_COUNT, write_evaluation_page
from .tables import bodies, case_groups

SCHEMA = 3
"""Version of the layout of evaluation.json."""

_PARTS: dict[str, type] = {"matched": MatchedVertebra, "missed": MissedVertebra, "false_finds": FalseDetection}


def write_evaluation(
    folder: Path | str, evaluation: Evaluation, cases: Sequence[ReferenceCase], read: Callable[[Path], Volume]
) -> None:
    """Write evaluation.json (everything, down to each keypoint), evaluation.csv (one row per case, and all) and
    evaluation.html (tables and plots, and the worst vertebrae as pictures).

    :param folder: an existing folder.
    :param evaluation: what to write.
    :param cases: the cases that were evaluated.
    :param read: reads an image file.
    """
    crops = vertebra_crops(evaluation.worst(CROP_COUNT), cases, read)
    write_evaluation_page(Path(folder) / "evaluation.html", evaluation, crops)
    document = json.dumps(evaluation_document(evaluation), indent=1, allow_nan=False)
    write_text(Path(folder) / "evaluation.json", document + "\n")
    write_text(Path(folder) / "evaluation.csv", _csv(evaluation), CSV_ENCODING)


def evaluation_document(evaluation: Evaluation) -> dict[str, Any]:
    """The evaluation as JSON holds it."""
    return {
        "schema": SCHEMA,
        "facts": dict(evaluation.facts),
        "measures": {metric.name: _measure_document(evaluation, metric.name) for metric in METRICS},
        "false_alarms": asdict(count_alarms(evaluation.cases)),
        "cases": [case_document(case) for case in evaluation.cases],
    }


def _measure_document(evaluation: Evaluation, name: str) -> dict[str, Any]:
    metric = next(metric for metric in METRICS if metric.name == name)
    words = {key: getattr(metric, key) for key in ("group", "title", "unit", "meaning")}
    spread = evaluation.spreads.get(name)
    return words | asdict(evaluation.pooled[name]) | ({} if spread is None else {"folds": asdict(spread)})


def case_document(case: CaseResult) -> dict[str, Any]:
    """What came of a case as JSON holds it; :func:`read_case_result` restores it without loss.

    Heights and indices are added for readers of the file.
    """
    parts: dict[str, Any] = {name: [_plain(entry) for entry in getattr(case, name)] for name in _PARTS}
    parts["conclusion"] = None if case.conclusion is None else asdict(case.conclusion)
    return {name: parts.get(name, getattr(case, name)) for name in (field.name for field in fields(CaseResult))}


def _plain(entry: Any) -> dict[str, Any]:
    shown = [field.name for field in fields(entry)]
    shown += [name for name in ("index", "found_index", "heights_mm", "found_heights_mm") if hasattr(entry, name)]
    values = ((name, getattr(entry, name)) for name in shown)
    return {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in values}


def read_case_result(document: Mapping[str, Any]) -> CaseResult:
    """What came of a case, from :func:`case_document`."""
    parts: dict[str, Any] = {
        name: tuple(_restored(kind, entry) for entry in document[name]) for name, kind in _PARTS.items()
    }
    parts["conclusion"] = None if document["conclusion"] is None else Conclusion(**document["conclusion"])
    return CaseResult(**{field.name: document[field.name] for field in fields(CaseResult)} | parts)


def _restored(kind: type, entry: Mapping[str, Any]) -> Any:
    values = ((field.name, entry[field.name]) for field in fields(kind))
    return kind(**{name: np.array(value) if isinstance(value, list) else value for name, value in values})


def _csv(evaluation: Evaluation) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    counts = ("bodies", "missed", "false_finds", "outside_finds", "seconds", "failure")
    names = [metric.name for metric in METRICS if metric.name not in counts]
    writer.writerow(["case", *counts, *names])
    for name, cases in case_groups(evaluation):
        pool = Pool(cases)
        values = [metric.of(pool) for metric in METRICS if metric.name in names]
        writer.writerow(
            [
                name,
                bodies(pool),
                len(pool.missed_indices),
                len(pool.false_indices),
                sum(case.outside_finds for case in cases),
                f"{sum(case.seconds for case in cases):.2f}",
                " | ".join(case.failure for case in cases if case.failure),
                *("" if np.isnan(value) else f"{value:.5g}" for value in values),
            ]
        )
    return buffer.getvalue()
