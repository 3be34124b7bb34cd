"""``research evaluate``: compare detections with reference cases."""

import argparse
from pathlib import Path

from ... import __version__
from ...ct.pipeline import analyze_ct
from ...evaluation.evaluate import evaluate_cases, summarized
from ...evaluation.pages.files import write_evaluation
from ...evaluation.pages.tables import evaluation_text
from ...io.ct import read_volume
from ...io.reference_case import find_cases
from ..arguments import PROGRAM, add_output, add_run_options
from ..terminal import ProgressLine
from .arguments import add_without_fracture, folder_if_asked, named_without_fracture


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("data", metavar="DATA", type=Path, help="folder of reference cases")
    add_without_fracture(parser)
    add_output(parser, "tables are printed only")
    add_run_options(parser)


def run(args: argparse.Namespace) -> None:
    """Analyze every case and print, or also write, the comparison."""
    from ...networks.ct_networks import load_ct_networks

    with folder_if_asked(args) as folder, ProgressLine() as line:
        models = load_ct_networks(args.device, args.detector)
        cases = named_without_fracture(args, find_cases(args.data))
        results = evaluate_cases(
            cases, lambda volume, case: analyze_ct(volume, models, preset=args.preset), read_volume, line
        )
        facts = {"cases": args.data.resolve().name, "detector": args.detector, "software": f"{PROGRAM} {__version__}"}
        evaluation = summarized(results, facts)
        if folder is not None:
            write_evaluation(folder, evaluation, cases, read_volume)
    print(evaluation_text(evaluation), end="")
