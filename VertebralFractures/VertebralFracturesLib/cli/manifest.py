"""How results were made: ``run.json`` beside them, with the command, the input's checksum, weights and versions.

What was found, thresholds and warnings are in measurements.json. Nothing here names the patient: of the command line,
paths, names and identifiers are left out, and the input is known by its checksum. The layout is ``run.schema.json``.
"""

import argparse
import importlib
import importlib.metadata
import json
import platform
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from .. import __version__
from ..files import write_text
from ..io.fingerprint import fingerprint, fingerprint_of_files
from ..io.read_image import ReadImage
from .arguments import PROGRAM, CommandParser
from .results import RUN_FILE

SCHEMA = 1
"""Version of the layout."""

_PACKAGES = ("numpy", "scipy", "torch", "SimpleITK", "pydicom")
"""Those whose versions can change a result."""


class RunClock:
    """When a run began.

    :ivar started: date and time (UTC) as ISO 8601 states them.
    """

    def __init__(self) -> None:
        self.started = datetime.now(timezone.utc).isoformat(timespec="seconds")
        self._begun = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Seconds since then."""
        return round(time.perf_counter() - self._begun, 3)


def write_manifest(
    folder: Path,
    command: str,
    args: argparse.Namespace,
    clock: RunClock,
    read: ReadImage[Any],
    models: Mapping[str, Any],
) -> None:
    """Write how the results of ``analyze`` or ``radiograph`` were made.

    :param folder: of the results.
    :param command: its name.
    :param args: its arguments.
    :param clock: made when the run began.
    :param read: the image.
    :param models: the networks that were used, with versions and checksums.
    """
    files = fingerprint_of_files(read.dicom.files) if read.dicom is not None else fingerprint(read.path)
    document = {**run_facts(command, args, clock), "input": files, "weights": dict(models)}
    write_text(folder / RUN_FILE, json.dumps(document, indent=1) + "\n")


def run_facts(command: str, args: argparse.Namespace, clock: RunClock) -> dict[str, Any]:
    """What is recorded of every run.

    :param command: its name.
    :param args: its arguments.
    :param clock: made when the run began.
    """
    actions = _actions(command)
    values = {action.dest: getattr(args, action.dest) for action in actions}
    settings = {action.dest for action in actions if _names_nobody(action, values[action.dest])}
    return {
        "schema": SCHEMA,
        "software": f"VertebralFractures {__version__}",
        "command": command,
        "command_line": " ".join([PROGRAM, command, *_words(actions, args)]),
        "settings": {name: _plain(value) for name, value in values.items() if name in settings},
        "environment": versions(),
        "started": clock.started,
        "seconds": clock.seconds,
    }


def _actions(command: str) -> list[argparse.Action]:
    """The arguments of a command."""
    parser = CommandParser(prog=f"{PROGRAM} {command}", add_help=False)
    importlib.import_module(f"{__package__}.{command}").add_arguments(parser)
    return list(parser._actions)


def _names_nobody(action: argparse.Action, value: Any) -> bool:
    """Whether the value of an argument is a setting: a choice, a switch, a number or a list of formats.

    Every other value is a path, a name or an identifier, which may tell who the patient is.
    """
    return action.nargs == 0 or action.choices is not None or isinstance(value, int | float | tuple)


def _words(actions: list[argparse.Action], args: argparse.Namespace) -> list[str]:
    """The command line as it would be typed, with what is not a setting replaced by its name in capitals."""
    words = []
    for action in actions:
        value, name = getattr(args, action.dest), str(action.metavar or action.dest.upper())
        if not action.option_strings:
            words.append(name if action.choices is None else str(value))
        elif value != action.default:
            words.append(action.option_strings[-1])
            if action.nargs != 0:
                words.append(_typed(value) if _names_nobody(action, value) else name)
    return words


def _typed(value: Any) -> str:
    """A value as it is typed: formats between commas, a shard as I/N."""
    if isinstance(value, tuple):
        return ("/" if isinstance(value[0], int) else ",").join(map(str, value))
    return str(value)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def versions() -> dict[str, str]:
    """Versions of Python, of the system and of the packages that can change a result."""
    found = {"python": platform.python_version(), "system": platform.platform()}
    for name in _PACKAGES:
        with suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found
