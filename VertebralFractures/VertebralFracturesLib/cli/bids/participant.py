"""The CTs of participants, analyzed one after the other with networks that are loaded once."""

import argparse
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.report import SpineReport
from ...core.volume import Volume
from ...errors import NoSpineFound, UnusableInput
from ...files import output_folder, write_text
from ...io.ct import read_input
from ...io.exchange.grid import Grid
from ...io.exchange.points import points_of
from ...io.exchange.tptbox import poi_json
from ...io.exchange.verse import centroids_json
from ...io.fingerprint import fingerprint
from ...io.read_image import ReadImage
from ...report.export import write_report
from ..cohort.store import DONE, FAILED, NO_SPINE
from ..cohort.tables import case_rows
from ..manifest import RunClock, run_facts
from ..process import is_out_of_memory
from ..results import analyze_read_image, of_case
from .layout import CENTROIDS, MEASUREMENTS, PAGE, PATIENT, POINTS, RUN, TEXT, VERTEBRAE, BidsImage
from .tables import COLUMNS, tsv, write_descriptions

if TYPE_CHECKING:
    from ...analyzer import Analyzer

Progress = Callable[[str, float], None]


def is_done(image: BidsImage, derivatives: Path) -> bool:
    """Whether a CT has results."""
    return image.file(derivatives, RUN).is_file()


def write_table_descriptions(derivatives: Path) -> None:
    """Write what the columns of all tables of CTs mean, once at the top of the derivatives (inheritance of BIDS)."""
    for kind, columns in COLUMNS.items():
        file = (derivatives / kind).with_suffix(".json")
        if not file.exists():
            write_descriptions(file, columns)


def analyze_image(
    image: BidsImage,
    dataset: Path,
    derivatives: Path,
    args: argparse.Namespace,
    analyzer: "Analyzer",
    progress: Progress,
) -> tuple[str, str]:
    """Analyze a CT and publish all of its files, or keep the reason why there are none.

    :param dataset: the BIDS data set, to which paths in the results are relative.
    :param derivatives: takes the files.
    :param args: the settings.
    :param analyzer: has loaded the networks, or does so now.
    :param progress: called with the stage and its fraction.
    :return: status and reason.
    """
    clock = RunClock()
    try:
        with output_folder(image.folder(derivatives), overwrite=True) as folder:
            read = _read(image, dataset)
            report = analyze_read_image(
                read,
                device=args.device,
                detector=args.detector,
                preset=args.preset,
                image_classifier=args.image_classifier,
                progress=progress,
                analyzer=analyzer,
            )
            progress("writing", 0.0)
            folder.mkdir(parents=True, exist_ok=True)
            _write(folder, image, read, report)
            made = {**run_facts("bids", args, clock), "input": fingerprint(image.path), "weights": dict(report.models)}
            write_text(folder / image.file(derivatives, RUN).name, json.dumps(made, indent=1) + "\n")
    except NoSpineFound as error:
        return _keep_reason(image, derivatives, NO_SPINE, str(error))
    except UnusableInput as error:
        return _keep_reason(image, derivatives, FAILED, str(error))
    except Exception as error:  # one CT that nobody foresaw does not keep the others from being analyzed
        return _keep_reason(image, derivatives, FAILED, _reason(error))
    with suppress(FileNotFoundError):
        image.log(derivatives).unlink()
    return DONE, ""


def _read(image: BidsImage, dataset: Path) -> ReadImage[Volume]:
    """The CT, which results know by its name and its place in the data set."""
    read = read_input(image.path)
    inner = image.path.relative_to(dataset).as_posix()
    return of_case(replace(read, description={**read.description, "path": inner}), image.entities)


def _write(folder: Path, image: BidsImage, read: ReadImage[Volume], report: SpineReport) -> None:
    """Write the files of a CT."""

    def file(kind: str) -> Path:
        return folder / f"{image.entities}_{kind}"

    for kind in (MEASUREMENTS, PAGE, TEXT):
        write_report(file(kind), report, read.image)
    rows = case_rows(report)
    write_text(file(VERTEBRAE), tsv(COLUMNS[VERTEBRAE], rows["vertebrae"]))
    write_text(file(PATIENT), tsv(COLUMNS[PATIENT], [rows["patient"]]))
    points, grid = points_of(report), Grid.of(read.image)
    write_text(file(CENTROIDS), centroids_json(points, grid))
    write_text(file(POINTS), poi_json(points, grid))


def _reason(error: Exception) -> str:
    """The message about an unexpected error."""
    if is_out_of_memory(error):
        return "there is not enough memory for this input"
    first_line = (str(error).splitlines() or [""])[0]
    return f"unexpected error ({type(error).__name__}: {first_line})"


def _keep_reason(image: BidsImage, derivatives: Path, status: str, reason: str) -> tuple[str, str]:
    """Keep why a CT has no results."""
    log = image.log(derivatives)
    log.parent.mkdir(exist_ok=True)
    write_text(log, json.dumps({"image": image.entities, "status": status, "reason": reason}, indent=1) + "\n")
    return status, reason
