"""What users read, in literal strings that translators can extract: headings, grades, shapes, sources, statuses."""

import functools

from slicer.i18n import tr as _


@functools.cache
def column_headings() -> dict[str, tuple[str, str]]:
    """Heading and explanation of the columns of the panel's table, in order.

    The names are those of :data:`~..report.table.COLUMNS`; exports hold all of them.
    """
    return {
        "level_shown": (_("Level"), _("Vertebral level; a question mark where it is uncertain")),
        "height_anterior_mm": (_("Ha\nmm"), _("Anterior height in mm")),
        "height_middle_mm": (_("Hm\nmm"), _("Middle height in mm")),
        "height_posterior_mm": (_("Hp\nmm"), _("Posterior height in mm")),
        "height_loss_percent": (_("Loss\n%"), _("Height loss that the grade is about, in %")),
        "height_ratio": (_("G"), _("Height ratio: smallest divided by largest of the three heights")),
        "grade": (_("Grade"), _("Grade 0 to 3 under the chosen thresholds")),
        "shape": (_("Shape"), _("Shape of the deformity")),
        "status": (_("Status"), _("Review status")),
        "image_probability": (
            _("Image"),
            _("Image-based probability of a moderate or severe fracture; ≠ where the heights disagree"),
        ),
        "largest_uncertainty_mm": (
            _("Uncertainty\nmm"),
            _("Largest 68 % confidence radius of the six points in mm; borderline where another grade is likely, too"),
        ),
        "source": (_("Source"), _("Who placed the points: the model, the model and you (edited), or you (added)")),
    }


@functools.cache
def grade_words() -> tuple[str, ...]:
    """The grades 0 to 3."""
    return _("normal"), _("mild"), _("moderate"), _("severe")


@functools.cache
def table_words() -> dict[str, str]:
    """The words that a report holds, by the words of :mod:`~..core`."""
    return {
        "none": _("none"),
        "wedge": _("wedge"),
        "biconcave": _("biconcave"),
        "crush": _("crush"),
        "model": _("model"),
        "edited": _("edited"),
        "added": _("added"),
        "not reviewed": _("not reviewed"),
        "verified": _("verified"),
        "not evaluable": _("not eval."),
    }


@functools.cache
def cell_words() -> dict[str, str]:
    """What the cells of the panel's table say beside the values of a report, and their explanations."""
    return {
        "borderline": _("borderline"),
        "physiological": _("mild height reduction, probably physiological"),
        "discordant": _("From heights {heights}, from the image {image}: please review"),
    }


@functools.cache
def format_words() -> dict[str, str]:
    """The formats of exports by the suffix of their files."""
    return {
        ".csv": _("Table (CSV)"),
        ".tsv": _("Table (TSV)"),
        ".json": _("Measurements (JSON)"),
        ".html": _("Report page (HTML)"),
    }
