"""Parsers, arguments and words that the commands share."""

import argparse
import importlib
import os
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from ..errors import UnusableInput
from ..report.text import printable

PROGRAM = "vertebral-fractures"

_LONGEST_NAME = 255
"""Bytes that a file's name can have on the usual file systems."""

_COMMON = re.compile(
    "(ct|data|dcm|dicom|im|image|img|input|radiograph|scan|scene|series|volume|xray)[ _.-]*[0-9]*", re.IGNORECASE
)
"""Names, with or without a number, that do not tell one case from another."""

DEFAULT_OUTPUT = (
    "NAME-%s in the current folder; NAME is the name of the input without its suffix, or the name of its folder if the "
    "input has a general name such as ct, image, scan or series"
)
"""The rule of :func:`default_output` for ``--help``, with what is added to the name."""


class CommandParser(argparse.ArgumentParser):
    """Parser of the program or of one command, which tells wrong arguments in one line.

    :param module: where ``add_arguments(parser)`` of the command stands and, unless commands of its own follow,
        ``run(arguments)``; it is imported when the command is asked for, so that ``--help`` loads none.
    :param kwargs: as of :class:`argparse.ArgumentParser`.
    """

    def __init__(self, *, module: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._module = module

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Declare the command's arguments, then parse as every parser does."""
        if self._module is not None:
            module, self._module = self._imported(self._module), None
            module.add_arguments(self)
            if hasattr(module, "run"):
                self.set_defaults(command=module.run)
        return super().parse_known_args(args, namespace)

    def _imported(self, name: str) -> ModuleType:
        """The command's module.

        :raises UnusableInput: it is not installed, as the commands for research are not in 3D Slicer.
        """
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
            raise UnusableInput(f"{self.prog} is not part of this installation: install with pip") from None

    def error(self, message: str) -> NoReturn:
        """Refuse, in one line.

        :raises UnusableInput: always.
        """
        raise UnusableInput(f"{message} (see {self.prog} --help)")


def add_commands(
    parser: CommandParser, package: str, commands: Mapping[str, str], metavar: str = "COMMAND", **kwargs: Any
) -> None:
    """Declare commands.

    :param parser: takes them.
    :param package: holds a module for each, named as the command with underscores for hyphens.
    :param commands: what each does, by name.
    :param metavar: what to call one.
    :param kwargs: further arguments of their parsers.
    """
    subparsers = parser.add_subparsers(metavar=metavar, required=True)
    for name, text in commands.items():
        subparsers.add_parser(name, help=text, module=f"{package}.{name.replace('-', '_')}", **kwargs)


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """What every command that runs the networks on CTs takes."""
    add_device(parser)
    text = "method of vertebra detection: anchor-free (Zakharov 2023, default) or anchor (Pisov 2020)"
    parser.add_argument("--detector", choices=("anchor-free", "anchor"), default="anchor-free", help=text)
    add_preset(parser)


def add_device(parser: argparse.ArgumentParser) -> None:
    """Where networks run."""
    parser.add_argument(
        "--device",
        choices=("auto", "cpu", "cuda"),
        default="auto",
        help="device that runs the networks (default: auto)",
    )


def add_preset(parser: argparse.ArgumentParser) -> None:
    """After which cut-offs vertebrae are graded."""
    parser.add_argument(
        "--preset",
        choices=("level-aware", "genant", "pisov"),
        default="level-aware",
        help="grading thresholds: level-aware (default) takes the normal shape of the level and the adjacent "
        "vertebrae into account; genant and pisov grade the height ratio alone, at 0.80/0.75/0.60 and 0.80/0.74/0.60",
    )


def add_output(parser: argparse.ArgumentParser, default: str, required: bool = False) -> None:
    """Where results go.

    :param default: where results go without it, in words.
    """
    text = "folder for the results" + ("" if required else f" (default: {default})")
    parser.add_argument("-o", "--output", metavar="DIR", type=Path, required=required, help=text)
    parser.add_argument("--overwrite", action="store_true", help="replace files in an existing folder")


def add_dicom(parser: argparse.ArgumentParser) -> None:
    """Whether results are written as DICOM, too."""
    text = (
        "also write DICOM objects for a PACS into the subfolder dicom: structured report, images and PDF; they belong "
        "to the study of the input and contain its patient data"
    )
    parser.add_argument("--dicom", action="store_true", help=text)


def add_json(parser: argparse.ArgumentParser) -> None:
    """Whether a program reads stdout."""
    text = "print measurements.json on stdout instead of the table, for programs"
    parser.add_argument("--json", action="store_true", help=text)


def add_series(parser: argparse.ArgumentParser) -> None:
    """Which series of a DICOM folder is read."""
    parser.add_argument("--series", metavar="X", help="Series Instance UID or Series Number in a DICOM folder")


def add_study_options(parser: argparse.ArgumentParser) -> None:
    """How the results identify the study."""
    text = "name of the case in all results (default: the path of the input as given)"
    parser.add_argument("--case-id", metavar="ID", help=text)
    text = "write patient ID, age, sex and study date of a DICOM input into the results; they are left out by default"
    parser.add_argument("--identify", action="store_true", help=text)


def add_models(parser: argparse.ArgumentParser) -> None:
    """Which weights the radiograph mode uses."""
    text = "folder of network weights that replace the installed ones"
    parser.add_argument("--models", type=Path, metavar="DIR", help=text)


def add_seed(parser: argparse.ArgumentParser, default: int, text: str) -> None:
    """Which of the many random results is made."""
    parser.add_argument("--seed", type=seed, default=default, help=text)


def seed(text: str) -> int:
    """A seed; argparse names it as this function is called.

    :raises argparse.ArgumentTypeError: it is negative.
    """
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("has to be 0 or more")
    return value


def input_name(path: Path) -> str:
    """Name of an input without its suffixes."""
    name = path.absolute().name or "volume"
    for suffix in (".nii.gz", path.suffix):
        if suffix and name.lower().endswith(suffix.lower()):
            return name[: -len(suffix)] or "volume"
    return name


def default_output(path: Path, suffix: str) -> Path:
    """The folder of results in the current folder where none is named: the case's name and what the results are.

    The case is named by the input or, where inputs of other cases are likely to be called alike, by the nearest folder
    around it that has a name of its own: ``patient7/ct.nii.gz`` gives ``patient7-vertebral-fractures``.

    :param suffix: what is added to the name, which is shortened where no folder can have so long a name.
    """
    names = (input_name(path), *(folder.name for folder in path.absolute().parents))
    name = next((one for one in names if one and not _COMMON.fullmatch(one)), names[0])
    while len(os.fsencode(f"{name}-{suffix}")) > _LONGEST_NAME:
        name = name[:-1]
    return Path(f"{name}-{suffix}")


def say(message: str) -> None:
    """One line on stderr, without characters that command a terminal."""
    with suppress(OSError):  # nobody reads stderr any longer
        print(f"{PROGRAM}: {printable(' '.join(message.split()))}", file=sys.stderr, flush=True)
