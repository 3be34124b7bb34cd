"""``compare``: what changed between a prior and a current study of one patient, vertebra by vertebra."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from ..core.comparison.change import compare_spines
from ..core.report import SpineReport
from ..errors import UnusableInput
from ..files import output_folder, write_text
from ..io.ct import read_input
from ..io.radiograph import read_radiograph
from ..radiograph.record import Image, RadiographReport
from ..report.columns.column import CSV_ENCODING
from ..report.comparison.document import comparison_csv, comparison_json, comparison_text
from ..report.comparison.page import comparison_page
from ..report.document import read_report
from ..report.text import printable, text_table
from .arguments import add_output, add_run_options, say
from .results import analyze_read_image, of_case
from .terminal import ProgressLine

COMPARISON_FILES = ("comparison.html", "comparison.txt", "comparison.csv", "comparison.json")
"""What is written, all or nothing."""

_MEASUREMENTS = "measurements.json"
_DEFAULT_OUTPUT = "comparison"


@dataclass(frozen=True, eq=False)
class Study:
    """One of the two studies.

    :param report: what was found in it.
    :param image: its image; None where it is not at hand.
    :param warning: why there is no image.
    """

    report: SpineReport
    image: Image | None
    warning: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    text = (
        "a CT (NIfTI, NRRD or MetaImage file, or a DICOM folder), which is analyzed, or the results of analyze or "
        f"radiograph: their folder or {_MEASUREMENTS}, also with corrections by a user"
    )
    parser.add_argument("prior", metavar="PRIOR", type=Path, help=f"the earlier study: {text}")
    parser.add_argument("current", metavar="CURRENT", type=Path, help="the later study, in the same forms")
    add_output(parser, _DEFAULT_OUTPUT)
    add_run_options(parser)


def run(args: argparse.Namespace) -> None:
    """Read or analyze both studies, compare them and write the results."""
    target = args.output or Path(_DEFAULT_OUTPUT)
    with output_folder(target, args.overwrite) as folder, ProgressLine() as progress:
        prior, current = (_study(path, args, progress) for path in (args.prior, args.current))
        progress("comparing", 0.0)
        comparison = compare_spines(prior.report, current.report)
        reports = prior.report, current.report
        write_text(folder / "comparison.json", comparison_json(comparison, *reports))
        write_text(folder / "comparison.csv", comparison_csv(comparison, *reports), CSV_ENCODING)
        write_text(folder / "comparison.txt", comparison_text(comparison, *reports))
        page = comparison_page(comparison, *reports, prior.image, current.image)
        write_text(folder / "comparison.html", page)
        progress("comparing", 1.0)
    for warning in filter(None, (prior.warning, current.warning, comparison.numbering_note)):
        say(f"warning: {warning}")
    losses = ["" if one.greatest_loss is None else f"{100 * one.greatest_loss:.0f}" for one in comparison.vertebrae]
    rows = [
        (one.level, loss, ": ".join(filter(None, (one.verdict, one.reason))))
        for one, loss in zip(comparison.vertebrae, losses, strict=True)
    ]
    print(text_table(("Level", "Height loss since prior %", "Change"), rows))
    print(f"\n{comparison.headline}\n\n{printable(str(target))}: {', '.join(COMPARISON_FILES)}")


def _study(path: Path, args: argparse.Namespace, progress: ProgressLine) -> Study:
    """Read the results of an analysis, or analyze a CT.

    :raises UnusableInput: neither of them.
    """
    file = path / _MEASUREMENTS if path.is_dir() else path
    if file.suffix.lower() == ".json" and file.is_file():
        return _read_study(file)
    progress("reading", 0.0)
    read = of_case(read_input(path), None)
    report = analyze_read_image(
        read, device=args.device, detector=args.detector, preset=args.preset, image_classifier=False, progress=progress
    )
    return Study(report, read.image)


def _read_study(file: Path) -> Study:
    """The study that measurements.json holds, with its image where it still lies where it was analyzed."""
    try:
        report = read_report(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnusableInput(f"{printable(str(file))}: {error}") from error
    path = Path(str(report.input.get("path", "")))
    if not report.input.get("path") or not path.exists():
        return Study(
            report,
            None,
            f"{printable(str(file))}: its image {printable(str(path))} is missing, so that this study is not shown",
        )
    try:
        is_radiograph = isinstance(report, RadiographReport)
        image: Image = read_radiograph(path).image if is_radiograph else read_input(path, _series(report)).image
    except UnusableInput as error:
        return Study(
            report, None, f"{printable(str(file))}: its image cannot be read ({error}), so that this study is not shown"
        )
    return Study(report, image)


def _series(report: SpineReport) -> str | None:
    """The series of a DICOM folder that was analyzed."""
    series = report.input.get("series")
    return str(series["uid"]) if isinstance(series, dict) and series.get("uid") else None
