"""Arguments and words that the commands share."""

import argparse
import sys
from pathlib import Path

PROGRAM = "vertebral-fractures"


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """What every command that runs the networks on CTs takes."""
    add_device(parser)
    parser.add_argument(
        "--detector", choices=("anchor-free", "anchor"), default="anchor-free", help="Zakharov 2023 or Pisov 2020"
    )
    add_preset(parser)


def add_device(parser: argparse.ArgumentParser) -> None:
    """Where networks run."""
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where the networks run")


def add_preset(parser: argparse.ArgumentParser) -> None:
    """After which cut-offs vertebrae are graded."""
    parser.add_argument(
        "--preset",
        choices=("genant", "pisov"),
        default="genant",
        help="cut-offs of G: 0.80/0.75/0.60 or 0.80/0.74/0.60",
    )


def add_output(parser: argparse.ArgumentParser, default: str, required: bool = False) -> None:
    """Where results go."""
    text = "folder for the results" + ("" if required else f" (default: {default})")
    parser.add_argument("-o", "--output", metavar="DIR", type=Path, required=required, help=text)
    parser.add_argument("--overwrite", action="store_true", help="replace files in an existing folder")


def add_models(parser: argparse.ArgumentParser) -> None:
    """Which weights the radiograph mode uses."""
    text = "folder of weights that were trained, instead of the shipped ones"
    parser.add_argument("--models", type=Path, metavar="DIR", help=text)


def input_name(path: Path) -> str:
    """Name of an input without its suffixes."""
    name = path.absolute().name or "volume"
    for suffix in (".nii.gz", path.suffix):
        if suffix and name.lower().endswith(suffix.lower()):
            return name[: -len(suffix)] or "volume"
    return name


def say(message: str) -> None:
    """One line on stderr."""
    print(f"{PROGRAM}: {' '.join(message.split())}", file=sys.stderr)
