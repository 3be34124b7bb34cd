"""``research synthetic-patients``: write synthetic patients as reference cases."""

import argparse

from ...files import output_folder
from ...simulation.case import write_random_cases
from ..arguments import add_output
from ..terminal import ProgressLine
from .arguments import check_count_and_seed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_output(parser, "", required=True)
    parser.add_argument("--count", type=int, default=1, help="number of patients (default: 1)")
    parser.add_argument("--seed", type=int, default=1, help="of the first patient (default: 1)")


def run(args: argparse.Namespace) -> None:
    """Write the patients.

    :raises UnusableInput: no patient is asked for, or a negative seed.
    """
    check_count_and_seed(args)
    with output_folder(args.output, args.overwrite) as folder, ProgressLine() as progress:
        write_random_cases(folder, args.count, args.seed, progress)
    print(f"{args.output}: {args.count} synthetic patients as reference cases")
