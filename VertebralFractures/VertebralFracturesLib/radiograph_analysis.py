"""One analysis from a radiograph that was read to the result files."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from .analysis import RESULT_FILES
from .core.radiograph import Radiograph, RadiographReport
from .core.report_table import CSV_ENCODING
from .core.text_files import write_text
from .errors import NoSpineFound, UnusableInput
from .radiograph_io import ReadRadiograph

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

    :param read: from :func:`~.radiograph_io.read_radiograph`.
    :param folder: takes :data:`~.analysis.RESULT_FILES`.
    :param device: "auto", "cpu" or "cuda".
    :param preset: cut-offs of the grades.
    :param models_folder: weights to use instead of the shipped ones.
    :param progress: called with the stage and its fraction.
    :raises UnusableInput: a frontal view, an image that is upside down, or there is no such device.
    :raises NoSpineFound: no spine in view.
    """
    from .networks.radiograph_weights import WEIGHTS_FOLDER, load_radiograph_models
    from .radiograph_pipeline import analyze_radiograph

    path = Path(read.description["path"])
    models = load_radiograph_models(device, models_folder or WEIGHTS_FOLDER)
    try:
        report = analyze_radiograph(read.radiograph, models, preset=preset, progress=progress, input=read.description)
    except (UnusableInput, NoSpineFound) as error:
        raise type(error)(f"{path}: {error}") from error
    warnings = tuple(dict.fromkeys((*read.warnings, *report.spine.warnings)))
    report = replace(report, spine=replace(report.spine, warnings=warnings))
    write_radiograph_results(folder, read.radiograph, report, path.name, progress)
    return report


def write_radiograph_results(
    folder: Path, radiograph: Radiograph, report: RadiographReport, name: str, progress: Progress
) -> None:
    """Write :data:`~.analysis.RESULT_FILES`.

    :param name: what the radiograph is called in the scene.
    """
    from .mrml.radiograph_study import create_radiograph_study
    from .mrml.scene_file import write_scene
    from .radiograph_page import write_radiograph_page

    progress("writing", 0.0)
    write_text(folder / "measurements.json", report.to_json())
    write_text(folder / "measurements.csv", report.to_csv(), CSV_ENCODING)
    write_radiograph_page(folder / "report.html", report, radiograph)
    progress("writing", 0.3)
    volume = Radiograph(radiograph.image, report.pixel_mm, report.anterior_is).as_volume()
    write_scene(
        folder / "scene.mrb",
        volume,
        report.spine,
        name,
        create=lambda scene, node, spine: create_radiograph_study(scene, node, report),
    )
    progress("writing", 1.0)
