"""A study as a file of its own: table, measurements or report page."""

from pathlib import Path

from ...report.export import export_report
from .report import study_report
from .study import Study
from .volume import analyzed_image


def export_study(study: Study, path: Path) -> None:
    """Write a study with its edits in the format of the file's suffix, as the command line writes its results.

    :param path: the file; one of that name is replaced once the new one is complete.
    :raises UnusableInput: another suffix than those of :data:`~...report.export.FORMATS`, a report page whose image is
        no longer there, a study that cannot be read, or a file that cannot be written.
    """
    image = analyzed_image(study) if path.suffix.lower() == ".html" else None
    export_report(path, study_report(study), image)
