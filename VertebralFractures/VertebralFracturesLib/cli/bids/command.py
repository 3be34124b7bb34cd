"""``bids``: a BIDS App, ``bids_dir output_dir participant|group``."""

import argparse
from pathlib import Path

from ...errors import UnusableInput
from ...report.text import printable
from ..arguments import add_run_options, say
from ..cohort.store import DONE, FAILED, NO_SPINE
from ..terminal import ProgressLine
from .group import GROUP_TABLES, IMAGES_TABLE, write_group
from .layout import BidsImage, find_images, write_description
from .participant import analyze_image, is_done, write_table_descriptions

PARTICIPANT, GROUP = "participant", "group"
"""The levels of an analysis."""

SOME_FAILED = 4
"""Exit code where the run went through and some CTs failed, as of a cohort."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments, which are called as BIDS Apps call them."""
    parser.add_argument("bids_dir", metavar="BIDS_DIR", type=Path, help="BIDS data set with CTs (sub-*_ct.nii.gz)")
    text = "folder for the derivatives; an interrupted run is resumed there"
    parser.add_argument("output_dir", metavar="OUTPUT_DIR", type=Path, help=text)
    text = "participant: analyze CTs; group: collect their tables"
    parser.add_argument("analysis_level", choices=(PARTICIPANT, GROUP), help=text)
    for name, prefix in (("participant", "sub"), ("session", "ses")):
        text = f"labels of the {name}s, with or without {prefix}-; all by default"
        options = (f"--{name}_label", f"--{name}-label")
        parser.add_argument(*options, metavar="LABEL", nargs="+", default=[], help=text)
    parser.add_argument("--overwrite", action="store_true", help="repeat CTs that already have results")
    add_run_options(parser)
    text = "skip the image-based classifier"
    parser.add_argument("--no-image-classifier", dest="image_classifier", action="store_false", help=text)


def run(args: argparse.Namespace) -> int:
    """Run one level.

    :return: the exit code.
    """
    images = find_images(args.bids_dir, args.participant_label, args.session_label)
    if args.output_dir.resolve() == args.bids_dir.resolve():
        raise UnusableInput(
            "the derivatives need a folder of their own, such as BIDS_DIR/derivatives/vertebral-fractures"
        )
    write_description(args.bids_dir, args.output_dir)
    if args.analysis_level == GROUP:
        counts = write_group(images, args.output_dir)
        print(", ".join(f"{count} {status}" for status, count in counts.items()))
        print(f"{printable(str(args.output_dir))}: {', '.join([*GROUP_TABLES.values(), IMAGES_TABLE])}")
        return 0
    return _participants(images, args)


def _participants(images: tuple[BidsImage, ...], args: argparse.Namespace) -> int:
    """Analyze the CTs that have no results; the exit code."""
    from ...analyzer import Analyzer

    args.if_cancelled = "cancelled: finished CTs are in {output_dir}; run the same command again to continue"
    write_table_descriptions(args.output_dir)
    analyzer, statuses = Analyzer(), []
    for image in images:
        if is_done(image, args.output_dir) and not args.overwrite:
            say(f"{image.entities}: has results from an earlier run")
            statuses.append(DONE)
            continue
        with ProgressLine() as progress:
            status, reason = analyze_image(image, args.bids_dir, args.output_dir, args, analyzer, progress)
        say(f"{image.entities}: {status}{f' ({reason})' if reason else ''}")
        statuses.append(status)
    done, no_spine, failed = (statuses.count(status) for status in (DONE, NO_SPINE, FAILED))
    print(f"{len(images)} CTs: {done} with results, {no_spine} without a spine, {failed} failed")
    return SOME_FAILED if failed else 0
