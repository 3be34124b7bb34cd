"""``convert``: points of a spine from the formats of other tools into reference cases, or into the other formats."""

import argparse
from pathlib import Path

from ..files import output_folder
from ..io.ct import read_input
from ..io.exchange.files import read_points, write_points
from ..io.exchange.grid import Grid
from ..io.exchange.reference import reference_document
from ..io.reference_case import REFERENCE_FILE, write_reference_case
from ..report.text import printable
from .arguments import add_output, add_series, say
from .terminal import ProgressLine

REFERENCE, EXCHANGE = "reference", "exchange"
"""What points are converted to."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    text = (
        "centroids of VerSe (*_ctd.json), points of interest of TPTBox (JSON), markups of 3D Slicer (.mrk.json) or a "
        "folder of them, or measurements.json or its folder"
    )
    parser.add_argument("points", metavar="POINTS", type=Path, help=text)
    text = "the CT that they belong to: NIfTI, NRRD or MetaImage file, or a DICOM folder"
    parser.add_argument("--ct", metavar="CT", type=Path, required=True, help=text)
    add_series(parser)
    text = (
        "reference: a reference case for research, with ct.nii.gz and reference.json (default); exchange: the points "
        "in the formats of VerSe, TPTBox and 3D Slicer"
    )
    parser.add_argument("--to", choices=(REFERENCE, EXCHANGE), default=REFERENCE, help=text)
    add_output(parser, "", required=True)


def run(args: argparse.Namespace) -> None:
    """Read the points and the CT, and write what was asked for."""
    with output_folder(args.output, args.overwrite) as folder, ProgressLine() as progress:
        progress("reading", 0.0)
        volume = read_input(args.ct, args.series, lambda share: progress("reading", share)).image
        points = read_points(args.points, Grid.of(volume))
        left_out = points.left_out
        progress("writing", 0.0)
        if args.to == REFERENCE:
            document, missing = reference_document(points, f"converted from {args.points.name}")
            write_reference_case(folder, volume, document)
            left_out += missing
        else:
            folder.mkdir(parents=True, exist_ok=True)
            write_points(folder, points, Grid.of(volume))
    for sentence in left_out:
        say(f"warning: {sentence}")
    with_keypoints = sum(one.keypoints_ras is not None for one in points.vertebrae)
    print(f"{len(points.vertebrae)} vertebrae, {with_keypoints} of them with keypoints")
    what = REFERENCE_FILE if args.to == REFERENCE else EXCHANGE
    print(f"{printable(str(args.output))}: {what}")
