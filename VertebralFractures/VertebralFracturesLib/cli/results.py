"""From an image that was read to a report and the result files: the way of every command, for every kind of image."""

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.heights.genant import DEFAULT_PRESET
from ..core.report import SpineReport
from ..core.volume import Volume
from ..ct.networks import DetectorName
from ..errors import NoSpineFound, UnusableInput
from ..io.read_image import ImageT, ReadImage
from ..radiograph.record import Image, Radiograph
from ..report.export import write_patient_table, write_report
from ..report.text import printable

if TYPE_CHECKING:
    from ..analyzer import Analyzer

SCENE_FILE, PATIENT_FILE = "scene.mrb", "patient.csv"
RESULT_FILES = ("measurements.json", "measurements.csv", PATIENT_FILE, SCENE_FILE, "report.html", "report.txt")
RUN_FILE = "run.json"
"""How the results were made, see :mod:`.manifest`."""

DICOM_FOLDER, EXCHANGE_FOLDER = "dicom", "exchange"
"""The results of a run, and the folders of the DICOM objects and of the formats of other tools beside them."""

FORMATS = {
    "json": ("measurements.json",),
    "csv": ("measurements.csv", PATIENT_FILE),
    "html": ("report.html",),
    "text": ("report.txt",),
    "scene": (SCENE_FILE,),
    DICOM_FOLDER: (),
    EXCHANGE_FOLDER: (),
}
"""What a cohort can be told to write of each case, and the files that it writes; the last two have their folders."""

Progress = Callable[[str, float], None]


def analyze_read_image(
    read: ReadImage[Volume] | ReadImage[Radiograph],
    *,
    device: str = "auto",
    detector: DetectorName = "anchor-free",
    preset: str = DEFAULT_PRESET,
    image_classifier: bool = True,
    weights_folder: Path | None = None,
    progress: Progress,
    analyzer: "Analyzer | None" = None,
) -> SpineReport:
    """Find and measure the vertebrae of an image that was read.

    :param read: a CT or a radiograph, from :mod:`~..io.ct` or :mod:`~..io.radiograph`.
    :param device: "auto", "cpu" or "cuda".
    :param detector: which detection head reads a CT.
    :param preset: cut-offs of the grades.
    :param image_classifier: whether the image classifier looks at a CT as well.
    :param weights_folder: weights to use instead of the shipped ones.
    :param progress: called with the stage and its fraction.
    :param analyzer: one that has loaded its networks before; by default they are loaded for this image.
    :return: a :class:`~..radiograph.record.RadiographReport` for a radiograph; warnings of reading come first.
    :raises UnusableInput: the image is of another kind than it has to be, or there is no such device.
    :raises NoSpineFound: no spine in view.
    """
    from ..analyzer import Analyzer

    try:
        report = (analyzer or Analyzer(weights_folder)).analyze(
            read.image,
            preset=preset,
            device=device,
            detector=detector,
            image_classifier=image_classifier,
            input=_printable_values(read.description),
            progress=progress,
        )
    except (UnusableInput, NoSpineFound) as error:
        raise type(error)(f"{read.path}: {error}{read.series_hint}") from error
    warnings = dict.fromkeys(printable(warning) for warning in (*read.warnings, *report.warnings))
    return replace(report, warnings=tuple(warnings))


def of_case(read: ReadImage[ImageT], case_id: str | None) -> ReadImage[ImageT]:
    """An image that was read, with the name of its case in its description.

    :param case_id: the name; by default the path of the input as it was given.
    """
    return replace(read, description={"case_id": case_id or str(read.path), **read.description})


def _printable_values(value: Any) -> Any:
    """The description that a file has of itself, without control characters and bytes that are no text."""
    if isinstance(value, dict):
        return {key: _printable_values(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_printable_values(one) for one in value]
    return printable(value) if isinstance(value, str) else value


def write_results(
    folder: Path,
    image: Image,
    report: SpineReport,
    name: str,
    progress: Progress,
    files: Collection[str] = RESULT_FILES,
) -> None:
    """Write the result files.

    :param folder: takes the files.
    :param image: the CT or the radiograph.
    :param report: what was found in it.
    :param name: what the image is called in the scene.
    :param progress: called with the stage and its fraction.
    :param files: which of :data:`RESULT_FILES` are written.
    """
    progress("writing", 0.0)
    for file in files:
        if file == PATIENT_FILE:
            write_patient_table(folder / file, report)
        elif file != SCENE_FILE:
            write_report(folder / file, report, image)
    progress("writing", 0.3)
    if SCENE_FILE in files:
        from ..mrml.scene_file import write_scene

        write_scene(folder / SCENE_FILE, image, report, name)
    progress("writing", 1.0)


def write_dicom(
    folder: Path, read: ReadImage[Volume] | ReadImage[Radiograph], report: SpineReport, progress: Progress
) -> tuple[str, ...]:
    """Write the results as DICOM objects, too.

    :param folder: of the results.
    :param read: the image, which is DICOM.
    :param report: what was found in it.
    :param progress: called with the stage and its fraction.
    :return: what was left out, one sentence each.
    :raises UnusableInput: the DICOM files of the image cannot serve any longer.
    """
    from ..pacs.export import export_dicom

    assert read.dicom is not None
    progress("writing DICOM", 0.0)
    try:
        return export_dicom(report, read.image, read.dicom, folder / DICOM_FOLDER)
    except UnusableInput as error:
        raise UnusableInput(f"{read.path}: {error}") from error


def write_exchange(folder: Path, volume: Volume, report: SpineReport) -> tuple[str, ...]:
    """Write levels, body centres and keypoints in the formats of other tools, too.

    :param folder: of the results.
    :param volume: the CT.
    :param report: what was found in it.
    :return: what was left out, one sentence each.
    """
    from ..io.exchange.files import write_points
    from ..io.exchange.grid import Grid
    from ..io.exchange.points import points_of

    points = points_of(report)
    write_points(folder / EXCHANGE_FOLDER, points, Grid.of(volume))
    return points.left_out


def check_no_earlier_folders(target: Path) -> None:
    """Refuse to write over results with folders, whose files would stay beside and among the new ones.

    :param target: the folder of results, which may exist.
    :raises UnusableInput: it holds DICOM objects or points of an earlier run.
    """
    for name in (DICOM_FOLDER, EXCHANGE_FOLDER):
        if (target / name).exists():
            raise UnusableInput(
                f"{target / name} holds files of an earlier run, which would stay beside the new results: remove it, "
                "or choose another folder with -o"
            )


def result_names(with_dicom: bool, with_exchange: bool = False) -> tuple[str, ...]:
    """Names of what a run of ``analyze`` or ``radiograph`` wrote."""
    folders = {DICOM_FOLDER: with_dicom, EXCHANGE_FOLDER: with_exchange}
    return (*RESULT_FILES, RUN_FILE, *(f"{name}/" for name, is_there in folders.items() if is_there))
