"""``research synthetic-patients``: write synthetic patients as reference cases."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from ...evaluation.studies.claimed_folder import claim_folder
from ...simulation.case import FIELDS_OF_VIEW, write_random_cases
from ..terminal import ProgressLine
from .arguments import GOES_ON, check_count_and_seed

SETTINGS_FILE = "synthetic-patients.json"
"""Holds what patients of a folder have in common."""


@dataclass(frozen=True)
class Settings:
    """What the patients of a folder have in common; their seeds are in their names."""

    field_of_view: str
    variants: bool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.set_defaults(if_cancelled=GOES_ON)
    text = "folder for the patients; an interrupted run is resumed there, and more patients can be added"
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help=text)
    parser.add_argument("--count", type=int, default=1, help="number of patients (default: 1)")
    parser.add_argument("--seed", type=int, default=1, help="random seed of the first patient (default: 1)")
    text = "field of view: random, whole spine (C1 to coccyx) or lumbosacral (T10 to S5) (default: random)"
    parser.add_argument("--field-of-view", choices=FIELDS_OF_VIEW, default=FIELDS_OF_VIEW[0], help=text)
    text = "alternate between normal anatomy, L6, sacralised L5, T13, 11 pairs of ribs and lumbar ribs"
    parser.add_argument("--variants", action="store_true", help=text)


def run(args: argparse.Namespace) -> None:
    """Write the patients that are not there yet.

    :raises UnusableInput: no patient is asked for, a negative seed, or a folder of something else.
    """
    check_count_and_seed(args)
    claim_folder(args.output, SETTINGS_FILE, Settings(args.field_of_view, args.variants))
    with ProgressLine() as progress:
        write_random_cases(args.output, args.count, args.seed, progress, args.field_of_view, args.variants)
    print(f"{args.output}: {args.count} synthetic patients as reference cases")
