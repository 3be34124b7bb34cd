"""``research cross-validate``: train both networks and evaluate them, fold by fold."""

import argparse
from pathlib import Path

from ... import __version__
from ...evaluation.pages.files import write_evaluation
from ...evaluation.pages.tables import evaluation_text
from ...evaluation.studies.cross_validation import Settings, cross_validate
from ...io.ct import read_volume
from ...io.reference_case import find_cases
from ..arguments import PROGRAM, add_run_options
from .arguments import add_fold_options, add_training_options, check_folds_and_seed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--cases", type=Path, required=True, metavar="DIR", help="folder of reference cases")
    add_fold_options(parser, folds=5)
    for network in ("curve", "vertebrae"):
        add_training_options(parser, network, "--steps 6000 --phantoms 200")
    add_run_options(parser)


def run(args: argparse.Namespace) -> None:
    """Train and measure the folds that are not done yet, and write the evaluation of all.

    :raises UnusableInput: fewer than two folds, or a negative seed.
    """
    check_folds_and_seed(args)
    settings = Settings(
        cases=str(args.cases.resolve()),
        folds=args.folds,
        detector=args.detector,
        preset=args.preset,
        seed=args.seed,
        device=args.device,
        curve_options=tuple(args.curve_options),
        vertebrae_options=tuple(args.vertebrae_options),
    )
    facts = {
        "cases": args.cases.resolve().name,
        "detector": args.detector,
        "validation": f"{args.folds} folds, split by case",
        "software": f"{PROGRAM} {__version__}",
    }
    evaluation = cross_validate(settings, args.output, facts)
    write_evaluation(args.output, evaluation, find_cases(args.cases), read_volume)
    print(evaluation_text(evaluation), end="")
