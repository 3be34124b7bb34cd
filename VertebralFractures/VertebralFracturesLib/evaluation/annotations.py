"""The published annotations of Pisov 2020 and Zakharov 2023: several readers of each CT, without the CTs.

Points are (row, column, slice) in voxels: rows go backwards, columns to the patient's left, slices downwards. No
spacing is published, so that millimetres need an assumption.
"""

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.levels import parse_level
from ..errors import UnusableInput
from .matching import Annotations

_WRONG = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    SyntaxError,
    OverflowError,
    RecursionError,
    MemoryError,
)
"""What reading raises of values of the wrong kind or size; the parser of Python's own notation runs out of memory where
brackets are nested too deeply."""


@dataclass(frozen=True)
class Spacing:
    """Assumed size of the voxels; Pisov 2020 gives 0.5 x 0.5 x 0.8 mm to 1 x 1 x 0.8 mm.

    :param in_plane_mm: distance of rows and of columns.
    :param slice_mm: distance of slices.
    """

    in_plane_mm: float = 0.7
    slice_mm: float = 0.8


@dataclass(frozen=True, eq=False)
class Study:
    """One CT and what its readers annotated.

    :param name: of the file.
    :param points_voxels: (n, 6, 3) row, column and slice of each reader's bodies, cranial to caudal, by reader.
    :param levels: (n,) level of each body, or None where the release has no levels, by reader.
    """

    name: str
    points_voxels: dict[str, NDArray[np.float64]]
    levels: dict[str, tuple[str | None, ...]]

    def annotations(self, reader: str, spacing: Spacing) -> Annotations:
        """What a reader annotated, in a patient space whose origin is the first voxel."""
        to_ras = np.zeros((3, 3))
        to_ras[1, 0] = to_ras[0, 1] = -spacing.in_plane_mm
        to_ras[2, 2] = -spacing.slice_mm
        return Annotations(self.points_voxels[reader] @ to_ras.T, self.levels[reader])


def read_releases(folder: Path | str) -> dict[str, list[Study]]:
    """The studies of each release in a folder, or of the one that the folder itself is, by its folder's name.

    :raises UnusableInput: no annotation there, or one that cannot be read.
    """
    root = Path(folder).resolve()
    files = sorted(root.glob("*.json")) or sorted(root.glob("*/*.json"))
    if not files:
        raise UnusableInput(f"no annotation in {folder}: it has to hold JSON files, or folders of them")
    releases: dict[str, list[Study]] = {}
    for file in files:
        releases.setdefault(file.parent.name, []).append(read_study(file))
    return releases


def read_study(file: Path) -> Study:
    """Read the annotation of one CT in either layout.

    :raises UnusableInput: the file is none.
    """
    try:
        readers = json.loads(file.read_text(encoding="utf-8"))["Annotation"]
        readers = ast.literal_eval(readers) if isinstance(readers, str) else readers
        bodies = {reader: _sorted([_body(entry) for entry in entries]) for reader, entries in readers.items()}
        points = {reader: np.array([one[0] for one in row]).reshape(-1, 6, 3) for reader, row in bodies.items()}
    except _WRONG as error:
        raise UnusableInput(f"{file} is not an annotation of vertebrae: {error}") from error
    return Study(file.stem, points, {reader: tuple(one[1] for one in row) for reader, row in bodies.items()})


def _body(entry: Any) -> tuple[NDArray[np.float64], str | None]:
    """Points and level of one body: six points (2020), or three pairs of points and a level (2023)."""
    has_level = isinstance(entry, Mapping)
    points = np.array(entry["segments"] if has_level else entry, np.float64).reshape(-1, 3)
    if len(points) != 6 or not np.isfinite(points).all():
        raise ValueError("a body needs six points with three finite coordinates")
    return points, parse_level(entry["type"]) if has_level else None


def _sorted(bodies: list[tuple[NDArray[np.float64], str | None]]) -> list[tuple[NDArray[np.float64], str | None]]:
    return sorted(bodies, key=lambda body: float(body[0][:, 2].mean()))
