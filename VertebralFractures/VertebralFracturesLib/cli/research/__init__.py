"""The commands for research: comparisons with references, stress tests, the cases for them, and training."""

import importlib.util

from ...errors import UnusableInput
from ..arguments import CommandParser, add_commands

COMMANDS = {
    "evaluate": "evaluate on reference cases",
    "evaluate-radiographs": "evaluate on radiographs projected from CTs and synthetic patients",
    "image-classifier": "evaluate height-based, image-based and combined detection",
    "stress-tests": "run the stress tests, with a figure of each",
    "cross-validate": "train both networks and evaluate them fold by fold",
    "compare-detectors": "train both detectors in the same way and compare them",
    "inter-reader": "inter-reader agreement in the published annotations",
    "follow-up": "evaluate the comparison of two studies",
    "synthetic-patients": "write synthetic patients as reference cases",
    "simulate-fractures": "write reference cases with simulated compression fractures",
    "train": "train a network",
}
"""The commands by name, and what they do; each is a module of this package."""


def add_arguments(parser: CommandParser) -> None:
    """Declare the commands.

    :raises UnusableInput: the packages that research needs are not installed.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise UnusableInput(f'{parser.prog} needs the extra research: pip install ".[research]"')
    add_commands(parser, __package__, COMMANDS)
