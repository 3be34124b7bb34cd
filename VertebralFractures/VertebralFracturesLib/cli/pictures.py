"""``pictures``: draw the views of 3D Slicer as PNG files."""

import argparse
from pathlib import Path

from ..files import output_folder
from ..io.ct import read_input
from ..report.text import printable
from .arguments import add_output, add_run_options, add_series, default_output, say
from .results import analyze_read_image
from .terminal import ProgressLine


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    text = "a CT (as for the command analyze), or a saved scene.mrb"
    parser.add_argument("input", metavar="INPUT", type=Path, help=text)
    add_series(parser)
    text = "level or number of the vertebra to show (default: the one with the smallest height ratio)"
    parser.add_argument("--vertebra", metavar="V", help=text)
    add_output(parser, "NAME-pictures")
    add_run_options(parser)


def run(args: argparse.Namespace) -> None:
    """Measure a CT, or take a saved scene as it is, and draw it."""
    from ..mrml.pictures import PICTURE_FILES, draw_report, draw_scene, is_scene

    target = args.output or default_output(args.input, "pictures")
    with output_folder(target, args.overwrite) as folder, ProgressLine() as progress:
        progress("reading", 0.0)
        if is_scene(args.input):
            draw_scene(folder, args.input, args.vertebra)
        else:
            read = read_input(args.input, args.series, lambda fraction: progress("reading", fraction))
            report = analyze_read_image(
                read, device=args.device, detector=args.detector, preset=args.preset, progress=progress
            )
            progress("drawing", 0.0)
            draw_report(folder, read.image, report, args.input.name, args.vertebra)
            for warning in report.warnings:
                say(f"warning: {warning}")
    print(f"{printable(str(target))}: {', '.join(PICTURE_FILES)}")
