"""The commands for research: comparisons with references, stress tests, the cases for them, and training."""

import importlib.util

from ...errors import UnusableInput
from ..arguments import CommandParser, add_commands

COMMANDS = {
    "evaluate": "compare with reference cases",
    "evaluate-radiographs": "project CTs and synthetic patients to radiographs and compare",
    "image-classifier": "compare measured and seen with reference cases",
    "stress-tests": "run the suite of hard cases, with a figure of each",
    "cross-validate": "train both networks and evaluate, fold by fold",
    "compare-detectors": "train and measure both detectors alike",
    "inter-reader": "compare the readers of published annotations with one another",
    "synthetic-patients": "write synthetic patients as reference cases",
    "simulate-fractures": "write reference cases with bodies pressed into fractures",
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
