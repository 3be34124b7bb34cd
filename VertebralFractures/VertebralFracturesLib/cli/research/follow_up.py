"""``research follow-up``: evaluate the comparison of two studies on evaluations that were written before."""

import argparse
from pathlib import Path

from ...evaluation.studies.follow_up import follow_up_text
from ..arguments import add_seed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    text = (
        "folder that research evaluate wrote, or its evaluation.json; for simulated fractures, the evaluation of the "
        "cases that they were made from is the prior study"
    )
    parser.add_argument("evaluations", metavar="EVALUATION", nargs="+", type=Path, help=text)
    add_seed(parser, 1, "random seed (default: 1)")


def run(args: argparse.Namespace) -> None:
    """Print the tables."""
    files = [path / "evaluation.json" if path.is_dir() else path for path in args.evaluations]
    print(follow_up_text(files, args.seed), end="")
