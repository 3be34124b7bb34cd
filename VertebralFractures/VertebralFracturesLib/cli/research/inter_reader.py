"""``research inter-reader``: compare the annotators of published annotations with one another."""

import argparse
from pathlib import Path

from ...evaluation.annotations import read_releases
from ...evaluation.studies.inter_reader_agreement import agreement_text, compare_readers, write_agreement
from ..arguments import add_output
from ..terminal import ProgressLine
from .arguments import folder_if_asked


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    text = "folder with the published annotations of Pisov 2020, of Zakharov 2023, or of both"
    parser.add_argument("annotations", metavar="ANNOTATIONS", type=Path, help=text)
    add_output(parser, "tables are printed only")


def run(args: argparse.Namespace) -> None:
    """Measure the agreement of the annotators of each release."""
    with folder_if_asked(args) as folder, ProgressLine() as line:
        releases = [compare_readers(name, studies, line) for name, studies in read_releases(args.annotations).items()]
        if folder is not None:
            write_agreement(folder, releases)
    print(agreement_text(releases), end="")
