"""A study as a file of its own: table, measurements or report page."""

from pathlib import Path

from ...radiograph.record import Image, RadiographReport
from ...report.export import export_report
from ..nodes.image import shown_radiograph
from .report import model_report, study_report
from .study import Study
from .volume import analyzed_volume


def export_study(study: Study, path: Path) -> None:
    """Write a study with its edits in the format of the file's suffix, as the command line writes its results.

    :param path: the file; one of that name is replaced once the new one is complete.
    :raises UnusableInput: another suffix than those of :data:`~...report.export.FORMATS`, a report page whose image is
        no longer there, a study that cannot be read, or a file that cannot be written.
    """
    image = analyzed_image(study) if path.suffix.lower() == ".html" else None
    export_report(path, study_report(study), image)


def analyzed_image(study: Study) -> Image | None:
    """The CT or the radiograph of a study where it lay when it was analyzed; None if its node was deleted.

    :raises UnusableInput: the node holds other voxels now, or none, or the study cannot be read.
    """
    volume, report = analyzed_volume(study), model_report(study)
    return shown_radiograph(volume, report) if volume is not None and isinstance(report, RadiographReport) else volume
