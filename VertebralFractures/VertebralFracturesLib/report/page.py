"""The report as one self-contained page: conclusion, study, image of the spine, table, and the bodies to look at.

On paper the conclusion, the study, the image and the table share the first sheet. Bodies that are abnormal or doubtful
follow in large close-ups with their facts, the others in small ones. The image is the straightened slice of a CT, or
the radiograph, which is shown once more as wide as the page. The page needs no script and no other file.
"""

from pathlib import Path

from ..core.heights.genant import GRADE_NAMES, find_preset
from ..core.report import NOT_REVIEWED, VERIFIED, SpineReport
from ..files import write_text
from ..radiograph.record import Image, RadiographReport
from .angles import angle_rows, disc_table
from .columns.column import Column
from .columns.patient import ANGLE_COLUMNS, STUDY_COLUMNS
from .page_vertebra import PageVertebra, grade_colors
from .patient_values import SUPINE_NOTE
from .rendering import render
from .report_text import INTENDED_USE
from .spine_image import SpineImage, spine_image
from .study import study_values
from .table import column, has_lengths, table_rows

_SMALLEST_TEXT_MM, _TEXTS_ALONG_IMAGE = 7.0, 75.0
"""Height of texts on the image of the spine, and how many of them its height holds at least. Chosen: 2 mm
on paper in a short as in a long spine, and cervical bodies, 17 mm apart, keep theirs apart."""

_LABEL_WIDTHS = (3.4, 4.6)
"""Room for the levels in front of the image and for the height losses behind it, in heights of a text. Chosen: that of
their longest texts, "T10?" and "22 %*"."""

_COLUMNS = (
    "level_shown",
    "grade_name",
    "height_loss_percent",
    "shape",
    "height_ratio",
    "height_anterior_mm",
    "height_middle_mm",
    "height_posterior_mm",
    "neighbour_loss_percent",
    "wedge_angle_deg",
    "image_probability",
    "attenuation_median_hu",
    "status",
)
_DISCS_BESIDE_IMAGE = 16
"""Vertebrae up to which the discs stand below the table beside the image. Chosen: the first sheet then still holds all
of it; a longer table leaves no room."""

_LEFT_ALIGNED = ("level_shown", "grade_name", "shape", "status")


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
    vertebrae = [PageVertebra(number, *one) for number, one in enumerate(rows, 1)]
    columns = [one for one in map(column, _COLUMNS) if _is_shown(one.name, report)]
    is_radiograph = isinstance(report, RadiographReport)
    text_mm = max(_SMALLEST_TEXT_MM, shown.height_mm / _TEXTS_ALONG_IMAGE)
    return render(
        "report.html",
        title=study_values(report.input)["case_id"] or ("Radiograph" if is_radiograph else "CT"),
        facts=_facts(report),
        report=report,
        cards=_cards(report),
        image=shown,
        is_radiograph=is_radiograph,
        text_mm=text_mm,
        label_mm=tuple(width * text_mm for width in _LABEL_WIDTHS),
        vertebrae=vertebrae,
        large=[one for one in vertebrae if one.is_large],
        small=[one for one in vertebrae if not one.is_large],
        columns=columns,
        left_aligned=_LEFT_ALIGNED,
        review=_review(report),
        notes=[*_notes(shown, vertebrae), *([] if is_radiograph else [SUPINE_NOTE])],
        explained=[*_explained(columns, vertebrae), *ANGLE_COLUMNS],
        legend=_legend(report),
        angles=angle_rows(report),
        discs=disc_table(report),
        discs_beside=len(vertebrae) <= _DISCS_BESIDE_IMAGE,
        intended_use=INTENDED_USE,
    )


def _is_shown(name: str, report: SpineReport) -> bool:
    """Whether a column of the table has anything to tell in a report."""
    if name == "image_probability":
        return report.image_classification is not None
    if name == "attenuation_median_hu":
        return report.attenuation_summary is not None
    if name == "status":
        return any(one.status != NOT_REVIEWED or one.source != "model" for one in report.vertebrae)
    return column(name).unit != "mm" or has_lengths(report)


def _facts(report: SpineReport) -> dict[str, str]:
    """Whose study this is, beside the name of the case in the title, and how it was analyzed."""
    values = study_values(report.input)
    if values["input"] == values["case_id"]:
        values["input"] = ""
    values["case_id"] = ""
    units = {one.name: f" {one.unit}" if one.unit else "" for one in STUDY_COLUMNS}
    first = ("patient_id", "patient_age", "patient_sex", "study_date")
    ordered = sorted(STUDY_COLUMNS, key=lambda one: one.name not in first)
    facts = {one.title: values[one.name] + units[one.name] for one in ordered if values[one.name]}
    return facts | {"Grading": find_preset(report.preset).title, "Detector": report.detector}


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


def _review(report: SpineReport) -> str:
    """How many vertebrae a reader has verified."""
    verified = sum(one.status == VERIFIED for one in report.vertebrae)
    return f"{verified or 'None'} of {len(report.vertebrae)} vertebrae verified by a user."


def _notes(shown: SpineImage, vertebrae: list[PageVertebra]) -> list[str]:
    """What readers have to know of the images."""
    notes = [f"Window: {shown.window_text}. {shown.note}"]
    stretched = ", ".join(filter(None, (one.stretched for one in vertebrae)))
    if stretched:
        notes.append(
            "The straightened image shows these heights more than 5 % too long or too short (largest error of each "
            f"level): {stretched}."
        )
    return [*notes, shown.close_up_note]


def _explained(columns: list[Column], vertebrae: list[PageVertebra]) -> list[Column]:
    """The columns of the table, then those among the facts of large bodies that the table does not show."""
    names = [name for one in vertebrae if one.is_large for name in one.fact_names]
    return list(dict.fromkeys([*columns, *map(column, names)]))


def _legend(report: SpineReport) -> list[tuple[str, str, str]]:
    """Colors, name and height loss of each grade."""
    losses = [f"{100 * (1 - cutoff):.0f} %" for cutoff in find_preset(report.preset).cutoffs]
    ranges = [f"less than {losses[0]}", *(f"{loss} or more" for loss in losses)]
    return [
        (grade_colors(grade), f"{grade} {name}", text)
        for grade, (name, text) in enumerate(zip(GRADE_NAMES, ranges, strict=True))
    ]
