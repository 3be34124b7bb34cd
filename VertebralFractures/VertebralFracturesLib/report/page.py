"""The report as one self-contained page: summary, image with every vertebra, close-ups and table.

The overview is the straightened slice of a CT, or the radiograph. Each close-up is an image of its own, in which
lengths are true. Both are drawn over with the keypoints in millimetres of the image. The page needs no script and no
other file.
"""

from pathlib import Path

import numpy as np

from ..core.heights.genant import GRADE_NAMES, find_preset
from ..core.report import SpineReport
from ..files import write_text
from ..radiograph.record import Image, RadiographReport
from .angles import angle_rows, disc_text
from .columns.column import Column
from .columns.vertebra import COLUMNS
from .page_vertebra import PageVertebra, grade_colors
from .rendering import render
from .spine_image import spine_image
from .table import column, table_rows

INTENDED_USE = "Research use only; not a medical device. Every vertebra has to be checked by a qualified reader."

_LABEL_MM = (17.0, 30.0)
"""Room for the levels in front of the image and for G behind it. Chosen: that of their longest texts."""

_COLUMNS = (
    "level_shown",
    "grade_name",
    "height_loss_percent",
    "height_ratio",
    "shape",
    "image_probability",
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
_INPUT_FACTS = ("path", "series", "shape", "spacing_mm")


def write_report_page(path: Path | str, report: SpineReport, image: Image) -> None:
    """Write the page; a file of that name is replaced only once the page is complete.

    :param path: the file, usually ``report.html``.
    :param report: what was found in a CT or a radiograph.
    :param image: the CT or the radiograph, as it was read.
    """
    write_text(Path(path), report_page(report, image))


def report_page(report: SpineReport, image: Image) -> str:
    """The page as HTML text.

    :param report: what was found in a CT or a radiograph.
    :param image: the CT or the radiograph, as it was read.
    :raises ValueError: the report is not of this kind of image.
    """
    shown = spine_image(report, image)
    rows = zip(report.vertebrae, table_rows(report), shown.bodies, strict=True)
    names = [name for name in _COLUMNS if name != "image_probability" or report.image_classification is not None]
    radiograph = report if isinstance(report, RadiographReport) else None
    return render(
        "report.html",
        title=Path(str(report.input.get("path", "CT"))).name or "CT",
        facts=_facts(report),
        report=report,
        cards=_cards(report),
        image=shown,
        label_mm=_LABEL_MM,
        vertebrae=[PageVertebra(number, *one) for number, one in enumerate(rows, 1)],
        columns=[(_heading(one), one) for one in map(column, names)],
        notes=[(_heading(one), one) for one in COLUMNS if one.name in names],
        legend=_legend(report),
        angles=None if radiograph is None else angle_rows(radiograph),
        discs="" if radiograph is None else disc_text(radiograph),
        intended_use=INTENDED_USE,
    )


def _heading(shown: Column) -> str:
    return "Grade" if shown.name == "grade_name" else shown.title


def _facts(report: SpineReport) -> dict[str, str]:
    """What was analyzed and how."""
    facts = {name.replace("_", " "): _inline(report.input[name]) for name in report.input if name in _INPUT_FACTS}
    facts |= {
        "detector": report.detector,
        "preset": find_preset(report.preset).title,
        "software": report.software,
    }
    return {name: text for name, text in facts.items() if text}


def _inline(value: object) -> str:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return " × ".join(_inline(part) for part in value)
    if isinstance(value, float):
        return f"{value:.4g}"
    return "" if value is None else str(value)


def _cards(report: SpineReport) -> list[tuple[str, str, str]]:
    """Value, name and note of the figures at the head of the page."""
    summary = report.summary
    cards: list[tuple[str, str, str]] = []
    if summary.worst_vertebra is not None and summary.greatest_height_loss is not None:
        worst = report.measures[summary.worst_vertebra]
        assert worst is not None
        low, high = worst.grading.interval
        note = f"at {report.shown_levels[summary.worst_vertebra]}, 95 % interval {100 * low:.0f} to {100 * high:.0f} %"
        cards.append((f"{100 * summary.greatest_height_loss:.0f} %", "greatest height loss", note))
    if summary.worst_grade is not None:
        cards.append((GRADE_NAMES[summary.worst_grade], "highest grade", f"grade {summary.worst_grade}"))
    fractured = sum(summary.grade_counts[1:])
    note = f"{summary.borderline} close to a threshold"
    cards.append((f"{fractured} of {summary.graded}", "graded vertebrae with grade 1 or higher", note))
    deformity = summary.deformity_index
    if deformity.evaluated:
        cards.append((str(deformity.total), "spinal deformity index", f"{deformity.evaluated} of 13 levels T4 to L4"))
    patient = summary.fracture_probability
    if patient is not None:
        note = f"from heights {patient.height_based:.2f}, combined {patient.combined:.2f}"
        cards.append((f"{patient.image_based:.2f}", "image-based probability of a moderate or severe fracture", note))
    return cards


def _legend(report: SpineReport) -> list[tuple[str, str, str]]:
    """Colors, name and height loss of each grade."""
    losses = [f"{100 * (1 - cutoff):.0f} %" for cutoff in find_preset(report.preset).cutoffs]
    ranges = [f"less than {losses[0]}", *(f"{loss} or more" for loss in losses)]
    return [
        (grade_colors(grade), f"{grade} {name}", text)
        for grade, (name, text) in enumerate(zip(GRADE_NAMES, ranges, strict=True))
    ]
