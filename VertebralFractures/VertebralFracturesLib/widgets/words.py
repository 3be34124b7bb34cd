"""What users read, in literal strings that translators can extract: headings, grades, shapes, sources, statuses."""

import functools

from slicer.i18n import translate

DICOM = ""
"""The suffix of DICOM objects among the formats, which is none."""


@functools.cache
def column_headings() -> dict[str, tuple[str, str]]:
    """Heading and explanation of the columns of the panel's table, in order.

    The names are those of :data:`~..report.table.COLUMNS`; exports hold all of them.
    """
    return {**_measure_headings(), **_review_headings()}


def _measure_headings() -> dict[str, tuple[str, str]]:
    return {
        "level_shown": (
            translate("VertebralFractures", "Level"),
            translate("VertebralFractures", "Vertebral level; a question mark where it is uncertain"),
        ),
        "height_anterior_mm": (
            translate("VertebralFractures", "Ha\nmm"),
            translate("VertebralFractures", "Anterior height in mm"),
        ),
        "height_middle_mm": (
            translate("VertebralFractures", "Hm\nmm"),
            translate("VertebralFractures", "Middle height in mm"),
        ),
        "height_posterior_mm": (
            translate("VertebralFractures", "Hp\nmm"),
            translate("VertebralFractures", "Posterior height in mm"),
        ),
        "height_loss_percent": (
            translate("VertebralFractures", "Loss\n%"),
            translate("VertebralFractures", "Height loss on which the grade rests, in %"),
        ),
        "height_ratio": (
            translate("VertebralFractures", "G"),
            translate("VertebralFractures", "Height ratio: smallest divided by largest of the three heights"),
        ),
        "grade": (
            translate("VertebralFractures", "Grade"),
            translate("VertebralFractures", "Grade 0 to 3 under the chosen thresholds"),
        ),
    }


def _review_headings() -> dict[str, tuple[str, str]]:
    return {
        "status": (translate("VertebralFractures", "Status"), translate("VertebralFractures", "Review status")),
        "shape": (translate("VertebralFractures", "Shape"), translate("VertebralFractures", "Shape of the deformity")),
        "image_probability": (
            translate("VertebralFractures", "Image"),
            translate(
                "VertebralFractures",
                "Image-based probability of a moderate or severe fracture; ≠ where the heights disagree",
            ),
        ),
        "largest_uncertainty_mm": (
            translate("VertebralFractures", "Uncertainty\nmm"),
            translate(
                "VertebralFractures",
                "Largest 68 % confidence radius of the six points in mm; borderline where another grade is likely, too",
            ),
        ),
        "source": (
            translate("VertebralFractures", "Source"),
            translate(
                "VertebralFractures", "Who placed the points: the model, the model and you (edited), or you (added)"
            ),
        ),
        "reader_note": (
            translate("VertebralFractures", "Note"),
            translate("VertebralFractures", "What a reader wrote on the vertebra"),
        ),
    }


@functools.cache
def grade_words() -> tuple[str, ...]:
    """The grades 0 to 3."""
    return (
        translate("VertebralFractures", "normal"),
        translate("VertebralFractures", "mild"),
        translate("VertebralFractures", "moderate"),
        translate("VertebralFractures", "severe"),
    )


@functools.cache
def table_words() -> dict[str, str]:
    """The words that a report holds, by the words of :mod:`~..core`."""
    return {
        "none": translate("VertebralFractures", "none"),
        "wedge": translate("VertebralFractures", "wedge"),
        "biconcave": translate("VertebralFractures", "biconcave"),
        "crush": translate("VertebralFractures", "crush"),
        "model": translate("VertebralFractures", "model"),
        "edited": translate("VertebralFractures", "edited"),
        "added": translate("VertebralFractures", "added"),
        "not reviewed": translate("VertebralFractures", "not reviewed"),
        "verified": translate("VertebralFractures", "verified"),
        "not evaluable": translate("VertebralFractures", "not eval."),
    }


@functools.cache
def cell_words() -> dict[str, str]:
    """What the cells of the panel's table say beside the values of a report, and their explanations."""
    return {
        "borderline": translate("VertebralFractures", "borderline"),
        "physiological": translate("VertebralFractures", "mild height reduction, probably physiological"),
        "discordant": translate("VertebralFractures", "From heights {heights}, from the image {image}: please review"),
    }


@functools.cache
def order_words() -> dict[str, str]:
    """The orders of the table, by what the panel keeps of the choice."""
    return {
        "position": translate("VertebralFractures", "Cranial to caudal"),
        "need": translate("VertebralFractures", "Review first"),
    }


@functools.cache
def verified_words() -> str:
    """How many vertebrae were verified."""
    return translate("VertebralFractures", "{verified} of {count} verified")


@functools.cache
def format_words() -> dict[str, str]:
    """The formats of exports by the suffix of their files; DICOM objects have a folder and no suffix."""
    return {
        ".csv": translate("VertebralFractures", "Table (CSV)"),
        ".tsv": translate("VertebralFractures", "Table (TSV)"),
        ".json": translate("VertebralFractures", "Measurements (JSON)"),
        ".html": translate("VertebralFractures", "Report page (HTML)"),
        ".txt": translate("VertebralFractures", "Text for the radiology report (TXT)"),
        DICOM: translate("VertebralFractures", "DICOM objects for a PACS (folder)"),
    }
