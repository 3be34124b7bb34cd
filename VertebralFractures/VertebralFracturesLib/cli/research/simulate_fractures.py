"""``research simulate-fractures``: write reference cases with simulated compression fractures."""

import argparse
from pathlib import Path

from ...errors import UnusableInput
from ...files import output_folder
from ...io.reference_case import find_cases
from ...simulation.fractures.cases import write_fractured_cases
from ..arguments import add_output
from ..terminal import ProgressLine
from .arguments import add_without_fracture, check_count_and_seed, named_without_fracture


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("data", metavar="DATA", type=Path, help="folder of reference cases")
    add_without_fracture(parser)
    add_output(parser, "", required=True)
    parser.add_argument("--count", type=int, default=1, help="number of variants of each case (default: 1)")
    text = "fraction of vertebrae with a simulated fracture (default: 0.3)"
    parser.add_argument("--share", type=float, default=0.3, help=text)
    parser.add_argument("--seed", type=int, default=1, help="random seed (default: 1)")


def run(args: argparse.Namespace) -> None:
    """Write the variants of every case.

    :raises UnusableInput: no variant is asked for, a negative seed, or an impossible share.
    """
    check_count_and_seed(args)
    if not 0 <= args.share <= 1:
        raise UnusableInput("--share has to lie between 0 and 1")

    with output_folder(args.output, args.overwrite) as folder, ProgressLine() as progress:
        cases = named_without_fracture(args, find_cases(args.data))
        written = write_fractured_cases(cases, folder, args.count, args.seed, progress, args.share)
    print(f"{args.output}: {written} fractured cases")
