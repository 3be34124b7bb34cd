"""``radiograph``: measure vertebrae and angles in a lateral radiograph."""

import argparse
from pathlib import Path

from ..files import output_folder
from ..io.radiograph import read_radiograph
from ..radiograph.record import RadiographReport
from ..report.text import printable
from .arguments import (
    DEFAULT_OUTPUT,
    PROGRAM,
    add_device,
    add_models,
    add_output,
    add_preset,
    add_study_options,
    default_output,
    say,
)
from .results import RESULT_FILES, analyze_read_image, of_case, write_results
from .terminal import ProgressLine, angle_table, result_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    text = "lateral radiograph: DICOM, PNG, JPEG or TIFF file, or a single slice as NIfTI, NRRD or MetaImage"
    parser.add_argument("input", metavar="IMAGE", type=Path, help=text)
    text = "side of a pixel in the patient, instead of what the file says; without any, heights are relative"
    parser.add_argument("--pixel-spacing", metavar="MM", type=float, help=text)
    add_study_options(parser)
    add_output(parser, DEFAULT_OUTPUT % PROGRAM)
    add_device(parser)
    add_preset(parser)
    add_models(parser)


def run(args: argparse.Namespace) -> None:
    """Analyze and write the results."""
    target = args.output or default_output(args.input, PROGRAM)
    with output_folder(target, args.overwrite) as folder, ProgressLine() as progress:
        progress("reading", 0.0)
        read = of_case(read_radiograph(args.input, args.pixel_spacing, args.identify), args.case_id)
        report = analyze_read_image(
            read, device=args.device, preset=args.preset, weights_folder=args.models, progress=progress
        )
        write_results(folder, read.image, report, read.path.name, progress)
    assert isinstance(report, RadiographReport)
    for warning in report.warnings:
        say(f"warning: {warning}")
    print(f"{result_table(report)}\n\n{angle_table(report)}")
    print(f"\n{report.summary.headline}\n{report.summary.statement}")
    print(f"\n{printable(str(target))}: {', '.join(RESULT_FILES)}")
