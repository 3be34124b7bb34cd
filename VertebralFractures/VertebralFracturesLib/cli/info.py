"""``info``: what this installation is and does, for people and, as JSON, for programs that drive it."""

import argparse
import hashlib
import importlib
import json
from pathlib import Path
from typing import Any

from .. import __version__, cli, networks, report
from ..core.heights.genant import DEFAULT_PRESET, GRADE_NAMES, PRESETS
from ..ct.check import LARGEST_SPACING_MM, SMALLEST_BODY_MM, SMALLEST_SPACING_MM, THICK_SLICE_MM
from ..io.formats.whole_data import LARGEST_IMAGE_BYTES
from ..io.read_image import PICTURE_SUFFIXES, VOLUME_SUFFIXES
from ..report.columns.column import Column
from ..report.columns.patient import ORIGIN_COLUMNS, PATIENT_COLUMNS
from ..report.columns.vertebra import COLUMNS, POINT_COLUMNS
from .arguments import PROGRAM, CommandParser
from .cohort.tables import CASES_COLUMNS, PATIENTS_COLUMNS, VERTEBRAE_COLUMNS
from .manifest import versions

TABLES = {
    "measurements.csv": (*COLUMNS, *POINT_COLUMNS, *ORIGIN_COLUMNS),
    "patient.csv": (*PATIENT_COLUMNS, *ORIGIN_COLUMNS),
    "vertebrae.csv": VERTEBRAE_COLUMNS,
    "patients.csv": PATIENTS_COLUMNS,
    "cases.csv": CASES_COLUMNS,
}
"""The columns of every table; those of the last three are tables of a cohort."""

SCHEMAS = {
    "measurements.json": Path(report.__path__[0]) / "measurements.schema.json",
    "run.json": Path(cli.__path__[0]) / "run.schema.json",
}
"""The JSON Schemas of result files."""

EXIT_CODES = {
    0: "results were written",
    2: "unusable input or arguments, or an unexpected error",
    3: "no spine was found",
    4: "some cases of a cohort failed",
    130: "cancelled",
}
"""Exit codes and what they mean."""

_RESEARCH = "research"

_WEIGHTS = Path(networks.__path__[0]) / "weight_files"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    text = "print all of it as JSON: version, weights with checksums, commands, columns, schemas, thresholds and limits"
    parser.add_argument("--json", action="store_true", help=text)


def run(args: argparse.Namespace) -> None:
    """Print what there is."""
    facts = installation()
    if args.json:
        print(json.dumps(facts, indent=1))
        return
    print(f"VertebralFractures {facts['version']}")
    print(", ".join(f"{name} {version}" for name, version in facts["packages"].items()))
    for weights in facts["weights"]:
        print(
            f"{weights['name']}: version {weights['version']}, {weights['date']}, SHA-256 {weights['sha256'][:16]}..."
        )


def installation() -> dict[str, Any]:
    """All facts, as JSON holds them."""
    return {
        "program": PROGRAM,
        "version": __version__,
        "packages": versions(),
        "weights": weight_files(),
        "commands": commands(),
        "columns": {table: [_described(column) for column in columns] for table, columns in TABLES.items()},
        "grading": {
            "default": DEFAULT_PRESET,
            "grades": list(GRADE_NAMES),
            "height_ratio_cutoffs": {
                name: {"title": preset.title, "cutoffs": list(preset.cutoffs), "level_aware": preset.is_level_aware}
                for name, preset in PRESETS.items()
            },
        },
        "limits": {
            "volume_suffixes": list(VOLUME_SUFFIXES),
            "picture_suffixes": list(PICTURE_SUFFIXES),
            "largest_image_bytes": LARGEST_IMAGE_BYTES,
            "voxel_spacing_mm": [SMALLEST_SPACING_MM, LARGEST_SPACING_MM],
            "smallest_body_ras_mm": list(SMALLEST_BODY_MM),
            "less_accurate_above_slice_thickness_mm": THICK_SLICE_MM,
        },
        "schemas": {name: str(file) for name, file in SCHEMAS.items()},
        "exit_codes": {str(code): text for code, text in EXIT_CODES.items()},
    }


def weight_files() -> list[dict[str, Any]]:
    """The shipped networks: version, date and license of the model card, size and checksum of the weights."""
    found = []
    for file in sorted(_WEIGHTS.glob("*.npz")):
        card = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
        content = file.read_bytes()
        found.append(
            {
                "name": file.stem,
                **{name: card[name] for name in ("version", "date", "license")},
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
        )
    return found


def commands() -> dict[str, Any]:
    """What every command does and takes; those for research are left out, which not every installation has."""
    from .main import COMMANDS

    return {name: {"does": text, "arguments": arguments(name)} for name, text in COMMANDS.items() if name != _RESEARCH}


def arguments(command: str) -> list[dict[str, Any]]:
    """The arguments of a command."""
    parser = CommandParser(prog=f"{PROGRAM} {command}", add_help=False)
    importlib.import_module(f"{__package__}.{command}").add_arguments(parser)
    return [_argument(action) for action in parser._actions]


def _argument(action: argparse.Action) -> dict[str, Any]:
    is_option = bool(action.option_strings)
    described: dict[str, Any] = {
        "name": action.option_strings[-1] if is_option else str(action.metavar or action.dest),
        "help": (action.help or "") % {"default": action.default},
        "required": action.required,
        "takes_value": action.nargs != 0,
        "repeats": action.nargs in ("+", "*"),
    }
    if action.choices is not None:
        described["choices"] = list(action.choices)
    if is_option and action.nargs != 0 and action.default is not None:
        described["default"] = list(action.default) if isinstance(action.default, tuple) else action.default
    return described


def _described(column: Column) -> dict[str, str]:
    return {"name": column.name, "title": column.title, "unit": column.unit, "meaning": column.description}
