"""The comparison of two studies as JSON, table and text."""

import json
from typing import Any

from ...core.comparison.change import NEW, NOT_COMPARABLE, PROGRESSIVE, UNCHANGED, Comparison, VertebraChange
from ...core.report import SpineReport
from ..columns.column import Value, csv_text
from ..columns.comparison import COMPARISON_COLUMNS
from ..columns.patient import ANGLE_COLUMNS
from ..report_text import INTENDED_USE
from ..study import study_values

SCHEMA = 1
"""Layout of comparison.json."""


def comparison_rows(comparison: Comparison, prior: SpineReport, current: SpineReport) -> list[dict[str, Value]]:
    """Values of :data:`~..columns.comparison.COMPARISON_COLUMNS` by name for each shared vertebra."""
    return [_row(one, prior, current) for one in comparison.vertebrae]


def _row(one: VertebraChange, prior: SpineReport, current: SpineReport) -> dict[str, Value]:
    before, after = prior.measures[one.prior], current.measures[one.current]
    row: dict[str, Value] = {
        "level": one.level,
        "verdict": one.verdict,
        "reason": one.reason,
        "height_loss_since_prior_percent": None if one.greatest_loss is None else 100 * one.greatest_loss,
        "prior_grade": one.prior_grade,
        "current_grade": one.current_grade,
        "prior_height_ratio": None if before is None else before.genant_index,
        "current_height_ratio": None if after is None else after.genant_index,
        "attenuation_change_hu": one.attenuation_change_hu,
        "prior_number": one.prior + 1,
        "current_number": one.current + 1,
    }
    for place, name in enumerate(("anterior", "middle", "posterior")):
        heights = one.heights
        row[f"prior_{name}_mm"] = None if heights is None else heights.prior_mm[place]
        row[f"current_{name}_mm"] = None if heights is None else heights.current_mm[place]
        row[f"change_{name}_mm"] = None if heights is None else heights.change_mm[place]
        row[f"least_detectable_{name}_mm"] = None if heights is None else heights.least_detectable_mm[place]
    return {column.name: row[column.name] for column in COMPARISON_COLUMNS}


def comparison_csv(comparison: Comparison, prior: SpineReport, current: SpineReport) -> str:
    """One row for each shared vertebra, to be written as :data:`~..columns.column.CSV_ENCODING`."""
    rows = comparison_rows(comparison, prior, current)
    cells = [[column.cell(row[column.name]) for column in COMPARISON_COLUMNS] for row in rows]
    return csv_text([column.name for column in COMPARISON_COLUMNS], cells)


def comparison_json(comparison: Comparison, prior: SpineReport, current: SpineReport) -> str:
    """The comparison with all its values, unrounded."""
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "software": current.software,
        "prior": dict(prior.input),
        "current": dict(current.input),
        "headline": comparison.headline,
        "match_confidence": comparison.match.confidence,
        "numbering_note": comparison.numbering_note,
        "angle_changes_deg": comparison.angle_changes_deg,
        "vertebrae": comparison_rows(comparison, prior, current),
    }
    return json.dumps(document, indent=1, allow_nan=False, default=str) + "\n"


def comparison_text(comparison: Comparison, prior: SpineReport, current: SpineReport) -> str:
    """Text for the radiology report: comparison with the prior study, vertebra by vertebra where it matters."""
    studies = [study_values(report.input)["case_id"] or "unnamed" for report in (prior, current)]
    lines = ["Comparison of vertebral bodies", f"Prior study: {studies[0]}", f"Current study: {studies[1]}", ""]
    lines += [comparison.headline, *filter(None, [comparison.numbering_note]), ""]
    for verdict in (NEW, PROGRESSIVE):
        lines += [f"- {one.level}: {verdict}, {change_text(one)}" for one in comparison.of(verdict)]
    same = [one.level for one in comparison.of(UNCHANGED)]
    lines += [f"- Unchanged: {', '.join(same)}"] if same else []
    lines += [f"- {one.level}: not comparable, {one.reason}" for one in comparison.of(NOT_COMPARABLE)]
    lines += [f"- {title}: {value}" for title, value in angle_texts(comparison)]
    lines += ["", "A vertebra counts as newly fractured if a height has decreased by at least 20 % and 4 mm (Black "
        "1999).",
              "These results have not been verified by a user." if not is_verified(comparison, prior, current) else "",
              INTENDED_USE]  # fmt: skip
    return "\n".join(lines).replace("\n\n\n", "\n\n") + "\n"


def change_text(one: VertebraChange) -> str:
    """Heights before and now, and the loss, in words."""
    if one.heights is None:
        return ""
    heights = (
        f"{name} {before:.1f} to {after:.1f} mm"
        for name, before, after in zip(
            ("anterior", "middle", "posterior"), one.heights.prior_mm, one.heights.current_mm, strict=True
        )
    )
    return f"{', '.join(heights)}; greatest loss {100 * max(one.heights.losses):.0f} %"


def angle_texts(comparison: Comparison) -> list[tuple[str, str]]:
    """Title and change of each angle that both studies show."""
    titles = {column.name: column.title for column in ANGLE_COLUMNS}
    return [
        (titles.get(name, titles.get(f"{name}_deg", name)), f"{change:+.1f}°")
        for name, change in comparison.angle_changes_deg.items()
    ]


def is_verified(comparison: Comparison, prior: SpineReport, current: SpineReport) -> bool:
    """Whether a reader has verified every compared vertebra in both studies."""
    return all(
        prior.vertebrae[one.prior].status == current.vertebrae[one.current].status == "verified"
        for one in comparison.vertebrae
    )
