"""Slicer data bundles (.mrb) as archives: packed, and checked before anything of them is unpacked.

A bundle may come from somebody else. Its entries must stay in the folder that they are unpacked into, its size is
limited, and its scene must name files of the bundle only: no other file is read, and no address is followed.
"""

import lzma
import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable
from math import prod
from pathlib import Path, PurePosixPath
from typing import NoReturn
from xml.parsers import expat

from ..errors import UnusableInput

LARGEST_BYTES = 4 * 2**30
"""Size of all unpacked files together, and of each volume; chosen, a CT of 8000 slices of 512 by 512 voxels."""

_MOST_FILES = 10_000
"""Chosen, a scene with the studies of some 100 patients."""

_LARGEST_SCENE_FILE_BYTES = 64 * 2**20
"""Size of the XML file with the nodes; chosen, a study has 100 kB."""

_LARGEST_HEADER_BYTES = 2**16
"""Chosen, headers of NRRD files have some 1000 bytes."""

_SCENE_SUFFIX = ".mrml"
_VOLUME_SUFFIXES = (".nrrd", ".nhdr")
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    expat.ExpatError,
    EOFError,
    RuntimeError,
    ValueError,
    LookupError,
)
"""What zipfile raises of damaged and of encrypted archives, and the parser of damaged scenes."""


def pack_bundle(folder: Path, bundle: Path) -> None:
    """Pack a folder as a bundle; its volumes are compressed already, or are meant not to be."""
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_STORED) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, Path(folder.name) / file.relative_to(folder))


def check_bundle(bundle: Path) -> None:
    """Check that a bundle can be opened: names, sizes, and whether the scene names only files that are in it.

    :raises UnusableInput: it cannot, or must not be opened; nothing was unpacked.
    """
    with _opened(bundle) as archive:
        _checked_scene_name(archive, bundle)


def unpack_bundle(bundle: Path, folder: Path) -> Path:
    """Unpack a bundle after all checks.

    :param bundle: an .mrb file.
    :param folder: an empty folder.
    :return: the scene file in the folder.
    :raises UnusableInput: it cannot, or must not be opened, or does not fit on the disk.
    """
    with _opened(bundle) as archive:
        scene_name = _checked_scene_name(archive, bundle)
        needed = sum(entry.file_size for entry in archive.infolist())
        if needed > shutil.disk_usage(folder).free:
            raise UnusableInput(f"{bundle} needs {needed / 2**20:.0f} MB on the disk of {folder}, which is too full")
        try:
            for entry in archive.infolist():
                _unpack_entry(archive, entry, folder)
        except _DAMAGED as error:
            raise _damaged(bundle, error) from error
    return folder / scene_name


def _opened(bundle: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(bundle)
    except OSError as error:
        raise UnusableInput(f"{bundle} cannot be read: {error.strerror}") from error
    except _DAMAGED as error:
        raise UnusableInput(f"{bundle} is not a Slicer data bundle (.mrb)") from error


def _damaged(bundle: Path, error: Exception) -> UnusableInput:
    return UnusableInput(f"{bundle} is damaged: {error}")


def _checked_scene_name(archive: zipfile.ZipFile, bundle: Path) -> str:
    """The name of the scene file, after everything in the archive was checked."""
    entries = archive.infolist()
    size = sum(entry.file_size for entry in entries)
    if len(entries) > _MOST_FILES or size > LARGEST_BYTES:
        _refuse(bundle, f"it holds {len(entries)} files of {size / 2**30:.1f} GB; at most {_MOST_FILES} files and "
                f"{LARGEST_BYTES / 2**30:.0f} GB are read")  # fmt: skip
    names = [_checked_name(entry, bundle) for entry in entries]
    if len(set(names)) < len(names):
        _refuse(bundle, "two of its files have the same name")
    scenes = [name for name in names if name.suffix.lower() == _SCENE_SUFFIX]
    if len(scenes) != 1:
        _refuse(bundle, f"it holds {len(scenes)} scenes ({_SCENE_SUFFIX}) in place of one")
    try:
        for name in _named_files(archive, scenes[0], bundle):
            if name not in names:
                _refuse(bundle, f"its scene names the file {str(name)!r}, which is not in it")
        for name in names:
            if name.suffix.lower() in _VOLUME_SUFFIXES:
                _check_volume(archive, name, bundle)
    except _DAMAGED as error:
        if isinstance(error, UnusableInput):
            raise
        raise _damaged(bundle, error) from error
    return str(scenes[0])


def _checked_name(entry: zipfile.ZipInfo, bundle: Path) -> PurePosixPath:
    """The name of an entry, which stays in the folder that it is unpacked into."""
    name = _inner_name(entry.filename)
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if name is None:
        _refuse(bundle, f"one of its files would lie elsewhere: {entry.filename!r}")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        _refuse(bundle, f"{entry.filename!r} in it is a link or device")
    return name


def _inner_name(text: str) -> PurePosixPath | None:
    """A name within a folder; None for one that leads out of it, on any system."""
    name = PurePosixPath(text)
    is_odd = re.search(r"[\\\x00-\x1f]|^[A-Za-z]:|://", text) is not None
    return None if name.is_absolute() or ".." in name.parts or not name.parts or is_odd else name


def _named_files(archive: zipfile.ZipFile, scene: PurePosixPath, bundle: Path) -> list[PurePosixPath]:
    """The files that Slicer reads with a scene, as names in the archive.

    A storage node that no other node refers to is left of a node that was deleted; its file is not read.
    """
    named: list[tuple[str | None, str]] = []
    mentioned: set[str] = set()

    def check(_: str, attributes: dict[str, str]) -> None:
        own_id = attributes.pop("id", None)
        for attribute, value in attributes.items():
            mentioned.update(re.split("[:; ]", value))
            if attribute.lower().startswith("uri") and value.strip():
                _refuse(bundle, f"its scene refers to the address {value!r}; nothing is loaded from a network")
            if value and (attribute == "fileName" or attribute.startswith("fileListMember")):
                named.append((own_id, value))

    _parse(archive, scene, bundle, check)
    return [
        scene.parent / _file_of_scene(value, bundle) for own_id, value in named if own_id in mentioned or not own_id
    ]


def _parse(
    archive: zipfile.ZipFile, scene: PurePosixPath, bundle: Path, check: Callable[[str, dict[str, str]], None]
) -> None:
    """Call a function with the name and the attributes of every element of the scene file."""

    def refuse_doctype(*_: object) -> None:
        _refuse(bundle, "its scene declares a document type")

    if archive.getinfo(str(scene)).file_size > _LARGEST_SCENE_FILE_BYTES:
        _refuse(bundle, f"its scene file has more than {_LARGEST_SCENE_FILE_BYTES / 2**20:.0f} MB")
    parser = expat.ParserCreate()
    parser.StartElementHandler = check
    parser.StartDoctypeDeclHandler = refuse_doctype
    parser.Parse(archive.read(str(scene)), True)


def _file_of_scene(value: str, bundle: Path) -> PurePosixPath:
    """A name in a scene file, in which Slicer writes special characters as %XX."""
    decoded = re.sub(
        "(?:%[0-9a-fA-F]{2})+", lambda match: bytes.fromhex(match[0].replace("%", "")).decode("utf-8", "replace"), value
    )
    name = _inner_name(decoded)
    if name is None or _inner_name(value) is None:
        _refuse(bundle, f"its scene refers to {value!r}, which is not in it")
    return name


def _check_volume(archive: zipfile.ZipFile, name: PurePosixPath, bundle: Path) -> None:
    """Check the header of an NRRD file: how large the volume is said to be, and where its voxels are."""
    with archive.open(str(name)) as stream:
        header = stream.read(_LARGEST_HEADER_BYTES).split(b"\n\n")[0].split(b"\r\n\r\n")[0]
    lines = (line.partition(":") for line in header.decode("latin-1").splitlines())
    fields = {key.strip().lower(): value.strip() for key, _, value in lines}
    if "data file" in fields or "datafile" in fields:
        _refuse(bundle, f"{str(name)!r} in it keeps its voxels in another file")
    sizes = [int(size) for size in fields.get("sizes", "0").split()]
    if min(sizes) < 0 or prod(sizes) * _bytes_of_type(fields.get("type", "")) > LARGEST_BYTES:
        _refuse(bundle, f"the volume {str(name)!r} in it has more than {LARGEST_BYTES / 2**30:.0f} GB")


def _bytes_of_type(name: str) -> int:
    """Bytes of a value of a type of NRRD files, such as "unsigned short" or "int16_t"."""
    if re.search("char|8", name):
        return 1
    if re.search("short|16", name):
        return 2
    return 8 if re.search("double|64|long", name) else 4


def _unpack_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path) -> None:
    place = folder / entry.filename
    if entry.is_dir():
        place.mkdir(parents=True, exist_ok=True)
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(entry) as source, place.open("wb") as target:
        shutil.copyfileobj(source, target, 2**20)


def _refuse(bundle: Path, reason: str) -> NoReturn:
    raise UnusableInput(f"{bundle} is not opened: {reason}")
