"""Arguments that both training commands share."""

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from .loop import Recipe


def add_common_arguments(parser: argparse.ArgumentParser, recipes: Mapping[str, Recipe]) -> None:
    """Declare where the data are, what to train with, and where to write.

    :param parser: of one training command.
    :param recipes: named defaults of that command.
    """
    parser.add_argument(
        "-o", "--output", type=Path, required=True, help="folder for checkpoint, log, curves and weights"
    )
    parser.add_argument("--cases", type=Path, help="folder of reference cases")
    parser.add_argument("--hold-out", nargs="*", default=[], metavar="NAME", help="cases to validate on instead")
    parser.add_argument("--phantoms", type=int, default=0, metavar="COUNT", help="synthetic patients to train on")
    parser.add_argument(
        "--phantom-seed", type=int, default=1, help="of the synthetic patients, the same for trainings to compare"
    )
    parser.add_argument(
        "--cache", type=Path, default=Path("training-cache"), help="folder that keeps rendered phantoms"
    )
    parser.add_argument("--recipe", choices=list(recipes), default="cpu", help="named steps, batch size and rate")
    parser.add_argument("--steps", type=int, help="instead of the recipe's")
    parser.add_argument("--batch-size", type=int, help="instead of the recipe's")
    parser.add_argument("--learning-rate", type=float, help="instead of the recipe's")
    parser.add_argument("--start-from", type=Path, metavar="CHECKPOINT", help="take the weights that fit as the start")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    parser.add_argument(
        "--low-precision", action="store_true", help="16-bit arithmetic on a CPU too; a GPU always uses it"
    )
    parser.add_argument("--threads", type=int, default=2, help="CPU threads of the network")
    parser.add_argument("--workers", type=int, default=1, help="processes that make training data")


def chosen_recipe(args: argparse.Namespace, recipes: Mapping[str, Recipe]) -> Recipe:
    """The named recipe with what the arguments change in it."""
    changes = {"steps": args.steps, "batch_size": args.batch_size, "learning_rate": args.learning_rate}
    return replace(recipes[args.recipe], **{name: value for name, value in changes.items() if value is not None})
