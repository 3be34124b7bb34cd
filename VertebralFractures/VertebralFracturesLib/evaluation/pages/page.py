"""An evaluation as one self-contained page: the tables of the terminal, plots, and the worst vertebrae as pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ...core.keypoints import OUTLINE
from ...files import write_text
from ...report.images import bone_window_png
from ...report.rendering import render
from ..classification import TASKS
from ..evaluate import Evaluation
from ..metrics import HEIGHT_NAMES, METRICS
from ..results import Pool
from .charts import ROC_COLORS, bland_altman_chart, every_match, level_chart, roc_chart, uncertainty_chart
from .crops import SIZE_MM, Crop
from .tables import Table, all_tables, bodies, missed_levels

CROP_COUNT = 8
"""How many of the worst vertebrae are shown."""

_TEMPLATES = Path(__file__).parent / "templates"

_CARDS = {
    "recall": "recall",
    "precision": "precision",
    "centre_error_mm": "centre error",
    "height_error_mm": "height error",
    "index_error": "mean |dG|",
    "level_correctness": "correct levels",
}
"""Measures at the head of the page."""


def write_evaluation_page(path: Path | str, evaluation: Evaluation, crops: Sequence[Crop] = ()) -> None:
    """Write the page.

    :param path: the file, usually ``evaluation.html``.
    :param evaluation: what to show.
    :param crops: pictures of vertebrae, the worst first.
    """
    write_text(Path(path), evaluation_page(evaluation, crops))


def evaluation_page(evaluation: Evaluation, crops: Sequence[Crop] = ()) -> str:
    """The page as HTML text.

    :param evaluation: what to show.
    :param crops: pictures of vertebrae, the worst first.
    """
    pool = Pool(evaluation.cases)
    (
        cases,
        patients,
        conclusions,
        localisation,
        detection,
        classification,
        measures,
        agreement,
        *grades,
        levels,
        uncertainty,
        rest,
    ) = map(typeset, all_tables(evaluation))
    return research_page(
        "evaluation.html",
        "Evaluation",
        {**evaluation.facts, "patients": str(len(evaluation.cases)), "vertebrae": str(bodies(pool))},
        cards=_cards(evaluation),
        patients=patients,
        conclusions=conclusions,
        localisation=localisation,
        detection=detection,
        classification=classification,
        roc=_roc_charts(pool),
        measures=measures,
        agreement=agreement,
        agreement_charts=_agreement_charts(evaluation, pool) if pool.indices.size else [],
        grades=grades,
        levels=levels,
        rest=rest,
        uncertainty=uncertainty,
        uncertainty_chart=uncertainty_chart(pool),
        level_charts=_level_charts(evaluation),
        crops=[_crop(crop) for crop in crops],
        cases=cases,
        failures=[f"{case.name}: {case.failure}" for case in evaluation.cases if case.failure],
        missed=[f"{name}: {levels}" for name, levels in missed_levels(evaluation)],
        metrics=[(typeset_text(metric.title), typeset_text(metric.meaning)) for metric in METRICS],
    )


def tables_page(
    title: str, facts: Mapping[str, str], rows: Sequence[Sequence[Table]], words: tuple[str, str] | None = None
) -> str:
    """A page of tables as HTML text.

    :param title: its heading.
    :param facts: what it is about.
    :param rows: the tables that stand side by side in each row.
    :param words: heading and text of what has to be read first.
    """
    return research_page(
        "table_rows.html", title, facts, rows=[[typeset(table) for table in row] for row in rows], words=words
    )


def research_page(template: str, title: str, facts: Mapping[str, str], **values: Any) -> str:
    """A page of research as HTML text.

    :param template: file name of a template of this package.
    :param title: its heading.
    :param facts: what it is about.
    :param values: what else the template shows.
    """
    return render(template, folder=_TEMPLATES, title=title, facts=facts, **values)


def typeset(table: Table) -> Table:
    """A table with the signs of a page."""
    rows = tuple(tuple(map(typeset_text, row)) for row in table.rows)
    return replace(table, title=typeset_text(table.title), rows=rows)


def typeset_text(text: str) -> str:
    """Signs of a terminal as those of a page."""
    return "–" if text == "-" else text.replace("<=", "≤").replace(" - ", " – ")


def _cards(evaluation: Evaluation) -> list[tuple[str, str, str]]:
    """Value, name and interval of the measures at the head of the page."""
    cards = []
    for metric in METRICS:
        found = evaluation.pooled[metric.name]
        if metric.name in _CARDS and found.value is not None:
            unit = "" if metric.unit == "1" else f" {metric.unit}"
            low, high = (None if end is None else f"{end:.{metric.decimals}f}" for end in (found.low, found.high))
            interval = "" if low is None else f"95 % interval {low} – {high}"
            cards.append((f"{found.value:.{metric.decimals}f}{unit}", _CARDS[metric.name], interval))
    return cards


def _roc_charts(pool: Pool) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Heading, plot, and color and words of each curve, of vertebrae and of patients."""
    figures = []
    for unit, heading in (("vertebra", "Vertebrae"), ("patient", "Patients")):
        svg, words = roc_chart(pool, [task for task in TASKS if task.unit == unit])
        figures.append((heading, svg, list(zip(ROC_COLORS, words, strict=False))))
    return figures


def _agreement_charts(evaluation: Evaluation, pool: Pool) -> list[str]:
    hints = [f"{name} {vertebra.level or ''}" for name, vertebra in every_match(evaluation)]
    charts = [
        bland_altman_chart(f"{name} height", "mm", pool.found_heights_mm[:, index], pool.heights_mm[:, index], hints)
        for index, name in enumerate(HEIGHT_NAMES)
    ]
    return [*charts, bland_altman_chart("G", "", pool.found_indices, pool.indices, hints)]


def _level_charts(evaluation: Evaluation) -> list[str]:
    matches = [vertebra for _, vertebra in every_match(evaluation)]
    if not any(vertebra.level for vertebra in matches):
        return []
    heights = [float(np.abs(v.found_heights_mm - v.heights_mm).mean()) for v in matches]
    centres = [vertebra.centre_error_mm for vertebra in matches]
    return [
        level_chart(evaluation, "height error, mean of three", "mm", heights),
        level_chart(evaluation, "centre error", "mm", centres),
    ]


def _crop(crop: Crop) -> dict[str, Any]:
    """The image of a vertebra, its bodies, and the caption."""
    v = crop.vertebra
    aside = float(np.abs(v.keypoint_offsets_mm[:, 0]).mean())
    heights = " ".join(f"{value:+.1f}" for value in v.found_heights_mm - v.heights_mm)
    return {
        "size_mm": SIZE_MM,
        "png": bone_window_png(crop.image),
        "bodies": [outlined("reference", crop.reference_mm), outlined("found", crop.found_mm)],
        "name": f"{crop.case} {v.level or ''}",
        "named": f", detected as {v.found_level or 'unnamed'}" if v.found_level != v.level else "",
        "lines": [
            f"G {v.found_index:.2f} (reference {v.index:.2f})",
            f"errors of Ha, Hm, Hp: {heights} mm",
            f"{aside:.1f} mm out of plane",
        ],
    }


def outlined(kind: str, points_mm: np.ndarray) -> dict[str, Any]:
    """A body to be drawn: its kind, its points (6, 2) and the outline through them."""
    return {"kind": kind, "points": points_mm, "outline": points_mm[list(OUTLINE)]}
