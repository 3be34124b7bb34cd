"""The command ``vertebral-fractures``.

Results go to stdout, progress, warnings and errors to stderr. Exit codes: 0 with results, 2 for unusable input or
arguments, 3 if no spine is found, 130 if cancelled.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from .. import __version__
from ..errors import Cancelled, NetworksMissing, NoGpuFound, NoSpineFound, UnusableInput
from .arguments import PROGRAM, CommandParser, add_commands, say

COMMANDS = {
    "analyze": "measure the vertebrae of a CT",
    "radiograph": "measure vertebrae and angles in a lateral radiograph",
    "demo": "make a synthetic patient, measure it, compare with the truth",
    "pictures": "draw the views of 3D Slicer as PNG files",
    "research": "compare with references, make test cases, train networks",
}
"""The commands by name, and what they do; each is a module beside this one."""

_ADVICE: dict[type[Exception], str] = {
    NoGpuFound: " (--device cpu or auto)",
    NetworksMissing: f": make them with '{PROGRAM} research train radiographs' and name their folder with --models",
}
"""What the command line adds to messages that the panel of 3D Slicer shows, too: options are its own."""

_UNUSABLE, _NO_SPINE, _CANCELLED = 2, 3, 130
"""Exit codes; the last one is what shells report of a program that Ctrl-C ended (128 + SIGINT)."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    :param argv: arguments without the program's name; those of the process by default.
    :return: the exit code.
    """
    args = argparse.Namespace(if_cancelled="cancelled, nothing was written")
    try:
        signal.signal(signal.SIGTERM, _interrupt)
        parser().parse_args(sys.argv[1:] if argv is None else argv, args)
        args.command(args)
    except (UnusableInput, NoSpineFound, FloatingPointError) as error:  # the last one stops a training
        say(f"{error}{_ADVICE.get(type(error), '')}")
        return _NO_SPINE if isinstance(error, NoSpineFound) else _UNUSABLE
    except (KeyboardInterrupt, Cancelled):
        say(args.if_cancelled.format(**vars(args)))
        return _CANCELLED
    return 0


def parser() -> CommandParser:
    """The parser of all commands."""
    program = CommandParser(prog=PROGRAM, description="Measures every vertebral body in a CT.")
    program.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    add_commands(program, __package__, COMMANDS)
    return program


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    """End like Ctrl-C, so that drafts are removed."""
    raise KeyboardInterrupt
