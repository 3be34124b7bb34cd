"""A finished folder takes its place: by one rename where the system can, else file by file with a way back."""

import os
import shutil
from collections.abc import Container, Iterator
from pathlib import Path

from .exchange import exchange

NEW = "new"
"""Name of the folder in a draft that will be published."""

OLD = "old"
"""Name of the folder in a draft to which replaced files move while files are published one by one."""

published_folders: list[Path] = []
"""The folders that this process has published, for those who have to say what was written before a run ended."""


class TargetAppeared(OSError):
    """Another run or the user made a file or folder of that name meanwhile; it was left as it is."""


class NotPutBack(OSError):
    """Neither the new results nor all of the old ones are in their place; the message says where the old ones are."""


def publish(draft: Path, target: Path, overwrite: bool) -> None:
    """Give the finished folder of a draft its place.

    Where there is no such folder yet, it is renamed. Otherwise its files replace those of the same name, and all other
    files stay. For that the other files are linked into the new folder, which then swaps its name with the old one in
    one step: whoever looks, and whatever ends the program, sees the old results or the new ones. Where the system
    cannot swap folders, files are replaced one by one and put back if that fails; a run that is killed in between
    leaves a mixture, which the next run in this place completes.

    :param draft: from :func:`~.drafts.draft_folder`.
    :param target: the folder to be made or filled.
    :param overwrite: whether files of an existing folder may be replaced.
    :raises TargetAppeared: it exists, and nothing may be replaced.
    :raises NotPutBack: files could be neither replaced nor put back.
    :raises OSError: it cannot be written; everything is as it was.
    """
    new = draft / NEW
    if overwrite and target.is_dir():
        _fill(draft, new, target)
    else:
        _rename(new, target)
    published_folders.append(target)


def finish(draft: Path, target: Path, new_inode: int) -> None:
    """Finish what a killed run had begun to publish; do nothing where it had not begun.

    :param draft: of that run.
    :param target: of that run.
    :param new_inode: inode number of the folder :data:`NEW` when it was made.
    """
    new, old = draft / NEW, draft / OLD
    if old.is_dir():
        for file in list(_files(new)):
            place = target / file.relative_to(new)
            place.parent.mkdir(parents=True, exist_ok=True)
            os.replace(file, place)
        shutil.rmtree(old)
    elif new.is_dir() and new.stat().st_ino != new_inode and target.is_dir():
        _return_late_files(new, target, replaced=None)


def _rename(new: Path, target: Path) -> None:
    """Publish under a name that is free; the system refuses where it is not, an empty folder excepted."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.rename(new, target)
    except OSError as error:
        if os.path.lexists(target):
            raise TargetAppeared(f"{target} was made by another program in the meantime") from error
        raise


def _fill(draft: Path, new: Path, target: Path) -> None:
    """Replace files of a folder."""
    results = {file.relative_to(new) for file in _files(new)}
    if _can_exchange(draft, new, target) and exchange(new, target):
        _return_late_files(new, target, results)
    else:
        _replace_each(draft, target, sorted(results))


def _files(folder: Path) -> Iterator[Path]:
    """Everything in a folder and below it that is no folder; links are not followed."""
    for entry in sorted(folder.iterdir()):
        if entry.is_dir() and not entry.is_symlink():
            yield from _files(entry)
        else:
            yield entry


def _can_exchange(draft: Path, new: Path, target: Path) -> bool:
    """Make the new folder a full replacement of the target; False where that is impossible or would be noticed.

    A folder that somebody works in, or that belongs to somebody else, is kept.
    """
    here = Path.cwd().resolve()
    is_inside = target in (here, *here.parents) or draft.is_relative_to(target)
    status, own = target.stat(), new.stat()
    if is_inside or target.is_symlink() or (status.st_uid, status.st_gid) != (own.st_uid, own.st_gid):
        return False
    kept: list[Path] = []
    try:
        _link_others(target, new, kept)
        shutil.copystat(target, new)
    except OSError:
        for link in reversed(kept):
            link.rmdir() if link.is_dir() and not link.is_symlink() else link.unlink()
        return False
    return True


def _link_others(old: Path, new: Path, kept: list[Path]) -> None:
    """Link what the new folder has not into it; folders are made, with their dates and permissions."""
    for entry in old.iterdir():
        place = new / entry.name
        is_folder = entry.is_dir() and not entry.is_symlink()
        if not os.path.lexists(place):
            if is_folder:
                place.mkdir()
            else:
                os.link(entry, place, follow_symlinks=False)
            kept.append(place)
        elif is_folder != (place.is_dir() and not place.is_symlink()):
            raise IsADirectoryError(f"{entry} is in the way")
        if is_folder:
            _link_others(entry, place, kept)
            shutil.copystat(entry, place)


def _return_late_files(old: Path, target: Path, replaced: Container[Path] | None) -> None:
    """Bring back what somebody put into the old folder after the others were linked.

    :param replaced: what the new results replace; None where that is not known, and then only what is missing returns.
    """
    for file in list(_files(old)):
        name = file.relative_to(old)
        place = target / name
        is_there = os.path.lexists(place)
        if is_there and (replaced is None or name in replaced or os.path.samestat(file.lstat(), place.lstat())):
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        os.replace(file, place)


def _replace_each(draft: Path, target: Path, names: list[Path]) -> None:
    """Replace files one by one; what they replace is kept in :data:`OLD` until all is done."""
    new, old = draft / NEW, draft / OLD
    for name in names:
        if (target / name).is_dir():
            raise IsADirectoryError(f"{target / name} is a folder")
    old.mkdir()
    moves: list[tuple[Path, Path]] = []
    try:
        for name in names:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            if os.path.lexists(target / name):
                (old / name).parent.mkdir(parents=True, exist_ok=True)
                _move(target / name, old / name, moves)
            _move(new / name, target / name, moves)
    except OSError:
        _move_back(moves, old)
        raise
    shutil.rmtree(old)


def _move(source: Path, destination: Path, moves: list[tuple[Path, Path]]) -> None:
    os.rename(source, destination)
    moves.append((source, destination))


def _move_back(moves: list[tuple[Path, Path]], old: Path) -> None:
    try:
        for source, destination in reversed(moves):
            os.rename(destination, source)
    except OSError as error:
        raise NotPutBack(f"old files were moved to {old} and could not be put back: {error.strerror}") from error
    shutil.rmtree(old)
