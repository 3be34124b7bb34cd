"""Arguments that commands for research share."""

import argparse
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ...errors import UnusableInput
from ...files import output_folder
from ...io.reference_case import ReferenceCase

GOES_ON = "cancelled: finished parts are in {output}; run the same command again to continue"
"""What a command that keeps checkpoints says when it is cancelled, the place of its output excepted."""


def add_fold_options(parser: argparse.ArgumentParser, folds: int) -> None:
    """How a command that trains fold by fold splits its cases, and where it works.

    :param folds: how many folds by default.
    """
    parser.set_defaults(if_cancelled=GOES_ON)
    parser.add_argument("--folds", type=int, default=folds, help=f"number of folds (default: {folds})")
    parser.add_argument("--seed", type=int, default=1, help="random seed of the split and the trainings (default: 1)")
    text = "folder for the folds; an interrupted run is resumed there"
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help=text)


def add_training_options(parser: argparse.ArgumentParser, network: str, example: str) -> None:
    """What a command hands on to the training of a network.

    :param network: whose training.
    :param example: of what can be handed on.
    """
    text = f'further arguments for "train {network}", quoted as one, as in --{network}-options="{example}"'
    parser.add_argument(f"--{network}-options", type=shlex.split, default=[], metavar="WORDS", help=text)


def check_folds_and_seed(args: argparse.Namespace) -> None:
    """Refuse what cannot be split.

    :raises UnusableInput: fewer than two folds, or a negative seed.
    """
    if args.folds < 2 or args.seed < 0:
        raise UnusableInput("--folds has to be 2 or more and --seed 0 or more")


def check_count_and_seed(args: argparse.Namespace) -> None:
    """Refuse what cannot be made.

    :raises UnusableInput: nothing is asked for, or a negative seed.
    """
    if args.count < 1 or args.seed < 0:
        raise UnusableInput("--count has to be 1 or more and --seed 0 or more")


def add_without_fracture(parser: argparse.ArgumentParser) -> None:
    """Which patients are known to have no fracture."""
    text = (
        "names of cases whose patient has no fracture, if their reference does not state it; without a name, all cases"
    )
    parser.add_argument("--without-fracture", nargs="*", metavar="CASE", help=text)


def named_without_fracture(args: argparse.Namespace, cases: Sequence[ReferenceCase]) -> list[ReferenceCase]:
    """The cases, those of ``--without-fracture`` with no vertebra fractured.

    :raises UnusableInput: no case has such a name.
    """
    if args.without_fracture is None:
        return list(cases)
    named = set(args.without_fracture or [case.name for case in cases])
    unknown = named - {case.name for case in cases}
    if unknown:
        raise UnusableInput(f"--without-fracture: there is no case {min(unknown)!r}")
    return [replace(case, fractures=(None,) * len(case.levels)) if case.name in named else case for case in cases]


@contextmanager
def folder_if_asked(args: argparse.Namespace) -> Iterator[Path | None]:
    """The folder of ``--output``, whole or not at all; None where results are printed only.

    :raises UnusableInput: as of :func:`~....files.output_folder`.
    """
    if args.output is None:
        yield None
        return
    with output_folder(args.output, args.overwrite) as folder:
        yield folder
