"""Text, arrays and folders, written whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import UnusableInput

Arrays = dict[str, NDArray]


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A file to write, which takes its name, or another one's place, when the block ends without an error.

    Until then it has another name beside it; an error or Ctrl-C removes it and leaves everything as it was.

    :param path: the file to be made; its folder exists.
    """
    draft = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        yield draft
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def write_text(path: Path, text: str, encoding: str = "utf-8") -> None:
    """Write a text file; one of that name is replaced only once the new one is complete.

    :param path: the file.
    :param text: its content; line ends are written as they are.
    :param encoding: its encoding.
    """
    with whole_file(path) as draft:
        draft.write_bytes(text.encode(encoding))


def cached_arrays(file: Path, make: Callable[[], Arrays]) -> Arrays:
    """The arrays of a file, which is made first if it does not exist.

    :param file: ending in ".npz"; its folder is made if it does not exist.
    :param make: makes the arrays.
    """
    if not file.exists():
        arrays = make()
        file.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(file) as draft, draft.open("wb") as stream:
            np.savez(stream, **arrays)  # type: ignore[arg-type]
    with np.load(file, allow_pickle=False) as archive:
        return dict(archive)


@contextmanager
def output_folder(target: Path, overwrite: bool = False) -> Iterator[Path]:
    """A folder of results to write into, which takes its name when the block ends without an error.

    Until then it is a hidden folder beside the target; an error or Ctrl-C removes it and leaves everything as it was.

    :param target: the folder to be made, with its parents.
    :param overwrite: files of an existing folder may be replaced by new ones of the same name; other files stay.
    :raises UnusableInput: before the block, if the target exists or cannot be written; after it, if the disk is full.
    """
    target = target.absolute()
    if target.exists() and not target.is_dir():
        raise UnusableInput(f"{target} is a file: choose another folder with -o")
    if target.exists() and not overwrite:
        raise UnusableInput(f"{target} exists: choose another folder with -o, or replace its files with --overwrite")
    draft = _draft_folder(target)
    try:
        yield draft
        _publish(draft, target)
    except OSError as error:
        raise UnusableInput(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _draft_folder(target: Path) -> Path:
    """A new hidden folder on the target's disk."""
    place = target if target.exists() else next(parent for parent in target.parents if parent.exists())
    try:
        draft = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=place))
    except OSError as error:
        raise UnusableInput(f"cannot write into {place} ({error.strerror}): choose another folder with -o") from error
    umask = os.umask(0)
    os.umask(umask)
    draft.chmod(0o777 & ~umask)
    return draft


def _publish(draft: Path, target: Path) -> None:
    """Give the finished folder its name, or move its files into the existing one."""
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        os.rename(draft, target)
        return
    for file in sorted(draft.rglob("*")):
        place = target / file.relative_to(draft)
        if file.is_dir():
            place.mkdir(exist_ok=True)
        else:
            os.replace(file, place)
