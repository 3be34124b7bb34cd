"""``research evaluate-radiographs``: project CTs and synthetic patients to radiographs, and compare."""

import argparse
from pathlib import Path

from ...errors import UnusableInput
from ...evaluation.studies.radiographs import evaluate_radiographs, radiographs_text, summary, write_radiographs
from ..arguments import add_device, add_models, add_output, add_seed
from ..terminal import ProgressLine
from .arguments import folder_if_asked


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("data", metavar="DATA", type=Path, nargs="?", help="folder of reference cases to project")
    parser.add_argument("--phantoms", type=int, default=0, metavar="N", help="synthetic patients to project as well")
    add_seed(parser, 900000, "random seed of the first synthetic patient (default: 900000)")
    parser.add_argument("--views", type=int, default=3, help="number of projections of each case (default: 3)")
    text = "range of exposures: usual ones, or any of the training data (default: usual)"
    parser.add_argument("--exposures", choices=("usual", "any"), default="usual", help=text)
    text = "slice thickness in mm of the CTs from which synthetic patients are projected"
    parser.add_argument("--slices", type=float, metavar="MM", help=text)
    add_output(parser, "the table is printed only")
    add_device(parser)
    add_models(parser)


def run(args: argparse.Namespace) -> None:
    """Analyze projections whose truth is known.

    :raises UnusableInput: nothing to project, or slices that no CT has.
    """
    from ...networks.radiograph_networks import load_radiograph_networks
    from ...networks.weights import WEIGHTS_FOLDER

    if args.data is None and args.phantoms < 1:
        raise UnusableInput("nothing to evaluate: name a folder of reference cases, or --phantoms N")
    if args.slices is not None and not 0.5 <= args.slices <= 10:
        raise UnusableInput(f"slices of {args.slices:g} mm: 0.5 to 10 mm are possible")
    with folder_if_asked(args) as folder, ProgressLine() as line:
        models = load_radiograph_networks(args.device, args.models or WEIGHTS_FOLDER)
        results = evaluate_radiographs(
            models, args.data, args.phantoms, args.seed, args.views, args.exposures, args.slices, line
        )
        rows = summary(results)
        if folder is not None:
            write_radiographs(folder, results, rows)
    print(radiographs_text(rows), end="")
