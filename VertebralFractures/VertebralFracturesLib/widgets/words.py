"""What readers read, in literal strings that translators can extract: headings, grades, shapes, sources, statuses."""

from slicer.i18n import tr as _


def column_headings() -> dict[str, tuple[str, str]]:
    """Heading and explanation of the columns of the panel's table, in order.

    The names are those of :data:`~..report.table.COLUMNS`; exports hold all of them.
    """
    return {
        "level": (_("Level"), _("Vertebral level")),
        "height_anterior_mm": (_("Ha\nmm"), _("Anterior height in mm")),
        "height_middle_mm": (_("Hm\nmm"), _("Middle height in mm")),
        "height_posterior_mm": (_("Hp\nmm"), _("Posterior height in mm")),
        "genant_index": (_("G"), _("Least over greatest of the three heights")),
        "posterior_loss_percent": (_("Loss\n%"), _("Height lost against the body's own posterior height, in %")),
        "grade": (_("Grade"), _("Grade 0 to 3 of the index G under the chosen cut-offs")),
        "shape": (_("Shape"), _("Shape of the deformity")),
        "status": (_("Status"), _("What you said of the vertebra")),
        "seen_probability": (
            _("Seen"),
            _("Probability of an at least moderate fracture as the picture looks; ≠ where the index G says otherwise"),
        ),
        "largest_uncertainty_mm": (
            _("Certainty"),
            _("Borderline: G lies within 0.05 of a cut-off. Otherwise the largest uncertainty of the six points in mm"),
        ),
        "source": (_("Source"), _("Who placed the points: the model, the model and you (edited), or you (added)")),
    }


def grade_words() -> tuple[str, ...]:
    """The grades 0 to 3."""
    return _("normal"), _("mild"), _("moderate"), _("severe")


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
        "to review": _("to review"),
        "verified": _("verified"),
        "not evaluable": _("not eval."),
    }


def format_words() -> dict[str, str]:
    """The formats of exports by the suffix of their files."""
    return {
        ".csv": _("Table (CSV)"),
        ".tsv": _("Table (TSV)"),
        ".json": _("Measurements (JSON)"),
        ".html": _("Report page (HTML)"),
    }
