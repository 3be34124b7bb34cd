"""Text, arrays and folders, written whole or not at all."""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import UnusableInput
from .publishing.drafts import draft_folder
from .publishing.publish import NEW, NotPutBack, TargetAppeared, publish
from .publishing.signals import held_signals

Arrays = dict[str, NDArray]


_DIGEST_LENGTH = 8
"""Digits of a digest in a name. Chosen: among 10 000 names two agree by chance with a probability of 1 %."""


def with_digest(name: str, text: str, longest: int) -> str:
    """A name of a file, shortened, with a digest of a text that tells it apart.

    :param name: characters that file names may have.
    :param text: what the name stands for, such as a path.
    :param longest: characters of the whole.
    """
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:_DIGEST_LENGTH]
    return f"{name[: longest - _DIGEST_LENGTH - 1]}-{digest}"


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A file to write, which takes its name, or another one's place, when the block ends without an error.

    Until then it lies in a hidden folder beside it; an error or Ctrl-C removes it and leaves everything as it was.

    :param path: the file to be made; its folder exists.
    """
    with draft_folder(path.parent) as draft:
        file = draft / NEW / path.name
        yield file
        os.replace(file, path)


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

    Until then it lies in a hidden folder beside the target; an error or Ctrl-C removes it and leaves everything as it
    was. Of two runs that make one new folder, the first to end wins. Once a signal could leave results half published,
    it waits until they are published, see :func:`~.publishing.publish.publish`.

    :param target: the folder to be made, with its parents.
    :param overwrite: files of an existing folder may be replaced by new ones of the same name; other files stay.
    :raises UnusableInput: before the block, if the target exists or cannot be written; after it, if the disk is full,
        or if somebody made the target meanwhile. Its message says whether anything was written.
    """
    target = _checked_target(target, overwrite)
    with _draft_beside(target) as draft:
        try:
            yield draft / NEW
            with held_signals():
                publish(draft, target, overwrite)
        except TargetAppeared as error:
            advice = "choose another folder with -o, or replace its files with --overwrite"
            raise UnusableInput(f"{error} and was left as it is; nothing was written: {advice}") from error
        except NotPutBack as error:
            raise UnusableInput(f"cannot write {target}, and its files are no longer complete: {error}") from error
        except OSError as error:
            reason = (error.strerror or str(error)).rstrip(".")
            raise UnusableInput(f"cannot write {target} ({reason}): nothing was written") from error


def _checked_target(target: Path, overwrite: bool) -> Path:
    """The target's real place.

    :raises UnusableInput: it exists, is a file, or has a name that no file can have.
    """
    try:
        absolute = target.absolute()
        real = absolute.resolve() if absolute.is_symlink() else absolute.parent.resolve() / absolute.name
        is_there = _exists(real)
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UnusableInput(f"cannot write {target} ({reason}): choose another folder with -o") from error
    if is_there and not real.is_dir():
        raise UnusableInput(f"{target} is a file: choose another folder with -o")
    if is_there and not overwrite:
        raise UnusableInput(f"{target} exists: choose another folder with -o, or replace its files with --overwrite")
    return real


def _exists(path: Path) -> bool:
    """Whether there is anything of that name, a link that leads nowhere included.

    :raises OSError: no file can have that name, for example because it is too long.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


@contextmanager
def _draft_beside(target: Path) -> Iterator[Path]:
    """A draft on the target's disk: beside it, or within it where nothing can be written beside it.

    :raises UnusableInput: neither can be written.
    """
    beside = next(parent for parent in target.parents if parent.exists())
    places = [beside]
    if target.is_dir():
        is_other_disk = target.stat().st_dev != beside.stat().st_dev
        places = [target] if is_other_disk else [beside, target]
    with ExitStack() as stack:
        for place in places:
            try:
                draft = stack.enter_context(draft_folder(place, target))
                break
            except OSError as error:
                failure = UnusableInput(f"cannot write into {place} ({error.strerror}): choose another folder with -o")
        else:
            raise failure
        yield draft
