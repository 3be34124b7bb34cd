"""Size and checksum of an input, by which it is known whatever it is called."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .dicom import find_series
from .formats.whole_data import check_regular

_CHUNK = 1 << 20
"""Bytes that are read at once; chosen, far less than a CT."""


def fingerprint(path: Path, series: str = "") -> dict[str, Any]:
    """Number, size in bytes and SHA-256 of the files of an input.

    That of several files is the SHA-256 of their checksums in order, so that it does not depend on names and folders.

    :param path: an image file, or the folder or one file of a DICOM series.
    :param series: its Series Instance UID; empty for an image file.
    """
    return fingerprint_of_files(_files_of(path if path.is_dir() else path.parent, series) if series else [path])


def fingerprint_of_files(files: Sequence[Path]) -> dict[str, Any]:
    """The same of files that are known.

    :param files: at least one.
    """
    sums = sorted(_checksum(file) for file in files)
    whole = sums[0] if len(sums) == 1 else hashlib.sha256("".join(sums).encode("ascii")).hexdigest()
    return {"files": len(files), "bytes": sum(check_regular(file) for file in files), "sha256": whole}


def _files_of(folder: Path, series: str) -> list[Path]:
    found, _ = find_series(folder)
    return sorted({image.path for one in found if one.uid == series for image in one.images})


def _checksum(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
