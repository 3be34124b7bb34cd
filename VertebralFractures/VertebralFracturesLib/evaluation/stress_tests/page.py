"""The stress tests as tables for a terminal, stress-tests.json, and one self-contained page with a figure each."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...core.straightening import StraightenedSlice
from ...files import write_text
from ...report.images import bone_window_png, grey_png
from ...report.text import text_table
from ..false_alarms import called, count_alarms
from ..metrics import METRICS
from ..pages.files import case_document
from ..pages.page import outlined, research_page, typeset
from ..pages.tables import Table, alarm_tables
from ..results import Pool
from .figure import VIEW_MM, Figure, View
from .suite import REAL, SYNTHETIC, StressResult, failures

SCHEMA = 2
"""Version of the layout of stress-tests.json."""

FILES = ("stress-tests.html", "stress-tests.json")

_COLUMNS = {
    "recall": "recall",
    "precision": "precision",
    "centre_error_mm": "centre mm",
    "height_error_mm": "height mm",
    "index_error": "|dG|",
    "level_correctness": "correct levels",
}
_METRICS = {metric.name: metric for metric in METRICS if metric.name in _COLUMNS}
_HEADER = ("condition", "bodies", "found", "false", *_COLUMNS.values(), "s", "verdict", "called", "faults")
_NOTE = (
    "bodies: vertebrae completely in the field of view; found: those detected; false: other detections in the "
    "annotated range; found in part: recall or precision below 0.8; unfit: the condition cannot be applied to this CT; "
    "called: the highest grade reported, with the reference in brackets where it differs; faults: errors that must "
    "never occur"
)


def write_stress_tests(folder: Path, results: Sequence[StressResult], facts: Mapping[str, str]) -> None:
    """Write :data:`FILES`.

    :param folder: an existing folder.
    :param results: what came of the conditions.
    :param facts: what was run, by words for readers.
    """
    write_text(folder / FILES[0], stress_test_page(results, facts))
    document = {
        "schema": SCHEMA,
        "facts": dict(facts),
        "failures": len(list(failures(results))),
        "false_alarms": asdict(count_alarms([one.result for one in results if one.condition.has_spine])),
        "conditions": [_document(result) for result in results],
    }
    write_text(folder / FILES[1], json.dumps(document, indent=1, allow_nan=False) + "\n")


def stress_test_text(results: Sequence[StressResult]) -> str:
    """The tables for a terminal, and what failed."""
    parts = [f"{table.title}\n{text_table(table.header, table.rows)}" for table in stress_test_tables(results)]
    failed = [f"  {_title(one)}: {'; '.join((one.verdict, *one.faults))}, {_words(one)}" for one in failures(results)]
    parts.append("Failures\n" + "\n".join(failed) if failed else f"No failure in {len(results)} cases")
    return "\n\n".join(parts) + "\n"


def stress_test_tables(results: Sequence[StressResult]) -> list[Table]:
    """One row a condition, synthetic and real apart, and apart from them what has no spine."""
    tables = []
    for source, words in ((SYNTHETIC, "Synthetic patients"), (REAL, "Modified real CTs")):
        with_spine = [one for one in results if one.source == source and one.condition.has_spine]
        without = [one for one in results if one.source == source and not one.condition.has_spine]
        if with_spine:
            tables.append(Table(words, _HEADER, tuple(_rows(with_spine)), _NOTE))
            alarms = alarm_tables([one.result for one in with_spine])
            tables += [replace(table, title=f"{words}: {table.title.lower()}") for table in alarms]
        if without:
            rows = tuple(
                (_title(one), str(one.result.outside_finds), one.verdict, _words(one).split(";")[0]) for one in without
            )
            tables.append(
                Table(f"{words}: not to be accepted", ("condition", "detections", "verdict", "message"), rows)
            )
    return tables


def _rows(results: Sequence[StressResult]) -> Iterator[tuple[str, ...]]:
    """A row for each condition, below it one for each real case, and last all together."""
    names = dict.fromkeys((one.condition.group, one.condition.name) for one in results)
    for name in names:
        those = [one for one in results if (one.condition.group, one.condition.name) == name]
        yield _row(": ".join(name), those)
        if those[0].patient:
            yield from (_row(f"  {one.patient}", [one]) for one in those)
    yield _row("all", results)


def _row(name: str, results: Sequence[StressResult]) -> tuple[str, ...]:
    pool = Pool([one.result for one in results])
    values = [_METRICS[key].of(pool) for key in _COLUMNS]
    shown = [
        "-" if np.isnan(value) else f"{value:.{_METRICS[key].decimals}f}"
        for key, value in zip(_COLUMNS, values, strict=True)
    ]
    verdicts = [one.verdict for one in results]
    counted = ", ".join(
        f"{verdicts.count(word)} {word}" if len(results) > 1 else word for word in dict.fromkeys(verdicts)
    )
    seconds = np.mean([one.result.seconds for one in results])
    counts = (sum(one.bodies for one in results), len(pool.indices), len(pool.false_indices))
    faults = [fault for one in results for fault in one.faults]
    patient = (called(results[0].result), "; ".join(faults)) if len(results) == 1 else ("", _counted(len(faults)))
    return (name, *map(str, counts), *shown, f"{seconds:.1f}", counted, *patient)


def _counted(faults: int) -> str:
    return f"{faults} in all" if faults else ""


def _title(result: StressResult) -> str:
    return f"{result.condition.group}: {result.condition.name}" + (f", {result.patient}" if result.patient else "")


def _words(result: StressResult) -> str:
    return result.result.failure or "; ".join(result.warnings) or "no warning"


def _document(result: StressResult) -> dict[str, object]:
    pool = Pool([result.result])
    measures = {name: metric.of(pool) for name, metric in _METRICS.items()}
    return {
        "group": result.condition.group,
        "name": result.condition.name,
        "source": result.source,
        "patient": result.patient or None,
        "has_spine": result.condition.has_spine,
        "verdict": result.verdict,
        "faults": list(result.faults),
        "bodies": result.bodies,
        "measures": {name: None if np.isnan(value) else value for name, value in measures.items()},
        "warnings": list(result.warnings),
        "result": case_document(result.result),
    }


def stress_test_page(results: Sequence[StressResult], facts: Mapping[str, str]) -> str:
    """The page as HTML text.

    :param results: what came of the conditions.
    :param facts: what was run, by words for readers.
    """
    galleries = []
    for source, words in ((SYNTHETIC, "synthetic patient"), (REAL, "modified real CT")):
        for group in dict.fromkeys(one.condition.group for one in results):
            shown = [one for one in results if one.source == source and one.condition.group == group]
            if shown:
                galleries.append(
                    {"title": f"{group.capitalize()}: {words}", "figures": [_figure(one) for one in shown]}
                )
    counts = {"cases": str(len(results)), "failures": str(len(list(failures(results))))}
    tables = [typeset(table) for table in stress_test_tables(results)]
    return research_page("stress_tests.html", "Stress tests", {**facts, **counts}, tables=tables, galleries=galleries)


def _figure(result: StressResult) -> dict[str, Any]:
    """The views of a case and its caption."""
    pool = Pool([result.result])
    heights = _METRICS["height_error_mm"].of(pool)
    numbers = f"{len(pool.indices)} of {result.bodies} bodies" if result.condition.has_spine else ""
    numbers += "" if np.isnan(heights) else f", heights {heights:.2f} mm"
    return {
        "failed": any(failures([result])),
        "views": [] if result.picture is None else _views(result.picture),
        "name": result.condition.name,
        "patient": result.patient,
        "verdict": result.verdict,
        "numbers": numbers,
        "words": "; ".join((*result.faults, _words(result))),
    }


def _views(picture: Figure) -> list[dict[str, Any]]:
    views = [_view(picture.frontal), _view(picture.lateral)]
    return views if picture.straightened is None else [*views, _slice(picture, picture.straightened)]


def _view(view: View) -> dict[str, Any]:
    rows, columns = view.image.shape
    return {
        "box": (-0.5, -0.5, columns, rows),
        "width_pixels": columns * VIEW_MM * _VIEW_SCALE,
        "png": grey_png(view.image),
        "curves": (("reference", view.reference), ("found", view.found)),
        "bodies": (),
    }


def _slice(picture: Figure, straight: StraightenedSlice) -> dict[str, Any]:
    height, width = np.array(straight.image.shape) * straight.pixel_mm
    half = straight.pixel_mm / 2
    return {
        "box": (-half, -half, width, height),
        "width_pixels": width * _SLICE_SCALE,
        "png": bone_window_png(straight.image),
        "curves": (),
        "bodies": [
            outlined(kind, points)
            for kind, bodies in (("reference", picture.reference_mm), ("found", picture.found_mm))
            for points in bodies
        ],
    }


_VIEW_SCALE, _SLICE_SCALE = 0.55, 0.75  # pixels of the screen per mm
