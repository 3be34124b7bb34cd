"""The command ``vertebral-fractures``.

Results go to stdout, progress, warnings and errors to stderr. Exit codes: 0 with results, 2 for unusable input or
arguments, 3 if no spine is found, 130 if cancelled.
"""

import argparse
import importlib
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from .. import __version__
from ..errors import Cancelled, NoSpineFound, UnusableInput
from .arguments import PROGRAM, add_device, add_models, add_output, add_preset, add_run_options, input_name, say
from .research import MAIN_PARTS, add_research_commands

_UNUSABLE, _NO_SPINE, _CANCELLED = 2, 3, 130
_TRAINED_PARTS = {
    **MAIN_PARTS,
    "canal": "the spinal canal",
    "sequence": "the second opinion, fractures along the spine",
    "radiographs": "the networks for lateral radiographs",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    :param argv: arguments without the program's name; those of the process by default.
    :return: the exit code.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        signal.signal(signal.SIGTERM, _interrupt)
        args = _parser(arguments).parse_args(arguments)
        args.command(args)
    except (UnusableInput, NoSpineFound, FloatingPointError) as error:  # the last one stops a training
        say(str(error))
        return _NO_SPINE if isinstance(error, NoSpineFound) else _UNUSABLE
    except (KeyboardInterrupt, Cancelled):
        say("cancelled, nothing was written")
        return _CANCELLED
    return 0


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    """End like Ctrl-C, so that drafts are removed."""
    raise KeyboardInterrupt


class _OneLineParser(argparse.ArgumentParser):
    """Reports wrong arguments in one line."""

    def error(self, message: str) -> NoReturn:
        raise UnusableInput(f"{message} (see {self.prog} --help)")


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    """The parser of all commands; training's own arguments are added when it is asked for, because they need torch."""
    parser = _OneLineParser(prog=PROGRAM, description="Measures every vertebral body in a CT.")
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_analyze(commands.add_parser("analyze", help="measure the vertebrae of a CT"))
    _add_radiograph(commands.add_parser("radiograph", help="measure vertebrae and angles in a lateral radiograph"))
    _add_demo(commands.add_parser("demo", help="make a synthetic patient, measure it, compare with the truth"))
    _add_pictures(commands.add_parser("pictures", help="draw the views of 3D Slicer as PNG files"))
    add_research_commands(commands)
    training = commands.add_parser("train", help="train a network")
    parts = training.add_subparsers(metavar="{" + ",".join(_TRAINED_PARTS) + "}", required=True)
    for name, text in _TRAINED_PARTS.items():
        part = parts.add_parser(name, help=text, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
        if list(arguments[:2]) == ["train", name]:
            module = importlib.import_module(f".training.{name}", __package__)
            module.add_arguments(part)
            part.set_defaults(command=module.run)
    return parser


def _add_analyze(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("input", metavar="INPUT", type=Path, help="NIfTI, NRRD or MetaImage file, or a DICOM folder")
    parser.add_argument("--series", metavar="X", help="Series Instance UID or Series Number in a DICOM folder")
    add_output(parser, "NAME-vertebral-fractures")
    add_run_options(parser)
    text = "measure only: do not read the spine a second time with the sequence networks"
    parser.add_argument("--no-second-opinion", dest="second_opinion", action="store_false", help=text)
    parser.set_defaults(command=_analyze)


def _analyze(args: argparse.Namespace) -> None:
    from ..files import output_folder
    from ..io.ct import read_input
    from .results import RESULT_FILES, analyze_input
    from .terminal import ProgressLine, result_table

    target = args.output or Path(f"{input_name(args.input)}-{PROGRAM}")
    with output_folder(target, args.overwrite) as folder, ProgressLine() as progress:
        progress("reading", 0.0)
        read = read_input(args.input, args.series, lambda fraction: progress("reading", fraction))
        report = analyze_input(
            read,
            folder,
            device=args.device,
            detector=args.detector,
            preset=args.preset,
            second_opinion=args.second_opinion,
            progress=progress,
        )
    for warning in report.warnings:
        say(f"warning: {warning}")
    print(result_table(report))
    print(f"\n{report.summary.statement}\n\n{target}: {', '.join(RESULT_FILES)}")


def _add_radiograph(parser: argparse.ArgumentParser) -> None:
    text = "lateral radiograph: DICOM, PNG, JPEG or TIFF file, or a single slice as NIfTI, NRRD or MetaImage"
    parser.add_argument("input", metavar="IMAGE", type=Path, help=text)
    text = "side of a pixel in the patient, instead of what the file says; without any, heights are relative"
    parser.add_argument("--pixel-spacing", metavar="MM", type=float, help=text)
    add_output(parser, "NAME-vertebral-fractures")
    add_device(parser)
    add_preset(parser)
    add_models(parser)
    parser.set_defaults(command=_radiograph)


def _radiograph(args: argparse.Namespace) -> None:
    from ..files import output_folder
    from ..io.radiograph import read_radiograph
    from .radiograph_results import RESULT_FILES, analyze_read_radiograph
    from .terminal import ProgressLine, angle_table, result_table

    target = args.output or Path(f"{input_name(args.input)}-{PROGRAM}")
    with output_folder(target, args.overwrite) as folder, ProgressLine() as progress:
        progress("reading", 0.0)
        read = read_radiograph(args.input, args.pixel_spacing)
        report = analyze_read_radiograph(
            read, folder, device=args.device, preset=args.preset, models_folder=args.models, progress=progress
        )
    for warning in report.warnings:
        say(f"warning: {warning}")
    print(f"{result_table(report)}\n\n{angle_table(report)}")
    print(f"\n{report.summary.statement}\n\n{target}: {', '.join(RESULT_FILES)}")


def _add_demo(parser: argparse.ArgumentParser) -> None:
    add_output(parser, "vertebral-fractures-demo")
    parser.add_argument("--seed", type=int, default=1, help="another number makes another patient")
    add_run_options(parser)
    parser.set_defaults(command=_demo)


def _demo(args: argparse.Namespace) -> None:
    from ..files import output_folder
    from .demo import run_demo
    from .terminal import ProgressLine

    target = args.output or Path(f"{PROGRAM}-demo")
    with output_folder(target, args.overwrite) as folder, ProgressLine() as progress:
        comparison = run_demo(
            folder, seed=args.seed, device=args.device, detector=args.detector, preset=args.preset, progress=progress
        )
    print(f"{comparison}\n\n{target}: the synthetic CT and the results; open scene.mrb in 3D Slicer")


def _add_pictures(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "input", metavar="INPUT", type=Path, help="a CT as for analyze, or a scene.mrb to draw as it was saved"
    )
    parser.add_argument("--series", metavar="X", help="Series Instance UID or Series Number in a DICOM folder")
    parser.add_argument(
        "--vertebra", metavar="V", help="level or number of the vertebra to look at (default: the one of least G)"
    )
    add_output(parser, "NAME-pictures")
    add_run_options(parser)
    parser.set_defaults(command=_pictures)


def _pictures(args: argparse.Namespace) -> None:
    from ..files import output_folder
    from ..io.ct import read_input
    from ..mrml.pictures import PICTURE_FILES, draw_report, draw_scene, is_scene
    from .results import measure_input
    from .terminal import ProgressLine

    target = args.output or Path(f"{input_name(args.input)}-pictures")
    with output_folder(target, args.overwrite) as folder, ProgressLine() as progress:
        progress("reading", 0.0)
        if is_scene(args.input):
            draw_scene(folder, args.input, args.vertebra)
        else:
            read = read_input(args.input, args.series, lambda fraction: progress("reading", fraction))
            report = measure_input(
                read, device=args.device, detector=args.detector, preset=args.preset, progress=progress
            )
            progress("drawing", 0.0)
            draw_report(folder, read.volume, report, args.input.name, args.vertebra)
            for warning in report.warnings:
                say(f"warning: {warning}")
    print(f"{target}: {', '.join(PICTURE_FILES)}")
