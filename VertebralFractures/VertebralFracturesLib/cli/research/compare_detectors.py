"""``research compare-detectors``: train both detectors alike and compare them, fold by fold."""

import argparse
from pathlib import Path

from ...evaluation.studies.detector_comparison import (
    ComparisonSettings,
    compare_detectors,
    comparison_tables,
    write_comparison,
)
from ...report.text import text_table
from ..arguments import add_device
from .arguments import add_fold_options, add_training_options, check_folds_and_seed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "--cases", type=Path, required=True, metavar="DIR", help="folder of reference cases for training"
    )
    parser.add_argument(
        "--data",
        type=Path,
        nargs="*",
        default=[],
        metavar="DIR",
        help="folders of further reference cases for evaluation",
    )
    add_fold_options(parser, folds=3)
    add_training_options(parser, "vertebrae", "--steps 6000")
    add_device(parser)


def run(args: argparse.Namespace) -> None:
    """Train and measure the folds that are not done yet, and write the comparison.

    :raises UnusableInput: fewer than two folds, or a negative seed.
    """
    check_folds_and_seed(args)
    settings = ComparisonSettings(
        cases=str(args.cases.resolve()),
        data=tuple(str(data.resolve()) for data in args.data),
        folds=args.folds,
        seed=args.seed,
        device=args.device,
        vertebrae_options=tuple(args.vertebrae_options),
    )
    results = compare_detectors(settings, args.output)
    write_comparison(args.output, settings, results)
    for table in comparison_tables(results):
        print(f"{table.title} ({table.note})\n{text_table(table.header, table.rows)}\n")
