"""``research stress-tests``: run the suite of stress tests, with a figure of each."""

import argparse
from pathlib import Path

from ... import __version__
from ...ct.pipeline import analyze_ct
from ...evaluation.stress_tests.page import FILES, stress_test_text, write_stress_tests
from ...evaluation.stress_tests.suite import run_stress_tests
from ...files import output_folder
from ...io.ct import read_volume
from ...io.reference_case import find_cases
from ..arguments import PROGRAM, add_output, add_run_options
from ..terminal import ProgressLine
from .arguments import add_without_fracture, named_without_fracture


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_output(parser, "", required=True)
    text = "folder of reference cases to be modified for further stress tests"
    parser.add_argument("--cases", type=Path, metavar="DATA", help=text)
    parser.add_argument(
        "--only",
        default="",
        metavar="WORDS",
        help='run only conditions whose names contain these words, as in "scoliosis: 60"',
    )
    add_without_fracture(parser)
    add_run_options(parser)


def run(args: argparse.Namespace) -> None:
    """Make, analyze and judge every stress test."""
    from ...networks.ct_networks import load_ct_networks

    with output_folder(args.output, args.overwrite) as folder, ProgressLine() as progress:
        models = load_ct_networks(args.device, args.detector)
        cases = named_without_fracture(args, find_cases(args.cases)) if args.cases else []
        results = run_stress_tests(
            lambda volume: analyze_ct(volume, models, preset=args.preset), cases, read_volume, args.only, progress
        )
        real = args.cases.resolve().name if args.cases else "none"
        networks = ", ".join(f"{name} {version[:24]}" for name, version in models.versions.items())
        facts = {"real cases": real, "networks": networks, "software": f"{PROGRAM} {__version__}"}
        write_stress_tests(folder, results, facts)
    print(f"{stress_test_text(results)}\n{args.output}: {', '.join(FILES)}")
