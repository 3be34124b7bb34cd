"""The exchange formats as files: all of them written beside each other, and any of them read."""

import json
from pathlib import Path
from typing import Any

from ...errors import UnusableInput
from ...files import write_text
from ...report.document import read_report
from .grid import Grid
from .markups import is_markups, markups_json, read_markups
from .points import SpinePoints, VertebraPoints, in_order, points_of
from .tptbox import is_poi, poi_json, read_poi
from .verse import centroids_json, is_centroids, read_centroids

VERSE_FILE, TPTBOX_FILE, MARKUPS_FOLDER = "verse_ctd.json", "tptbox_poi.json", "markups"
"""Names of the files, and of the folder that holds one markups file per vertebra."""

MEASUREMENTS_FILE = "measurements.json"
_MARKUPS_SUFFIX = ".mrk.json"

_KINDS = (
    "measurements.json of a CT, centroids of VerSe (*_ctd.json), points of interest of TPTBox, or markups of 3D Slicer "
    "(*.mrk.json)"
)


def write_points(folder: Path, points: SpinePoints, grid: Grid) -> None:
    """Write every exchange format.

    :param folder: takes the files; it is made where it does not exist.
    :param points: the vertebrae.
    :param grid: that of the CT.
    :raises OSError: a file cannot be written.
    """
    markups = folder / MARKUPS_FOLDER
    markups.mkdir(parents=True, exist_ok=True)
    write_text(folder / VERSE_FILE, centroids_json(points, grid))
    write_text(folder / TPTBOX_FILE, poi_json(points, grid))
    for vertebra in points.vertebrae:
        write_text(markups / f"{vertebra.level}{_MARKUPS_SUFFIX}", markups_json(vertebra))


def read_points(path: Path, grid: Grid) -> SpinePoints:
    """Read the points of a spine, whichever of the formats they are in.

    :param path: a file, a folder of markups files, or a folder of results with measurements.json.
    :param grid: that of the CT.
    :raises UnusableInput: nothing of the kind, a damaged file, or vertebrae that do not lie in the CT.
    """
    points = _read(path, grid)
    if not points.vertebrae:
        raise UnusableInput(f"{path} holds no vertebra")
    outside = [one.level for one in points.vertebrae if not grid.contains(one.centre_ras)]
    if outside:
        raise UnusableInput(f"{path} belongs to another CT: there, {outside[0]} lies outside of the image")
    return points


def _read(path: Path, grid: Grid) -> SpinePoints:
    if path.is_dir():
        if (path / MEASUREMENTS_FILE).is_file():
            return _read(path / MEASUREMENTS_FILE, grid)
        files = sorted(path.glob(f"*{_MARKUPS_SUFFIX}"))
        if not files:
            raise UnusableInput(f"{path} holds neither {MEASUREMENTS_FILE} nor markups files (*{_MARKUPS_SUFFIX})")
        return _vertebrae(files)
    document = _document(path)
    if is_markups(document):
        return _vertebrae([path])
    try:
        if is_centroids(document):
            return read_centroids(document, grid)
        if is_poi(document):
            return read_poi(document, grid)
        if isinstance(document, dict) and "schema" in document and "radiograph" not in document:
            return points_of(read_report(path.read_text(encoding="utf-8")))
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise UnusableInput(f"{path}: the file is damaged ({error})") from error
    raise UnusableInput(f"{path} is not a supported file: {_KINDS}")


def _vertebrae(files: list[Path]) -> SpinePoints:
    """The vertebrae of markups files.

    :raises UnusableInput: a damaged file, or two of one level.
    """
    found: dict[str, VertebraPoints] = {}
    for file in files:
        document = _document(file)
        try:
            vertebra = read_markups(document, file.name)
        except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise UnusableInput(f"{file}: not the markups of a vertebra ({error})") from error
        if vertebra.level in found:
            raise UnusableInput(f"{file}: another file has the same level {vertebra.level}")
        found[vertebra.level] = vertebra
    return SpinePoints(in_order(found))


def _document(file: Path) -> Any:
    """The JSON document of a file.

    :raises UnusableInput: it cannot be read as one.
    """
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UnusableInput(f"{file} cannot be read as JSON ({reason}): {_KINDS} is needed") from error
