"""``radiograph``: measure vertebrae and angles in a lateral radiograph."""

import argparse
from pathlib import Path

from ..files import output_folder
from ..io.radiograph import read_radiograph
from ..pacs.export import check_dicom_output
from ..radiograph.record import RadiographReport
from ..report.document import report_json
from ..report.text import printable
from .arguments import (
    DEFAULT_OUTPUT,
    PROGRAM,
    add_device,
    add_dicom,
    add_json,
    add_models,
    add_output,
    add_preset,
    add_study_options,
    default_output,
    say,
)
from .manifest import RunClock, write_manifest
from .results import analyze_read_image, check_no_earlier_folders, of_case, result_names, write_dicom, write_results
from .terminal import ProgressLine, angle_table, result_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    text = "lateral radiograph: DICOM, PNG, JPEG or TIFF file, or a single slice as NIfTI, NRRD or MetaImage"
    parser.add_argument("input", metavar="IMAGE", type=Path, help=text)
    text = "pixel spacing in mm; overrides the header; without any, no lengths are reported"
    parser.add_argument("--pixel-spacing", metavar="MM", type=float, help=text)
    add_study_options(parser)
    add_output(parser, DEFAULT_OUTPUT % PROGRAM)
    add_dicom(parser)
    add_device(parser)
    add_preset(parser)
    add_models(parser)
    add_json(parser)


def run(args: argparse.Namespace) -> None:
    """Analyze and write the results."""
    target, clock = args.output or default_output(args.input, PROGRAM), RunClock()
    with output_folder(target, args.overwrite) as folder, ProgressLine() as progress:
        check_no_earlier_folders(target)
        progress("reading", 0.0)
        read = of_case(read_radiograph(args.input, args.pixel_spacing, args.identify), args.case_id)
        if args.dicom:
            check_dicom_output(read.dicom, read.path)
        report = analyze_read_image(
            read, device=args.device, preset=args.preset, weights_folder=args.models, progress=progress
        )
        write_results(folder, read.image, report, read.path.name, progress)
        left_out = write_dicom(folder, read, report, progress) if args.dicom else ()
        write_manifest(folder, "radiograph", args, clock, read, report.models)
    assert isinstance(report, RadiographReport)
    for warning in (*report.warnings, *left_out):
        say(f"warning: {warning}")
    if args.json:
        print(report_json(report), end="")
        return
    print(f"{result_table(report)}\n\n{angle_table(report)}")
    print(f"\n{report.summary.headline}\n{report.summary.statement}")
    print(f"\n{printable(str(target))}: {', '.join(result_names(args.dicom))}")
