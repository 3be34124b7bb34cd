"""``analyze``: measure the vertebrae of a CT."""

import argparse
from pathlib import Path

from ..files import output_folder
from ..io.ct import read_input
from ..report.text import printable
from .arguments import (
    DEFAULT_OUTPUT,
    PROGRAM,
    add_output,
    add_run_options,
    add_series,
    add_study_options,
    default_output,
    say,
)
from .results import RESULT_FILES, analyze_read_image, of_case, write_results
from .terminal import ProgressLine, result_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("input", metavar="INPUT", type=Path, help="NIfTI, NRRD or MetaImage file, or a DICOM folder")
    add_series(parser)
    add_study_options(parser)
    add_output(parser, DEFAULT_OUTPUT % PROGRAM)
    add_run_options(parser)
    text = "measure only: do not read the spine a second time with the sequence networks"
    parser.add_argument("--no-second-opinion", dest="image_classifier", action="store_false", help=text)


def run(args: argparse.Namespace) -> None:
    """Analyze and write the results."""
    target = args.output or default_output(args.input, PROGRAM)
    with output_folder(target, args.overwrite) as folder, ProgressLine() as progress:
        progress("reading", 0.0)
        read = read_input(args.input, args.series, lambda fraction: progress("reading", fraction), args.identify)
        report = analyze_read_image(
            of_case(read, args.case_id),
            device=args.device,
            detector=args.detector,
            preset=args.preset,
            image_classifier=args.image_classifier,
            progress=progress,
        )
        write_results(folder, read.image, report, read.path.name, progress)
    for warning in report.warnings:
        say(f"warning: {warning}")
    print(result_table(report))
    print(f"\n{report.summary.headline}\n{report.summary.statement}")
    print(f"\n{printable(str(target))}: {', '.join(RESULT_FILES)}")
