"""``analyze``: measure the vertebrae of a CT."""

import argparse
from pathlib import Path

from ..core.report import SpineReport
from ..core.volume import Volume
from ..files import output_folder
from ..io.ct import read_input
from ..io.read_image import ReadImage
from ..pacs.export import check_dicom_output
from ..report.document import report_json
from ..report.text import printable
from .arguments import (
    DEFAULT_OUTPUT,
    PROGRAM,
    add_dicom,
    add_json,
    add_output,
    add_run_options,
    add_series,
    add_study_options,
    default_output,
    say,
)
from .manifest import RunClock, write_manifest
from .results import (
    analyze_read_image,
    check_no_earlier_folders,
    of_case,
    result_names,
    write_dicom,
    write_exchange,
    write_results,
)
from .terminal import ProgressLine, result_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("input", metavar="INPUT", type=Path, help="NIfTI, NRRD or MetaImage file, or a DICOM folder")
    add_series(parser)
    add_study_options(parser)
    add_output(parser, DEFAULT_OUTPUT % PROGRAM)
    add_dicom(parser)
    text = (
        "also write levels, centres and landmarks for other programs into the subfolder exchange: VerSe centroids, "
        "TPTBox points of interest, and markups of 3D Slicer"
    )
    parser.add_argument("--exchange", action="store_true", help=text)
    text = (
        "write all result files from the structured report that --dicom wrote earlier for this CT, instead of "
        "analyzing the CT again"
    )
    parser.add_argument("--from-sr", metavar="FILE", type=Path, help=text)
    add_run_options(parser)
    add_json(parser)
    text = "skip the image-based classifier"
    parser.add_argument("--no-image-classifier", dest="image_classifier", action="store_false", help=text)


def run(args: argparse.Namespace) -> None:
    """Analyze and write the results."""
    target, clock = args.output or default_output(args.input, PROGRAM), RunClock()
    with output_folder(target, args.overwrite) as folder, ProgressLine() as progress:
        check_no_earlier_folders(target)
        progress("reading", 0.0)
        read = read_input(args.input, args.series, lambda fraction: progress("reading", fraction), args.identify)
        read = of_case(read, args.case_id)
        if args.dicom:
            check_dicom_output(read.dicom, read.path)
        report = _report(args, read, progress)
        write_results(folder, read.image, report, read.path.name, progress)
        left_out = write_dicom(folder, read, report, progress) if args.dicom else ()
        left_out += write_exchange(folder, read.image, report) if args.exchange else ()
        write_manifest(folder, "analyze", args, clock, read, report.models)
    for warning in (*report.warnings, *left_out):
        say(f"warning: {warning}")
    if args.json:
        print(report_json(report), end="")
        return
    print(result_table(report))
    print(f"\n{report.summary.headline}\n{report.summary.statement}")
    print(f"\n{printable(str(target))}: {', '.join(result_names(args.dicom, args.exchange))}")


def _report(args: argparse.Namespace, read: ReadImage[Volume], progress: ProgressLine) -> SpineReport:
    """What the networks find, or what an earlier report holds."""
    if args.from_sr is not None:
        from ..pacs.reading import read_structured_report

        return read_structured_report(args.from_sr, read)
    return analyze_read_image(
        read,
        device=args.device,
        detector=args.detector,
        preset=args.preset,
        image_classifier=args.image_classifier,
        progress=progress,
    )
