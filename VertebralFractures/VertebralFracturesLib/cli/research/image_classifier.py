"""``research image-classifier``: compare heights, image classifier and both with reference cases."""

import argparse
from pathlib import Path

from ...ct.pipeline import analyze_ct
from ...evaluation.stress_tests.conditions import named_conditions
from ...evaluation.studies.image_classifier import compare_readings, read_cases, readings_text, write_readings
from ...io.ct import read_volume
from ...io.reference_case import find_cases
from ..arguments import add_output, add_run_options
from ..terminal import ProgressLine
from .arguments import folder_if_asked


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("data", metavar="DATA", type=Path, nargs="+", help="folders of reference cases")
    text = 'also evaluate every CT under these conditions of the stress tests, for example "5 mm slices"'
    parser.add_argument("--conditions", nargs="+", default=[], metavar="NAME", help=text)
    add_output(parser, "the tables are printed only")
    add_run_options(parser)


def run(args: argparse.Namespace) -> None:
    """Analyze every case under every condition, and compare the three readings."""
    from ...networks.ct_networks import load_ct_networks

    conditions = named_conditions(args.conditions)
    with folder_if_asked(args) as folder, ProgressLine() as line:
        models = load_ct_networks(args.device, args.detector, image_classifier=True)
        cases = [case for data in args.data for case in find_cases(data)]
        found = read_cases(
            cases, lambda volume: analyze_ct(volume, models, preset=args.preset), read_volume, conditions, line
        )
        comparisons = compare_readings(found)
        if folder is not None:
            write_readings(folder, found, comparisons)
    print(readings_text(found, comparisons), end="")
