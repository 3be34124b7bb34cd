"""``research train``: train a network."""

import argparse

from ..arguments import CommandParser, add_commands
from .arguments import GOES_ON

NETWORKS = {
    "curve": "spine curve (step 1)",
    "levels": "vertebral levels (the level classifier of step 1)",
    "vertebrae": "vertebrae and their keypoints (step 2)",
    "canal": "spinal canal",
    "sequence": "image classifier: fractures along the spine",
    "radiographs": "networks for lateral radiographs",
}
"""The networks by name; each is a command in a module of the package ``training``."""

_TRAINING = f"{__package__.split('.')[0]}.training"


def add_arguments(parser: CommandParser) -> None:
    """Declare a command for each network."""
    parser.set_defaults(if_cancelled=GOES_ON)
    names = "{" + ",".join(NETWORKS) + "}"
    add_commands(parser, _TRAINING, NETWORKS, names, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
