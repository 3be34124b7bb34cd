"""The report as one self-contained page: summary, straightened slice with every vertebra, close-ups and table.

The page holds a single picture, the straightened slice; the overview and the close-ups are windows on it, drawn over
with the keypoints in millimetres of the slice. It needs no script and no other file.
"""

import base64
import io
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core.genant import GRADE_COLORS, GRADE_NAMES, NOT_EVALUABLE_COLOR, find_preset
from ..core.keypoints import INFERIOR, OUTLINE, SUPERIOR
from ..core.levels import CONFIDENT_LEVEL
from ..core.report import SpineReport, Vertebra
from ..core.straightening import straighten
from ..core.volume import Volume
from ..files import write_text
from .table import COLUMNS, Value, column, format_value, table_rows

INTENDED_USE = "Research use only; not a medical device. Every vertebra has to be checked by a qualified reader."

BONE_WINDOW_HU = (-250.0, 800.0)
"""Intensities shown as black and as white."""

_PIXEL_MM = 0.5
_CLOSE_UP_MM = (60.0, 45.0)
_LABEL_MM = (17.0, 30.0)
_TABLE = (
    "level",
    "grade_name",
    "genant_index",
    "shape",
    "seen_probability",
    "height_anterior_mm",
    "height_middle_mm",
    "height_posterior_mm",
    "posterior_loss_percent",
    "neighbour_loss_percent",
    "crush_loss_percent",
    "wedge_angle_deg",
    "z_anterior_posterior",
    "z_middle_posterior",
    "largest_uncertainty_mm",
    "status",
)


def write_report_page(path: Path | str, report: SpineReport, volume: Volume) -> None:
    """Write the page; a file of that name is replaced only once the page is complete.

    :param path: the file, usually ``report.html``.
    :param report: what was found.
    :param volume: the CT in which it was found.
    """
    write_text(Path(path), report_page(report, volume))


def report_page(report: SpineReport, volume: Volume) -> str:
    """The page as HTML text.

    :param report: what was found.
    :param volume: the CT in which it was found.
    """
    view = straighten(volume, report.curve, pixel_mm=_PIXEL_MM)
    points_mm = tuple(view.ras_to_pixels(vertebra.keypoints_ras) * view.pixel_mm for vertebra in report.vertebrae)
    window = f"window {BONE_WINDOW_HU[0]:.0f} to {BONE_WINDOW_HU[1]:.0f} HU"
    note = f"Anterior is on the left, {window}, outlines through the six keypoints."
    return picture_page(
        report, PagePicture(view.image, view.pixel_mm, points_mm, "Straightened mid-sagittal slice", note)
    )


@dataclass(frozen=True, eq=False)
class PagePicture:
    """The picture on a page.

    :param image: (rows, columns), shown in the bone window, anterior on the left.
    :param pixel_mm: side of a pixel.
    :param points_mm: (6, 2) column and row in mm of the keypoints of each vertebra.
    :param title: heading.
    :param note: what readers have to know of the picture.
    :param drawn: SVG in mm to draw over it.
    :param sections: HTML to follow the summary.
    """

    image: NDArray
    pixel_mm: float
    points_mm: tuple[NDArray[np.float64], ...]
    title: str
    note: str
    drawn: str = ""
    sections: str = ""


def picture_page(report: SpineReport, picture: PagePicture) -> str:
    """The page of a report around a picture of the spine, as HTML text."""
    rows, points_mm = table_rows(report), picture.points_mm
    return _PAGE.substitute(
        style=_STYLE,
        title=escape(_input_name(report)),
        facts=_facts(report),
        warnings=_warnings(report),
        summary=_summary(report),
        overview=_overview(picture, report.vertebrae, rows),
        picture_title=escape(picture.title),
        picture_note=escape(picture.note),
        sections=picture.sections,
        legend=_legend(report),
        table=_table(report, rows),
        close_ups="".join(map(_close_up, range(len(rows)), report.vertebrae, rows, points_mm)),
        columns=_column_notes(report),
        intended_use=escape(INTENDED_USE),
        software=escape(report.software),
    )


def _input_name(report: SpineReport) -> str:
    return Path(str(report.input.get("path", "CT"))).name or "CT"


def _facts(report: SpineReport) -> str:
    """What was analysed and how, as a definition list."""
    shown = {"path", "series", "shape", "spacing_mm"}
    facts = {name.replace("_", " "): _inline(report.input[name]) for name in report.input if name in shown}
    facts["detector"] = report.detector
    facts["preset"] = find_preset(report.preset).title
    facts["software"] = report.software
    return "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(text)}</dd></div>" for name, text in facts.items() if text)


def _inline(value: object) -> str:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return " × ".join(_inline(part) for part in value)
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else str(value)


def _warnings(report: SpineReport) -> str:
    if not report.warnings:
        return ""
    items = "".join(f"<li>{escape(text)}</li>" for text in report.warnings)
    return f'<section class="warnings" role="alert"><h2>Read this first</h2><ul>{items}</ul></section>'


def _summary(report: SpineReport) -> str:
    summary = report.summary
    cards: list[tuple[str, str, str]] = []
    if summary.least_index is not None and summary.least_place is not None and summary.worst_grade is not None:
        level = report.levels[summary.least_place] or f"No. {summary.least_place + 1}"
        cards.append((f"{summary.least_index:.2f}", "least index G", f"at {level}"))
        cards.append((GRADE_NAMES[summary.worst_grade], "worst grade", f"grade {summary.worst_grade}"))
    graded = sum(summary.grade_counts[1:])
    cards.append((f"{graded} of {summary.evaluated}", "vertebrae graded 1-3", f"{summary.borderline} borderline"))
    deformity = summary.deformity_index
    if deformity.evaluated:
        cards.append((str(deformity.total), "spinal deformity index", f"{deformity.evaluated} of 13 levels T4-L4"))
    second = summary.second_opinion
    if second is not None:
        note = f"measured {second.measured_probability:.2f}, together {second.together_probability:.2f}"
        cards.append((f"{second.seen_probability:.2f}", "seen probability of a moderate fracture", note))
    boxes = "".join(
        f'<div class="card"><b>{escape(value)}</b><span>{escape(name)}</span><small>{escape(note)}</small></div>'
        for value, name, note in cards
    )
    return f'<div class="cards">{boxes}</div><p class="statement">{escape(summary.statement)}</p>'


def _overview(
    picture: PagePicture,
    vertebrae: Iterable[Vertebra],
    rows: Iterable[dict[str, Value]],
) -> str:
    """The whole picture with all vertebrae, the level beside each in front and the index G behind it."""
    height, width = np.array(picture.image.shape) * picture.pixel_mm
    left, right = _LABEL_MM
    drawn = []
    for place, (vertebra, row, points) in enumerate(zip(vertebrae, rows, picture.points_mm, strict=True)):
        middle = points[:, 1].mean() + 1.7
        mark = "*" if row["borderline"] else ""
        index = f"{format_value('genant_index', row['genant_index'])}{mark}" if vertebra.is_evaluable else "–"
        drawn.append(
            f'<a href="#vertebra-{place + 1}" style="{_colours(row)}">{_outline(points)}{_dots(points, 0.8)}'
            f'<text class="level" x="-2.5" y="{middle:.1f}">{escape(_level(vertebra, place))}</text>'
            f'<text class="index" x="{width + 2.5:.1f}" y="{middle:.1f}">{index}</text>'
            f'<circle class="chip" cx="{width + right - 3.2:.1f}" cy="{middle - 1.7:.1f}" r="2.2"/></a>'
        )
    offset = -picture.pixel_mm / 2
    return (
        f'<svg class="overview" viewBox="{-left} 0 {left + width + right:.1f} {height:.1f}" role="img" '
        f'aria-label="{escape(picture.title)} with all vertebrae"><defs><image id="slice" '
        f'x="{offset}" y="{offset}" width="{width}" height="{height}" preserveAspectRatio="none" '
        f'href="{bone_window_png(picture.image)}"/>'
        f'</defs><use href="#slice"/>{picture.drawn}{"".join(drawn)}</svg>'
    )


def bone_window_png(image: NDArray) -> str:
    """An image (rows, columns) in Hounsfield units, in the bone window, as a data URI."""
    low, high = BONE_WINDOW_HU
    grey = np.clip((image - low) / (high - low), 0, 1) * 255
    return grey_png(grey.round().astype(np.uint8))


def grey_png(grey: NDArray[np.uint8]) -> str:
    """Grey values (rows, columns) as a data URI."""
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _close_up(place: int, vertebra: Vertebra, row: dict[str, Value], points_mm: NDArray[np.float64]) -> str:
    """One vertebra with its points, their uncertainty and its heights."""
    width, height = _CLOSE_UP_MM
    corner = points_mm.mean(0) - [width / 2, height / 2]
    halos = "".join(
        f'<circle class="halo" cx="{x:.2f}" cy="{y:.2f}" r="{radius:.2f}"/>'
        for (x, y), radius in zip(points_mm, vertebra.uncertainty_mm, strict=True)
    )
    level = _level(vertebra, place)
    shown = ("shape", "wedge_angle_deg", "neighbour_loss_percent", "largest_uncertainty_mm", "status")
    facts = "".join(
        f'<div title="{escape(column(name).description)}"><dt>{escape(column(name).title)}</dt>'
        f"<dd>{escape(_with_unit(name, row[name]))}</dd></div>"
        for name in shown
    )
    return (
        f'<figure id="vertebra-{place + 1}" style="{_colours(row)}">'
        f'<figcaption><b>{escape(level)}</b>{_grade_badge(row)}<span class="g">{_index_text(row)}</span></figcaption>'
        f'<svg viewBox="{corner[0]:.2f} {corner[1]:.2f} {width} {height}" role="img" aria-label="{escape(level)}">'
        f'<use href="#slice"/>{halos}{_outline(points_mm)}{_heights(row, points_mm)}{_dots(points_mm, 0.6)}</svg>'
        f"<dl>{facts}</dl></figure>"
    )


def _outline(points_mm: NDArray[np.float64]) -> str:
    corners = " ".join(f"{x:.2f},{y:.2f}" for x, y in points_mm[list(OUTLINE)])
    return f'<polygon points="{corners}"/>'


def _dots(points_mm: NDArray[np.float64], radius: float) -> str:
    return "".join(f'<circle class="dot" cx="{x:.2f}" cy="{y:.2f}" r="{radius}"/>' for x, y in points_mm)


def _heights(row: dict[str, Value], points_mm: NDArray[np.float64]) -> str:
    """The three heights as lines with their length in mm."""
    names = ("height_anterior_mm", "height_middle_mm", "height_posterior_mm")
    drawn = []
    for name, superior, inferior in zip(names, SUPERIOR, INFERIOR, strict=True):
        (x1, y1), (x2, y2) = points_mm[superior], points_mm[inferior]
        value = row[name]
        text = f"{value:.1f}" if isinstance(value, float) else ""
        drawn.append(
            f'<line x1="{x1:.2f}" y1="{y1:.2f}" x2="{x2:.2f}" y2="{y2:.2f}"/>'
            f'<text class="height" x="{(x1 + x2) / 2:.2f}" y="{(y1 + y2) / 2 + 1.1:.2f}">{text}</text>'
        )
    return "".join(drawn)


def _table(report: SpineReport, rows: list[dict[str, Value]]) -> str:
    names = _table_columns(report)
    heads = "".join(
        f'<th scope="col" title="{escape(column(name).description)}">{escape(_heading(name))}'
        f"<small>{escape(column(name).unit if column(name).unit != '1' else '')}</small></th>"
        for name in names
    )
    body = "".join(_table_row(place, *one, names) for place, one in enumerate(zip(report.vertebrae, rows, strict=True)))
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def _table_columns(report: SpineReport) -> list[str]:
    """The columns that have something to show."""
    return [name for name in _TABLE if name != "seen_probability" or report.second_opinion is not None]


def _heading(name: str) -> str:
    return "Grade" if name == "grade_name" else column(name).title


def _table_row(place: int, vertebra: Vertebra, row: dict[str, Value], names: Iterable[str]) -> str:
    special = {
        "level": f'<a href="#vertebra-{place + 1}">{escape(_level(vertebra, place))}</a>',
        "grade_name": _grade_badge(row),
        "genant_index": escape(_index_text(row)),
        "neighbour_loss_percent": _against(row),
        "seen_probability": escape(_seen(row)),
        "status": escape(_review(vertebra)),
    }
    cells = "".join(f"<td>{special.get(name, escape(format_value(name, row[name])))}</td>" for name in names)
    return f'<tr style="{_colours(row)}">{cells}</tr>'


def _review(vertebra: Vertebra) -> str:
    return vertebra.status if vertebra.source == "model" else f"{vertebra.status} ({vertebra.source})"


def _seen(row: dict[str, Value]) -> str:
    """The second opinion, marked where it differs from the measured one."""
    text = format_value("seen_probability", row["seen_probability"])
    return f"{text} ≠" if row["opinions_differ"] else text


def _against(row: dict[str, Value]) -> str:
    loss = format_value("neighbour_loss_percent", row["neighbour_loss_percent"])
    return f"{loss} <small>{escape(str(row['neighbour_reference']))}</small>" if loss else ""


def _grade_badge(row: dict[str, Value]) -> str:
    if row["grade"] is None:
        return '<span class="badge">not evaluable</span>'
    return f'<span class="badge">{row["grade"]} {escape(str(row["grade_name"]))}</span>'


def _index_text(row: dict[str, Value]) -> str:
    text = format_value("genant_index", row["genant_index"])
    return f"{text}*" if row["borderline"] else text or "–"


def _with_unit(name: str, value: Value) -> str:
    text = format_value(name, value)
    unit = column(name).unit
    return f"{text} {unit}" if text and unit else text or "–"


def _level(vertebra: Vertebra, place: int) -> str:
    """Name of the level, with a question mark where it is doubtful."""
    if vertebra.level is None:
        return f"No. {place + 1}"
    return vertebra.level if vertebra.level_confidence >= CONFIDENT_LEVEL else f"{vertebra.level}?"


def _colours(row: dict[str, Value]) -> str:
    """The colour of the grade and one to write on it, as style."""
    grade = row["grade"]
    colour = GRADE_COLORS[grade] if isinstance(grade, int) else NOT_EVALUABLE_COLOR
    text = "#fff" if np.dot(colour, (0.299, 0.587, 0.114)) < 0.45 else "#10161c"
    return f"--c:#{''.join(f'{round(part * 255):02x}' for part in colour)};--t:{text}"


def _legend(report: SpineReport) -> str:
    preset = find_preset(report.preset)
    ranges = [f"G > {preset.mild:.2f}", *(f"G ≤ {cutoff:.2f}" for cutoff in preset.cutoffs)]
    entries = [
        f'<li style="{_colours({"grade": grade})}"><i></i>{grade} {name} <small>{text}</small></li>'
        for grade, (name, text) in enumerate(zip(GRADE_NAMES, ranges, strict=True))
    ]
    marks = "<li>* borderline</li><li>? level uncertain</li>"
    return f'<ul class="legend">{"".join(entries)}{marks}</ul>'


def _column_notes(report: SpineReport) -> str:
    notes = [c for c in COLUMNS if c.name in _table_columns(report)]
    return "".join(f"<div><dt>{escape(_heading(c.name))}</dt><dd>{escape(c.description)}</dd></div>" for c in notes)


_STYLE = """
:root { --ink:#1c2733; --soft:#5b6875; --line:#dfe4e9; --paper:#fff; --ground:#f3f5f7; --accent:#1f5f8b; }
* { box-sizing:border-box }
body { margin:0; background:var(--ground); color:var(--ink);
  font:15px/1.45 system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif }
header, main, footer { max-width:1480px; margin:0 auto; padding:0 28px }
header { padding-top:26px }
h1 { font-size:25px; margin:0 0 2px; font-weight:650 }
h2 { font-size:17px; margin:0 0 12px; font-weight:650 }
small { color:var(--soft); font-size:.82em; font-weight:400 }
dl { margin:0 } dd { margin:0 } dt { color:var(--soft) }
.facts { display:flex; flex-wrap:wrap; gap:2px 26px; font-size:13px; margin:8px 0 18px }
.facts div { display:flex; gap:7px; min-width:0 } .facts dd { overflow-wrap:anywhere }
section { background:var(--paper); border:1px solid var(--line); border-radius:8px; padding:18px 20px;
  margin-bottom:18px }
.warnings { background:#fff6e0; border-color:#e5b94e }
.warnings h2 { margin-bottom:4px } .warnings ul { margin:0; padding-left:20px }
.cards { display:flex; flex-wrap:wrap; gap:12px 44px }
.card { display:grid } .card b { font-size:27px; line-height:1.15; font-weight:650 }
.statement { margin:12px 0 0; max-width:100ch }
.columns { display:grid; grid-template-columns:minmax(290px,350px) minmax(0,1fr); gap:18px; align-items:start }
.columns > div { min-width:0 }
.overview { display:block; width:100%; background:#0c0f12; border-radius:6px }
svg a { cursor:pointer; text-decoration:none }
polygon { fill:var(--c); fill-opacity:.13; stroke:var(--c); stroke-width:.7; stroke-linejoin:round }
a:hover polygon, a:focus polygon { fill-opacity:.4 }
.dot { fill:var(--c); stroke:#0c0f12; stroke-width:.2 }
.chip { fill:var(--c) }
svg text { font-size:5px; fill:#fff; font-variant-numeric:tabular-nums }
.level { text-anchor:end; font-weight:650 } .index { text-anchor:start }
.legend { list-style:none; margin:10px 0 0; padding:0; display:flex; flex-wrap:wrap; gap:2px 16px; font-size:13px }
.legend i { display:inline-block; width:11px; height:11px; border-radius:50%; margin-right:6px; background:var(--c);
  border:1px solid #0003 }
.scroll { overflow-x:auto }
table { border-collapse:collapse; width:100%; font-size:13.5px; font-variant-numeric:tabular-nums }
th, td { text-align:right; padding:6px 6px; border-bottom:1px solid var(--line); white-space:nowrap }
th { vertical-align:bottom; font-weight:600; white-space:normal; line-height:1.2 }
th small { display:block; min-height:1.3em }
th:first-child, td:first-child, th:nth-child(2), td:nth-child(2), th:nth-child(4), td:nth-child(4),
th:last-child, td:last-child { text-align:left }
td:first-child a { color:var(--accent); font-weight:650; text-decoration:none }
tbody tr:hover { background:var(--ground) }
.badge { display:inline-block; padding:0 9px 1px; border-radius:10px; background:var(--c,#ddd); font-size:12.5px;
  color:var(--t); border:1px solid #0002 }
.close-ups { display:grid; grid-template-columns:repeat(auto-fill,minmax(250px,1fr)); gap:16px }
figure { margin:0; border:1px solid var(--line); border-top:4px solid var(--c); border-radius:6px;
  overflow:hidden; break-inside:avoid }
figure:target { outline:3px solid var(--accent) }
figcaption { display:flex; align-items:center; gap:10px; padding:7px 10px } figcaption b { font-size:17px }
figcaption .g { margin-left:auto; font-weight:600; font-variant-numeric:tabular-nums }
figcaption .g::before { content:"G "; color:var(--soft); font-weight:400 }
figure svg { display:block; width:100%; background:#0c0f12 }
figure polygon { fill-opacity:.07; stroke-width:.35 }
figure line { stroke:#fff; stroke-opacity:.6; stroke-width:.25; stroke-dasharray:1 .8 }
figure .dot { stroke-width:.15 }
.halo { fill:#fff; fill-opacity:.14; stroke:#fff; stroke-opacity:.55; stroke-width:.15 }
svg .height { font-size:3.1px; text-anchor:middle; paint-order:stroke; stroke:#0c0f12; stroke-width:.9px }
figure dl { padding:8px 10px; font-size:12.5px }
figure dl div { display:flex; justify-content:space-between; gap:6px;
  white-space:nowrap }
.notes { columns:3 320px; font-size:13px } .notes div { display:flex; gap:8px; break-inside:avoid }
.notes dt { flex:0 0 96px }
footer { padding-top:4px; padding-bottom:34px; color:var(--soft); font-size:13px } footer b { color:var(--ink) }
@media (max-width:1000px) { .columns { grid-template-columns:1fr } .overview { max-width:420px; margin:0 auto } }
@media print { body { background:#fff; font-size:11px } section { border:0; padding:0 } table { font-size:9.5px }
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
<header>
<h1>Vertebral fractures: $title</h1>
<dl class="facts">$facts</dl>
</header>
<main>
$warnings
<section><h2>Patient</h2>$summary</section>
$sections
<div class="columns">
<section><h2>$picture_title</h2>$overview$legend
<small>$picture_note</small></section>
<div>
<section><h2>Vertebrae</h2><div class="scroll">$table</div></section>
<section><h2>Close-ups</h2><div class="close-ups">$close_ups</div></section>
</div>
</div>
<section><h2>Columns</h2><dl class="notes">$columns</dl></section>
</main>
<footer><b>$intended_use</b><br>$software</footer>
</body>
</html>
""")
