"""Whether a reader's work would be lost with a study."""

from ..core.report import SpineReport
from ..errors import UnusableInput
from .study import Study
from .study_report import model_report, study_report


def has_edits(study: Study) -> bool:
    """Whether a study differs from what the model found: points, set of vertebrae, levels, statuses or curve."""
    try:
        model, now = model_report(study), study_report(study)
    except UnusableInput:
        return True
    return now.curve is not model.curve or _said_of_vertebrae(now) != _said_of_vertebrae(model)


def _said_of_vertebrae(report: SpineReport) -> list[tuple[str, str, str | None]]:
    return [(vertebra.source, vertebra.status, vertebra.level) for vertebra in report.vertebrae]
