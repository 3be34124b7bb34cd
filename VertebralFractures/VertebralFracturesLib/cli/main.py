"""The command ``vertebral-fractures``.

Results go to stdout, progress, warnings and errors to stderr. Exit codes: 0 with results, 2 for unusable input or
arguments or an error that nobody foresaw, 3 if no spine is found, 4 if some cases of a cohort failed, 130 if cancelled.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import IO

from .. import __version__
from ..errors import Cancelled, NetworksMissing, NoGpuFound, NoSpineFound, UnusableInput
from ..publishing.publish import published_folders
from .arguments import PROGRAM, CommandParser, add_commands, say
from .process import interrupt_on_signals, is_out_of_memory, own_streams, write_log

COMMANDS = {
    "analyze": "measure the vertebrae of a CT",
    "radiograph": "measure vertebrae and angles in a lateral radiograph",
    "cohort": "measure many CTs, on one machine or a cluster",
    "bids": "measure the CTs of a BIDS data set, as a BIDS App",
    "convert": "convert vertebral landmarks between reference cases and the formats of other programs",
    "compare": "compare a prior and a current study of one patient",
    "demo": "measure the CT of a synthetic patient and compare with its known truth",
    "pictures": "export the Slicer views as PNG",
    "info": "show version, networks and, with --json, all settings",
    "research": "evaluate on reference cases, generate test cases, train networks",
}
"""The commands by name, and what they do; each is a module beside this one."""

_ADVICE: dict[type[Exception], str] = {
    NoGpuFound: " (--device cpu or auto)",
    NetworksMissing: f": make them with '{PROGRAM} research train radiographs' and name their folder with --models",
}
"""What the command line adds to messages that the panel of 3D Slicer shows, too: options are its own."""

_NOTHING_WRITTEN = "cancelled, nothing was written"

_UNUSABLE, _NO_SPINE, _CANCELLED = 2, 3, 130
"""Exit codes; the last one is what shells report of a program that Ctrl-C ended (128 + SIGINT)."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; whatever happens is told in one line.

    :param argv: arguments without the program's name; those of the process by default.
    :return: the exit code.
    """
    arguments = sys.argv[1:] if argv is None else argv
    published_folders.clear()
    with own_streams() as chatter:
        return _run(arguments, chatter)


def _run(arguments: Sequence[str], chatter: IO[bytes]) -> int:
    args = argparse.Namespace(if_cancelled=_NOTHING_WRITTEN)
    try:
        interrupt_on_signals()
        return _execute(arguments, args)
    except BrokenPipeError:  # the reader of stdout has seen enough, as in "| head"
        return 0
    except (UnusableInput, NoSpineFound, FloatingPointError) as error:  # the last one stops a training
        say(f"{error}{_ADVICE.get(type(error), '')}")
        return _NO_SPINE if isinstance(error, NoSpineFound) else _UNUSABLE
    except (KeyboardInterrupt, Cancelled):
        say(f"cancelled, but {_published()}" if published_folders else args.if_cancelled.format(**vars(args)))
        return _CANCELLED
    except Exception as error:
        say(f"{_reason(error, arguments, chatter)}; {_state(args)}")
        return _UNUSABLE


def _execute(arguments: Sequence[str], args: argparse.Namespace) -> int:
    """Run the command; the exit code, which is 0 for most."""
    _check_names(arguments)
    try:
        parser().parse_args(arguments, args)
        code = args.command(args) or 0
    except SystemExit:  # --help and --version
        sys.stdout.flush()
        raise
    sys.stdout.flush()
    return int(code)


def _check_names(arguments: Sequence[str]) -> None:
    """Refuse names of files that libraries in C cannot be given: some of them end the program.

    :raises UnusableInput: a name that is not valid UTF-8.
    """
    for argument in arguments:
        try:
            argument.encode("utf-8")
        except UnicodeEncodeError:
            raise UnusableInput(f"the name {argument!r} is not valid UTF-8: rename the file or folder") from None


def _reason(error: Exception, arguments: Sequence[str], chatter: IO[bytes]) -> str:
    """The message about an unexpected error."""
    if is_out_of_memory(error):
        return "there is not enough memory for this input"
    log = write_log(error, arguments, chatter)
    first_line = (str(error).splitlines() or [""])[0]
    where = f"please report it with the log file {log}" if log else "its log file could not be written"
    return f"unexpected error ({type(error).__name__}: {first_line}), {where}"


def _state(args: argparse.Namespace) -> str:
    """What was written before an error ended the run."""
    if published_folders:
        return _published()
    if args.if_cancelled == _NOTHING_WRITTEN:
        return "nothing was written"
    return args.if_cancelled.format(**vars(args)).removeprefix("cancelled: ")


def _published() -> str:
    return f"{', '.join(map(str, published_folders))} was written before and is complete"


def parser() -> CommandParser:
    """The parser of all commands."""
    description = "Measures vertebral body heights on CT and grades height loss (Genant)."
    program = CommandParser(prog=PROGRAM, description=description)
    program.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    add_commands(program, __package__, COMMANDS)
    return program
