"""One analysis from an input that was read to the result files: what ``analyze``, ``demo`` and ``pictures`` share."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

from ..core.report import SpineReport
from ..core.volume import Volume
from ..errors import NoSpineFound, UnusableInput
from ..files import write_text
from ..io.ct import ReadInput
from ..report.document import report_json
from ..report.table import CSV_ENCODING, report_csv

RESULT_FILES = ("measurements.json", "measurements.csv", "scene.mrb", "report.html")

Progress = Callable[[str, float], None]


def analyze_input(
    read: ReadInput,
    folder: Path,
    *,
    device: str = "auto",
    detector: Literal["anchor-free", "anchor"] = "anchor-free",
    preset: str = "genant",
    second_opinion: bool = True,
    progress: Progress,
) -> SpineReport:
    """Measure the vertebrae of an input, see :func:`measure_input`, and write the four result files.

    :param folder: takes :data:`RESULT_FILES`.
    """
    report = measure_input(
        read, device=device, detector=detector, preset=preset, second_opinion=second_opinion, progress=progress
    )
    write_results(folder, read.volume, report, Path(read.description["path"]).name, progress)
    return report


def measure_input(
    read: ReadInput,
    *,
    device: str = "auto",
    detector: Literal["anchor-free", "anchor"] = "anchor-free",
    preset: str = "genant",
    second_opinion: bool = True,
    progress: Progress,
) -> SpineReport:
    """Measure the vertebrae of an input.

    :param read: the input, from :func:`~..io.ct.read_input`.
    :param device: "auto", "cpu" or "cuda".
    :param detector: which detection head.
    :param preset: cut-offs of the grades.
    :param second_opinion: whether to read the spine a second time.
    :param progress: called with the stage and its fraction.
    :raises UnusableInput: the input is no CT, or there is no such device.
    :raises NoSpineFound: no spine in view.
    """
    from ..analyzer import Analyzer

    path = Path(read.description["path"])
    try:
        report = Analyzer().analyze(
            read.volume,
            preset=preset,
            device=device,
            detector=detector,
            image_classifier=second_opinion,
            input=read.description,
            progress=progress,
        )
    except (UnusableInput, NoSpineFound) as error:
        raise type(error)(f"{path}: {error}{_series_hint(read)}") from error
    return replace(report, warnings=tuple(dict.fromkeys((*read.warnings, *report.warnings))))


def _series_hint(read: ReadInput) -> str:
    """Which series of a DICOM folder was read, and which could be."""
    if len(read.series) < 2:
        return ""
    return f"; this was series {read.series[0]}: try --series with {', '.join(read.series[1:])}"


def write_results(folder: Path, volume: Volume, report: SpineReport, name: str, progress: Progress) -> None:
    """Write :data:`RESULT_FILES`.

    :param name: what the volume is called in the scene.
    """
    from ..mrml.scene_file import write_scene
    from ..report.page import write_report_page

    progress("writing", 0.0)
    write_text(folder / "measurements.json", report_json(report))
    write_text(folder / "measurements.csv", report_csv(report), CSV_ENCODING)
    write_report_page(folder / "report.html", report, volume)
    progress("writing", 0.3)
    write_scene(folder / "scene.mrb", volume, report, name)
    progress("writing", 1.0)
