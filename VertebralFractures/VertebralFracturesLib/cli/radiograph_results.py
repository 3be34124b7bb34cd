"""One analysis from a radiograph that was read to the result files."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ..errors import NoSpineFound, UnusableInput
from ..files import write_text
from ..io.radiograph import ReadRadiograph
from ..radiograph.record import Radiograph, RadiographReport
from ..report.document import report_json
from ..report.table import CSV_ENCODING, report_csv
from .results import RESULT_FILES

__all__ = ["RESULT_FILES", "analyze_read_radiograph", "write_radiograph_results"]

Progress = Callable[[str, float], None]


def analyze_read_radiograph(
    read: ReadRadiograph,
    folder: Path,
    *,
    device: str = "auto",
    preset: str = "genant",
    models_folder: Path | None = None,
    progress: Progress,
) -> RadiographReport:
    """Measure the vertebrae and angles of a radiograph and write the four result files.

    :param read: from :func:`~..io.radiograph.read_radiograph`.
    :param folder: takes :data:`~.results.RESULT_FILES`.
    :param device: "auto", "cpu" or "cuda".
    :param preset: cut-offs of the grades.
    :param models_folder: weights to use instead of the shipped ones.
    :param progress: called with the stage and its fraction.
    :raises UnusableInput: a frontal view, an image that is upside down, or there is no such device.
    :raises NoSpineFound: no spine in view.
    """
    from ..analyzer import Analyzer

    path = Path(read.description["path"])
    analyzer = Analyzer(models_folder)
    try:
        report = analyzer.analyze(
            read.radiograph, preset=preset, device=device, input=read.description, progress=progress
        )
    except (UnusableInput, NoSpineFound) as error:
        raise type(error)(f"{path}: {error}") from error
    assert isinstance(report, RadiographReport)
    warnings = tuple(dict.fromkeys((*read.warnings, *report.warnings)))
    report = replace(report, warnings=warnings)
    write_radiograph_results(folder, read.radiograph, report, path.name, progress)
    return report


def write_radiograph_results(
    folder: Path, radiograph: Radiograph, report: RadiographReport, name: str, progress: Progress
) -> None:
    """Write :data:`~.results.RESULT_FILES`.

    :param name: what the radiograph is called in the scene.
    """
    from ..mrml.scene_file import write_scene
    from ..mrml.study.radiograph import create_radiograph_study
    from ..report.page import write_report_page

    progress("writing", 0.0)
    write_text(folder / "measurements.json", report_json(report))
    write_text(folder / "measurements.csv", report_csv(report), CSV_ENCODING)
    write_report_page(folder / "report.html", report, radiograph)
    progress("writing", 0.3)
    volume = Radiograph(radiograph.image, report.pixel_mm, report.anterior_is).as_volume()
    write_scene(
        folder / "scene.mrb",
        volume,
        report,
        name,
        create=lambda scene, node, spine: create_radiograph_study(scene, node, report),
    )
    progress("writing", 1.0)
