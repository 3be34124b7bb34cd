"""An evaluation as one self-contained page: the tables of the terminal, plots, and the worst vertebrae as pictures."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template

import numpy as np

from ...core.keypoints import OUTLINE
from ...files import write_text
from ..classification import TASKS
from ..evaluate import Evaluation
from ..metrics import HEIGHT_NAMES, METRICS
from ..results import Pool
from .charts import bland_altman_chart, every_match, level_chart, roc_chart, uncertainty_chart
from .crops import SIZE_MM, Crop
from .tables import Table, all_tables, bodies, missed_levels

CROP_COUNT = 8
"""How many of the worst vertebrae are shown."""

_CARDS = {
    "recall": "recall",
    "precision": "precision",
    "centre_error_mm": "centre error",
    "height_error_mm": "height error",
    "index_error": "mean |dG|",
    "level_correctness": "levels right",
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
    cases, localisation, detection, classification, measures, agreement, *grades, levels, uncertainty, rest = (
        all_tables(evaluation)
    )
    return html_page(
        "Evaluation",
        {**evaluation.facts, "patients": str(len(evaluation.cases)), "vertebrae": str(bodies(pool))},
        [
            _cards(evaluation),
            table_section(localisation) + table_section(detection),
            table_section(classification, _roc_charts(pool)),
            table_section(measures) + table_section(agreement),
            _section("Bland-Altman plots", _agreement_charts(evaluation, pool)) if pool.indices.size else "",
            "".join(map(table_section, grades)),
            table_section(levels) + table_section(rest),
            table_section(uncertainty, _figure(uncertainty_chart(pool), _UNCERTAINTY_WORDS)),
            _section("Errors by level", _level_charts(evaluation)),
            _section("Greatest height errors", _crops(crops)) if crops else "",
            table_section(cases, _misses(evaluation)),
            _section("What the measures mean", _meanings()),
        ],
    )


def html_page(title: str, facts: Mapping[str, str], rows: Iterable[str], style: str = "") -> str:
    """A page of rows of sections.

    :param title: its heading.
    :param facts: what it is about.
    :param rows: HTML of each row.
    :param style: CSS beside that of all pages.
    """
    words = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(text)}</dd></div>" for name, text in facts.items())
    body = "".join(f'<div class="row">{row}</div>' for row in rows if row)
    return _PAGE.substitute(title=escape(title), style=_STYLE + style, facts=words, body=body)


def table_section(table: Table, below: str = "") -> str:
    """A table with its note, and what stands below it."""
    heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in table.header)
    rows = "".join(map(_table_row, table.rows))
    note = f"<p>{escape(table.note)}</p>" if table.note else ""
    drawn = f'<div class="scroll"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    return _section(table.title, drawn + note + below)


def text_section(title: str, text: str) -> str:
    """A section of words."""
    return _section(title, f"<div>{escape(text)}</div>")


def _table_row(cells: Sequence[str]) -> str:
    kind = ' class="sub"' if cells[0].startswith(" ") else ""
    return f"<tr{kind}>{''.join(f'<td>{escape(_typeset(cell))}</td>' for cell in cells)}</tr>"


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(_typeset(title))}</h2>{content}</section>"


def _typeset(text: str) -> str:
    """Signs of a terminal as those of a page."""
    return "–" if text == "-" else text.replace("<=", "≤").replace(" - ", " – ")


def _cards(evaluation: Evaluation) -> str:
    cards = []
    for metric in METRICS:
        found = evaluation.pooled[metric.name]
        if metric.name in _CARDS and found.value is not None:
            unit = "" if metric.unit == "1" else f" {metric.unit}"
            low, high = (None if end is None else f"{end:.{metric.decimals}f}" for end in (found.low, found.high))
            interval = "" if low is None else f"95 % interval {low} – {high}"
            value = f"{found.value:.{metric.decimals}f}{unit}"
            words = f"<span>{escape(_CARDS[metric.name])}</span><small>{escape(interval)}</small>"
            cards.append(f'<div class="card"><b>{value}</b>{words}</div>')
    return f'<section class="cards">{"".join(cards)}</section>'


def _figure(svg: str, caption: str, heading: str = "") -> str:
    head = f"<b>{escape(heading)}</b>" if heading else ""
    return f"<figure>{svg}<figcaption>{head}{caption}</figcaption></figure>" if svg or heading else ""


def _roc_charts(pool: Pool) -> str:
    figures = []
    mark = '<i class="colour-{}"></i>'
    for unit, heading in (("vertebra", "Vertebrae"), ("patient", "Patients")):
        svg, words = roc_chart(pool, [task for task in TASKS if task.unit == unit])
        keys = "".join(f"<li>{mark.format(i) if svg else ''}{escape(line)}</li>" for i, line in enumerate(words))
        missing = "" if svg else "No ROC curve: it needs vertebrae on both sides of a cut-off."
        figures.append(_figure(svg, f"{missing}<ul>{keys}</ul>", heading))
    return f'<div class="charts">{"".join(figures)}</div>'


def _agreement_charts(evaluation: Evaluation, pool: Pool) -> str:
    hints = [f"{name} {vertebra.level or ''}" for name, vertebra in every_match(evaluation)]
    charts = [
        bland_altman_chart(f"{name} height", "mm", pool.found_heights_mm[:, place], pool.heights_mm[:, place], hints)
        for place, name in enumerate(HEIGHT_NAMES)
    ]
    charts.append(bland_altman_chart("G", "", pool.found_indices, pool.indices, hints))
    drawn = "".join(f"<figure>{chart}</figure>" for chart in charts)
    return f'<div class="charts">{drawn}</div>'


def _level_charts(evaluation: Evaluation) -> str:
    matches = [vertebra for _, vertebra in every_match(evaluation)]
    if not any(vertebra.level for vertebra in matches):
        return ""
    heights = [float(np.abs(v.found_heights_mm - v.heights_mm).mean()) for v in matches]
    centres = [vertebra.centre_error_mm for vertebra in matches]
    drawn = (
        level_chart(evaluation, "height error, mean of three", "mm", heights),
        level_chart(evaluation, "centre error", "mm", centres),
    )
    return f'<div class="charts wide">{"".join(f"<figure>{chart}</figure>" for chart in drawn)}</div>'


def _crops(crops: Sequence[Crop]) -> str:
    legend = (
        '<p class="keys"><span><i class="reference"></i>reference</span><span><i class="found"></i>found</span>'
        "<span>straightened along the reference curve, anterior on the left</span></p>"
    )
    return f'{legend}<div class="crops">{"".join(map(_crop, crops))}</div>'


def _crop(crop: Crop) -> str:
    from ...report.images import bone_window_png

    width, height = SIZE_MM
    v = crop.vertebra
    outlines = "".join(
        f'<polygon class="{kind}" points="{" ".join(f"{x:.2f},{y:.2f}" for x, y in points[list(OUTLINE)])}"/>'
        + "".join(f'<circle class="{kind}" cx="{x:.2f}" cy="{y:.2f}" r=".55"/>' for x, y in points)
        for kind, points in (("reference", crop.reference_mm), ("found", crop.found_mm))
    )
    name = escape(f"{crop.case} {v.level or ''}")
    aside = float(np.abs(v.keypoint_offsets_mm[:, 0]).mean())
    heights = " ".join(f"{value:+.1f}" for value in v.found_heights_mm - v.heights_mm)
    named = f", named {v.found_level or 'nothing'}" if v.found_level != v.level else ""
    return (
        f'<figure><svg viewBox="0 0 {width} {height}" role="img" aria-label="{name}">'
        f'<image width="{width}" height="{height}" preserveAspectRatio="none" href="{bone_window_png(crop.image)}"/>'
        f"{outlines}</svg><figcaption><b>{name}</b>{escape(named)}"
        f"<br>G {v.found_index:.2f} for {v.index:.2f}<br>Ha, Hm, Hp off by {heights} mm"
        f"<br>{aside:.1f} mm beside the plane</figcaption></figure>"
    )


def _misses(evaluation: Evaluation) -> str:
    failures = [f"{case.name}: {case.failure}" for case in evaluation.cases if case.failure]
    missed = [f"{name}: {levels}" for name, levels in missed_levels(evaluation)]
    parts = [("Without a result", failures), ("Missed", missed)]
    return "".join(
        f"<h3>{heading}</h3><ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"
        for heading, lines in parts
        if lines
    )


def _meanings() -> str:
    entries = "".join(
        f"<div><dt>{escape(_typeset(metric.title))}</dt><dd>{escape(_typeset(metric.meaning))}</dd></div>"
        for metric in METRICS
    )
    return f'<dl class="meanings">{entries}</dl>'


_UNCERTAINTY_WORDS = "Keypoints in six groups of equal size; on the dashed line the uncertainty is the mean error."

_STYLE = """
:root { --ink:#1c2733; --soft:#5b6875; --line:#dfe4e9; --ground:#f3f5f7; --accent:#1f5f8b; --warm:#d2691e }
* { box-sizing:border-box }
body { margin:0; background:var(--ground); color:var(--ink);
  font:14px/1.45 system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif }
header, main { max-width:1240px; margin:0 auto; padding:0 24px }
header { padding-top:24px } h1 { font-size:24px; margin:0 0 4px } h2 { font-size:16px; margin:0 0 10px }
h3 { font-size:14px; margin:12px 0 4px } ul { margin:0; padding-left:18px } dl, dd, figure { margin:0 }
p, small, figcaption { color:var(--soft); font-size:12.5px } p { margin:8px 0 0 } dt { color:var(--soft) }
.facts { display:flex; flex-wrap:wrap; gap:2px 26px; font-size:13px; margin:6px 0 16px }
.facts div { display:flex; gap:7px }
.row { display:flex; flex-wrap:wrap; gap:16px; margin-bottom:16px } .row > section { flex:1 1 440px; min-width:0 }
section { background:#fff; border:1px solid var(--line); border-radius:8px; padding:16px 18px }
.cards { display:grid; grid-template-columns:repeat(auto-fit,minmax(150px,1fr)); gap:12px } .card { display:grid }
.card b { font-size:24px; line-height:1.2 }
.scroll { overflow-x:auto }
table { border-collapse:collapse; width:100%; font-size:13px; font-variant-numeric:tabular-nums }
th, td { text-align:right; padding:4px 8px; border-bottom:1px solid var(--line); white-space:nowrap }
th { font-weight:600; vertical-align:bottom; white-space:normal; min-width:44px }
th:first-child, td:first-child { text-align:left; padding-left:0 }
td:first-child { white-space:normal } tr.sub td { color:var(--soft); border-bottom-color:#eef1f4 }
tr.sub td:first-child { padding-left:18px }
.charts { display:grid; grid-template-columns:repeat(auto-fit,minmax(250px,1fr)); gap:14px 20px; align-content:start;
  margin-top:12px } .charts.wide { grid-template-columns:repeat(auto-fit,minmax(480px,1fr)) }
.charts figure { max-width:480px } .charts.wide figure { max-width:none }
figcaption b { display:block; color:var(--ink); font-size:13px }
figcaption ul { list-style:none; padding:0 } i { display:inline-block; width:14px; height:3px; margin-right:7px;
  vertical-align:middle; background:currentColor }
section > figure { max-width:420px; margin-top:12px }
svg.plot { display:block; width:100%; height:auto } .plot text { font-size:10.5px; fill:var(--soft) }
.plot .title { text-anchor:middle; fill:var(--ink) } .plot .words { fill:var(--ink) }
.plot .grid { stroke:#edf0f3 } .plot .axis { stroke:#9aa5b1; fill:none }
.plot .dot { fill:var(--accent); fill-opacity:.6 } .plot .line { fill:none; stroke:var(--accent); stroke-width:1.8 }
.plot .rule { fill:none; stroke:#7b8794; stroke-dasharray:4 3 }
.plot .rule.strong { stroke:var(--warm); stroke-dasharray:none; stroke-width:1.6 }
.plot .colour-0 { stroke:#1f5f8b; color:#1f5f8b } .plot .colour-1 { stroke:#009e73; color:#009e73 }
.plot .colour-2 { stroke:#d2691e; color:#d2691e } .plot .colour-3 { stroke:#a04080; color:#a04080 }
i.colour-0 { color:#1f5f8b } i.colour-1 { color:#009e73 } i.colour-2 { color:#d2691e } i.colour-3 { color:#a04080 }
.plot .mark { fill:#fff; stroke-width:2 }
.crops { display:grid; grid-template-columns:repeat(auto-fill,minmax(230px,1fr)); gap:14px; margin-top:10px }
.crops b { display:inline }
.crops svg { display:block; width:100%; background:#0c0f12; border-radius:4px }
.keys { display:flex; flex-wrap:wrap; gap:4px 20px; margin:0 } i.reference { color:#e8b000 } i.found { color:#1393d6 }
.crops polygon { fill:none; stroke-width:.45; stroke-linejoin:round }
.crops polygon.reference { stroke:#f5d63d } .crops circle.reference { fill:#f5d63d }
.crops polygon.found { stroke:#5cc3ff } .crops circle.found { fill:#5cc3ff }
.meanings { columns:2 420px; column-gap:30px; font-size:12.5px }
.meanings div { break-inside:avoid; padding:2px 0 } .meanings dt { color:var(--ink); font-weight:600 }
.meanings dd { color:var(--soft) }
@media print { @page { size:A4; margin:12mm } body { background:#fff; font-size:10px } h1 { font-size:17px }
  h2 { font-size:12px; break-after:avoid } header, main { padding:0; max-width:none }
  section { border:0; padding:4px 0; break-inside:avoid } section:has(.meanings) { break-inside:auto }
  .row { gap:6px 22px; margin-bottom:4px } .row > section { flex-basis:300px } .card b { font-size:15px }
  .cards { grid-template-columns:repeat(6,1fr) } table { font-size:8px } th, td { padding:2px 5px }
  th { white-space:normal } .scroll { overflow:visible }
  p, small, figcaption, figcaption b, .keys { font-size:8.5px } .charts { grid-template-columns:1fr 1fr }
  section > figure { max-width:230px } .crops { grid-template-columns:repeat(4,1fr); gap:8px }
  .meanings { font-size:8px; columns:2 }
  * { -webkit-print-color-adjust:exact; print-color-adjust:exact } }
"""

_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Vertebral fractures: $title</title>
<style>$style</style>
</head>
<body>
<header><h1>Vertebral fractures: $title</h1><dl class="facts">$facts</dl></header>
<main>$body</main>
</body>
</html>
""")
